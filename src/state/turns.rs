//! Rows of several sources in turns: a row's comes when the watermark passes its time, or, if it came behind its own
//! source's watermark, when that is passed. The state behind is fed as by one source whose watermark each row shows,
//! so that how the sources interleave cannot show there. With one source rows are fed as they come. Refuses nothing
//! itself. Invariant: turns follow from the row and its source alone.

use super::rows::bytes_of;
use super::saving::{self, sound};
use crate::bytes::Span;
use crate::data::packed::{Packer, are_cells, pack_cell, unpack_cell};
use crate::data::process::{Given, Making, Process, Told};
use crate::data::saved::{Damaged, Save, Saved};
use crate::data::time::Watermark;
use crate::data::{Chunk, ColumnBuilder, Type};
use std::collections::BTreeMap;

/// Rows that are fed at once.
const ROWS_MAX: usize = if cfg!(debug_assertions) { 8 } else { 4096 };

/// The turn, the source, and as they came.
type Turn = (i64, u32, u64);

pub struct InTurns {
    inner: Box<dyn Process>,
    /// There is one source.
    alone: bool,
    /// A row so far behind its turn may be late, ns.
    slack: i64,
    packer: Packer,
    /// Of the node's arguments.
    types: Vec<Type>,
    waiting: BTreeMap<Turn, Vec<u8>>,
    came: u64,
    /// Chunks that were fed, which says where rows of one time stand.
    fed: u64,
    bytes: usize,
}

fn push_part(part: Option<&[u8]>, out: &mut Vec<u8>) {
    out.push(u8::from(part.is_some()));
    let part = part.unwrap_or_default();
    out.extend_from_slice(&(part.len() as u32).to_le_bytes());
    out.extend_from_slice(part);
}

fn take_part<'r>(row: &mut &'r [u8]) -> Option<Option<&'r [u8]>> {
    let ([is_there, len @ ..], rest): (&[u8; 5], &[u8]) = row.split_first_chunk()?;
    let (part, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    *row = rest;
    Some((*is_there != 0).then_some(part))
}

impl InTurns {
    /// `types`: of the node's arguments; `slack`: no row is late that is less behind; `make`: the state behind.
    pub fn new(
        making: &Making<'_>,
        types: Vec<Type>,
        slack: i64,
        make: &dyn Fn(&Making<'_>) -> Box<dyn Process>,
    ) -> InTurns {
        InTurns {
            inner: make(&Making {
                alone: true,
                ..*making
            }),
            alone: making.alone,
            slack,
            packer: Packer::new(making.schema, making.carry, making.lines),
            types,
            waiting: BTreeMap::new(),
            came: 0,
            fed: 0,
            bytes: 0,
        }
    }

    fn keep(&mut self, chunk: &Chunk, given: &Given, told: &Told) {
        for row in chunk.live.iter() {
            let at = row as usize;
            let time = chunk.times.as_ref().map_or(0, |times| times[at]);
            let before = chunk.before.as_ref().map_or(i64::MIN, |before| before[at]);
            let turn = time.max(before);
            let key = bytes_of(chunk, &given.key, row);
            let may_be_late = turn.saturating_sub(self.slack) > time;
            let line =
                (may_be_late && told.late.lines.is_some()).then(|| chunk.bytes(chunk.rows[at]));
            let mut kept = Vec::new();
            push_part(key, &mut kept);
            push_part(line, &mut kept);
            let mut args = Vec::new();
            for column in &given.args {
                pack_cell(chunk, column, at, &mut args);
            }
            push_part(Some(&args), &mut kept);
            self.packer.pack(chunk, row, &mut kept);
            self.bytes += kept.len();
            let source = chunk.block.source;
            self.waiting.insert((turn, source, self.came), kept);
            self.came += 1;
        }
    }

    /// Feeds the rows whose turn is below `upto`, all without one.
    fn feed(&mut self, upto: Option<i64>, now: i64, told: &mut Told, out: &mut Vec<Chunk>) {
        let due = match upto {
            None => std::mem::take(&mut self.waiting),
            Some(upto) => {
                let rest = self.waiting.split_off(&(upto, 0, 0));
                std::mem::replace(&mut self.waiting, rest)
            }
        };
        let mut due = due.into_iter().peekable();
        while due.peek().is_some() {
            let rows: Vec<(Turn, Vec<u8>)> = due.by_ref().take(ROWS_MAX).collect();
            self.bytes -= rows.iter().map(|(_, kept)| kept.len()).sum::<usize>();
            let (mut chunk, given) = self.unpacked(&rows, now);
            chunk.block.seq = self.fed;
            self.fed += 1;
            self.inner.take(&mut chunk, &given, told);
            if !chunk.live.is_empty() {
                out.push(chunk);
            }
        }
    }

    fn unpacked(&self, rows: &[(Turn, Vec<u8>)], now: i64) -> (Chunk, Given) {
        let mut unpacker = self.packer.unpacker();
        let mut key = ColumnBuilder::new(&Type::Text);
        let mut args: Vec<ColumnBuilder> = self.types.iter().map(ColumnBuilder::new).collect();
        let mut lines: Vec<Option<Span>> = Vec::with_capacity(rows.len());
        for (_, kept) in rows {
            let mut rest = kept.as_slice();
            let mut part = || take_part(&mut rest).flatten();
            let (of_key, line, mut cells) = (part(), part(), part().unwrap_or_default());
            match of_key {
                Some(bytes) => key.bytes(bytes, &mut unpacker.scratch),
                None => key.null(),
            }
            for builder in &mut args {
                unpack_cell(&mut cells, builder, &mut unpacker.scratch);
            }
            let from = unpacker.scratch.len();
            lines.push(line.map(|line| Span::scratch(from, line.len())));
            unpacker.scratch.extend_from_slice(line.unwrap_or_default());
            unpacker.push(rest);
        }
        let mut chunk = unpacker.finish(Vec::new());
        for (place, line) in chunk.rows.iter_mut().zip(lines) {
            *place = line.unwrap_or(*place);
        }
        chunk.before = Some(rows.iter().map(|((turn, ..), _)| *turn).collect());
        let given = Given {
            input: 0,
            key: key.finish(),
            args: args.into_iter().map(ColumnBuilder::finish).collect(),
            now,
        };
        (chunk, given)
    }
}

impl Process for InTurns {
    fn batches_from(&mut self, first: i64, told: &mut Told) {
        self.inner.batches_from(first, told);
    }

