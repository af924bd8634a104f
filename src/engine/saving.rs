//! The state of a stage in pieces of bytes, and back: a piece for each shard, so that several threads can save and
//! load them. Knows no file. Invariant: a stage that is made anew and loads all pieces goes on as the one that saved
//! them, if no chunk was on its way and workers had handed in what they held.

use super::aggregate::{AggregateState, Groups, Spaces};
use super::order::lock;
use super::ordered::Ordered;
use super::worker::{End, Stage};
use crate::data::Type;
use crate::data::keys::KeyCoder;
use crate::data::saved::{Damaged, Save, Saved};
use crate::expr::Expr;
use crate::plan::node::{AggCall, Node, NodeKind, Plan, Scope};
use crate::plan::text;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

impl Stage<'_> {
    /// How many pieces its state has: what it has itself, its ordered states, and what its end keeps.
    pub fn pieces(&self) -> usize {
        1 + self.ordered.len() + self.end.pieces()
    }

    /// What piece `i` is of, so that it is only loaded where it belongs: what the node is and does, and the shape of
    /// what it keeps, but not its place in the chain.
    pub fn shape(&self, plan: &Plan, i: usize) -> String {
        match self.node_of(plan, i) {
            None => "stage".into(),
            Some((node, part)) => format!("{} piece {part}", shape(node)),
        }
    }

    /// The operator whose state piece `i` is, as typed; empty: of no one's.
    pub fn operator<'p>(&self, plan: &'p Plan, i: usize) -> &'p str {
        self.node_of(plan, i).map_or("", |(node, _)| &node.operator)
    }

    fn node_of<'p>(&self, plan: &'p Plan, i: usize) -> Option<(&'p Node, usize)> {
        let number = i.checked_sub(1)?;
        let has_state = |at: &usize| has_ordered_state(&plan.nodes[*at].kind);
        let at = match number < self.ordered.len() {
            true => self.nodes().filter(has_state).nth(number)?,
            false => self.nodes().end,
        };
        let part = number.saturating_sub(self.ordered.len());
        Some((plan.nodes.get(at)?, part))
    }

    /// One of [`Stage::pieces`].
    pub fn save_piece(&self, i: usize, to: &mut Save) {
        match i.checked_sub(1) {
            None => {
                to.put(&self.seq.load(Relaxed));
                to.put(&self.clocks().map(|clock| clock.load(Relaxed)));
            }
            Some(number) => match self.ordered.get(number) {
                Some(turnstile) => turnstile.with(|state| state.save(to)),
                None => self.end.save(number - self.ordered.len(), to),
            },
        }
    }

    /// Takes what [`Stage::save_piece`] gave for the same number in place of its own, before any chunk has come. The
    /// chunks that come have the numbers from `seq` on. After an error the stage is of no use.
    pub fn load_piece(&self, i: usize, bytes: &[u8]) -> Result<(), Damaged> {
        let mut from = Saved::new(bytes);
        match i.checked_sub(1) {
            None => {
                let seq = from.take()?;
                let clocks: [i64; 3] = from.take()?;
                self.seq.store(seq, Relaxed);
                for (clock, at) in self.clocks().into_iter().zip(clocks) {
                    clock.store(at, Relaxed);
                }
                self.next_alone.store(self.next_end.load(Relaxed), Relaxed);
                for turnstile in &self.ordered {
                    turnstile.begin(seq);
                }
            }
            Some(number) => match self.ordered.get(number) {
                Some(turnstile) => turnstile.with(|state| state.load(&mut from))?,
                None => self.end.load(number - self.ordered.len(), &mut from)?,
            },
        }
        from.end()
    }

    fn clocks(&self) -> [&AtomicI64; 3] {
        [&self.next_end, &self.next_tick, &self.behind]
    }
}

