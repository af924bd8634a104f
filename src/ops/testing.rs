//! Plans of chains as text, for the tests of operators. Reads no input: formats are told by a word, `csv:a,b`
//! (these fields), `text:`, `json:` (first record with a, b), `json-ts:` (with ts, too). Words are split as a
//! shell does, without its expansions.

use super::args::Args;
use super::{Operator, build, find};
use crate::data::{Field, FieldId, Open, Schema, Type};
use crate::error::Usage;
use crate::formats::{Framing, ReadFormat, Reader};
use crate::plan::builder::Options;
use crate::plan::node::Plan;
use crate::plan::text;
use std::sync::Arc;

/// A format that is only a schema.
struct Known(Schema);

impl ReadFormat for Known {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn schema(&self, _header: Option<&[u8]>) -> anyhow::Result<Schema> {
        Ok(self.0.clone())
    }

    fn reader(
        &self,
        _schema: &Schema,
        _wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> anyhow::Result<Box<dyn Reader>> {
        Err(anyhow::anyhow!("plans are not run here"))
    }
}

/// The plan of `INPUT [OPTION]… [OPERATOR …]…`.
pub fn plan(line: &str) -> Result<Plan, Usage> {
    let mut words = split(line).into_iter();
    let input = words.next().expect("the input's word");
    let (format, fields) = input.split_once(':').expect("FORMAT:FIELDS");
    let named = |open| Schema {
        fields: Vec::new(),
        open: Some(open),
        others: None,
    };
    let (name, schema, header): (&str, Schema, &[u8]) = match format {
        "csv" => {
            let fields = fields
                .split(',')
                .map(|name| Field::new(name, Type::Untyped));
            ("csv", Schema::new(fields.collect()), b"")
        }
        "text" => {
            let schema = Schema {
                fields: vec![Field::new("line", Type::Untyped)],
                ..named(Open::Positional)
            };
            ("text", schema, b"a b")
        }
        "json" => ("json", named(Open::Named(Type::Json)), br#"{"a":1,"b":2}"#),
        "json-ts" => ("json", named(Open::Named(Type::Json)), br#"{"ts":1,"a":1}"#),
        other => panic!("{other} is not known here"),
    };
    let mut options = Options {
        regular_files: true,
        ..Options::default()
    };
    let mut chain: Vec<(&'static Operator, Args)> = Vec::new();
    while let Some(word) = words.next() {
        let mut value = || words.next().expect("a value");
        if let Some(operator) = find(&word) {
            let operands = operator.operands.iter().map(|_| value()).collect();
            chain.push((
                operator,
                Args {
                    operator: operator.name,
                    operands,
                    flags: Vec::new(),
                },
            ));
            continue;
        }
        let flag = chain.last().and_then(|(operator, _)| {
            operator
                .flags
                .iter()
                .find(|flag| word == format!("--{}", flag.long))
        });
        match (word.as_str(), flag) {
            (_, Some(flag)) => {
                let text = flag.value.map_or(String::new(), |_| value());
                if let Some((_, args)) = chain.last_mut() {
                    args.flags.push((flag.long, text));
                }
            }
            ("--time", _) => options.time = Some(value()),
            ("--live", _) => options.live = true,
            ("--batch-lines", _) => options.batch_lines = value().parse().ok(),
            ("--batch", _) => options.batch = super::args::duration(&value()).ok(),
            ("-o", _) => options.output_format = Some(value()),
            ("--output", _) => options.output = Some(value()),
            (other, _) => panic!("{other} is not known here"),
        }
    }
    let format = Arc::new(Known(schema));
    build(&options, (name, format), Some(header), &chain)
}

/// What is behind the parser in the plan's text; notes in front.
pub fn check(line: &str, expected: &str) {
    let plan = plan(line).unwrap_or_else(|usage| panic!("{line}: {usage}"));
    let mut found = String::new();
    for note in &plan.notes {
        found.push_str(&format!("note      {note}\n"));
    }
    found.push_str(&text::chain(&plan));
    assert_eq!(found, expected, "{line}");
}

/// The message of a chain that is refused.
pub fn refused(line: &str, message: &str) {
    match plan(line) {
        Ok(plan) => panic!("{line} is\n{}", text::chain(&plan)),
        Err(usage) => assert_eq!(usage.message, message, "{line}"),
    }
}

/// Words by blanks and quotes.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
