//! Opens what a run reads and writes.

use super::commit::Kept;
use super::cutter::Cutter;
use super::input::{BOM, PlainFile};
use super::inputs::{FILES, InputList};
use super::order::{Head, Linearizer};
use super::{Report, Run};
use crate::error::{Failure, status};
use crate::formats::Framing;
use crate::plan::files;
use crate::plan::node::{Output, Plan, Source, Times};
use crate::sinks::{
    FileSink, HeaderNames, LiveSink, Many, ManySink, Mode, Null, Replaced, Sink, Socket, Stdout,
    replaceable,
};
use crate::sources::{self, Finder, Input, Opening as How, Part, PartFile, Parts, Register, Word};
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The sources of a run, opened.
pub enum Inputs {
    Plain(Vec<PlainFile>),
    Streams(Vec<Group>),
}

/// What is one source: its parts are read one behind the other, and have one watermark.
pub struct Group {
    /// 0: the chain's own, else another stream's (`Plan::sides`).
    pub side: usize,
    /// What another run knows it by.
    pub name: String,
    /// Those that are open already.
    pub open: VecDeque<OpenPart>,
    /// Where the others come from.
    pub rest: VecDeque<Box<dyn Parts>>,
    /// It comes while it is read, and may fall silent.
    pub live: bool,
}

/// A part that is being read.
pub struct OpenPart {
    pub cutter: Cutter,
    /// Lines before what the cutter gives next.
    pub lines: u64,
    pub file: Option<Arc<PartFile>>,
}

/// A source that appears while the run goes on.
pub struct Found {
    pub side: usize,
    pub finder: Box<dyn Finder>,
}

pub struct Opened {
    pub inputs: Inputs,
    pub list: InputList,
    pub finders: Vec<Found>,
    pub live: bool,
}

pub fn open_inputs(
    plan: &Plan,
    run: &Run,
    kept: Option<&Kept>,
    report: &mut Report,
) -> Result<Opened> {
    let mut opened = Opened {
        inputs: Inputs::Streams(Vec::new()),
        list: InputList::default(),
        finders: Vec::new(),
        live: false,
    };
    let mut groups = Vec::new();
    let one_side = plan.sides().nth(1).is_none();
    for (side, source) in plan.sides().enumerate() {
        let mut how = run.opening.clone();
        how.kept = kept.map(|kept| kept.places(side));
        how.begun = source.begun.as_ref().and_then(|begun| begun.file.clone());
        let past = kept.map_or_else(Vec::new, |kept| kept.past(side));
        how.register = Arc::new(Register::new(how.kept.as_deref().unwrap_or_default(), past));
        let inputs = open_words(source, &how, report)?;
        let plain = one_side
            && run.epoch.is_none()
            && run.live.is_none()
            && kept.is_none()
            && !source.merged
            && source.begun.is_none()
            && plan.early_by_data().is_none()
            && !source.time.as_ref().is_some_and(Times::is_arrival)
            && inputs
                .iter()
                .all(|(_, input)| matches!(input, Input::Plain { .. }));
        if plain {
            opened.inputs = Inputs::Plain(plain_files(source, inputs, run, &mut opened)?);
            return Ok(opened);
        }
        groups.extend(streams(side, source, inputs, run, &mut opened)?);
    }
    opened.inputs = Inputs::Streams(groups);
    Ok(opened)
}

