//! From a command line that has been taken apart to the end of its run: opens the format, looks at the first
//! record, builds the plan, lets the engine run it, and says what there is to say. Prints no record itself.

use super::chain::Chain;
use super::globals::{Explain, Keep, Options, Stats};
use super::live::{self, View};
use super::metrics::Metrics;
use super::others::{Others, looking};
use super::peek::{self, Peeked, Sought};
use super::show::Firsts;
use super::signals::Signals;
use super::{
    TABLES, check, config, disorder, explain, messages, named, overlap, progress, read_text,
    report, show, terminal, units,
};
use crate::data::process::OnFull;
use crate::data::time::Zone;
use crate::engine::spill::Spill;
use crate::engine::{self, clock, clock::Clock};
use crate::error::{Failure, Usage, status};
use crate::export;
use crate::expr;
use crate::formats::{self, ReadFormat, ReadOptions};
use crate::ops::{self, Operator, args::Args};
use crate::plan::node::{Node, NodeKind, Plan};
use crate::plan::right::Look;
use crate::plan::variables::Load;
use crate::plan::{builder, files, names};
use crate::sources::{Form, Notes, Opening, Place, Word};
use std::io::IsTerminal;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Why a chain did not run to its end.
pub enum Stop {
    Usage(Usage),
    Failure(Failure),
}

impl From<Usage> for Stop {
    fn from(usage: Usage) -> Stop {
        Stop::Usage(usage)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        Stop::Failure(failure)
    }
}

/// What an exporter must know of the input beside the plan.
fn exported(options: &Options, sources: &Sources) -> export::Input {
    export::Input {
        format: options.input_format.clone().unwrap_or_default(),
        delimiter: options.delimiter,
        header: !options.no_header,
        multiline: options.multiline.is_some(),
        live: !sources.regular,
    }
}

/// Runs a chain; the answer is the exit status.
pub fn run(chain: &Chain) -> Result<i32, Usage> {
    match carried_out(chain) {
        Ok(status) => Ok(status),
        Err(Stop::Usage(usage)) => Err(usage),
        Err(Stop::Failure(failure)) if failure.status == status::USAGE => {
            Err(Usage::new(failure.message))
        }
        Err(Stop::Failure(failure)) => {
            terminal::say(&failure.message);
            Ok(failure.status)
        }
    }
}