    fn take(&mut self, chunk: &mut Chunk, given: &Given, told: &mut Told) {
        // A run before may have had several.
        if self.alone && self.waiting.is_empty() {
            return self.inner.take(chunk, given, told);
        }
        self.keep(chunk, given, told);
        *chunk = Chunk::default();
    }

    fn close(&mut self, upto: Watermark, told: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        match upto {
            Watermark::None => return out,
            Watermark::At(at) => self.feed(Some(at), at, told, &mut out),
            Watermark::End => self.feed(None, i64::MIN, told, &mut out),
        }
        out.extend(self.inner.close(upto, told));
        out
    }

    fn whole(&mut self, ended: bool, told: &mut Told) -> Vec<Chunk> {
        let mut out = Vec::new();
        self.feed(None, i64::MIN, told, &mut out);
        if self.inner.gives_whole() {
            out.clear();
        }
        out.extend(self.inner.whole(ended, told));
        out
    }

    fn given_whole(&mut self) {
        self.inner.given_whole();
    }

    fn gives_whole(&self) -> bool {
        self.inner.gives_whole()
    }

    fn leave(&mut self, told: &mut Told) -> Vec<Chunk> {
        self.inner.leave(told)
    }

    fn enough(&mut self) {
        self.inner.enough();
    }

    fn has_more(&self) -> bool {
        self.inner.has_more()
    }

    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    fn next_end(&self) -> i64 {
        let first = self.waiting.keys().next();
        let first = first.map_or(i64::MAX, |(turn, ..)| turn.saturating_add(1));
        first.min(self.inner.next_end())
    }

    fn lag(&self) -> i64 {
        self.inner.lag()
    }

    fn lag_of_windows(&self) -> i64 {
        self.inner.lag_of_windows()
    }

    fn held_time(&self) -> i64 {
        self.inner.held_time()
    }

    fn held_windows(&self) -> Option<i64> {
        // Those of rows that wait for their turn may be as old as any.
        self.inner
            .held_windows()
            .filter(|_| self.waiting.is_empty())
    }

    fn goes_by_windows(&self) -> bool {
        self.inner.goes_by_windows()
    }

    fn tick(&mut self, now: i64) -> Vec<Chunk> {
        self.inner.tick(now)
    }

    fn next_tick(&self) -> i64 {
        self.inner.next_tick()
    }

    fn fork(&self) -> Box<dyn Process> {
        Box::new(InTurns {
            inner: self.inner.fork(),
            alone: self.alone,
            slack: self.slack,
            packer: self.packer.clone(),
            types: self.types.clone(),
            waiting: self.waiting.clone(),
            came: self.came,
            fed: self.fed,
            bytes: self.bytes,
        })
    }

    fn held(&self) -> (usize, usize) {
        let (keys, bytes) = self.inner.held();
        (keys, bytes + self.bytes + self.waiting.len() * 64)
    }