/// Many may read, while nobody writes: locked also behind a panic elsewhere, as [`lock`] does.
pub fn read<T>(state: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    state.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`read`], to write.
pub fn write<T>(state: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    state.write().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a node has a state among [`Stage::ordered`], as `steps::op` makes them.
fn has_ordered_state(kind: &NodeKind) -> bool {
    match kind {
        NodeKind::Limit { .. } | NodeKind::Tee { .. } | NodeKind::Hand(_) | NodeKind::Custom(_) => {
            true
        }
        NodeKind::Distinct { last, .. } => !last,
        _ => false,
    }
}

/// A node and the types of what it keeps.
fn shape(node: &Node) -> String {
    let exprs = |exprs: &[Expr]| {
        let types: Vec<String> = exprs.iter().map(|expr| type_text(&expr.ty)).collect();
        types.join(",")
    };
    let scope = |scope: &Scope| match scope {
        Scope::Forever => "forever".to_string(),
        scope => format!("{scope:?}"),
    };
    let rest = match &node.kind {
        NodeKind::Aggregate {
            keys,
            aggs,
            scope: of,
            ..
        } => {
            let calls: Vec<String> = aggs.iter().map(call_text).collect();
            format!("by {} of {} {}", exprs(keys), calls.join(","), scope(of))
        }
        NodeKind::Sort {
            by, per, scope: of, ..
        } => {
            let by: Vec<String> = by.iter().map(|key| type_text(&key.expr.ty)).collect();
            format!("by {} per {} {}", by.join(","), exprs(per), scope(of))
        }
        NodeKind::Distinct {
            keys, scope: of, ..
        } => format!("by {} {}", exprs(keys), scope(of)),
        NodeKind::Custom(custom) => {
            let (keys, args) = (exprs(&custom.keys), exprs(&custom.args));
            format!("by {keys} of {args}")
        }
        _ => String::new(),
    };
    format!("{} {rest}", text::shape(node))
}

fn call_text(agg: &AggCall) -> String {
    let call = &agg.call;
    let arg = call.arg.as_ref().map(type_text).unwrap_or_default();
    let param = call.param.as_deref().unwrap_or_default();
    let (timed, exact) = (call.timed, call.exact);
    format!("{}({arg}:{param}:{timed}:{exact})", call.func)
}

fn type_text(ty: &Type) -> String {
    match ty {
        Type::List(item) => format!("list of {}", type_text(item)),
        ty => ty.name().into(),
    }
}

impl End<'_> {
    fn pieces(&self) -> usize {
        match self {
            End::Aggregate(state) => state.pieces(),
            End::Rows(state) => state.pieces(),
            End::Sink => 0,
        }
    }

    fn save(&self, i: usize, to: &mut Save) {
        match self {
            End::Aggregate(state) => state.save(i, to),
            End::Rows(state) => state.save(i, to),
            End::Sink => {}
        }
    }

    fn load(&self, i: usize, from: &mut Saved<'_>) -> Result<(), Damaged> {
        match self {
            End::Aggregate(state) => state.load(i, from),
            End::Rows(state) => state.load(i, from),
            End::Sink => Err(Damaged),
        }
    }
}

impl Ordered {
    fn save(&self, to: &mut Save) {
        match self {
            Ordered::Distinct { seen, ends, .. } => {
                to.put_table(seen);
                to.put(ends);
            }
            Ordered::Limit { left } => to.put(left),
            // Its file is what it has.
            Ordered::Tee { .. } => {}
            Ordered::Process { process, .. } => process.save(to),
        }
    }

    fn load(&mut self, from: &mut Saved<'_>) -> Result<(), Damaged> {
        match self {
            Ordered::Distinct {
                seen, ends, seed, ..
            } => {
                *seen = from.take_table(*seed)?;
                *ends = from.take()?;
            }
            Ordered::Limit { left } => {
                let more: u64 = from.take()?;
                if more > *left {
                    return Err(Damaged);
                }
                *left = more;
            }
            Ordered::Tee { .. } => {}
            Ordered::Process { process, .. } => process.load(from)?,
        }
        Ok(())
    }
}