fn carried_out(chain: &Chain) -> Result<i32, Stop> {
    let mut options = Options::read(&chain.options)?;
    if let Some(how) = options.keep.show {
        return Ok(show::show(&options.keep, how)??);
    }
    named::resolve(&mut options)?;
    let mut operators = operators(chain)?;
    contradictions(&options)?;
    let mut words: Vec<String> = chain.sources.clone();
    words.extend(options.from.iter().cloned());
    let sources = Sources::of(&words, options.follow)?;
    if let Some(failure) = nothing_there(&sources, chain, &options) {
        return Err(failure.into());
    }
    let zone = terminal::zone(options.tz.as_deref())?;
    let read = ReadOptions {
        delimiter: options.delimiter,
        no_header: options.no_header,
        multiline: options.multiline.clone(),
    };
    let format_word = options.input_format.as_deref().unwrap_or("text");
    let format = formats::reader(format_word, &read).map_err(|error| {
        let mut usage = usage_of(error);
        if !usage.message.starts_with('-') {
            usage.message = format!("-i: {}", usage.message);
        }
        usage
    })?;
    if sources.terminal && matches!(options.explain, None | Some(Explain::Disorder)) {
        terminal::say("reading from the terminal; end with Ctrl-D");
    }
    if options.explain.is_none() {
        Signals::spare(has_file(&options))?;
    }
    let known = options.keep.firsts();
    let known_first = (known.own.as_ref(), known.places.as_slice());
    let peeked = first_record(format_word, &format, &sources, &options, known_first)?;
    let unborn = (sources.words.len() == 1 || sources.is_by_name())
        && options.keep.is_in_runs()
        && !options.keep.last
        && peeked.first.as_ref().is_some_and(Vec::is_empty);
    let others = Rc::new(Others::new(known.others, known.places));
    let mut built = build_options(&options, words, &sources, zone)?;
    built.look = looking(&options, format_word, &sources, &others);
    let spills = options.spills(sources.regular);
    if spills {
        built.limits.on_full = OnFull::Spill;
    }
    if options.explain == Some(Explain::Disorder) {
        disorder::ask(&mut built, &mut operators);
    }
    let plan = ops::build(
        &built,
        (format_word, format),
        peeked.first.as_deref(),
        &operators,
    );
    if let Some(failure) = others.failure.take() {
        return Err(failure.into());
    }
    let mut plan = plan.map_err(|usage| {
        let all = operators.iter();
        all.fold(usage, |usage, (operator, args)| {
            check::with_file(usage, operator, args)
        })
    })?;
    let names = disorder::names(&plan.source.words, plan.source.merged, &opening(&options));
    plan.source.several = names.len() > 1;
    if has_batches(&options) {
        plan.check_marks()?;
    }
    let bounded = |node: &Node| matches!(node.kind, NodeKind::Custom(_));
    if options.limits.keys.is_some() && !spills && !plan.nodes.iter().any(bounded) {
        return Err(Usage::new("--max-keys: nothing in this chain is bounded by it").into());
    }
    if let Some(text) = match options.explain {
        Some(Explain::Words) => Some(explain::words(&plan, &options, sources.kind())),
        Some(Explain::Plan) => Some(crate::plan::text::plan(&plan)),
        Some(Explain::Json) => Some(explain::json(&plan)),
        Some(Explain::SparkSql) => Some(export::spark(&plan, &exported(&options, &sources))),
        Some(Explain::FlinkSql) => Some(export::flink(&plan, &exported(&options, &sources))),
        Some(Explain::Disorder) | None => None,
    } {
        return Ok(terminal::print(&text));
    }
    let scripts = chain.scripts.iter().map(|path| ("-f", Path::new(path)));
    let functions = options.expressions.iter();
    let functions = functions.map(|path| ("-x", path.as_path()));
    let begun = operators
        .iter()
        .filter_map(|(_, args)| args.flag("initial"));
    let begun = begun.map(|path| ("--initial", Path::new(path)));
    let own: Vec<_> = scripts.chain(functions).chain(begun).collect();
    overlap::check(&plan, &options, &own)?;
    for note in &plan.notes {
        terminal::say(note);
    }
    plan.source.reading = reading(format_word, &read);
    plan.source.begun = peeked.begun;
    if options.explain == Some(Explain::Disorder) {
        return Ok(disorder::told(plan, &options)?);
    }
    let known = names::of_record(
        &plan.source.format_name,
        peeked.first.as_deref().unwrap_or_default(),
    );
    let awaited = others.awaited(&plan);
    let waits = options.keep.is_in_runs() && !options.keep.last && sources.is_by_name();
    if options.keep.is_in_runs() && !options.keep.last && !awaited.is_empty() {
        terminal::say(&messages::awaits(&awaited, waits));
    }
    let start = Start {
        unborn: unborn || waits && !awaited.is_empty(),
        firsts: Firsts {
            others: others.firsts(&plan),
            own: peeked.first,
            places: Vec::new(),
        },
        known,
    };
    let source = live::Source {
        ends: sources.regular,
        typed: sources.terminal,
        paint: built.paint,
        words: sources.words,
    };
    Ok(execute(&plan, start, &options, &source)?)
}

