//! Feeds state that brings its own machine (`data::process`): keys and arguments are evaluated by any worker, the
//! rows are taken chunk by chunk in order. Knows no operator. Invariant: a chunk keeps its number, whatever the
//! process makes of it.

use super::assign::{assign, judge_later};
use super::order::Turnstile;
use super::ordered::Ordered;
use super::steps::{Met, Setting};
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Late, Making, MergeLines, Process};
use crate::data::time::Zone;
use crate::data::{Chunk, ColumnV, FieldId, Schema};
use crate::expr::{EvalContext, Expr};
use crate::plan::grid::Grid;
use crate::plan::meaning::Meaning;
use crate::plan::node::{Custom, Overdue};
use std::sync::Arc;

/// A worker's own part of a custom node.
pub struct Feeder {
    keys: Vec<Expr>,
    args: Vec<Expr>,
    /// Where names of fields beyond the columns are, which are counted here.
    others: Option<FieldId>,
    coder: KeyCoder,
    input: usize,
    /// Keys and arguments of the chunk at hand.
    ready: Option<(ColumnV, Vec<ColumnV>)>,
    /// The windows that the other stream's rows are put into, how long those take rows when they are over, and the
    /// fields that they keep.
    grid: Option<Box<(Grid, i64, Vec<FieldId>)>>,
    /// Rows of the chunk at hand that were late for all of theirs.
    late: Late,
    /// What comes out may be other rows, which stand in no block of the input.
    apart: bool,
}

impl Feeder {
    pub fn new(custom: &Custom) -> Feeder {
        Feeder {
            keys: custom.keys.clone(),
            args: custom.args.clone(),
            others: None,
            coder: KeyCoder::new(custom.keys.iter().map(|key| key.ty.clone()).collect()),
            input: 0,
            ready: None,
            grid: None,
            late: Late::default(),
            apart: false,
        }
    }

    /// For the rows of the other stream.
    pub fn of_right(custom: &Custom, zone: &Zone) -> Option<Feeder> {
        let right = custom.right.as_ref()?;
        Some(Feeder {
            keys: right.keys.clone(),
            args: right.args.clone(),
            others: right.others().filter(|_| custom.own_rows),
            coder: KeyCoder::new(right.keys.iter().map(|key| key.ty.clone()).collect()),
            input: 1,
            ready: None,
            grid: right.window.as_ref().map(|window| {
                let exprs = right.keys.iter().chain(&right.args);
                let mut fields: Vec<FieldId> =
                    exprs.flat_map(|expr| expr.fields.iter().copied()).collect();
                fields.extend(right.others());
                fields.sort_unstable();
                fields.dedup();
                Box::new((Grid::new(window, zone), right.lateness, fields))
            }),
            late: Late::default(),
            apart: false,
        })
    }

    /// For state that wants the rows as they are.
    pub fn of_rows() -> Feeder {
        Feeder {
            keys: Vec::new(),
            args: Vec::new(),
            others: None,
            coder: KeyCoder::new(Vec::new()),
            input: 0,
            ready: None,
            grid: None,
            late: Late::default(),
            apart: true,
        }
    }

    /// The state of node `index`, empty.
    pub fn process(
        &self,
        index: usize,
        custom: &Custom,
        setting: &Setting<'_, '_>,
    ) -> Box<dyn Process> {
        let plan = setting.plan;
        let before = index.checked_sub(1).map(|before| &plan.nodes[before]);
        let schema: &Schema = match before {
            // A node's own schema has everything that later nodes ask for, where rows go on.
            _ if !custom.own_rows => &plan.nodes[index].schema,
            Some(node) => &node.schema,
            None => &plan.source.schema,
        };
        let is_union = matches!(custom.meaning, Meaning::Union { .. });
        let merge = custom
            .right
            .as_ref()
            .and_then(|right| -> Option<MergeLines> {
                match right.merge.clone() {
                    Some(merge) => Some(Arc::new(move |left, right, out| {
                        merge.write(left, right, out)
                    })),
                    None if is_union => None,
                    // The record that there is.
                    None => Some(Arc::new(|left, right, out| {
                        out.extend_from_slice(left.or(right).unwrap_or_default());
                    })),
                }
            });
        (custom.make)(&Making {
            schema,
            carry: &custom.carry,
            into: custom.right.as_ref().map_or(&[], |right| &right.into),
            merge: merge.as_ref(),
            lines: !custom.own_rows && plan.needs_lines_behind(index),
            zone: &plan.zone,
            seed: setting.seed,
            coder: &self.coder,
            alone: setting.alone || plan.comes_in_one_order(index),
            limits: setting.run.limits,
            batched: plan
                .source
                .time
                .as_ref()
                .is_some_and(|time| time.batch().is_some()),
            ticked: plan.tick_every.is_some(),
        })
    }

    /// Evaluates keys and arguments, if that is not done.
    pub fn prepare(&mut self, chunk: &mut Chunk, cx: &mut EvalContext<'_>, keep_late: bool) {
        if self.ready.is_some() || chunk.live.is_empty() {
            return;
        }
        if let Some(windows) = &mut self.grid {
            let (grid, lateness, fields) = windows.as_mut();
            self.late.lines = keep_late.then(Vec::new);
            judge_later(*lateness, chunk);
            assign((grid, Overdue::Late), None, fields, chunk, &mut self.late);
        }
        if let Some(field) = self.others {
            cx.counts.others.add(chunk, &[field]);
        }
        let args = self.args.iter_mut();
        let args = args.map(|arg| arg.eval(chunk, cx)).collect();
        let keys = self.keys.iter_mut();
        let keys = keys.map(|key| key.eval(chunk, cx)).collect();
        self.ready = Some((self.coder.encode(keys, chunk), args));
    }

    /// `None`: the run is being abandoned.
    pub fn run(
        &mut self,
        chunk: &mut Chunk,
        seq: u64,
        turnstile: &Turnstile<Ordered>,
        cx: &mut EvalContext<'_>,
        met: &mut Met<'_>,
    ) -> Option<()> {
        self.prepare(chunk, cx, met.late.lines.is_some());
        // Also where all rows were late, and none is left.
        met.late.append(&mut self.late);
        if chunk.live.is_empty() {
            self.ready = None;
            return turnstile.pass(seq, |_| ());
        }
        let (key, args) = self.ready.take()?;
        if self.apart {
            // The records that `--strict` refuses are those of the input.
            met.apart = true;
            cx.counts.failed_rows = None;
        }
        let given = Given {
            input: self.input,
            key,
            args,
            now: met.moment.unwrap_or(cx.now),
        };
        turnstile.pass(seq, |state| {
            let Ordered::Process {
                process,
                told,
                front,
                hushed,
                windows,
            } = state
            else {
                return;
            };
            if told.failure.is_some() {
                // It lacks rows: nothing that it would say of more is true.
                *chunk = Chunk::default();
                chunk.block.seq = seq;
                met.enough = true;
                return;
            }
            if let Some(first) = (met.first_batch)() {
                process.batches_from(first, told);
            }
            process.take(chunk, &given, told);
            if let Some(windows) = windows {
                met.windows += windows.count(chunk);
            }
            if *hushed {
                *chunk = Chunk::default();
            }
            met.late.append(&mut told.late);
            chunk.block.seq = seq;
            let end = process.next_end().saturating_add(*front);
            met.next_end = Some(met.next_end.map_or(end, |other| other.min(end)));
            met.next_tick = met.next_tick.min(process.next_tick());
            met.enough |= told.failure.is_some();
            met.broken = met.broken.take().or(told.broke());
        })
    }
}
