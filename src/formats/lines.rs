//! `lines`: a record is a line, nothing is split; written, the bare values. Refuses every field but the line
//! itself, which the engine makes. Invariant: every line is a record, empty ones too.

use super::begins::Begins;
use super::cells::Shown;
use super::{
    Bad, Doc, Example, Format, Framing, OutSchema, ReadFormat, ReadOptions, Reader, WriteFormat,
    WriteOptions, Writer, is_made,
};
use crate::bytes::scan;
use crate::data::value::Printing;
use crate::data::{Chunk, Field, FieldId, Schema, Selection, Type};
use crate::error::Usage;
use anyhow::Result;
use std::sync::Arc;

pub(super) const LINES: Format = Format {
    name: "lines",
    doc: Doc {
        summary: "Lines as they are",
        text: "Read: a record is a line, `$0`, and nothing is split, which is the fastest way to read.\n\n\
               Written: one column is its text; several are parted by tabs, as tsv. Records of json and \
               logfmt that are written whole stay in their format.",
        examples: &[
            Example {
                title: "How often each line occurs",
                session: "$ printf 'b\\na\\nb\\n' | dstream -i lines count-by-key\na\t1\nb\t2\n",
            },
            Example {
                title: "One column as plain text",
                session: "$ printf 'city,n\\n\"Rome, Italy\",1\\n' | dstream -i csv select city -o lines\nRome, Italy\n",
            },
        ],
    },
    read: Some(|_, options: &ReadOptions| {
        Ok(Arc::new(Lines {
            framing: options.framing(),
        }))
    }),
    write: Some(|_, options: &WriteOptions| {
        Ok(Arc::new(LinesOut {
            options: options.clone(),
        }))
    }),
};

struct Lines {
    framing: Framing,
}

impl ReadFormat for Lines {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        Ok(Schema::new(vec![Field::new("line", Type::Untyped)]))
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        for &field in wanted {
            let name = &schema.fields[field].name;
            if !is_made(name) && name != "line" {
                return Err(Usage::new(format!(
                    "no field '{name}': records of lines are not split; there is only $0"
                ))
                .into());
            }
        }
        Ok(Box::new(LinesReader {
            rows: Rows::of(&self.framing),
        }))
    }
}

struct LinesReader {
    rows: Rows,
}

impl Reader for LinesReader {
    fn read(&mut self, chunk: &mut Chunk, find: bool, _bad: &mut Vec<Bad>) {
        if find {
            self.rows.find(chunk);
        }
        chunk.live = Selection::All(chunk.rows.len() as u32);
    }
}

/// What of a block is a row: each line, or with `--multiline` several. A worker's own.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    begins: Option<Begins>,
}

impl Rows {
    pub fn of(framing: &Framing) -> Rows {
        Rows {
            begins: match framing {
                // Its own: a regex that several threads share is slower.
                Framing::Begun(begins) => Some(begins.as_ref().clone()),
                Framing::Lines | Framing::Quoted => None,
            },
        }
    }

    /// Whether a row may be several lines.
    pub fn are_joined(&self) -> bool {
        self.begins.is_some()
    }

    /// Finds the chunk's rows in its block.
    pub fn find(&self, chunk: &mut Chunk) {
        match &self.begins {
            Some(begins) => begins.find_rows(chunk),
            None => {
                chunk.rows.clear();
                scan::lines(chunk.block.padded(), chunk.block.len(), &mut chunk.rows);
            }
        }
    }
}

struct LinesOut {
    options: WriteOptions,
}

impl WriteFormat for LinesOut {
    fn begin(&self, _schema: &OutSchema, _out: &mut Vec<u8>) {}

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        if let Some(rest) = &schema.rest {
            return super::writer(rest.format, &self.options)?.writer(schema);
        }
        match &schema.columns[..] {
            [column] => Ok(Box::new(OneColumn {
                field: column.field,
                ty: column.ty.clone(),
                printing: self.options.printing.clone(),
            })),
            _ => super::writer("tsv", &self.options)?.writer(schema),
        }
    }
}

struct OneColumn {
    field: FieldId,
    ty: Type,
    printing: Printing,
}

impl Writer for OneColumn {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let column = Shown::new(chunk, self.field, &self.ty);
        for row in chunk.live.iter() {
            column.write_plain(row as usize, &self.printing, out);
            out.push(b'\n');
        }
    }
}

/// Asserts that lines are what splitting at line feeds gives.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let mut chunk = Chunk::of_block(crate::data::Block::copy_of(data));
    LinesReader {
        rows: Rows::default(),
    }
    .read(&mut chunk, true, &mut Vec::new());
    let rows: Vec<&[u8]> = chunk.rows.iter().map(|&row| chunk.bytes(row)).collect();
    let body = data.strip_suffix(b"\n").unwrap_or(data);
    let model: Vec<&[u8]> = match data {
        [] => vec![],
        _ => body.split(|&byte| byte == b'\n').collect(),
    };
    assert_eq!(rows, model);
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    #[test]
    fn every_line_is_a_record() {
        for seed in ["", "\n", "a", "a\r\n\nb", "\n\n\n"] {
            fuzz(seed.as_bytes());
        }
        let read = Read::of("lines", b"a\r\n\nb", &["$0"]);
        assert_eq!(read.live, [0, 1, 2]);
        assert!(read.bad.is_empty());
    }

    #[test]
    fn there_are_no_fields() {
        let format = super::super::reader("lines", &ReadOptions::default()).unwrap();
        let mut schema = format.schema(None).unwrap();
        let id = schema.add(Field::hidden("$3", Type::Untyped));
        let error = format.reader(&schema, &[id], None).err().unwrap();
        assert!(error.to_string().contains("'$3'"), "{error}");
    }

    #[test]
    fn one_column_is_bare_and_several_are_tsv() {
        assert_eq!(
            written("lines", &[("a", Type::Text, &["x\ty", "2"])]),
            "x\ty\n2\n"
        );
        assert_eq!(
            written(
                "lines",
                &[("a", Type::Text, &["x\ty"]), ("b", Type::Text, &["2"])]
            ),
            "x\\ty\t2\n"
        );
    }
}