    fn save(&self, to: &mut Save) {
        to.put(&(self.came, self.fed));
        saving::put_list(to, self.waiting.iter(), |(turn, kept), to| {
            to.put(turn);
            to.put_bytes(kept);
        });
        self.inner.save(to);
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        (self.came, self.fed) = (saving::count(from)?, saving::count(from)?);
        let waiting = saving::take_list(from, |from| {
            let turn: Turn = from.take()?;
            let kept = from.take_bytes()?;
            let mut rest = kept;
            let mut part = || take_part(&mut rest).ok_or(Damaged);
            let (_key, _line, args) = (part()?, part()?, part()?);
            sound(args.is_some_and(|args| are_cells(args, &self.types)))?;
            sound(self.packer.is_row(rest))?;
            Ok((turn, kept.to_vec()))
        })?;
        self.waiting = waiting.into_iter().collect();
        self.bytes = self.waiting.values().map(Vec::len).sum();
        self.inner.load(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Schema;
    use crate::data::keys::KeyCoder;
    use crate::data::process::Limits;
    use crate::data::time::Zone;
    use crate::plan::grouping::{Gives, Grouping, Shape};
    use crate::state::grouped;
    use crate::state::testing::{self, Row};
    use proptest::prelude::*;
    use std::sync::Arc;

    const GAP: i64 = 3;

    /// Sessions of rows, of one source or of several.
    fn sessions(schema: &Schema, alone: bool, max: Option<i64>) -> Box<dyn Process> {
        let mut grouping = Grouping::plain(
            Shape::Session { gap: GAP, max },
            Gives::Rows { bounds: None },
        );
        grouping.lateness = 0;
        grouped::make(Arc::new(grouping))(&Making {
            schema,
            carry: &[0, 1],
            into: &[],
            merge: None,
            lines: true,
            zone: &Zone::default(),
            seed: 5,
            coder: &KeyCoder::new(vec![Type::Text]),
            alone,
            limits: Limits::default(),
            batched: false,
            ticked: false,
        })
    }

    fn given(chunk: &Chunk) -> Given {
        Given {
            input: 0,
            key: chunk.column(0).expect("the key is there").clone(),
            args: Vec::new(),
            now: 0,
        }
    }

    fn show(chunks: &[Chunk], lines: &mut Vec<String>) {
        for chunk in chunks {
            let windows = chunk.windows.as_ref().expect("rows have windows");
            for row in chunk.live.iter() {
                let line = String::from_utf8_lossy(chunk.line(row)).into_owned();
                lines.push(format!("{line} in {:?}", windows[row as usize]));
            }
        }
    }

    /// What two sources come to, read by turns as `order` says; late ones too.
    fn run(sides: [&[Row]; 2], order: &[(bool, usize)], max: Option<i64>) -> (Vec<String>, u64) {
        const DISORDER: i64 = 2;
        let schema = testing::schema(&[]);
        let mut process = sessions(&schema, false, max);
        let (mut lines, mut told) = (Vec::new(), Told::default());
        let (mut at, mut latest) = ([0usize; 2], [None; 2]);
        let rest = [(false, usize::MAX), (true, usize::MAX)];
        for (turn, &(second, n)) in order.iter().chain(&rest).enumerate() {
            let side = usize::from(second);
            let end = at[side].saturating_add(n).min(sides[side].len());
            let rows = &sides[side][at[side]..end];
            let mut chunk = testing::chunk(rows, &mut latest[side], DISORDER);
            chunk.block.source = side as u32;
            at[side] = end;
            let given = given(&chunk);
            process.take(&mut chunk, &given, &mut told);
            assert!(chunk.live.is_empty());
            if let [Some(one), Some(other)] = latest {
                let upto = Watermark::At(one.min(other) - DISORDER);
                show(&process.close(upto, &mut told), &mut lines);
            }
            if testing::is_cut(turn, n.min(9)) {
                process = testing::restarted(process.as_ref(), sessions(&schema, false, max));
            }
        }
        show(&process.close(Watermark::End, &mut told), &mut lines);
        (lines, told.late.records)
    }

    proptest! {
        /// EVENT-TIME 2.2: "a record is judged late by the W of its own source, so the order in which sources are
        /// interleaved decides nothing".
        #[test]
        fn how_sources_interleave_does_not_show(
            left in testing::rows(), right in testing::rows(),
            order in prop::collection::vec((any::<bool>(), 0..6usize), 0..30),
            max in prop::option::of(1..12i64),
        ) {
            let sides = [left.as_slice(), right.as_slice()];
            prop_assert_eq!(run(sides, &order, max), run(sides, &[], max));
        }
    }
}