/// Whether there is no such file, rather than one that cannot be looked at.
fn is_missing(path: &str) -> bool {
    std::fs::metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Of files that end, none is there: told before anything else, since all else may follow from it.
fn nothing_there(sources: &Sources, chain: &Chain, options: &Options) -> Option<Failure> {
    if options.follow || options.keep.checkpoint.is_some() || options.explain.is_some() {
        return None;
    }
    let mut missing = Vec::new();
    for word in &sources.words {
        match word {
            Word::File(path) if is_missing(path) => {
                let first = chain.sources.first() == Some(path);
                missing.push(messages::missing(path, first && missing.is_empty()));
            }
            _ => return None,
        }
    }
    Some(Failure {
        status: status::NO_INPUT,
        message: missing.join("\ndstream: "),
    })
}

/// The operators with their entries, checked as far as words alone allow.
fn operators(chain: &Chain) -> Result<Vec<(&'static Operator, Args)>, Usage> {
    let mut operators = Vec::with_capacity(chain.operators.len());
    for args in &chain.operators {
        let operator = TABLES
            .operator(args.operator)
            .expect("the splitter took it from the same table");
        check::check(operator, args)?;
        operators.push((operator, args.clone()));
    }
    Ok(operators)
}

/// Options that make no sense together, or ask for what is not there yet.
fn contradictions(options: &Options) -> Result<(), Usage> {
    if let Some(output) = &options.output {
        output_alone(output, options)?;
    }
    if options.max_open.is_some() && !options.output.as_deref().is_some_and(files::is_pattern) {
        return Err(Usage::new(
            "--max-open is about an --output that is many files: 'by/{host}.log', '%Y-%m-%d.log'",
        ));
    }
    keeping_alone(&options.keep)?;
    if options.append && options.output.is_none() {
        return Err(Usage::new("--append needs --output FILE, which it adds to"));
    }
    if options.limits.on_full == OnFull::EvictOldest && options.limits.keys.is_none() {
        return Err(Usage::new(
            "--on-full needs --max-keys N, which it is about",
        ));
    }
    if options.time.is_some() && options.time_regex.is_some() {
        return Err(Usage::new(
            "--time and --time-regex both say where the time is; give one",
        ));
    }
    match (
        options.batch_lines.is_some(),
        options.batch_on.is_some(),
        options.clock.is_some(),
    ) {
        (true, true, _) => {
            return Err(Usage::new(
                "--batch-lines and --batch-on both say where a batch ends; give one",
            ));
        }
        (true, _, true) | (_, true, true) => {
            return Err(Usage::new(
                "--batch-lines and --batch-on have a clock of their own; leave out --clock",
            ));
        }
        _ => {}
    }
    if options.mark_batches && !has_batches(options) {
        if options.keep.checkpoint.is_none() {
            return Err(Usage::new(
                "--mark-batches marks the ends of batches; give --batch, --batch-lines or --batch-on, or --checkpoint, \
                 whose commits it marks then",
            ));
        }
        if options.output.is_some() {
            return Err(Usage::new(
                "--mark-batches without batches marks commits for who reads standard output; a file has each row once \
                 without; leave it out, or give --batch, --batch-lines or --batch-on",
            ));
        }
    }
    Ok(())
}

fn has_batches(options: &Options) -> bool {
    options.batch.is_some() || options.batch_lines.is_some() || options.batch_on.is_some()
}

/// What an output cannot be told.
fn output_alone(output: &str, options: &Options) -> Result<(), Usage> {
    if files::is_socket(output) {
        if let Err(message) = crate::sources::parse(output) {
            return Err(Usage::new(format!("--output: {message}")));
        }
        if options.append {
            return Err(Usage::new(
                "--append adds to a file, and a socket has nothing yet",
            ));
        }
    }
    let by_fields_alone = files::is_pattern(output) && !files::has_times(output);
    if by_fields_alone && options.append && options.keep.checkpoint.is_some() {
        return Err(Usage::new(
            "with a checkpoint the files of a pattern go on by themselves from run to run; leave out --append",
        ));
    }
    Ok(())
}

/// What is said of a checkpoint needs one.
fn keeping_alone(keep: &Keep) -> Result<(), Usage> {
    if keep.checkpoint.is_none() {
        let needing = [
            ("--checkpoint-every", keep.every.is_some()),
            ("--checkpoint-reset", keep.reset),
            ("--checkpoint-adopt", keep.adopt),
            ("--discard-state", !keep.discard.is_empty()),
            ("--wait", keep.wait.is_some()),
            ("--durability", keep.process),
            ("--wal", keep.wal.is_some()),
        ];
        if let Some((name, _)) = needing.iter().find(|(_, given)| *given) {
            return Err(Usage::new(format!(
                "{name} needs --checkpoint FILE, which it is about"
            )));
        }
    }
    if keep.flush && !(keep.once && keep.checkpoint.is_some()) {
        return Err(Usage::new(
            "--flush needs --once and --checkpoint FILE: without them all windows are printed at the end",
        ));
    }
    if !keep.discard.is_empty() && !keep.adopt {
        return Err(Usage::new(
            "--discard-state needs --checkpoint-adopt: it says which state need not fit",
        ));
    }
    if keep.wal.is_none() && (keep.wal_sync.is_some() || keep.max_wal.is_some()) {
        return Err(Usage::new(
            "--wal-sync and --max-wal need --wal DIR, which they are about",
        ));
    }
    if keep.reset && keep.adopt {
        return Err(Usage::new(
            "--checkpoint-reset and --checkpoint-adopt: the one forgets what the other is to keep",
        ));
    }
    Ok(())
}

/// What is known of the sources without reading them.
pub struct Sources {
    pub words: Vec<Word>,
    /// Standard input is a terminal and is read.
    terminal: bool,
    /// All are regular files.
    pub regular: bool,
    network: bool,
}

impl Sources {
    /// `follow`: files go on.
    pub fn of(words: &[String], follow: bool) -> Result<Sources, Stop> {
        let mut sources = Sources {
            words: Vec::new(),
            terminal: false,
            regular: true,
            network: false,
        };
        for word in words {
            sources
                .words
                .push(crate::sources::parse(word).map_err(Usage::new)?);
        }
        if let [only] = words
            && let Some(message) = messages::directory(only)
        {
            return Err(Failure {
                status: status::NO_INPUT,
                message,
            }
            .into());
        }
        if sources.words.is_empty() {
            sources.words.push(Word::Stdin);
        }
        for word in &sources.words {
            sources.network |= word.is_network();
            sources.regular &= !follow;
            match word {
                Word::Stdin => {
                    sources.terminal |= std::io::stdin().is_terminal();
                    sources.regular &= terminal::stdin_is_file();
                }
                Word::File(path) => {
                    // One that is not there is told when it is opened.
                    sources.regular &= std::fs::metadata(path).map_or(true, |meta| meta.is_file());
                }
                Word::Glob(_) => {}
                _ => sources.regular = false,
            }
        }
        Ok(sources)
    }

    /// All are files that have names, so that another run finds them again.
    fn is_by_name(&self) -> bool {
        let by_name = |word: &Word| matches!(word, Word::File(_) | Word::Dir(_) | Word::Glob(_));
        self.words.iter().all(by_name)
    }

    fn kind(&self) -> &'static str {
        match () {
            _ if self.network => "a socket",
            _ if self.regular => "files that end",
            _ => "a stream",
        }
    }
}