fn open_words(source: &Source, how: &How, report: &mut Report) -> Result<Vec<(Word, Input)>> {
    let mut words = Vec::new();
    for word in &source.words {
        words.push(sources::parse(word).map_err(|message| Failure {
            status: status::USAGE,
            message,
        })?);
    }
    if words.is_empty() {
        words.push(Word::Stdin);
    }
    let mut inputs = Vec::new();
    let first_refused = report.unreadable.len();
    for word in words {
        let status = match word.is_network() {
            true => status::UNAVAILABLE,
            false => status::NO_INPUT,
        };
        let mut tries = sources::TRIES;
        let opened = loop {
            let opened = sources::expand(&word, how).map(|words| -> Vec<_> {
                let open = |word: Word| (sources::open(&word, how), word);
                words.into_iter().map(open).collect()
            });
            let opened = opened.unwrap_or_else(|error| vec![(Err(error), word.clone())]);
            // What matched a moment ago may have got another name since.
            let mut refused = opened.iter().filter_map(|(input, _)| input.as_ref().err());
            tries -= 1;
            if tries == 0 || !matches!(word, Word::Glob(_)) || !refused.any(sources::is_gone) {
                break opened;
            }
        };
        for (input, word) in opened {
            match input {
                Ok(input) => inputs.push((word, input)),
                Err(error) if error.is::<Failure>() => return Err(error),
                Err(error) => report.unreadable.push((format!("{error:#}"), status)),
            }
        }
    }
    if inputs.is_empty() {
        let refused = report.unreadable.get(first_refused);
        return Err(Failure {
            status: refused.map_or(status::NO_INPUT, |(_, status)| *status),
            message: String::new(),
        }
        .into());
    }
    Ok(inputs)
}

fn plain_files(
    source: &Source,
    inputs: Vec<(Word, Input)>,
    run: &Run,
    opened: &mut Opened,
) -> Result<Vec<PlainFile>> {
    let framing = source.format.framing();
    let has_header = source.format.has_header();
    let mut files = Vec::new();
    for (_, input) in inputs {
        let Input::Plain { name, file, len } = input else {
            continue;
        };
        let (header, start) =
            file_head(&file, &framing, has_header, run.max_line).with_context(|| name.clone())?;
        let input = opened.list.add(name.clone(), 0, header);
        files.push(PlainFile {
            name,
            file,
            len,
            start,
            input,
        });
    }
    Ok(files)
}

/// Files and standard input are one source together, in their order; each network source is one by itself, and so
/// is each file that is followed.
fn streams(
    side: usize,
    source: &Source,
    inputs: Vec<(Word, Input)>,
    run: &Run,
    opened: &mut Opened,
) -> Result<Vec<Group>> {
    let mut groups: Vec<Group> = Vec::new();
    let mut of_files: Option<usize> = None;
    for (number, (word, input)) in inputs.into_iter().enumerate() {
        let mut apart = source.merged || word.is_apart(&run.opening);
        let (mut open, mut rest) = (VecDeque::new(), VecDeque::new());
        let mut stream = |name: String, reader, live| {
            let first = match number {
                0 => source
                    .begun
                    .clone()
                    .map_or_else(Vec::new, |begun| begun.bytes),
                _ => Vec::new(),
            };
            let part = Part {
                name,
                live: reader,
                offset: 0,
                lines: 0,
                file: None,
            };
            let opener = Opener { side, source, run };
            open.extend(opener.wait(part, first, &opened.list)?);
            anyhow::Ok(live)
        };
        let name = match &input {
            Input::Plain { name, .. }
            | Input::Stream { name, .. }
            | Input::Parts { name, .. }
            | Input::Finder { name, .. } => name.clone(),
        };
        let live = match input {
            Input::Plain { name, file, len } => {
                let live = !name_is_file(&name);
                stream(name, sources::from_start(file, len), live)?
            }
            Input::Stream {
                name,
                live,
                endless,
            } => {
                let is_live = endless || !name_is_file(&name);
                stream(name, live, is_live)?
            }
            Input::Parts { parts, live, .. } => {
                apart |= live;
                rest.push_back(parts);
                live
            }
            Input::Finder { finder, .. } => {
                opened.finders.push(Found { side, finder });
                opened.live = true;
                continue;
            }
        };
        opened.live |= live;
        let group = match (apart, of_files) {
            (false, Some(group)) => group,
            (apart, _) => {
                groups.push(Group {
                    side,
                    name: match apart {
                        true => name,
                        false => FILES.into(),
                    },
                    open: VecDeque::new(),
                    rest: VecDeque::new(),
                    live: false,
                });
                let group = groups.len() - 1;
                if !apart {
                    of_files = Some(group);
                }
                group
            }
        };
        groups[group].live |= live;
        groups[group].open.extend(open);
        groups[group].rest.extend(rest);
    }
    Ok(groups)
}

