//! Runs a program over a chunk, one instruction at a time over all live rows. Decides nothing by types at run
//! time but which loop to take, once an instruction. No expression fails: what cannot be computed is null.
//! Invariant: a register has an entry for each row of the chunk after its instruction ran; entries of rows
//! that were not live hold anything.

use super::funcs::{self, Arg, ColumnCx, Kernel, Nulls, RowCx};
use super::node::Const;
use super::program::{Instruction, Keep, Op, Operand, Program, Source};
use super::{Arrivals, EvalContext, compare, compute, convert};
use crate::data::time::Zone;
use crate::data::{
    Bitmap, Chunk, Column, ColumnBuilder, ColumnV, PADDING, Selection, Span, Type, Value,
};
use std::cell::Cell;

/// A worker's registers; buffers are used again from chunk to chunk.
#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    registers: Vec<ColumnV>,
    /// New text of the instruction at hand, on its way to the chunk's scratch.
    text: Vec<u8>,
    outer: Vec<Selection>,
    spare: Vec<Vec<u32>>,
}

/// What a kernel may look at.
pub(super) struct Run<'a> {
    pub chunk: &'a Chunk,
    pub program: &'a Program,
    pub registers: &'a [ColumnV],
    pub zone: &'a Zone,
    pub now: i64,
    pub arrivals: Arrivals,
    /// Where the first byte of new text will stand in the chunk's scratch.
    pub base: usize,
}

/// What stands for a column that nobody made.
static ABSENT: ColumnV = ColumnV {
    data: Column::Null(0),
    valid: None,
};

impl Machine {
    /// Runs the program; its result is where `program.result` says.
    pub fn run(
        &mut self,
        program: &Program,
        zone: &Zone,
        chunk: &mut Chunk,
        cx: &mut EvalContext<'_>,
    ) {
        if self.registers.len() < program.registers {
            self.registers
                .resize_with(program.registers, || ABSENT.clone());
        }
        let mut at = 0;
        while let Some(instruction) = program.code.get(at) {
            at += 1;
            match &instruction.op {
                Op::Narrow {
                    mask,
                    keep,
                    result,
                    widen,
                } => {
                    let narrowed = self.narrowed(program, chunk, mask, *keep);
                    if narrowed.is_empty() {
                        self.recycle(narrowed);
                        if let Some(result) = result {
                            self.registers[*result] = ColumnV::nulls(chunk.rows.len());
                        }
                        at = widen + 1;
                        continue;
                    }
                    self.outer
                        .push(std::mem::replace(&mut chunk.live, narrowed));
                }
                Op::Widen => {
                    if let Some(before) = self.outer.pop() {
                        let narrowed = std::mem::replace(&mut chunk.live, before);
                        self.recycle(narrowed);
                    }
                }
                _ => self.step(program, instruction, zone, chunk, cx),
            }
        }
    }

    fn recycle(&mut self, selection: Selection) {
        if let Selection::Some(mut rows) = selection {
            rows.clear();
            self.spare.push(rows);
        }
    }

    fn step(
        &mut self,
        program: &Program,
        instruction: &Instruction,
        zone: &Zone,
        chunk: &mut Chunk,
        cx: &mut EvalContext<'_>,
    ) {
        let mut out = std::mem::replace(&mut self.registers[instruction.out], ABSENT.clone());
        let mut text = std::mem::take(&mut self.text);
        let run = Run {
            chunk,
            program,
            registers: &self.registers,
            zone,
            now: cx.now,
            arrivals: cx.arrivals,
            base: chunk.scratch().len() - PADDING,
        };
        let failed = run.execute(instruction, &mut out, &mut text);
        if let Some((name, failed)) = failed
            && failed > 0
        {
            // What makes its record a bad one is told as that.
            match (&mut cx.counts.failed_rows, cx.counts.failed.get_mut(name)) {
                (Some(rows), _) => run.failing(instruction, &out, rows),
                (None, Some(count)) => *count += failed,
                (None, None) => {
                    cx.counts.failed.insert(name.to_string(), failed);
                }
            }
        }
        if !text.is_empty() {
            let mut scratch = chunk.take_scratch();
            scratch.extend_from_slice(&text);
            chunk.set_scratch(scratch);
            text.clear();
        }
        self.text = text;
        self.registers[instruction.out] = out;
    }

