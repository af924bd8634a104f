//! Two streams as one: rows of the other one get the columns of this. Keeps nothing. Invariant: rows of each stream
//! stay in their order.

use super::{LEFT, MergeLines};
use crate::bytes::Span;
use crate::data::process::{Given, Making, Process, Told};
use crate::data::time::Watermark;
use crate::data::{Chunk, Column, ColumnV, FieldId};

#[derive(Clone)]
pub struct Union {
    into: Vec<FieldId>,
    /// Fields that later nodes read.
    carry: Vec<FieldId>,
    /// Both streams' lines are made alike.
    merge: Option<MergeLines>,
}

impl Union {
    pub fn new(making: &Making<'_>, merge: Option<MergeLines>) -> Union {
        Union {
            into: making.into.to_vec(),
            carry: making.carry.to_vec(),
            merge: merge.filter(|_| making.lines),
        }
    }

    fn lines(&self, chunk: &mut Chunk, lines: &[Span], left: bool) {
        let Some(merge) = &self.merge else { return };
        let mut scratch = chunk.take_scratch();
        let (mut text, mut rows) = (Vec::new(), chunk.rows.clone());
        for row in chunk.live.iter() {
            text.clear();
            let line = lines[row as usize].of(chunk.block.padded(), &scratch);
            match left {
                true => merge(Some(line), None, &mut text),
                false => merge(None, Some(line), &mut text),
            }
            rows[row as usize] = Span::scratch(scratch.len(), text.len());
            scratch.extend_from_slice(&text);
        }
        chunk.rows = rows;
        chunk.set_scratch(scratch);
    }
}

impl Process for Union {
    fn take(&mut self, chunk: &mut Chunk, given: &Given, _told: &mut Told) {
        if given.input == LEFT {
            for &field in &self.carry {
                if chunk.column(field).is_none() {
                    chunk.set_column(field, ColumnV::nulls(chunk.rows.len()));
                }
            }
            let lines = chunk.rows.clone();
            return self.lines(chunk, &lines, true);
        }
        chunk.columns.clear();
        for (&field, column) in self.into.iter().zip(&given.args) {
            chunk.set_column(field, column.clone());
        }
        for &field in &self.carry {
            if chunk.column(field).is_none() {
                chunk.set_column(field, ColumnV::nulls(chunk.rows.len()));
            }
        }
        if let Some(ColumnV {
            data: Column::Bytes(lines),
            ..
        }) = given.args.get(self.into.len())
        {
            self.lines(chunk, lines, false);
        }
    }

    fn close(&mut self, _upto: Watermark, _told: &mut Told) -> Vec<Chunk> {
        Vec::new()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(self.clone())
    }

    fn held(&self) -> (usize, usize) {
        (0, 0)
    }
}