/// The first record where the plan depends on it. `known`: what it was to the job's runs before, and which files they
/// have met if they have read nothing. Files are not looked at where it is known: they may have been moved away since.
pub fn first_record(
    word: &str,
    format: &Arc<dyn ReadFormat>,
    sources: &Sources,
    options: &Options,
    (known, places): (Option<&Vec<u8>>, &[Place]),
) -> Result<Peeked, Stop> {
    let peeked = match known {
        Some(_) if sources.is_by_name() => Peeked::default(),
        _ => peeked(word, format, sources, options, places)?,
    };
    Ok(Peeked {
        first: match sources.is_by_name() {
            true => known.cloned().or(peeked.first),
            false => peeked.first.map(|first| known.cloned().unwrap_or(first)),
        },
        ..peeked
    })
}

/// Looks at the first record where the plan depends on it.
fn peeked(
    word: &str,
    format: &Arc<dyn ReadFormat>,
    sources: &Sources,
    options: &Options,
    places: &[Place],
) -> Result<Peeked, Stop> {
    let name = word.split(':').next().unwrap_or(word);
    let table = format.has_header() || matches!(name, "csv" | "tsv");
    let form = form(options);
    if let (Some(Word::Rate(_)), Some(header)) = (sources.words.first(), form.header()) {
        return Ok(Peeked {
            first: Some(header.into_bytes()),
            ..Peeked::default()
        });
    }
    if table && sources.network {
        return Err(Usage::new(format!(
            "-i {name}: the header of a socket is not known before it is read; read it through a pipe: nc HOST PORT | dstream …"
        ))
        .into());
    }
    // What is only explained waits for nobody, unless it cannot be explained otherwise.
    let waits =
        matches!(&options.explain, Some(how) if *how != Explain::Disorder) && !sources.regular;
    let helpful = matches!(name, "json" | "logfmt") && !waits && !sources.network;
    if !table && !helpful {
        return Ok(Peeked::default());
    }
    let in_parts = !places.is_empty() && (options.keep.once || options.follow);
    let max = options.max_line;
    let wait = options
        .for_ns
        .and_then(|ns| u64::try_from(ns).ok())
        .map(Duration::from_nanos);
    Ok(peek::peek(
        &sources.words,
        &Sought {
            framing: &format.framing(),
            tells: match name {
                "json" => is_object,
                "logfmt" => |record| record.contains(&b'='),
                _ => |_| true,
            },
            whole: format.has_header(),
        },
        max,
        wait,
        &Opening {
            kept: in_parts.then(|| places.to_vec()),
            ..opening(options)
        },
    )?)
}

