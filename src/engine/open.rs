//! Opens what a run reads and writes.

use super::cutter::Cutter;
use super::input::{BOM, PlainFile};
use super::order::Linearizer;
use super::{Report, Run};
use crate::error::{Failure, status};
use crate::formats::Framing;
use crate::plan::node::{Output, Plan, Source, Times};
use crate::sinks::{FileSink, Null, Sink, Stdout};
use crate::sources::{self, Input, Word};
use anyhow::{Context, Result};
use std::collections::VecDeque;
use std::fs::File;
use std::path::Path;

/// The sources of a run, opened.
pub enum Inputs {
    Plain(Vec<PlainFile>),
    Streams(Vec<Group>),
}

/// What is one source: its parts are read one behind the other, and have one watermark.
pub struct Group {
    /// 0: the chain's own, else another stream's (`Plan::sides`).
    pub side: usize,
    pub cutters: VecDeque<Cutter>,
    /// It comes while it is read, and may fall silent.
    pub live: bool,
}

pub struct Opened {
    pub inputs: Inputs,
    /// By input, which is a file or a connection: its name, its header, the side that it is of.
    pub names: Vec<String>,
    pub headers: Vec<Option<Vec<u8>>>,
    pub sides: Vec<usize>,
    pub live: bool,
}

pub fn open_inputs(plan: &Plan, run: &Run, report: &mut Report) -> Result<Opened> {
    let mut opened = Opened {
        inputs: Inputs::Streams(Vec::new()),
        names: Vec::new(),
        headers: Vec::new(),
        sides: Vec::new(),
        live: false,
    };
    let mut groups = Vec::new();
    let one_side = plan.sides().nth(1).is_none();
    for (side, source) in plan.sides().enumerate() {
        let inputs = open_words(source, report)?;
        let plain = one_side
            && run.epoch.is_none()
            && !source.merged
            && source.header.is_none()
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

fn open_words(source: &Source, report: &mut Report) -> Result<Vec<(Word, Input)>> {
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
        match sources::open(&word) {
            Ok(input) => inputs.push((word, input)),
            Err(error) => {
                let status = match is_network(&word) {
                    true => status::UNAVAILABLE,
                    false => status::NO_INPUT,
                };
                report.unreadable.push((format!("{error:#}"), status));
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

/// A network source has a watermark of its own.
fn is_network(word: &Word) -> bool {
    matches!(word, Word::Tcp(_) | Word::TcpListen(_))
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
        let (header, start) = file_head(&file, len, framing, has_header, run.max_line)
            .with_context(|| name.clone())?;
        let input = opened.names.len() as u32;
        opened.headers.push(header);
        opened.names.push(name.clone());
        opened.sides.push(0);
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

/// Files and standard input are one source together, in their order; each network source is one by itself.
fn streams(
    side: usize,
    source: &Source,
    inputs: Vec<(Word, Input)>,
    run: &Run,
    opened: &mut Opened,
) -> Result<Vec<Group>> {
    let framing = source.format.framing();
    let has_header = source.format.has_header();
    let mut groups: Vec<Group> = Vec::new();
    let mut of_files: Option<usize> = None;
    for (number, (word, input)) in inputs.into_iter().enumerate() {
        let (name, reader, endless) = match input {
            Input::Plain { name, file, .. } => (name, sources::from_start(file)?, false),
            Input::Stream {
                name,
                live,
                endless,
            } => (name, live, endless),
        };
        let live = endless || !name_is_file(&name);
        opened.live |= live;
        let first = match number {
            0 => source.header.clone().unwrap_or_default(),
            _ => Vec::new(),
        };
        let input = opened.names.len() as u32;
        let mut cutter = Cutter::new(reader, first, input, framing, run.block_size, run.max_line);
        opened.headers.push(match has_header {
            true => Some(cutter.header().with_context(|| name.clone())?),
            false => None,
        });
        opened.names.push(name);
        opened.sides.push(side);
        let cutter = cutter.with_records(run.epoch);
        let group = match (source.merged || is_network(&word), of_files) {
            (false, Some(group)) => group,
            (apart, _) => {
                groups.push(Group {
                    side,
                    cutters: VecDeque::new(),
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
        groups[group].cutters.push_back(cutter);
    }
    Ok(groups)
}

/// Compressed files are streams, but they end.
fn name_is_file(name: &str) -> bool {
    name != "-" && Path::new(name).is_file()
}

/// The header of a plain file and where its records begin.
fn file_head(
    file: &File,
    len: u64,
    framing: Framing,
    has_header: bool,
    most: usize,
) -> Result<(Option<Vec<u8>>, u64)> {
    let mut size = 1 << 12;
    loop {
        let head = sources::head(file, size.min(most + BOM.len()))?;
        let skip = if head.starts_with(BOM) { BOM.len() } else { 0 };
        if !has_header {
            return Ok((None, skip as u64));
        }
        let end = super::input::first_record(&head[skip..], framing).map(|end| skip + end);
        if end.is_none() && (head.len() as u64) < len && head.len() < most {
            size *= 4;
            continue;
        }
        let end = end.unwrap_or(head.len());
        let mut header = head[skip..end].to_vec();
        while header
            .last()
            .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
        {
            header.pop();
        }
        return Ok((Some(header), end as u64));
    }
}

/// Opens the output; what stands before the first row is written.
pub fn open_output(
    plan: &Plan,
    run: &Run,
    live: bool,
    header: Option<&[u8]>,
) -> Result<Linearizer> {
    let mut begin = Vec::new();
    let layout = match &plan.sink.out {
        Output::Original => {
            if let Some(header) = header.filter(|header| !header.is_empty()) {
                begin.extend_from_slice(header);
                begin.push(b'\n');
            }
            None
        }
        Output::Columns(schema) => {
            plan.sink.format.begin(schema, &mut begin);
            plan.sink.format.layout(schema)
        }
    };
    let sink: Box<dyn Sink> = match &plan.sink.path {
        _ if run.quiet => {
            begin.clear();
            Box::new(Null)
        }
        None => Box::new(Stdout::new().context("standard output")?),
        Some(path) => {
            let file = Path::new(path);
            let failed = || Failure {
                status: status::CANT_CREATE,
                message: format!("cannot create '{path}'"),
            };
            if plan.sink.append {
                let (sink, len) = FileSink::append(file).with_context(failed)?;
                if len > 0 {
                    begin.clear();
                }
                Box::new(sink)
            } else if live {
                Box::new(FileSink::growing(file).with_context(failed)?)
            } else {
                Box::new(FileSink::whole(file).with_context(failed)?)
            }
        }
    };
    let out = Linearizer::new(sink, layout, run.threads * 4);
    out.begin(&begin);
    Ok(out)
}