    fn narrowed(
        &mut self,
        program: &Program,
        chunk: &Chunk,
        mask: &Operand,
        keep: Keep,
    ) -> Selection {
        let mut rows = self.spare.pop().unwrap_or_default();
        let column = column(chunk, &self.registers, mask.source);
        debug_assert!(!matches!(mask.source, Source::Constant(_)), "{program:?}");
        let take: &dyn Fn(usize) -> bool = match (&column.data, keep) {
            (_, Keep::Null) => &|row| !column.is_valid(row),
            (Column::Bool(bits), Keep::True) => &|row| bits.get(row) && column.is_valid(row),
            (Column::Bool(bits), Keep::NotTrue) => &|row| !(bits.get(row) && column.is_valid(row)),
            (Column::Bool(bits), _) => &|row| bits.get(row) || !column.is_valid(row),
            (_, Keep::True) => &|_| false,
            _ => &|_| true,
        };
        each(&chunk.live, |row| {
            if take(row) {
                rows.push(row as u32);
            }
        });
        if rows.len() == chunk.live.len()
            && let Selection::All(n) = chunk.live
        {
            rows.clear();
            self.spare.push(rows);
            return Selection::All(n);
        }
        Selection::Some(rows)
    }

    /// The program's result, taken out.
    pub fn take(&mut self, program: &Program, chunk: &Chunk) -> ColumnV {
        let made = match program.result {
            Source::Register(register) => {
                std::mem::replace(&mut self.registers[register], ABSENT.clone())
            }
            source => column(chunk, &self.registers, source).clone(),
        };
        match made.data {
            Column::Null(_) => ColumnV::nulls(chunk.rows.len()),
            _ => made,
        }
    }

    /// Narrows the chunk to the rows for which the program's result, a condition, is true.
    pub fn keep(&mut self, program: &Program, chunk: &mut Chunk) {
        let column = column(chunk, &self.registers, program.result);
        let Column::Bool(bits) = &column.data else {
            chunk.live = Selection::Some(Vec::new());
            return;
        };
        match &chunk.live {
            Selection::All(n) => {
                let n = *n as usize;
                let mut rows = self.spare.pop().unwrap_or_default();
                true_rows(bits, column.valid.as_ref(), n, &mut rows);
                if rows.len() < n {
                    chunk.live = Selection::Some(rows);
                } else {
                    rows.clear();
                    self.spare.push(rows);
                }
            }
            Selection::Some(_) => {
                // The column may be the chunk's own, so it cannot be borrowed while `live` changes.
                let mut live = std::mem::take(&mut chunk.live);
                let column = self::column(chunk, &self.registers, program.result);
                if let Column::Bool(bits) = &column.data {
                    live.retain(|row| bits.get(row as usize) && column.is_valid(row as usize));
                }
                chunk.live = live;
            }
        }
    }
}

fn true_rows(bits: &Bitmap, valid: Option<&Bitmap>, n: usize, rows: &mut Vec<u32>) {
    let mut push = |at: usize, mut word: u64| {
        while word != 0 {
            rows.push((at * 64) as u32 + word.trailing_zeros());
            word &= word - 1;
        }
    };
    match valid {
        None => {
            for (at, word) in bits.words().iter().enumerate() {
                push(at, *word);
            }
        }
        Some(valid) => {
            for (at, (word, valid)) in bits.words().iter().zip(valid.words()).enumerate() {
                push(at, word & valid);
            }
        }
    }
    rows.truncate(rows.partition_point(|&row| (row as usize) < n));
}

fn column<'a>(chunk: &'a Chunk, registers: &'a [ColumnV], source: Source) -> &'a ColumnV {
    match source {
        Source::Register(register) => &registers[register],
        Source::Field(id) => chunk.column(id).unwrap_or(&ABSENT),
        Source::Constant(_) => &ABSENT,
    }
}