/// Whether a record is one of json.
fn is_object(record: &[u8]) -> bool {
    let is_json = || serde_json::from_slice::<serde::de::IgnoredAny>(record).is_ok();
    record.trim_ascii_start().starts_with(b"{") && is_json()
}

fn build_options(
    options: &Options,
    words: Vec<String>,
    sources: &Sources,
    zone: Zone,
) -> Result<builder::Options, Usage> {
    let now = now();
    let moment = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => units::moment(text, now, &zone)
            .map(Some)
            .map_err(|usage| Usage::new(format!("--{name}: {}", usage.message))),
    };
    let (since, until) = (
        moment("since", &options.since)?,
        moment("until", &options.until)?,
    );
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Usage::new(
            "--until is not after --since: no record can be between",
        ));
    }
    let mut functions = Vec::new();
    for path in &options.expressions {
        let path = path.to_string_lossy();
        let text = read_text(&path)?;
        functions
            .extend(expr::parse_functions(&text).map_err(|faults| in_file(&path, &text, faults))?);
    }
    Ok(builder::Options {
        words,
        time: options.time.clone(),
        time_regex: options.time_regex.clone(),
        takes_guess: false,
        watermark: options.watermark,
        watermark_auto: options.watermark_auto,
        max_ahead: options.max_ahead,
        clock: options.clock.clone(),
        batch: options.batch,
        batch_lines: options.batch_lines,
        batch_on: options.batch_on.clone(),
        mark_batches: options.mark_batches,
        merge_sorted: options.merge_sorted,
        since,
        until,
        zone,
        live: !sources.regular || options.keep.is_in_runs(),
        regular_files: sources.regular,
        output_format: options.output_format.clone(),
        output: options.output.clone(),
        append: options.append,
        max_open: options.max_open,
        header: options.header,
        digits: options.digits,
        width: terminal::width(),
        terminal: std::io::stdout().is_terminal(),
        bar: options.bar.clone(),
        spark: options.spark.clone(),
        paint: terminal::paint(|| colors(options)),
        exact: options.exact,
        triggers: options.triggers.clone(),
        keeps_late: options.late_file.is_some(),
        limits: options.limits,
        flush: options.keep.flush,
        load: Some(Load(Arc::new(|path| {
            std::fs::read(path).map_err(|error| {
                let error = anyhow::Error::new(error).context(path.to_string());
                Usage::new(messages::chain(&error))
            })
        }))),
        functions,
        look: Look::default(),
    })
}

/// The first fault of a file of functions, with its line.
fn in_file(path: &str, text: &str, faults: Vec<expr::Diagnostic>) -> Usage {
    let Some(fault) = faults.into_iter().next() else {
        return Usage::new(format!("{path}: it cannot be read"));
    };
    let start = fault.at.start.min(text.len());
    let before = text.get(..start).unwrap_or_default();
    let number = before.matches('\n').count() + 1;
    let begin = before.rfind('\n').map_or(0, |at| at + 1);
    let line = text
        .get(begin..)
        .and_then(|rest| rest.lines().next())
        .unwrap_or_default();
    let end = (fault.at.end.max(start) - begin).min(line.len());
    let mut usage = Usage::new(format!("{path}:{number}: {}", fault.message))
        .at(line, start - begin..end.max(start - begin));
    usage.note = fault.note;
    usage
}

/// The text of the user's file of colours.
fn colors(options: &Options) -> Option<String> {
    let path = config::path("colors", options.no_config)?;
    std::fs::read_to_string(path).ok()
}

fn now() -> i64 {
    clock::System::default().now()
}

pub fn usage_of(error: anyhow::Error) -> Usage {
    match error.downcast::<Usage>() {
        Ok(usage) => usage,
        Err(error) => Usage::new(format!("{error:#}")),
    }
}

/// What is known of the input when a run begins.
struct Start {
    /// A first record is waited for: nothing is read in this run.
    unborn: bool,
    firsts: Firsts,
    /// The fields of the own one.
    known: Vec<String>,
}

/// There is an output that can be opened again.
fn has_file(options: &Options) -> bool {
    let output = options.output.as_deref();
    output.is_some_and(|output| !files::is_socket(output))
}

