//! Rows of totals on their way out. Decides nothing. Invariant: a row's cells are its key and the totals of a slot.

use super::Totalling;
use crate::data::keys::KeyCoder;
use crate::data::{Chunk, ColumnBuilder, Type};
use crate::plan::totals::Printed;
use crate::state::grouped::slots::Slots;
use std::sync::Arc;

/// Rows on their way out.
pub struct Out {
    windowed: bool,
    timed: bool,
    types: Arc<Totalling>,
    bounds: [ColumnBuilder; 2],
    keys: Vec<ColumnBuilder>,
    cells: Vec<ColumnBuilder>,
    scratch: Vec<u8>,
    windows: Vec<(i64, i64)>,
    times: Vec<i64>,
    most: usize,
    pub done: Vec<Chunk>,
}

impl Out {
    pub fn new(of: &Arc<Totalling>, most: usize) -> Out {
        Out {
            windowed: matches!(of.printed, Printed::Windows(_)),
            timed: of.printed != Printed::Input,
            types: of.clone(),
            bounds: [
                ColumnBuilder::new(&Type::Time),
                ColumnBuilder::new(&Type::Time),
            ],
            keys: of.keys.iter().map(ColumnBuilder::new).collect(),
            cells: of
                .aggs
                .iter()
                .map(|agg| ColumnBuilder::new(&agg.ty))
                .collect(),
            scratch: Vec::new(),
            windows: Vec::new(),
            times: Vec::new(),
            most,
            done: Vec::new(),
        }
    }

    pub fn push(
        &mut self,
        key: Option<&[u8]>,
        slot: u32,
        window: Option<(i64, i64)>,
        time: i64,
        totals: &mut Slots,
        coder: &KeyCoder,
    ) {
        if self.times.len() >= self.most {
            self.flush();
        }
        self.times.push(time);
        if let Some((start, end)) = window {
            self.windows.push((start, end));
            self.bounds[0].nanos(start);
            self.bounds[1].nanos(end);
        } else {
            self.bounds.iter_mut().for_each(ColumnBuilder::null);
        }
        coder.decode(key, &mut self.keys, &mut self.scratch);
        totals.emit(&[slot], None, &mut self.cells, &mut self.scratch);
    }

    pub fn flush(&mut self) {
        if self.times.is_empty() {
            return;
        }
        let next = Out::new(&self.types, self.most);
        let this = std::mem::replace(self, next);
        let n = this.times.len();
        let bounds = this.bounds.into_iter().filter(|_| this.windowed);
        let columns = bounds.chain(this.keys).chain(this.cells);
        let columns = columns.map(|builder| Some(builder.finish())).collect();
        let mut chunk = Chunk::of_columns(n, columns, this.scratch);
        if this.timed {
            chunk.windows = (this.windows.len() == n).then_some(this.windows);
            chunk.before = Some(this.times.clone());
            chunk.times = Some(this.times);
        }
        self.done = this.done;
        self.done.push(chunk);
    }
}
