//! `json`: one object a line. Finds the values that are asked for by path and builds no tree; refuses lines
//! that are no object. Invariant: a column of it holds JSON texts as they stand in the input.

use super::cells::{Shown, bare_name};
use super::record::{ABSENT, ByRecord, Record, Verdict};
use super::rest::{Splice, pairs_of};
use super::{
    Doc, Example, Format, Framing, OutColumn, OutSchema, ReadFormat, ReadOptions, Reader,
    WriteFormat, WriteOptions, Writer,
};
use crate::bytes::Span;
use crate::bytes::json::{self, FaultKind, Paths, Step};
use crate::data::value::Printing;
use crate::data::{Chunk, FieldId, Open, Schema, Type};
use crate::error::Usage;
use anyhow::Result;
use std::sync::Arc;

pub(super) const JSON: Format = Format {
    name: "json",
    doc: Doc {
        summary: "One JSON object a line",
        text: "Read: fields are keys and paths, `a.b` and `a[0]`; odd keys stand in backticks. Of equal keys \
               the last counts. `null` and a path that a record does not have are null. Only what is asked \
               for is looked into: the rest of a line is held to brackets and strings that end. Empty lines \
               are skipped. A file that is one array is made lines by `jq -c '.[]'`.\n\n\
               Written: an object a row, keys as in the chain, null for what a row lacks. Values of json keep \
               their kind; text of other formats is a number where it is spelt as JSON spells one, so `007` \
               stays a string; results of text functions are always strings.",
        examples: &[
            Example {
                title: "Count by a nested field",
                session: "$ printf '{\"a\":{\"b\":1}}\\n{\"a\":{\"b\":\"1\"}}\\n' | dstream -i json count-by a.b -o json\n{\"a.b\":1,\"count\":1}\n{\"a.b\":\"1\",\"count\":1}\n",
            },
            Example {
                title: "A whole record with a field more",
                session: "$ printf '{\"a\":1,\"b\":[2]}\\n' | dstream -i json map 'c=a+1' -o json\n{\"a\":1,\"b\":[2],\"c\":2}\n",
            },
        ],
    },
    read: Some(|_, _: &ReadOptions| Ok(Arc::new(Json))),
    write: Some(|_, options: &WriteOptions| {
        Ok(Arc::new(JsonOut {
            printing: options.printing.clone(),
        }))
    }),
};

/// What is said of a line that is an array, so that a hint at `jq -c '.[]'` can be given.
pub const TOP_ARRAY: &str = "not a JSON object but an array";

struct Json;

impl ReadFormat for Json {
    fn framing(&self) -> Framing {
        Framing::Lines
    }

    fn schema(&self, _header: Option<&[u8]>) -> Result<Schema> {
        Ok(Schema {
            fields: Vec::new(),
            open: Some(Open::Named(Type::Json)),
            others: None,
        })
    }

    fn reader(
        &self,
        schema: &Schema,
        wanted: &[FieldId],
        _header: Option<&[u8]>,
    ) -> Result<Box<dyn Reader>> {
        let mut paths = Vec::new();
        let mut fields = Vec::new();
        for &field in wanted {
            let name = schema.fields[field].name.as_str();
            if super::is_made(name) {
                continue;
            }
            let path = path(name)
                .ok_or_else(|| Usage::new(format!("'{name}' is no path of a JSON record")))?;
            paths.push(path);
            fields.push(field);
        }
        let others = schema.others.as_ref();
        let is_other = |path: &Vec<Step>| {
            let top = |known: &String| matches!(path.first(), Some(Step::Key(key)) if **key == *known.as_bytes());
            others.is_some_and(|others| !others.known.iter().any(top))
        };
        let record = JsonRecord {
            others: (0..paths.len())
                .filter(|&at| is_other(&paths[at]))
                .collect(),
            paths: {
                let mut made = Paths::new(&paths);
                if let Some(others) = others {
                    made.know(others.known.iter().map(String::as_bytes));
                }
                made
            },
            tells: others.is_some(),
        };
        Ok(Box::new(
            ByRecord::new(record, fields).telling("json", others),
        ))
    }
}

/// Splits a field's name, `` a.`b c`[0] ``, into steps.
pub fn path(name: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut rest = name;
    loop {
        if let Some(quoted) = rest.strip_prefix('`') {
            let (key, behind) = quoted.split_once('`')?;
            steps.push(Step::Key(key.into()));
            rest = behind;
        } else {
            let end = rest.find(['.', '[', '`']).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key.into()));
            rest = behind;
        }
        while let Some(index) = rest.strip_prefix('[') {
            let (digits, behind) = index.split_once(']')?;
            steps.push(Step::Index(digits.parse().ok()?));
            rest = behind;
        }
        match rest.strip_prefix('.') {
            Some(behind) => rest = behind,
            None if rest.is_empty() => return Some(steps),
            None => return None,
        }
    }
}