/// Makes parts ready to be read.
#[derive(Copy, Clone)]
pub struct Opener<'r> {
    pub side: usize,
    pub source: &'r Source,
    pub run: &'r Run,
}

/// A part whose header has not come yet.
pub struct Opening {
    name: String,
    part: OpenPart,
    header: Option<Vec<u8>>,
}

impl Opener<'_> {
    /// `first`: bytes of it that were read already.
    pub fn begin(&self, part: Part, first: Vec<u8>) -> std::io::Result<Opening> {
        let framing = self.source.format.framing();
        let (block_size, most) = (self.run.block_size, self.run.max_line);
        let cutter = Cutter::new(part.live, first, 0, framing.clone(), block_size, most)
            .with_offset(part.offset)
            .with_idle(&self.run.clock, self.run.idle)
            .with_last_run(self.run.keeping.is_none())
            .with_records(self.run.epoch);
        let mut header = None;
        if part.offset > 0
            && self.source.format.has_header()
            && let Some(file) = &part.file
        {
            header = Some(header_of(|size| file.head(size), &framing, most)?.0);
        }
        Ok(Opening {
            name: part.name,
            part: OpenPart {
                cutter,
                lines: part.lines,
                file: part.file,
            },
            header,
        })
    }

    /// The part, when its header is there; waits for that at most `wait`. An end that is only for now has none.
    pub fn ready(
        &self,
        opening: &mut Option<Opening>,
        wait: Option<Duration>,
        list: &InputList,
    ) -> std::io::Result<Option<OpenPart>> {
        let Some(one) = opening else { return Ok(None) };
        if self.source.format.has_header() && one.header.is_none() {
            one.header = one.part.cutter.header(wait)?;
            if one.header.is_none() {
                if one.part.cutter.goes_on() {
                    *opening = None;
                }
                return Ok(None);
            }
            one.part.lines += one.part.cutter.header_lines;
        }
        let Some(mut one) = opening.take() else {
            return Ok(None);
        };
        one.part
            .cutter
            .set_input(list.add(one.name, self.side, one.header));
        Ok(Some(one.part))
    }

    /// Waits for the header as long as it takes.
    fn wait(&self, part: Part, first: Vec<u8>, list: &InputList) -> Result<Option<OpenPart>> {
        let name = part.name.clone();
        let mut opening = Some(self.begin(part, first).with_context(|| name.clone())?);
        self.ready(&mut opening, None, list).with_context(|| name)
    }
}

fn without_end(record: &[u8]) -> Vec<u8> {
    let mut record = record.to_vec();
    while record
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        record.pop();
    }
    record
}

/// Compressed files are streams, but they end.
fn name_is_file(name: &str) -> bool {
    name != "-" && Path::new(name).is_file()
}

/// The header of a plain file and where its records begin.
fn file_head(
    file: &File,
    framing: &Framing,
    has_header: bool,
    most: usize,
) -> std::io::Result<(Option<Vec<u8>>, u64)> {
    if !has_header {
        let marked = sources::head(file, BOM.len())?.starts_with(BOM);
        return Ok((None, if marked { BOM.len() as u64 } else { 0 }));
    }
    let (header, end) = header_of(|size| sources::head(file, size), framing, most)?;
    Ok((Some(header), end))
}

/// The first record of an input without its line end, and where the next one begins. `head` gives as many of the first
/// bytes as there are, up to so many.
fn header_of(
    head: impl Fn(usize) -> std::io::Result<Vec<u8>>,
    framing: &Framing,
    most: usize,
) -> std::io::Result<(Vec<u8>, u64)> {
    let mut size = 1 << 12;
    loop {
        let asked = size.min(most + BOM.len());
        let bytes = head(asked)?;
        let skip = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
        let end = super::input::first_record(&bytes[skip..], framing).map(|end| skip + end);
        if end.is_none() && bytes.len() == asked && bytes.len() < most {
            size *= 4;
            continue;
        }
        let end = end.unwrap_or(bytes.len());
        return Ok((without_end(&bytes[skip..end]), end as u64));
    }
}

