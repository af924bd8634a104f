//! How rows leave the chain batch by batch, for a command or for a reader, and how what comes back goes on. Runs
//! nothing. Invariant: behind what answers, field ids begin anew, as behind an aggregate; with windows the first two
//! fields are theirs.

use super::batches;
use super::builder::Builder;
use super::custom::Aggregated;
use super::names;
use super::node::{Answer, Extent, Hand, NodeKind, Output, Scope, Taker, Times, Window};
use super::output::{self, Shown, Written};
use super::scopes::Windows;
use crate::data::{Field, FieldId, Open, Schema, Type};
use crate::error::Usage;
use crate::expr::Expr;
use crate::formats::{self, ReadFormat, ReadOptions, Rest};
use std::sync::Arc;

/// What the rows at a place are read as, where a command has written them.
#[derive(Clone)]
pub struct Answered {
    pub(super) name: String,
    format: Arc<dyn ReadFormat>,
    /// What names its fields.
    header: Option<Vec<u8>>,
    /// How many parts the chain had in front.
    parts: usize,
}

impl Builder<'_> {
    /// Nothing comes behind what has taken the stream.
    pub fn check_ended(&self) -> Result<(), Usage> {
        match &self.ended {
            None => Ok(()),
            Some((operator, _)) => Err(self.fault(format!(
                "behind '{operator}' there is no stream any more; put that last"
            ))),
        }
    }

    /// The stream ends in a command that gets each batch.
    pub fn hand_over(&mut self, command: &str, keep_going: bool) -> Result<(), Usage> {
        self.check_command(command)?;
        if let Some(path) = &self.options.output {
            return Err(self.fault(format!(
                "rows go to the command, so nothing is left for --output {path}; use tee FILE in front for a copy"
            )));
        }
        let (windowed, each) = self.batches_here()?;
        let written = self.written_for_command(false)?;
        self.ended = Some((self.typed.clone(), Output::Nothing));
        self.push_hand(
            Taker::Command {
                command: command.into(),
                keep_going,
            },
            written,
            (windowed, each),
            None,
        );
        Ok(())
    }

    /// The stream ends in the first rows of each batch, below its time.
    pub fn print(&mut self, rows: u64) -> Result<(), Usage> {
        let (windowed, each) = self.batches_here()?;
        let explicit = self.options.output_format.clone();
        let written = self.written(explicit.as_deref(), None)?;
        self.ended = Some((self.typed.clone(), Output::Made));
        self.push_hand(Taker::Print { rows }, written, (windowed, each), None);
        Ok(())
    }

    /// Each batch goes to a command, and what that writes goes on in its place.
    pub fn transform(&mut self, command: &str, keep_going: bool) -> Result<(), Usage> {
        self.check_command(command)?;
        let (windowed, each) = self.batches_here()?;
        let written = self.written_for_command(true)?;
        let (answered, columns) = self.answer_to(&written)?;
        let windows = match (self.windows, windowed) {
            (_, false) => Windows::No,
            (windows, true) => windows,
        };
        let mut schema = Schema::default();
        let mut shown = output::window_fields(&mut schema, windows);
        let own = answered
            .format
            .schema(answered.header.as_deref())
            .map_err(|error| self.fault(format!("{error:#}")))?;
        let known = |schema: &Schema, name: &str| schema.find(name).is_some();
        for field in own.fields {
            // The window's own columns stand for what the command was told of them.
            if known(&schema, &field.name) {
                continue;
            }
            let (name, hidden) = (field.name.clone(), field.hidden);
            let id = schema.add(field);
            if !hidden {
                shown.push(Shown::new(id, names::display(&name)));
            }
        }
        schema.open = own.open;
        if !known(&schema, "$0") {
            schema.add(Field::hidden("$0", Type::Untyped));
        }
        let rest = match (&schema.open, answered.name.as_str()) {
            (Some(Open::Named(_)), "logfmt") => Some("logfmt"),
            (Some(Open::Named(_)), "json") => Some("json"),
            _ => None,
        };
        let named = self.columns_by_place(columns, &mut schema, &mut shown);
        self.parts.push((
            self.nodes.len(),
            std::mem::replace(&mut self.schema, schema),
        ));
        self.shown = shown;
        self.rest = rest.map(|format| Rest {
            format,
            dropped: Vec::new(),
            renamed: Vec::new(),
        });
        self.key = None;
        self.window_keys.clear();
        self.aggregated = Some(Aggregated {
            operator: self.typed.clone(),
            keys: Vec::new(),
            first: usize::MAX,
            windowed,
            timed: windowed,
            // Those of the answer.
            has_lines: true,
            grid: None,
        });
        // Its lines are records that may pass as they are, but for a header that other lines would lack.
        self.passing = !answered.format.has_header();
        let answer = Answer {
            format_name: answered.name.clone(),
            format: answered.format.clone(),
            wanted: Vec::new(),
            made: Vec::new(),
        };
        self.answered = Some(Answered {
            parts: self.parts.len(),
            ..answered
        });
        self.push_hand(
            Taker::Command {
                command: command.into(),
                keep_going,
            },
            written,
            (windowed, each),
            Some(answer),
        );
        if !named.is_empty() {
            self.project(named);
        }
        Ok(())
    }

    /// What the rows at this place are read as, if a command has written them.
    pub(super) fn answer_here(&self) -> Option<&Answered> {
        let parts = self.parts.len();
        self.answered
            .as_ref()
            .filter(|answered| answered.parts == parts)
    }

    fn check_command(&self, command: &str) -> Result<(), Usage> {
        match command.trim().is_empty() {
            true => Err(self.fault("the command is empty")),
            false => Ok(()),
        }
    }

    fn push_hand(
        &mut self,
        to: Taker,
        written: Written,
        (windowed, each): (bool, Option<Window>),
        answer: Option<Answer>,
    ) {
        self.push(NodeKind::Hand(Box::new(Hand {
            to,
            format_name: written.name,
            format: written.format,
            out: written.out,
            windowed,
            each,
            answer,
        })));
    }

    /// Whether rows come by window here, and the windows that come also without a row.
    fn batches_here(&mut self) -> Result<(bool, Option<Window>), Usage> {
        if let Some(before) = &self.corrected {
            return Err(self.fault(format!(
                "rows of '{before}' may be corrected within the allowed lateness, and what '{}' has given out of \
                 them cannot be taken back",
                self.typed
            )));
        }
        let windowed = self.row_scope() == Scope::Rows;
        self.gather();
        let by_batch = self.batched
            && self
                .times
                .as_ref()
                .is_some_and(|times| self.timed && times.batch().is_some());
        let step = self.times.as_ref().and_then(Times::batch);
        let window = match (self.windows, step) {
            (Windows::Batch, Some(step)) => Some(batches::window(step)),
            (Windows::Yes, _) => self.in_force.clone(),
            _ => None,
        };
        let is_fixed = |window: &Window| {
            matches!(
                (&window.size, &window.slide),
                (Extent::Fixed(_), Extent::Fixed(_))
            )
        };
        let each = window.filter(|window| windowed && by_batch && is_fixed(window));
        Ok((windowed, each))
    }

    /// What a command reads: what would go to a pipe at this place. `back`: in a format that can be read again.
    fn written_for_command(&mut self, back: bool) -> Result<Written, Usage> {
        let explicit = self.options.output_format.clone();
        let explicit = explicit.filter(|word| {
            let name = word.split(':').next().unwrap_or_default();
            let is_read = formats::find(name).is_some_and(|format| format.read.is_some());
            !back || is_read || formats::find(name).is_none()
        });
        match (explicit, self.passing) {
            (Some(word), _) => self.written(Some(&word), None),
            (None, true) => self.original(),
            (None, false) => self.written(Some("tsv"), None),
        }
    }

    /// How a command's answer is read: in the format that it was given. Columns that lie by their place are named.
    fn answer_to(&self, written: &Written) -> Result<(Answered, Vec<(String, String)>), Usage> {
        let answered = |name: &str, format, header| Answered {
            name: name.into(),
            format,
            header,
            parts: 0,
        };
        let schema = match (&written.out, self.answer_here()) {
            (Output::Columns(schema), _) => schema,
            (_, Some(before)) => return Ok((before.clone(), Vec::new())),
            _ => {
                let (name, format) = (&self.format_name, self.format.clone());
                return Ok((answered(name, format, self.header.clone()), Vec::new()));
            }
        };
        let name = written.name.split(':').next().unwrap_or_default();
        let by_place = name == "tsv" && !self.options.header;
        let options = ReadOptions {
            delimiter: None,
            no_header: by_place,
            multiline: None,
        };
        let format = formats::reader(&written.name, &options)
            .map_err(|error| self.fault(format!("{error:#}")))?;
        let mut header = Vec::new();
        if format.has_header() {
            written.format.begin(schema, &mut header);
        }
        let columns = schema.columns.iter().map(|column| {
            let field = &self.schema.fields[column.field].name;
            let called = if field.is_empty() {
                &column.name
            } else {
                field
            };
            (called.clone(), column.name.clone())
        });
        let columns = if by_place {
            columns.collect()
        } else {
            Vec::new()
        };
        let header = format.has_header().then_some(header);
        Ok((answered(name, format, header), columns))
    }

    /// Names for columns that are found by their number.
    fn columns_by_place(
        &self,
        columns: Vec<(String, String)>,
        schema: &mut Schema,
        shown: &mut Vec<Shown>,
    ) -> Vec<(FieldId, Expr)> {
        let mut named = Vec::new();
        for (place, (name, label)) in columns.into_iter().enumerate() {
            if schema.find(&name).is_some() {
                continue;
            }
            let number = format!("${}", place + 1);
            let from = schema.add(Field::hidden(number.clone(), Type::Untyped));
            let id = schema.add(Field::new(name, Type::Untyped));
            named.push((id, Expr::named_field(from, &number, Type::Untyped)));
            shown.push(Shown::new(id, &label));
        }
        named
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn rows_leave_by_window_by_batch_or_all_at_once() {
        check(
            "csv:a,b filter 'a>1' foreach-batch cat",
            "filter    a > 1\ncommand   cat   gets original lines   all at once\nsink      nothing\n",
        );
        check(
            "text: --batch-lines 2 count-by-key foreach-batch cat",
            "time      batches of 2 records   batch 1s\naggregate keys $0   aggs count() as count   scope window 1s\ncommand   cat   gets tsv: line, count   each window 1s\nsink      nothing\n",
        );
        check(
            "text: --batch-lines 2 print 3",
            "time      batches of 2 records   batch 1s\nassign    window 1s\nsort      scope its window\nprint     3 rows   gets original lines   each window 1s\nsink      lines as they are\n",
        );
        check(
            "csv:t,a --time t window 1m foreach-batch cat",
            "time      time(t)\nassign    window 1m   carry t, a\nsort      scope its window   carry t, a, window_start\ncommand   cat   gets tsv: window_start, t, a   by window\nsink      nothing\n",
        );
    }

    #[test]
    fn what_comes_back_has_the_columns_that_went_out() {
        check(
            "csv:a,b count-by a transform cat filter 'count>1'",
            "aggregate keys a   aggs count() as count   scope forever\ncommand   cat   gets tsv: a, count   all at once   answers tsv: $2\nproject   count = $2\nfilter    count > 1\nsink      lines as they are\n",
        );
        check(
            "csv:a,b transform cat count-by b",
            "command   cat   gets original lines   all at once   answers csv: b\naggregate keys b   aggs count() as count   scope forever\nsink      tsv: b, count\n",
        );
        check(
            "text: transform cat count-by-key",
            "command   cat   gets original lines   all at once   answers text: $0\naggregate keys $0   aggs count() as count   scope forever\nsink      tsv: line, count\n",
        );
        check(
            "json: transform cat count-by x",
            "command   cat   gets original lines   all at once   answers json: x\naggregate keys x   aggs count() as count   scope forever\nsink      tsv: x, count\n",
        );
    }

    #[test]
    fn the_end_is_the_end() {
        refused(
            "text: foreach-batch cat count",
            "count: behind 'foreach-batch cat' there is no stream any more; put that last",
        );
        refused(
            "text: --output x foreach-batch cat",
            "foreach-batch: rows go to the command, so nothing is left for --output x; use tee FILE in front for a copy",
        );
        refused("text: transform ' '", "transform: the command is empty");
        refused(
            "text: transform cat top 3",
            "top: there is no aggregate to go by; name the fields with --by F,…",
        );
    }
}