/// The ends of windows by their starts.
fn take_ends(from: &mut Saved<'_>) -> Result<BTreeMap<i64, i64>, Damaged> {
    let ends: BTreeMap<i64, i64> = from.take()?;
    match ends.iter().all(|(start, end)| start < end) {
        true => Ok(ends),
        false => Err(Damaged),
    }
}

impl Groups {
    pub fn save(&self, to: &mut Save) {
        to.put_table(&self.table);
        for acc in &self.accs {
            acc.save(to);
        }
    }

    /// What [`Groups::save`] put, of groups of the same calls and keys.
    pub fn load(
        aggs: &[AggCall],
        seed: u64,
        coder: &KeyCoder,
        from: &mut Saved<'_>,
    ) -> Result<Groups, Damaged> {
        let mut groups = Groups::new(aggs, seed);
        groups.table = from.take_table(seed)?;
        if !coder.fits_all(&groups.table) {
            return Err(Damaged);
        }
        for acc in &mut groups.accs {
            acc.load(from, groups.table.len())?;
        }
        Ok(groups)
    }
}

impl AggregateState<'_> {
    /// A piece for each shard, with its share of the panes, and one for the rest.
    pub fn pieces(&self) -> usize {
        self.shards.len() + 1
    }

    pub fn save(&self, i: usize, to: &mut Save) {
        let Some(shard) = self.shards.get(i) else {
            to.put(&*lock(&self.ends));
            to.put(&*lock(&self.closed));
            if let Some(empties) = &*lock(&self.empties) {
                empties.save(to);
            }
            return;
        };
        lock(shard).save(to);
        if let Spaces::Panes(panes) = &self.spaces {
            read(&self.sliding).save(panes, i, self.shards.len(), to);
        }
    }

    pub fn load(&self, i: usize, from: &mut Saved<'_>) -> Result<(), Damaged> {
        let Some(shard) = self.shards.get(i) else {
            let ends = match &self.spaces {
                Spaces::Panes(panes) => {
                    let ends: BTreeMap<i64, i64> = from.take()?;
                    let is_space =
                        |(space, end): (&i64, &i64)| panes.last_end(*space) == Some(*end);
                    match ends.iter().all(is_space) {
                        true => ends,
                        false => return Err(Damaged),
                    }
                }
                _ => take_ends(from)?,
            };
            let closed = from.take()?;
            if let Some(empties) = &mut *lock(&self.empties) {
                empties.load(from)?;
            }
            *lock(&self.ends) = ends;
            *lock(&self.closed) = closed;
            return Ok(());
        };
        let load = |from: &mut Saved<'_>| Groups::load(self.aggs, self.seed, &self.coder, from);
        let groups = load(from)?;
        if !groups.table.is_of_shard(self.bits, i) {
            return Err(Damaged);
        }
        if let Spaces::Panes(panes) = &self.spaces {
            let all = 0..groups.table.len() as u32;
            if all
                .into_iter()
                .any(|group| panes.last_end(groups.table.space(group)).is_none())
            {
                return Err(Damaged);
            }
            let shares = self.shards.len();
            let (share, late) = super::sliding::load(panes, i, shares, from, &load)?;
            write(&self.sliding).extend(share, late);
        }
        *lock(shard) = groups;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Run;
    use super::super::lookup::Tables;
    use super::super::steps::{Met, Op, Setting, op};
    use super::super::worker::{Partial, stages};
    use super::*;
    use crate::data::step::Counts;
    use crate::data::time::Watermark;
    use crate::data::{Chunk, ColumnBuilder, Schema, Span};
    use crate::expr::EvalContext;
    use crate::ops::testing::plan;
    use proptest::prelude::*;

    const SEED: u64 = 7;

    /// The first stage of a plan, fed by hand.
    struct Runner<'p> {
        plan: &'p Plan,
        stage: Stage<'p>,
        ops: Vec<Op<'p>>,
        shown: Vec<String>,
    }

    /// Runs a chain in a runner of its own, with ops that are made for it.
    fn runner<'p>(plan: &'p Plan, run: &'p Run, tables: &'p Tables) -> Runner<'p> {
        let setting = Setting {
            plan,
            run,
            tables,
            seed: SEED,
            alone: true,
            earlier: None,
        };
        let mut stage = stages(plan, SEED).remove(0);
        let (mut ops, mut next) = (Vec::new(), 0);
        for index in stage.nodes() {
            let made = op(index, &mut stage.ordered, &mut next, &setting);
            ops.extend(made.expect("no file is opened"));
        }
        Runner {
            plan,
            stage,
            ops,
            shown: Vec::new(),
        }
    }

    /// Time, key and number of a row.
    type Row = (i64, u8, i64);

    fn chunk(rows: &[Row], seq: u64, before: i64) -> Chunk {
        let mut scratch = Vec::new();
        let mut builders = [(); 3].map(|()| ColumnBuilder::new(&Type::Untyped));
        let mut lines = Vec::new();
        for (at, key, number) in rows {
            let cells = [at.to_string(), format!("k{key}"), number.to_string()];
            for (builder, cell) in builders.iter_mut().zip(&cells) {
                builder.bytes(cell.as_bytes(), &mut scratch);
            }
            let line = cells.join(",");
            lines.push(Span::scratch(scratch.len(), line.len()));
            scratch.extend_from_slice(line.as_bytes());
        }
        let columns = builders.map(|builder| Some(builder.finish()));
        let mut chunk = Chunk::of_columns(rows.len(), columns.into(), scratch);
        chunk.block.seq = seq;
        chunk.rows = lines;
        chunk.times = Some(rows.iter().map(|row| row.0).collect());
        chunk.before = Some(vec![before; rows.len()]);
        chunk
    }

    impl Runner<'_> {
        fn feed(&mut self, mut chunk: Chunk) {
            let seq = self.stage.seq.fetch_add(1, Relaxed);
            assert_eq!(seq, chunk.block.seq, "the number of the next chunk is kept");
            let (mut counts, mut met) = (Counts::default(), Met::new(false, &|| None));
            let mut cx = EvalContext {
                now: 0,
                arrivals: crate::expr::Arrivals::default(),
                counts: &mut counts,
            };
            for op in &mut self.ops {
                let passed = op.run(&mut chunk, seq, &self.stage.ordered, &mut cx, &mut met);
                assert!(passed.is_some());
            }
            let mut partial = Partial::new(&self.stage.end, usize::MAX);
            match &mut partial {
                Partial::Aggregate(partial) => {
                    partial.absorb(&mut chunk, &mut cx, &mut met.late, &mut |_, _| {});
                }
                Partial::Rows(partial) => partial.absorb(&mut chunk, &mut cx),
                Partial::None => {
                    let node = self.plan.nodes.last().expect("a chain has a node");
                    self.shown.extend(texts(&chunk, &node.schema));
                }
            }
            partial.deal(seq as usize);
        }

        fn close(&mut self, upto: Watermark) {
            let at = self.stage.nodes().end;
            let chunks: Vec<Chunk> = match &self.stage.end {
                End::Aggregate(state) => {
                    let emission = state.close(upto, 1);
                    let emission = emission.iter();
                    let chunks = emission.flat_map(|emission| {
                        let pieces = emission.pieces().into_iter();
                        pieces.map(|piece| emission.chunk(&piece))
                    });
                    chunks.collect()
                }
                End::Rows(state) => state.close(upto, 1),
                End::Sink => Vec::new(),
            };
            for chunk in chunks {
                let node = &self.plan.nodes[at];
                self.shown.extend(texts(&chunk, &node.schema));
            }
            self.shown.push(format!("closed {:?}", self.next_end()));
            if let Watermark::At(at) = upto {
                for turnstile in &self.stage.ordered {
                    turnstile.with(|state| state.close(at));
                }
            }
        }

        fn next_end(&self) -> Option<i64> {
            match &self.stage.end {
                End::Aggregate(state) => state.next_end(),
                End::Rows(state) => state.next_end(),
                End::Sink => None,
            }
        }

        fn pieces(&self) -> Vec<Vec<u8>> {
            let pieces = 0..self.stage.pieces();
            pieces
                .map(|i| {
                    let mut to = Save::default();
                    self.stage.save_piece(i, &mut to);
                    to.into_bytes()
                })
                .collect()
        }
    }

    /// The rows of a chunk, cell by cell.
    fn texts(chunk: &Chunk, schema: &Schema) -> Vec<String> {
        let row = |row: u32| {
            let cells = schema.fields.iter().enumerate().map(|(at, field)| {
                let column = chunk.column(at)?;
                Some(format!(
                    "{:?}",
                    chunk.value(column, &field.ty, row as usize)
                ))
            });
            let cells: Vec<Option<String>> = cells.collect();
            let time = chunk.times.as_ref().map(|times| times[row as usize]);
            format!(
                "{cells:?} {time:?} {}",
                String::from_utf8_lossy(chunk.line(row))
            )
        };
        chunk.live.iter().map(row).collect()
    }

    /// The chain over the rows; behind some chunks, as `cuts` say, time is told, and all state is saved and loaded by
    /// a stage that is made anew.
    fn run(chain: &str, rows: &[Row], cuts: &[(usize, bool, bool)], resume: bool) -> Vec<String> {
        let plan = plan(chain).unwrap_or_else(|usage| panic!("{chain}: {usage}"));
        let run = Run::default();
        let tables = Tables::load(&plan, &run, SEED).expect("there are none");
        let mut runner = runner(&plan, &run, &tables);
        let (mut rest, mut seq, mut watermark) = (rows, 0, i64::MIN);
        for &(size, closes, saves) in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (head, tail) = rest.split_at(size.min(rest.len()));
            runner.feed(chunk(head, seq, watermark));
            (rest, seq) = (tail, seq + 1);
            if closes {
                let latest = rows[..rows.len() - rest.len()].iter().map(|row| row.0);
                watermark = latest.max().map_or(watermark, |latest| latest - 6);
                runner.close(Watermark::At(watermark));
            }
            if saves && resume {
                runner = resumed(&plan, &run, &tables, runner);
            }
        }
        runner.close(Watermark::End);
        runner.shown
    }

    fn resumed<'p>(
        plan: &'p Plan,
        run: &'p Run,
        tables: &'p Tables,
        old: Runner<'p>,
    ) -> Runner<'p> {
        old.stage.next_tick.store(SEED as i64, Relaxed);
        // That it begins later does not show.
        let mut new = runner(plan, run, tables);
        assert_eq!(new.stage.pieces(), old.stage.pieces());
        for (i, piece) in old.pieces().iter().enumerate() {
            assert_eq!(new.stage.shape(plan, i), old.stage.shape(plan, i));
            assert_eq!(new.stage.load_piece(i, piece), Ok(()), "piece {i}");
        }
        assert_eq!(new.next_end(), old.next_end());
        assert_eq!(new.stage.next_tick.load(Relaxed), SEED as i64);
        let held = |runner: &Runner<'_>| runner.stage.held().0;
        assert_eq!(held(&new), held(&old));
        new.shown = old.shown;
        new
    }

    const CHAINS: &[&str] = &[
        "csv:t,k,n count-by k",
        "csv:t,k,n reduce-by k,n count,sum:n,p50:n,first:n,collect:n",
        "csv:t,k,n reduce count,avg:n,distinct:k",
        "csv:t,k,n --time t window 5ns reduce-by k sum:n,last:n",
        "csv:t,k,n --time t window 12ns --slide 3ns reduce-by k count,join:n",
        "csv:t,k,n --time t window month reduce-by k max:n",
        "csv:t,k,n sort-by n",
        "csv:t,k,n top 3 --by n --per k",
        "csv:t,k,n --time t window 9ns --slide 3ns top 2 --by n",
        "csv:t,k,n distinct-by k,n",
        "csv:t,k,n distinct-by k --last",
        "csv:t,k,n --time t window 7ns distinct-by k",
        "csv:t,k,n --time t window 2w --slide 1w count",
        "csv:t,k,n --time t window 7ns top 3 --by n count",
        "csv:t,k,n filter n>-3 head 11",
        "csv:t,k,n key-by k anomaly zscore n",
    ];

    /// Batches without records have rows too.
    const BATCHES: &str = "csv:t,k,n --batch 5ns count";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Whenever state is saved and loaded, the same rows come.
        #[test]
        fn a_stage_goes_on_as_if_nothing_had_happened(
            steps in prop::collection::vec((0i64..4, 0i64..8, 0u8..9, -5i64..6), 0..150),
            cuts in prop::collection::vec((1usize..9, any::<bool>(), any::<bool>()), 1..6),
        ) {
            let mut now = 1000;
            let rows: Vec<Row> = steps
                .iter()
                .map(|(step, back, key, number)| {
                    now += step;
                    (now - back, *key, *number)
                })
                .collect();
            for chain in CHAINS.iter().chain(&[BATCHES]) {
                let whole = run(chain, &rows, &cuts, false);
                prop_assert_eq!(run(chain, &rows, &cuts, true), whole, "{}", chain);
            }
        }
    }

    /// Pieces that were cut off or changed are refused, or what comes of them can be used.
    #[test]
    fn damaged_pieces_do_no_harm() {
        let rows: Vec<Row> = (0..40)
            .map(|i| (1000 + i - i % 7, (i % 5) as u8, i % 11))
            .collect();
        for chain in CHAINS {
            let plan = plan(chain).unwrap_or_else(|usage| panic!("{chain}: {usage}"));
            let run = Run::default();
            let tables = Tables::load(&plan, &run, SEED).expect("there are none");
            let mut whole = runner(&plan, &run, &tables);
            whole.feed(chunk(&rows[..30], 0, i64::MIN));
            whole.close(Watermark::At(1010));
            whole.feed(chunk(&rows[30..], 1, 1010));
            for (i, piece) in whole.pieces().iter().enumerate().skip(1) {
                let mut changed = vec![[piece, &[0][..]].concat()];
                changed.extend((0..piece.len()).map(|len| piece[..len].to_vec()));
                for bytes in changed {
                    let new = runner(&plan, &run, &tables);
                    assert!(new.stage.load_piece(i, &bytes).is_err(), "{chain}: {i}");
                }
                for at in 0..piece.len() {
                    let mut changed = piece.clone();
                    changed[at] ^= [1, 0x80, 0xff][at % 3];
                    let mut new = runner(&plan, &run, &tables);
                    if new.stage.load_piece(i, &changed).is_ok() {
                        new.feed(chunk(&rows, 0, 1010));
                        new.close(Watermark::At(1030));
                        new.close(Watermark::End);
                        new.pieces();
                    }
                }
            }
        }
    }

    /// A piece of one chain is not taken for that of another.
    #[test]
    fn shapes_tell_states_apart() {
        let mut shapes = Vec::new();
        for chain in CHAINS {
            let plan = plan(chain).unwrap_or_else(|usage| panic!("{chain}: {usage}"));
            let run = Run::default();
            let tables = Tables::load(&plan, &run, SEED).expect("there are none");
            let runner = runner(&plan, &run, &tables);
            for i in 1..runner.stage.pieces() {
                let shape = runner.stage.shape(&plan, i);
                assert!(shape.contains("piece"), "{chain}: {i}");
                shapes.push(shape);
            }
        }
        let all = shapes.len();
        shapes.sort();
        shapes.dedup();
        assert_eq!(shapes.len(), all);
    }
}
