//! `template:TEXT`: each row is the text with `{name}` replaced by the field's value. Refuses names that the
//! rows do not have. Invariant: what stands outside braces is written as it is, but for `\t`, `\n` and `\\`.

use super::cells::{Shown, bare_name};
use super::{Doc, Example, Format, OutColumn, OutSchema, WriteFormat, WriteOptions, Writer};
use crate::data::Chunk;
use crate::data::value::Printing;
use crate::error::Usage;
use anyhow::Result;
use std::sync::Arc;

pub(super) const TEMPLATE: Format = Format {
    name: "template",
    doc: Doc {
        summary: "A text with the fields put in",
        text: "Written `template:TEXT`. `{name}` is the value of a field, empty for null; `{{` and `}}` are \
               braces, `\\t`, `\\n` and `\\\\` a tab, a line end and a backslash. Each row ends with a line end.",
        examples: &[Example {
            title: "A sentence a row",
            session: "$ printf 'who,n\\nann,3\\n' | dstream -i csv -o 'template:{who} has {n} {{items}}'\nann has 3 {items}\n",
        }],
    },
    read: None,
    write: Some(|text, options: &WriteOptions| {
        Ok(Arc::new(Template {
            parts: parse(text)?,
            printing: options.printing.clone(),
        }))
    }),
};

/// The names that the text of a template asks for, in order, each once.
pub fn names(text: &str) -> Result<Vec<String>, Usage> {
    let mut names: Vec<String> = Vec::new();
    for part in parse(text)? {
        if let Part::Field(name) = part
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    Ok(names)
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(Vec<u8>),
    Field(String),
}

fn parse(text: &str) -> Result<Vec<Part>, Usage> {
    let mut parts = Vec::new();
    let mut plain = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let at = text.len() - rest.len();
        let (piece, used) = match rest.as_bytes() {
            [b'{', b'{', ..] => ("{", 2),
            [b'}', b'}', ..] => ("}", 2),
            [b'\\', b't', ..] => ("\t", 2),
            [b'\\', b'n', ..] => ("\n", 2),
            [b'\\', b'\\', ..] => ("\\", 2),
            [b'{', ..] => {
                let end = field_end(rest).ok_or_else(|| unclosed(text, at))?;
                let name = rest[1..end].trim();
                if name.is_empty() {
                    return Err(Usage::new("template: no name in the braces").at(text, at..at + 2));
                }
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Field(name.to_string()));
                ("", end + 1)
            }
            _ => (&rest[..letter.len_utf8()], letter.len_utf8()),
        };
        plain.extend_from_slice(piece.as_bytes());
        rest = &rest[used..];
    }
    plain.push(b'\n');
    parts.push(Part::Text(plain));
    Ok(parts)
}

/// Where the brace closes; one inside backticks is part of the name.
fn field_end(rest: &str) -> Option<usize> {
    let mut quoted = false;
    rest.bytes().position(|byte| {
        quoted ^= byte == b'`';
        byte == b'}' && !quoted
    })
}

fn unclosed(text: &str, at: usize) -> Usage {
    Usage::new("template: '{' is not closed; a brace that is meant is written '{{'")
        .at(text, at..at + 1)
}

struct Template {
    parts: Vec<Part>,
    printing: Printing,
}

impl WriteFormat for Template {
    fn begin(&self, _schema: &OutSchema, _out: &mut Vec<u8>) {}

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        let mut steps = Vec::new();
        for part in &self.parts {
            steps.push(match part {
                Part::Text(text) => Step::Text(text.clone()),
                Part::Field(name) => find(name, schema)?,
            });
        }
        Ok(Box::new(TemplateWriter {
            steps,
            columns: schema.columns.clone(),
            printing: self.printing.clone(),
        }))
    }
}

enum Step {
    Text(Vec<u8>),
    /// Place among the columns.
    Column(usize),
}

fn find(name: &str, schema: &OutSchema) -> Result<Step, Usage> {
    let bare = bare_name(name);
    // The latest of equal names, as everywhere.
    let mut columns = schema.columns.iter();
    if let Some(place) = columns.rposition(|column| bare_name(column.name.trim()) == bare) {
        return Ok(Step::Column(place));
    }
    let known = schema.columns.iter().map(|column| column.name.as_str());
    let hint = super::nearest(name, known.clone())
        .map_or(String::new(), |near| format!("; did you mean '{near}'?"));
    let list = known.collect::<Vec<_>>().join(", ");
    Err(Usage::new(format!(
        "template: no field '{name}'{hint}\n    the rows have: {list}"
    )))
}

struct TemplateWriter {
    steps: Vec<Step>,
    columns: Vec<OutColumn>,
    printing: Printing,
}

impl Writer for TemplateWriter {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let columns: Vec<Shown> = self
            .columns
            .iter()
            .map(|column| Shown::new(chunk, column.field, &column.ty))
            .collect();
        for row in chunk.live.iter() {
            for step in &self.steps {
                match step {
                    Step::Text(text) => out.extend_from_slice(text),
                    Step::Column(place) => {
                        columns[*place].write_plain(row as usize, &self.printing, out);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::data::Type;

    fn check(template: &str, text: &str) {
        let columns: &[(&str, Type, &[&str])] = &[
            ("path", Type::Untyped, &["/a", "<null>"]),
            ("count", Type::Number, &["3", "4.50"]),
            ("`a }`", Type::Text, &["x", "y"]),
        ];
        assert_eq!(written(&format!("template:{template}"), columns), text);
    }

    #[test]
    fn names_are_replaced() {
        check("{path} {count}", "/a 3\n 4.5\n");
        check(
            "{{{path}}}\\t|é: \\\\{ count }",
            "{/a}\t|é: \\3\n{}\t|é: \\4.5\n",
        );
        check("{`a }`}{`path`}", "x/a\ny\n");
        check("", "\n\n");
    }

    fn fault(template: &str, schema: &OutSchema) -> String {
        let made = super::super::writer(&format!("template:{template}"), &WriteOptions::default());
        match made.and_then(|format| format.writer(schema).map(|_| ())) {
            Ok(()) => String::new(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn mistakes_are_told() {
        let (_, schema) = chunk_of(&[("path", Type::Text, &[]), ("count", Type::Number, &[])]);
        assert_eq!(
            fault("{pth}", &schema),
            "template: no field 'pth'; did you mean 'path'?\n    the rows have: path, count"
        );
        assert_eq!(
            fault("a {path", &schema),
            "template: '{' is not closed; a brace that is meant is written '{{'\n    a {path\n      ^"
        );
        assert!(fault("{}", &schema).starts_with("template: no name"));
        assert!(fault("", &schema).is_empty());
    }

    #[test]
    fn names_are_listed_once() {
        assert_eq!(names("{b}{a} {{c}} {b}").unwrap(), ["b", "a"]);
    }
}
