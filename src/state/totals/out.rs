//! Rows of what keys have come to, on their way out: the window, the key, its cells. Decides nothing. Invariant: columns
//! stand in the order in which the plan has made their fields.

use crate::data::keys::KeyCoder;
use crate::data::{Chunk, ColumnBuilder, Type};
use crate::plan::totals::Printed;
use std::sync::Arc;

/// Rows on their way out.
pub struct Out {
    windowed: bool,
    timed: bool,
    types: Arc<[Vec<Type>; 2]>,
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
    /// Chunks of at most `most` rows.
    pub fn new(printed: &Printed, keys: Vec<Type>, cells: Vec<Type>, most: usize) -> Out {
        let windowed = matches!(printed, Printed::Windows(_));
        let timed = *printed != Printed::Input;
        Out::of((windowed, timed), Arc::new([keys, cells]), most)
    }

    fn of((windowed, timed): (bool, bool), types: Arc<[Vec<Type>; 2]>, most: usize) -> Out {
        Out {
            windowed,
            timed,
            bounds: [
                ColumnBuilder::new(&Type::Time),
                ColumnBuilder::new(&Type::Time),
            ],
            keys: types[0].iter().map(ColumnBuilder::new).collect(),
            cells: types[1].iter().map(ColumnBuilder::new).collect(),
            types,
            scratch: Vec::new(),
            windows: Vec::new(),
            times: Vec::new(),
            most,
            done: Vec::new(),
        }
    }

    /// Begins a row; the answer is where its cells go.
    pub fn push(
        &mut self,
        key: Option<&[u8]>,
        window: Option<(i64, i64)>,
        time: i64,
        coder: &KeyCoder,
    ) -> (&mut [ColumnBuilder], &mut Vec<u8>) {
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
        (&mut self.cells, &mut self.scratch)
    }

    pub fn flush(&mut self) {
        if self.times.is_empty() {
            return;
        }
        let next = Out::of((self.windowed, self.timed), self.types.clone(), self.most);
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