/// Some programs put it before the first record of a file.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

struct JsonRecord {
    paths: Paths,
    /// It is told which records have fields beyond those that are known; paths that lead into such.
    tells: bool,
    others: Vec<usize>,
}

impl Record for JsonRecord {
    fn cells(
        &mut self,
        block: &[u8],
        row: Span,
        cells: &mut [Span],
        _scratch: &mut Vec<u8>,
    ) -> Verdict {
        let mut result = self.paths.fields((block, row.start(), row.len()), cells);
        let text = &block[row.start()..row.start() + row.len()];
        if result.is_err() && text.starts_with(BYTE_ORDER_MARK) {
            let (start, len) = (row.start() + 3, row.len() - 3);
            result = self.paths.fields((block, start, len), cells);
        }
        if let Err(fault) = result {
            if text.trim_ascii().is_empty() {
                return Verdict::Skip;
            }
            return Verdict::Bad {
                column: fault.at.min(row.len()),
                what: match fault.kind {
                    FaultKind::Syntax => "not JSON",
                    FaultKind::TopArray => TOP_ARRAY,
                    FaultKind::TopScalar => "not a JSON object",
                    FaultKind::Depth => "not JSON of a sane depth",
                },
            };
        }
        for cell in cells.iter_mut() {
            if *cell == json::ABSENT || block[cell.start()] == b'n' {
                *cell = ABSENT;
            }
        }
        if self.tells && (result == Ok(true) || self.others.iter().any(|&at| cells[at] != ABSENT)) {
            return Verdict::Others;
        }
        Verdict::Good
    }
}

struct JsonOut {
    printing: Printing,
}

impl WriteFormat for JsonOut {
    fn begin(&self, _schema: &OutSchema, _out: &mut Vec<u8>) {}

    fn writer(&self, schema: &OutSchema) -> Result<Box<dyn Writer>> {
        let keys = schema
            .columns
            .iter()
            .map(|column| {
                let mut key = Vec::new();
                json::write_string(bare_name(&column.name).as_bytes(), &mut key);
                key.push(b':');
                key
            })
            .collect();
        Ok(Box::new(JsonWriter {
            keys,
            columns: schema.columns.clone(),
            splice: schema
                .rest
                .as_ref()
                .map(|rest| Splice::new(rest, &schema.columns)),
            printing: self.printing.clone(),
        }))
    }
}

struct JsonWriter {
    /// By column: its name as a JSON string and a colon.
    keys: Vec<Vec<u8>>,
    columns: Vec<OutColumn>,
    splice: Option<Splice>,
    printing: Printing,
}

impl Writer for JsonWriter {
    fn write(&mut self, chunk: &Chunk, out: &mut Vec<u8>) {
        let columns: Vec<Shown> = self
            .columns
            .iter()
            .map(|column| Shown::new(chunk, column.field, &column.ty))
            .collect();
        for row in chunk.live.iter() {
            let row = row as usize;
            out.push(b'{');
            let from = out.len();
            match &mut self.splice {
                None => {
                    for (at, (key, column)) in self.keys.iter().zip(&columns).enumerate() {
                        let made = &self.columns[at];
                        let valid = || chunk.column(made.field).is_some_and(|c| c.is_valid(row));
                        if made.optional && !valid() {
                            continue;
                        }
                        if out.len() > from {
                            out.push(b',');
                        }
                        out.extend_from_slice(key);
                        column.write_json(row, &self.printing, out);
                    }
                }
                Some(splice) => splice.each(chunk.line(row as u32), |name, own| {
                    if out.len() > from {
                        out.push(b',');
                    }
                    match own {
                        Ok(value) => {
                            name.write_key(out);
                            value.write_json(out);
                        }
                        Err(column) => {
                            out.extend_from_slice(&self.keys[column]);
                            columns[column].write_json(row, &self.printing, out);
                        }
                    }
                }),
            }
            out.extend_from_slice(b"}\n");
        }
    }
}

