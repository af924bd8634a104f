//! Opens what a run reads and writes.

use super::input::{BOM, Cutter, PlainFile};
use super::order::Linearizer;
use super::{Report, Run};
use crate::error::{Failure, status};
use crate::formats::Framing;
use crate::plan::node::{Output, Plan};
use crate::sinks::{FileSink, Null, Sink, Stdout};
use crate::sources::{self, Input, Word};
use anyhow::{Context, Result};
use std::fs::File;
use std::path::Path;

/// The sources of a run, opened.
pub enum Inputs {
    Plain(Vec<PlainFile>),
    /// One behind the other.
    Streams(Vec<Cutter>),
}

pub struct Opened {
    pub inputs: Inputs,
    pub names: Vec<String>,
    pub headers: Vec<Option<Vec<u8>>>,
    pub live: bool,
}

pub fn open_inputs(plan: &Plan, run: &Run, report: &mut Report) -> Result<Opened> {
    let mut words = Vec::new();
    for word in &plan.source.words {
        words.push(sources::parse(word).map_err(|message| Failure {
            status: status::USAGE,
            message,
        })?);
    }
    if words.is_empty() {
        words.push(Word::Stdin);
    }
    let mut opened = Vec::new();
    for word in &words {
        match sources::open(word) {
            Ok(input) => opened.push(input),
            Err(error) => {
                let network = matches!(word, Word::Tcp(_) | Word::TcpListen(_));
                let status = if network {
                    status::UNAVAILABLE
                } else {
                    status::NO_INPUT
                };
                report.unreadable.push((format!("{error:#}"), status));
            }
        }
    }
    if opened.is_empty() {
        let status = report
            .unreadable
            .first()
            .map_or(status::NO_INPUT, |(_, status)| *status);
        return Err(Failure {
            status,
            message: String::new(),
        }
        .into());
    }
    let framing = plan.source.format.framing();
    let has_header = plan.source.format.has_header();
    let plain = run.epoch.is_none()
        && plan.source.header.is_none()
        && opened
            .iter()
            .all(|input| matches!(input, Input::Plain { .. }));
    let (mut names, mut headers) = (Vec::new(), Vec::new());
    let mut files = Vec::new();
    let mut cutters = Vec::new();
    let mut live = false;
    for (number, input) in opened.into_iter().enumerate() {
        let number = number as u32;
        match input {
            Input::Plain { name, file, len } if plain => {
                let (header, start) = file_head(&file, len, framing, has_header, run.max_line)
                    .with_context(|| name.clone())?;
                headers.push(header);
                names.push(name.clone());
                files.push(PlainFile {
                    name,
                    file,
                    len,
                    start,
                    input: number,
                });
            }
            input => {
                let (name, reader, endless) = match input {
                    Input::Plain { name, file, .. } => (name, sources::from_start(file)?, false),
                    Input::Stream {
                        name,
                        live,
                        endless,
                    } => (name, live, endless),
                };
                live |= endless || !name_is_file(&name);
                let first = if number == 0 {
                    plan.source.header.clone().unwrap_or_default()
                } else {
                    Vec::new()
                };
                let mut cutter =
                    Cutter::new(reader, first, number, framing, run.block_size, run.max_line);
                headers.push(match has_header {
                    true => Some(cutter.header().with_context(|| name.clone())?),
                    false => None,
                });
                cutters.push(cutter.with_records(run.epoch));
                names.push(name);
            }
        }
    }
    let inputs = if plain {
        Inputs::Plain(files)
    } else {
        Inputs::Streams(cutters)
    };
    Ok(Opened {
        inputs,
        names,
        headers,
        live,
    })
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