/// Opens the output; what stands before the first row is written, unless a run before has written it.
pub fn open_output(plan: &Plan, run: &Run, live: bool, kept: Option<&Kept>) -> Result<Linearizer> {
    let mut begin = Vec::new();
    let untold = are_untold(plan, run, &plan.sink.out);
    let layout = match &plan.sink.out {
        Output::Original => {
            begin.extend_from_slice(&plan.source.head);
            None
        }
        Output::Made | Output::Nothing => None,
        Output::Columns(schema) => {
            plan.sink.format.begin(schema, &mut begin);
            plan.sink.format.layout(schema)
        }
    };
    let original = matches!(plan.sink.out, Output::Original);
    let (read, written) = (plan.source.format.clone(), plan.sink.format.clone());
    let names = HeaderNames::new(move |header| match original {
        true => {
            let fields = read.schema(Some(header)).ok()?.fields;
            Some(fields.into_iter().map(|field| field.name).collect())
        }
        false => written.names(header),
    });
    let mode = match () {
        _ if plan.sink.append => Mode::Append,
        // What a run of several adds is there when it ends.
        _ if live || kept.is_some_and(Kept::goes_on) => Mode::Growing,
        _ => Mode::Whole,
    };
    let earlier = kept.map(|kept| &kept.earlier);
    // What stands before the first row is there already, or is each file's own.
    let mut begun = false;
    let sink: Box<dyn Sink> = match &plan.sink.path {
        _ if run.quiet => {
            begin.clear();
            Box::new(Null)
        }
        None => {
            begun = kept.is_some_and(Kept::has_begun);
            match &run.live {
                Some(live) => Box::new(LiveSink(live.clone())),
                None => Box::new(Stdout::new(&run.stop).context("standard output")?),
            }
        }
        Some(path) if files::is_socket(path) => {
            begun = kept.is_some_and(Kept::has_begun);
            Box::new(Socket::connect(path, &run.stop)?)
        }
        Some(path) => match &plan.sink.files {
            Some(files) => {
                begun = true;
                Box::new(ManySink::open(Many {
                    begin: begin.clone(),
                    names,
                    mode,
                    by_time: files.by_time(),
                    append: plan.sink.append,
                    max_open: files.max_open,
                    root: Path::new(files.root()).to_owned(),
                    depth: files.depth(),
                    earlier: earlier.cloned(),
                    stop: run.stop.clone(),
                    refusal: run.refusal.clone(),
                })?)
            }
            None if replaces(plan, run) => {
                begun = true;
                if untold {
                    begin.clear();
                }
                Box::new(Replaced::open(Path::new(path), begin.clone(), earlier)?)
            }
            None => {
                let (mut sink, len) = FileSink::open(Path::new(path), mode, earlier, &run.stop)?;
                let may_have_rows = !untold || !run.opening.unborn && plan.sides().nth(1).is_some();
                if plan.sink.append && may_have_rows {
                    sink.check_begin(&begin, &names)?;
                }
                begun = len > 0;
                Box::new(sink)
            }
        },
    };
    let out = Linearizer::new(sink, layout, run.threads * 4);
    let head = match (begun, untold) {
        (true, _) => Head::There,
        (false, true) => Head::WithRows,
        (false, false) => Head::Now,
    };
    out.begin(begin, head);
    Ok(out)
}

/// Whether first records are still to tell columns of what is written: what stands before the first row waits for it.
pub fn are_untold(plan: &Plan, run: &Run, out: &Output) -> bool {
    match out {
        Output::Columns(schema) => schema.untold || run.opening.unborn && !plan.awaits.is_empty(),
        Output::Original | Output::Made | Output::Nothing => false,
    }
}

/// Whether the output is a file that always has the last whole answer.
pub fn replaces(plan: &Plan, run: &Run) -> bool {
    let sink = &plan.sink;
    let of_file = |path: &String| {
        // What is no regular file (a FIFO) is written on and on.
        !files::is_socket(path) && !matches!(replaceable(Path::new(path)), Ok(None))
    };
    sink.complete && !run.quiet && sink.files.is_none() && sink.path.as_ref().is_some_and(of_file)
}