/// Runs the plan and says how it went.
fn execute(
    plan: &Plan,
    start: Start,
    options: &Options,
    source: &live::Source,
) -> Result<i32, Failure> {
    let is_shown = live::is_wanted(options, plan, source);
    let signals = Signals::heard(has_file(options), is_shown)?;
    let mut run = running(options, &signals)?;
    run.refusal = overlap::refusal(plan, options);
    let view = match is_shown {
        true => Some(
            View::begin(run.quit.clone(), source).map_err(|error| Failure {
                status: status::SOFTWARE,
                message: format!("--live: {error}"),
            })?,
        ),
        false => None,
    };
    run.live = view.as_ref().map(|view| view.live.clone());
    run.keeping = options.keep.keeping(options.follow, start.firsts);
    if options.spills(source.ends) {
        run.spill = Some(Spill {
            dir: options
                .tmp
                .clone()
                .unwrap_or_else(terminal::disk_for_a_while),
            in_runs: run.keeping.is_none() && plan.peek_every.is_none(),
            keys: run.limits.keys.take(),
        });
    }
    run.opening.unborn = start.unborn;
    let unpacking = &run.opening.unpacking;
    let line = progress::Line::begin(options, plan, source.ends, &run.progress, unpacking);
    let metrics = options.metrics_file.as_ref().map(|path| {
        let (input, output) = (&plan.source.format_name, &plan.sink.format_name);
        Metrics::begin(path, input, output, &run.progress)
    });
    let report = engine::run(plan, &run);
    drop((view, line));
    drop(metrics);
    let status = report::told(&report, &plan.source.format_name, &start.known, options)?;
    match signals.came() {
        Some(signal) => Ok(terminal::die_by(signal)),
        None => Ok(status),
    }
}

/// How a plan is run.
pub fn running(options: &Options, signals: &Signals) -> Result<engine::Run, Failure> {
    let mut run = engine::Run {
        threads: options.threads.unwrap_or_else(cores),
        epoch: options.epoch,
        max_line: options.max_line,
        on_bad: options.on_bad,
        bad_file: options.bad_file.clone(),
        max_bad: options.max_bad,
        strict: options.strict,
        max_late: options.max_late,
        late_file: options.late_file.clone(),
        max_state: options.max_state.or_else(terminal::half_of_memory),
        limits: options.limits,
        quiet: options.quiet,
        for_ns: options.for_ns,
        stop: signals.stop.clone(),
        reopen: signals.reopen.clone(),
        idle: options.idle.unwrap_or(engine::IDLE),
        opening: opening(options),
        ..engine::Run::default()
    };
    if options.stats == Some(Stats::Json) {
        run.on_batch = Some(Arc::new(|batch| {
            terminal::say_plain(&report::batch_json(batch))
        }));
    }
    Signals::tell(run.progress.clone()).map_err(|error| Failure {
        status: status::SOFTWARE,
        message: format!("signals cannot be heard: {error}"),
    })?;
    if let Some(size) = options.block_size {
        run.block_size = size;
    }
    Ok(run)
}

/// How records are read beyond the format's name: what stands behind its colon, and options.
fn reading(word: &str, read: &ReadOptions) -> String {
    let mut parts = Vec::new();
    if let Some((_, argument)) = word.split_once(':') {
        parts.push(argument.to_string());
    }
    if let Some(delimiter) = read.delimiter {
        parts.push(format!("-d {}", delimiter.escape_ascii()));
    }
    if read.no_header {
        parts.push("--no-header".into());
    }
    if let Some(begins) = &read.multiline {
        parts.push(format!("--multiline {begins}"));
    }
    parts.join(" ")
}

/// How rows that we make are written, so that the format reads them.
fn form(options: &Options) -> Form {
    let word = options.input_format.as_deref().unwrap_or("text");
    match word.split(':').next().unwrap_or(word) {
        "csv" | "tsv" if options.no_header => Form::Text,
        "csv" => Form::Table(options.delimiter.unwrap_or(b',')),
        "tsv" => Form::Table(options.delimiter.unwrap_or(b'\t')),
        "json" => Form::Json,
        "logfmt" => Form::Logfmt,
        _ => Form::Text,
    }
}

/// How sources are opened.
pub fn opening(options: &Options) -> Opening {
    Opening {
        follow: options.follow,
        skip_to_end: options.skip_to_end,
        once: options.keep.once,
        last: options.keep.last,
        max_ratio: options.max_ratio,
        glob: options.glob.clone(),
        max_rate: options.max_rate,
        idle_close: options
            .idle_close
            .and_then(|ns| u64::try_from(ns).ok())
            .map(Duration::from_nanos),
        form: form(options),
        notes: Notes::new(|note| terminal::say(&messages::without_numbers(note))),
        ..Opening::default()
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