/// Asserts that lines that serde_json takes are read, and that their fields are its fields.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let wanted = ["a", "b.c", "`x y`[1]"];
    let pointers = ["/a", "/b/c", "/x y/1"];
    for read in super::testing::Read::all("json", &ReadOptions::default(), data, None, &wanted) {
        for row in &read.rows {
            let model = serde_json::from_slice::<serde_json::Value>(&row.line);
            let Ok(model) = model.as_ref() else { continue };
            assert_eq!(row.live, model.is_object(), "{:?}", row.line);
            for (cell, pointer) in row.cells.iter().zip(pointers) {
                let expected = model.pointer(pointer).filter(|value| !value.is_null());
                // An index into an object is a key for serde's pointers, not for our paths.
                if model.pointer("/x y").is_some_and(|value| value.is_object()) {
                    continue;
                }
                let found = cell.as_ref().map(|raw| {
                    serde_json::from_slice::<serde_json::Value>(raw).expect("a span is a value")
                });
                assert_eq!(found.as_ref(), expected, "{pointer} of {:?}", row.line);
            }
        }
        for row in read.rows.iter().filter(|row| row.live) {
            // What follows a record through the writers is what its members are.
            let members = pairs_of("json", &row.line).count();
            assert!(members <= row.line.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;
    use crate::data::{Block, Field};
    use crate::formats::Rest;
    use proptest::prelude::*;

    #[test]
    fn names_are_paths() {
        let check = |name: &str, steps: Option<&str>| {
            let shown = path(name).map(|steps| {
                let shown: Vec<String> = steps
                    .iter()
                    .map(|step| match step {
                        Step::Key(key) => String::from_utf8_lossy(key).into_owned(),
                        Step::Index(index) => format!("#{index}"),
                    })
                    .collect();
                shown.join("|")
            });
            assert_eq!(shown.as_deref(), steps, "{name}");
        };
        check("a", Some("a"));
        check("a.b[0][12].c", Some("a|b|#0|#12|c"));
        check("`user agent`", Some("user agent"));
        check("a.`b.c`[1]", Some("a|b.c|#1"));
        for bad in ["", "a.", ".a", "a[", "a[x]", "a`b`", "`a", "a[0]b"] {
            check(bad, None);
        }
    }

    #[test]
    fn values_keep_their_kind_and_null_is_null() {
        let data = b"{\"a\":\"x\\n\",\"b\":{\"c\":[1, 2]}}\r\n\n{\"a\":null}\n[1]\n7\n{\"a\":}\n";
        let read = Read::of("json", data, &["a", "b.c"]);
        assert_eq!(read.table(), "\"x\\n\"|[1, 2]\n-\n<null>|<null>\n!\n!\n!\n");
        let whats: Vec<&str> = read.bad.iter().map(|bad| bad.what).collect();
        assert_eq!(whats, [TOP_ARRAY, "not a JSON object", "not JSON"]);
    }

    #[test]
    fn untyped_text_is_a_number_only_as_json_writes_it() {
        let cells = &["1", "007", "1e", "-0.5e3", "", "a\"b", "<null>"][..];
        assert_eq!(
            written(
                "json",
                &[("u", Type::Untyped, cells), ("t", Type::Text, cells)]
            ),
            "{\"u\":1,\"t\":\"1\"}\n{\"u\":\"007\",\"t\":\"007\"}\n{\"u\":\"1e\",\"t\":\"1e\"}\n\
             {\"u\":-0.5e3,\"t\":\"-0.5e3\"}\n{\"u\":\"\",\"t\":\"\"}\n{\"u\":\"a\\\"b\",\"t\":\"a\\\"b\"}\n\
             {\"u\":null,\"t\":null}\n"
        );
        assert_eq!(
            written(
                "json",
                &[
                    ("`a b`", Type::Json, &["{\"x\":1}", "<null>"]),
                    ("n", Type::Number, &["1.50", "<null>"]),
                    ("ok", Type::Bool, &["true", "false"]),
                    ("at", Type::Time, &["0", "1000000000"]),
                ]
            ),
            "{\"a b\":{\"x\":1},\"n\":1.5,\"ok\":true,\"at\":\"1970-01-01T00:00:00Z\"}\n\
             {\"a b\":null,\"n\":null,\"ok\":false,\"at\":\"1970-01-01T00:00:01Z\"}\n"
        );
    }

    #[test]
    fn real_lines_are_read_as_serde_reads_them() {
        let Ok(data) = std::fs::read("../shared/data/nginxplus.ndjson") else {
            return;
        };
        let wanted = [
            "requests.total",
            "upstreams.`trac-backend`.peers[1].state",
            "nope",
        ];
        let pointers = [
            "/requests/total",
            "/upstreams/trac-backend/peers/1/state",
            "/nope",
        ];
        let read = Read::of("json", &data, &wanted);
        assert!(read.bad.is_empty() && !read.rows.is_empty());
        for row in &read.rows {
            let model: serde_json::Value = serde_json::from_slice(&row.line).unwrap();
            for (cell, pointer) in row.cells.iter().zip(pointers) {
                let expected = model.pointer(pointer).map(|value| value.to_string());
                assert_eq!(cell.as_deref(), expected.as_deref().map(str::as_bytes));
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_record() {
        let read = Read::of("json", b"\xef\xbb\xbf{\"a\":1}\n\xef\xbb\xbfx\n", &["a"]);
        assert_eq!(read.table(), "1\n!\n");
    }

    /// Writes a line of `format` as JSON with the columns `c` (3) and `a` ("new").
    fn spliced(format: &'static str, line: &str, rest: Rest) -> String {
        let mut chunk = Chunk::of_block(Block::copy_of(line.as_bytes()));
        let (made, mut out_schema) =
            chunk_of(&[("c", Type::Number, &["3"]), ("a", Type::Text, &["new"])]);
        let opened = super::super::reader(format, &ReadOptions::default()).unwrap();
        let mut schema = opened.schema(None).unwrap();
        schema.add(Field::hidden("c", Type::Number));
        schema.add(Field::hidden("a", Type::Text));
        opened
            .reader(&schema, &[], None)
            .unwrap()
            .read(&mut chunk, true, &mut Vec::new());
        chunk.columns = made.columns.clone();
        let mut scratch = made.scratch().to_vec();
        scratch.truncate(scratch.len() - crate::bytes::PADDING);
        chunk.set_scratch(scratch);
        out_schema.rest = Some(rest);
        let mut out = Vec::new();
        super::super::writer("json", &WriteOptions::default())
            .unwrap()
            .writer(&out_schema)
            .unwrap()
            .write(&chunk, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_put_into_the_record_or_over_its_fields() {
        let rest = |dropped: &[&str], renamed: &[(&str, &str)]| Rest {
            format: "json",
            dropped: dropped.iter().map(|name| name.to_string()).collect(),
            renamed: renamed
                .iter()
                .map(|(old, new)| (old.to_string(), new.to_string()))
                .collect(),
        };
        let line = "{\"a\": 1, \"b\\n\": [1, 2],\"d\":{}}\n";
        assert_eq!(
            spliced("json", line, rest(&[], &[])),
            "{\"a\":\"new\",\"b\\n\":[1, 2],\"d\":{},\"c\":3}\n"
        );
        assert_eq!(
            spliced(
                "json",
                "{\"b\":1,\"d\":\"x\"}\n",
                rest(&["d"], &[("b", "`e f`")])
            ),
            "{\"e f\":1,\"c\":3,\"a\":\"new\"}\n"
        );
        let logfmt = Rest {
            format: "logfmt",
            ..rest(&[], &[])
        };
        assert_eq!(
            spliced("logfmt", "b=1 a=2 x=\"y z\"\n", logfmt),
            "{\"b\":1,\"a\":\"new\",\"x\":\"y z\",\"c\":3}\n"
        );
    }

    proptest! {
        #[test]
        fn fields_are_serdes(
            values in prop::collection::vec((0..5u8, "[a-c \"\\\\\n{}\\[,:é]{0,6}", any::<i32>()), 0..20),
            noise in prop::collection::vec(prop::sample::select(&b"{}[]\":,a1\\ n"[..]), 0..30),
        ) {
            let mut data = Vec::new();
            for (kind, text, number) in values {
                let value = match kind {
                    0 => serde_json::json!({"a": text, "b": {"c": number}}),
                    1 => serde_json::json!({"b": {"c": [text, {"a": 1}]}, "x y": [1, text]}),
                    2 => serde_json::json!({text.clone(): text, "a": null}),
                    3 => serde_json::json!([text]),
                    _ => serde_json::json!({"a": {"a": text}, "b": number}),
                };
                data.extend(value.to_string().bytes());
                data.push(b'\n');
            }
            data.extend_from_slice(&noise);
            fuzz(&data);
        }

        #[test]
        fn what_is_written_serde_reads(
            cells in prop::collection::vec("[ab\"\\\\\n\u{1}é0-9.e-]{0,8}", 1..20),
        ) {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let text = written("json", &[("k \"", Type::Text, &cells), ("u", Type::Untyped, &cells)]);
            for (line, cell) in text.lines().zip(cells) {
                // A number beyond floats stays as it came, which serde does not read.
                if cell.parse().is_ok_and(f64::is_infinite) && json::is_number(cell.as_bytes()) {
                    let expected = format!(",\"u\":{cell}}}");
                    prop_assert!(line.ends_with(&expected), "{}", line);
                    continue;
                }
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                prop_assert_eq!(value["k \""].as_str(), Some(cell));
                prop_assert_eq!(value["u"].is_number(), json::is_number(cell.as_bytes()));
            }
        }
    }
}