/// Calls `f` with each live row, ascending.
#[inline(always)]
pub(super) fn each(live: &Selection, mut f: impl FnMut(usize)) {
    match live {
        Selection::All(n) => {
            for row in 0..*n as usize {
                f(row);
            }
        }
        Selection::Some(rows) => {
            for &row in rows {
                f(row as usize);
            }
        }
    }
}

impl<'a> Run<'a> {
    pub fn column(&self, operand: &Operand) -> &'a ColumnV {
        column(self.chunk, self.registers, operand.source)
    }

    pub fn rows(&self) -> usize {
        self.chunk.rows.len()
    }

    pub fn constant(&self, operand: &Operand) -> Option<&'a Const> {
        match operand.source {
            Source::Constant(at) => Some(&self.program.constants[at].0),
            _ => None,
        }
    }

    /// One cell; JSON null is null.
    pub fn value(&self, operand: &Operand, row: usize) -> Value<'a> {
        let value = match self.constant(operand) {
            Some(constant) => constant_value(constant, &operand.ty),
            None => self.chunk.value(self.column(operand), &operand.ty, row),
        };
        match value {
            Value::Json(raw) if crate::bytes::json::kind(raw) == crate::bytes::json::Kind::Null => {
                Value::Null
            }
            value => value,
        }
    }

    /// A column made by a cell a live row: `f` pushes exactly one. Spans that the builder makes of `text` are
    /// counted from its start.
    pub fn build(&self, ty: &Type, mut f: impl FnMut(usize, &mut ColumnBuilder)) -> ColumnV {
        let mut builder = ColumnBuilder::new(ty);
        each(&self.chunk.live, |row| {
            while builder.len() < row {
                builder.null();
            }
            f(row, &mut builder);
        });
        while builder.len() < self.rows() {
            builder.null();
        }
        builder.finish()
    }

    /// The live rows in which a conversion failed: something was there, and nothing came of it.
    fn failing(&self, instruction: &'a Instruction, out: &ColumnV, rows: &mut Vec<u32>) {
        let operands = match &instruction.op {
            Op::Read(_, of, _) => std::slice::from_ref(of),
            Op::Call { arguments, .. } => arguments,
            _ => &[],
        };
        for row in self.chunk.live.iter() {
            let given = || {
                operands.iter().any(|of| {
                    let value = self.value(of, row as usize);
                    !value.is_null() && !value.text().trim_ascii().is_empty()
                })
            };
            if !out.is_valid(row as usize) && given() {
                rows.push(row);
            }
        }
    }

    /// Runs one instruction; conversions that failed, with the name to count them under.
    fn execute(
        &self,
        instruction: &'a Instruction,
        out: &mut ColumnV,
        text: &mut Vec<u8>,
    ) -> Option<(&'a str, u64)> {
        match &instruction.op {
            Op::Fill(at) => *out = self.fill(*at, text),
            Op::Read(reading, of, name) => {
                let failed = convert::read(self, reading, of, out);
                return Some((name, failed));
            }
            Op::As(of) => *out = convert::cast(self, of, &instruction.ty, text),
            Op::Relabel(of) => out.clone_from(self.column(of)),
            Op::Truncate(of) => *out = compute::truncate(self, of),
            Op::Filled(of) => *out = convert::filled(self, of),
            Op::Compare(operator, how, a, b) => compare::compare(self, *operator, *how, a, b, out),
            Op::Null(of, negated) => compare::null(self, of, *negated, out),
            Op::Narrow { .. } | Op::Widen => {}
            Op::And(a, b) => compare::and(self, a, b, out),
            Op::Or(a, b) => compare::or(self, a, b, out),
            Op::Not(of) => compare::not(self, of, out),
            Op::Arithmetic(operator, a, b) => {
                compute::arithmetic(self, *operator, a, b, &instruction.ty, out);
            }
            Op::Nanos(operator, a, b) => *out = compute::nanos(self, *operator, a, b),
            Op::Scale(operator, a, b) => *out = compute::scale(self, *operator, a, b),
            Op::Ratio(a, b) => *out = compute::ratio(self, a, b),
            Op::Negate(of) => *out = compute::negate(self, of, &instruction.ty),
            Op::Match(of, regex, negated) => compare::matches(self, of, regex, *negated, out),
            Op::Choose(condition, yes, no) => {
                *out = self.choose(condition, yes, no, &instruction.ty)
            }
            Op::Coalesce(a, b) => *out = self.coalesce(a, b, &instruction.ty),
            Op::List(items) => *out = self.list(items, &instruction.ty),
            Op::Join(items) => *out = self.join(items, text),
            Op::Member(of, name) => *out = convert::member(self, of, name),
            Op::Item(of, place) => *out = convert::item(self, of, place),
            Op::Call {
                called,
                arguments,
                regexes,
                name,
            } => {
                let function = called.0;
                let failed = match function.kernel {
                    Kernel::Column(kernel) => {
                        let failed = Cell::new(0);
                        let cx = ColumnCx {
                            rows: self.chunk.live.rows(),
                            len: self.rows(),
                            base: self.base,
                            regexes,
                            now: self.now,
                            zone: self.zone,
                            result: &instruction.ty,
                            failed: &failed,
                        };
                        let args: Vec<Arg<'_>> =
                            arguments.iter().map(|operand| self.arg(operand)).collect();
                        *out = kernel(&args, self.chunk, text, &cx);
                        failed.get()
                    }
                    Kernel::Row(kernel) => {
                        let propagate = function.nulls == Nulls::Propagate;
                        let (made, failed) =
                            self.rows_of(kernel, propagate, arguments, regexes, instruction, text);
                        *out = made;
                        failed
                    }
                    Kernel::Special(_) => 0,
                };
                return Some((name, failed));
            }
            Op::Now => {
                let (times, later) = match self.arrivals {
                    Arrivals::Together => (None, 0),
                    Arrivals::Times(later) => (self.chunk.times.as_ref(), later),
                    Arrivals::Clocks(later) => (self.chunk.clocks.as_ref(), later),
                };
                let nows = match times.filter(|times| times.len() == self.rows()) {
                    Some(times) => times.iter().map(|at| at.saturating_add(later)).collect(),
                    None => vec![self.now; self.rows()],
                };
                *out = ColumnV::new(Column::Nanos(nows));
            }
            Op::RowTime(later) => {
                *out = match &self.chunk.times {
                    Some(times) => {
                        let times = times.iter().map(|at| at.saturating_add(*later));
                        ColumnV::new(Column::Nanos(times.collect()))
                    }
                    None => ColumnV::nulls(self.rows()),
                };
            }
        }
        None
    }

    fn arg(&self, operand: &'a Operand) -> Arg<'a> {
        match self.constant(operand) {
            Some(constant) => Arg::Constant(constant_value(constant, &operand.ty)),
            None => Arg::Column(self.column(operand), &operand.ty),
        }
    }

    fn rows_of(
        &self,
        kernel: funcs::RowKernel,
        propagate: bool,
        arguments: &[Operand],
        regexes: &[Option<regex::bytes::Regex>],
        instruction: &Instruction,
        text: &mut Vec<u8>,
    ) -> (ColumnV, u64) {
        let mut failed = 0;
        let mut values: Vec<Value<'_>> = Vec::with_capacity(arguments.len());
        let mut made = self.build(&instruction.ty, |row, builder| {
            values.clear();
            values.extend(arguments.iter().map(|operand| self.value(operand, row)));
            let pattern = |i: usize| regexes.get(i).is_some_and(Option::is_some);
            let is_null = |(i, value): (usize, &Value<'_>)| value.is_null() && !pattern(i);
            if propagate && values.iter().enumerate().any(is_null) {
                builder.null();
                return;
            }
            let mut cx = RowCx {
                text: &mut *text,
                now: self.now,
                zone: self.zone,
                regexes,
                result: &instruction.ty,
                failed: &mut failed,
            };
            kernel(&values, &mut cx, builder);
        });
        funcs::shift(&mut made, self.base);
        (made, failed)
    }

    fn fill(&self, at: usize, text: &mut Vec<u8>) -> ColumnV {
        let n = self.rows();
        let (constant, ty) = &self.program.constants[at];
        let data = match constant {
            Const::Null => return ColumnV::nulls(n),
            Const::Bool(bit) => Column::Bool(Bitmap::new(n, *bit)),
            Const::Number(number) if *ty == Type::Float => Column::Float(vec![number.to_f64(); n]),
            Const::Number(number) => {
                return self.build(&Type::Number, |_, builder| builder.number(*number));
            }
            Const::Time(ns) | Const::Duration(ns) => Column::Nanos(vec![*ns; n]),
            Const::Text(bytes) => {
                let span = Span::scratch(self.base + text.len(), bytes.len());
                text.extend_from_slice(bytes);
                Column::Bytes(vec![span; n])
            }
        };
        ColumnV::new(data)
    }

    fn choose(&self, condition: &Operand, yes: &Operand, no: &Operand, ty: &Type) -> ColumnV {
        let condition = self.column(condition);
        let (yes, no) = (self.column(yes), self.column(no));
        let bits = match &condition.data {
            Column::Bool(bits) => Some(bits),
            _ => None,
        };
        self.merged(ty, |row| match bits {
            Some(bits) if condition.is_valid(row) && bits.get(row) => yes,
            _ => no,
        })
    }

    fn coalesce(&self, a: &Operand, b: &Operand, ty: &Type) -> ColumnV {
        let (a, b) = (self.column(a), self.column(b));
        self.merged(ty, |row| if a.is_valid(row) { a } else { b })
    }

    /// Each row's cell from the column that `pick` says.
    fn merged(&self, ty: &Type, pick: impl Fn(usize) -> &'a ColumnV) -> ColumnV {
        self.build(ty, |row, builder| push_cell(pick(row), ty, row, builder))
    }

    fn list(&self, items: &[Operand], ty: &Type) -> ColumnV {
        let Type::List(item) = ty else {
            return ColumnV::nulls(self.rows());
        };
        self.build(ty, |row, builder| {
            for operand in items {
                push_cell(self.column(operand), item, row, builder.items());
            }
            builder.end_list();
        })
    }

    fn join(&self, items: &[Operand], text: &mut Vec<u8>) -> ColumnV {
        let mut spans = vec![Span::default(); self.rows()];
        each(&self.chunk.live, |row| {
            let from = text.len();
            for operand in items {
                if let Value::Text(bytes) | Value::Untyped(bytes) = self.value(operand, row) {
                    text.extend_from_slice(bytes);
                }
            }
            spans[row] = Span::scratch(self.base + from, text.len() - from);
        });
        ColumnV::new(Column::Bytes(spans))
    }
}

pub(super) fn constant_value<'a>(constant: &'a Const, ty: &Type) -> Value<'a> {
    match constant {
        Const::Null => Value::Null,
        Const::Bool(bit) => Value::Bool(*bit),
        Const::Number(number) => Value::Number(*number),
        Const::Time(ns) => Value::Time(*ns),
        Const::Duration(ns) => Value::Duration(*ns),
        Const::Text(bytes) => match ty {
            Type::Json => Value::Json(bytes),
            Type::Untyped => Value::Untyped(bytes),
            _ => Value::Text(bytes),
        },
    }
}

/// Pushes a cell as it is; bytes stay where they are.
fn push_cell(column: &ColumnV, ty: &Type, row: usize, builder: &mut ColumnBuilder) {
    if !column.is_valid(row) {
        return builder.null();
    }
    match (&column.data, ty) {
        (Column::Bytes(spans), _) => builder.span(spans[row]),
        (Column::Bool(bits), _) => builder.bool(bits.get(row)),
        (Column::Number(_) | Column::Float(_), _) => match column.number(row) {
            Some(number) => builder.number(number),
            None => builder.null(),
        },
        (Column::Nanos(values), _) => builder.nanos(values[row]),
        (Column::List { ends, items }, Type::List(item)) => {
            let from = if row == 0 { 0 } else { ends[row - 1] } as usize;
            for i in from..ends[row] as usize {
                push_cell(items, item, i, builder.items());
            }
            builder.end_list();
        }
        _ => builder.null(),
    }
}
