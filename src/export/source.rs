//! A source as a table: what is read, its fields as columns, its time and watermark. Invariant: all fields are text,
//! as they are read here; a format that an engine cannot read is named, with the columns that a table must have.

use super::Input;
use super::relation::{Names, Relation, column_name};
use super::sql::{Dialect, Result, Scope, Sql, identifier, none, push_member};
use super::windows::{flink_interval, span};
use crate::bytes::time::Shape;
use crate::data::FieldId;
use crate::expr::ast::Kind;
use crate::expr::node::{NodeKind, Reading};
use crate::expr::{self, Ast};
use crate::plan::node::{Made, Source, Times};

/// What of a source is asked for beside its fields.
pub struct Asked {
    pub proc_time: bool,
    pub line: bool,
    /// All fields that its header names.
    pub all: bool,
}

/// A table and the statements that make it.
pub struct Table {
    pub statements: Vec<String>,
    pub relation: Relation,
}

pub fn table(
    name: &str,
    source: &Source,
    input: &Input,
    asked: &Asked,
    dialect: &dyn Dialect,
) -> Result<Table> {
    let is_flink = dialect.name() == "Flink SQL";
    let mut ids: Vec<FieldId> = source.wanted.clone();
    if asked.all {
        ids.extend(source.schema.shown().map(|(id, _)| id));
        ids.sort_unstable();
        ids.dedup();
    }
    let raw = Raw::of(source, input);
    let raw_line = match (&raw, is_flink) {
        (Raw::Lines, false) => Sql::column("value", dialect),
        _ => Sql::column("line", dialect),
    };
    let has_line = raw != Raw::Columns;
    let field = |id: FieldId| source.schema.fields[id].name.as_str();
    let mut names = Names::default();
    if is_flink && raw == Raw::Lines {
        names.free("line");
    }
    // What stands for a field before there are columns of its name.
    let definition = |id: FieldId| -> Result<Sql> {
        match (&raw, source.made.iter().find(|(_, made)| *made == id)) {
            (_, Some((Made::Line, _))) if has_line => Ok(raw_line.clone()),
            (_, Some((Made::Time, _))) => none("the time of a record by itself"),
            (_, Some(_)) => none(format!("{} has no counterpart", field(id))),
            (Raw::Lines, None) => {
                of_line(&source.format_name, field(id), &raw_line, input, dialect)
            }
            (Raw::Columns, None) => Ok(Sql::column(&physical(field(id), is_flink), dialect)),
            (Raw::Unknown(_), None) => Ok(Sql::column(&column_name(field(id)), dialect)),
        }
    };
    let mut columns: Vec<(FieldId, String, Sql)> = Vec::new();
    for id in ids {
        if field(id) == "line" && raw == Raw::Lines && is_flink {
            columns.push((id, "line".into(), raw_line.clone()));
            continue;
        }
        columns.push((id, names.free(&column_name(field(id))), definition(id)?));
    }
    let time = match &source.time {
        None | Some(Times::Arrival) => None,
        Some(Times::Event {
            at, disorder, auto, ..
        }) => {
            let lookup = |id: FieldId, _: &str| definition(id);
            let scope = Scope {
                dialect,
                field: &lookup,
            };
            let bound = match auto {
                true => return none("--watermark auto has no counterpart; give --watermark D"),
                false => *disorder,
            };
            Some((scope.expr(at.tree())?, bound))
        }
        Some(Times::Clock { .. } | Times::Batch { .. }) => {
            return none("batches and clocks of the data have no counterpart in SQL");
        }
    };
    let mut relation = Relation::table(identifier(name, dialect));
    for (id, name, _) in &columns {
        relation.columns.insert(*id, Sql::column(name, dialect));
    }
    let time_name = time.as_ref().map(|_| names.free("event_time"));
    relation.time = time_name.as_deref().map(|name| Sql::column(name, dialect));
    let line_name = (asked.line && has_line).then(|| match is_flink {
        true => "line".to_string(),
        false => names.free("line"),
    });
    relation.line = line_name.as_deref().map(|name| Sql::column(name, dialect));
    for (made, id) in &source.made {
        let sql = match made {
            Made::Line => relation.line.clone(),
            Made::Time => relation.time.clone(),
            Made::Watermark | Made::File | Made::LineNumber | Made::Others => None,
        };
        if let Some(sql) = sql {
            relation.columns.insert(*id, sql);
        }
    }
    if asked.proc_time && is_flink {
        relation.proc_time = Some(Sql::column("proc_time", dialect));
    }
    let mut parts = Parts {
        name,
        dialect,
        source,
        input,
        raw: &raw,
        columns: &columns,
        time: time.as_ref().zip(time_name.as_deref()),
        line: line_name.as_deref().map(|name| (name, raw_line.clone())),
        proc_time: relation.proc_time.is_some(),
    };
    let mut statements = Vec::new();
    if let Raw::Unknown(why) = &raw {
        let mut of: Vec<String> = columns.iter().map(|(_, name, _)| name.clone()).collect();
        of.extend(line_name.clone());
        let of = match of.is_empty() {
            true => "none".to_string(),
            false => of.join(", "),
        };
        statements.push(match is_flink {
            true => format!("-- Flink SQL {why}: say below where {name} comes from"),
            false => format!(
                "-- Spark SQL {why}: let {} be a table with these columns, all STRING: {of}",
                identifier(&format!("{name}_rows"), dialect),
            ),
        });
    }
    if shape_is_guessed(source) && !matches!(source.format_name.as_str(), "combined" | "common") {
        statements.push(
            "-- times are read as RFC 3339; dstream reads the other spellings of --time, too"
                .into(),
        );
    }
    match is_flink {
        true => parts.flink(&mut statements),
        false => parts.spark(&mut statements),
    }
    if let (Some(time), Some((since, until))) = (&relation.time, range(source)) {
        for (sign, at) in [(">=", since), ("<", until)] {
            if let Some(at) = at {
                let text = format!("{} {sign} {}", time.text, dialect.time(at));
                let condition = Sql::new(super::sql::Level::Compare, text);
                relation.filter.push(condition);
            }
        }
    }
    Ok(Table {
        statements,
        relation,
    })
}

fn range(source: &Source) -> Option<(Option<i64>, Option<i64>)> {
    (source.since.is_some() || source.until.is_some()).then_some((source.since, source.until))
}

/// What is read before there are fields.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Raw {
    Lines,
    Columns,
    Unknown(String),
}

impl Raw {
    fn of(source: &Source, input: &Input) -> Raw {
        let scheme = source.words.iter().find_map(|word| {
            let (scheme, _) = word.split_once(':')?;
            let known = scheme.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            (known && scheme.len() > 1 && !matches!(scheme, "dir" | "glob")).then_some(scheme)
        });
        if let Some(scheme) = scheme {
            return Raw::Unknown(format!("has no source '{scheme}:'"));
        }
        if input.multiline {
            return Raw::Unknown("reads no records of several lines".into());
        }
        match source.format_name.as_str() {
            "text" | "lines" | "json" | "combined" | "common" => Raw::Lines,
            "regex" if input.format.starts_with("regex:") => Raw::Lines,
            "csv" | "tsv" => Raw::Columns,
            other => Raw::Unknown(format!("reads no {other}")),
        }
    }
}

/// A column of csv or tsv as its engine calls it.
fn physical(field: &str, is_flink: bool) -> String {
    match field
        .strip_prefix('$')
        .and_then(|n| n.parse::<usize>().ok())
    {
        Some(n) if !is_flink => format!("_c{}", n.saturating_sub(1)),
        _ => column_name(field),
    }
}

fn shape_is_guessed(source: &Source) -> bool {
    matches!(&source.time, Some(Times::Event { at, .. })
        if matches!(&at.tree().kind, NodeKind::Read(Reading::Time(Shape::Detect), ..)))
}

/// A field of a line.
fn of_line(
    format: &str,
    field: &str,
    line: &Sql,
    input: &Input,
    dialect: &dyn Dialect,
) -> Result<Sql> {
    let is_flink = dialect.name() == "Flink SQL";
    let group = |pattern: &str, group: usize| dialect.group_of(line, &dialect.text(pattern), group);
    match format {
        "text" | "lines" if field == "line" => Ok(line.clone()),
        "text" => Ok(Sql::atom(positional(
            field, line, input, dialect, is_flink,
        )?)),
        "json" => {
            let Some(path) = expr::parse(field).ok().and_then(|ast| json_path_of(&ast)) else {
                return none(format!("the path '{field}' has no counterpart"));
            };
            Ok(dialect.json(line, &path))
        }
        "regex" => {
            let pattern = input.format.trim_start_matches("regex:");
            let names = regex::Regex::new(pattern);
            let place = names
                .ok()
                .and_then(|regex| regex.capture_names().position(|name| name == Some(field)));
            match place {
                Some(place) => {
                    let java = super::regexes::java(pattern)?;
                    Ok(Sql::atom(format!("NULLIF({}, '')", group(&java, place))))
                }
                None => none(format!("the field '{field}' is no group of the pattern")),
            }
        }
        _ => {
            // The request may hold quotes behind backslashes.
            const REQUEST: &str = r#"^[^"]*"(?:[^"\\]|\\.)*""#;
            let (pattern, dash) = match field {
                "host" => (r"^(\S+)".to_string(), false),
                "user" => (r"^\S+ \S+ (\S+)".into(), true),
                "time" => (r"\[([^\]]+)\]".into(), false),
                "method" => (r#"^[^"]*"(\S+) "#.into(), false),
                "path" => (r#"^[^"]*"\S+ ([^ ?"]*)"#.into(), false),
                "query" => (r#"^[^"]*"\S+ [^ ?"]*\?([^ "]*)"#.into(), false),
                "protocol" => (r#"^[^"]*"\S+ \S+ ([^ "]*)""#.into(), false),
                "status" => (format!(r"{REQUEST} (\S+)"), false),
                "bytes" => (format!(r"{REQUEST} \S+ (\S+)"), true),
                "referer" => (format!(r#"{REQUEST} \S+ \S+ "([^"]*)""#), true),
                "agent" => (r#""([^"]*)"\s*$"#.into(), true),
                _ => return none(format!("the field '{field}' has no counterpart")),
            };
            let of = format!("NULLIF({}, '')", group(&pattern, 1));
            Ok(Sql::atom(match dash {
                true => format!("NULLIF({of}, '-')"),
                false => of,
            }))
        }
    }
}

/// `$3`, `$NF`, `NF`.
fn positional(
    field: &str,
    line: &Sql,
    input: &Input,
    dialect: &dyn Dialect,
    is_flink: bool,
) -> Result<String> {
    let line = &line.text;
    let delimiter = input.delimiter.map(char::from);
    let blanks = dialect.text("[ \\t]+");
    let split = match (delimiter, is_flink) {
        (None, false) => format!("split(trim(BOTH ' \\t' FROM {line}), {blanks})"),
        (Some(c), false) => {
            let pattern = dialect.text(&super::regexes::literal(&c.to_string()));
            format!("split({line}, {pattern})")
        }
        (None, true) => format!("SPLIT(TRIM(REGEXP_REPLACE({line}, {blanks}, ' ')), ' ')"),
        (Some(c), true) => format!("SPLIT({line}, {})", dialect.text(&c.to_string())),
    };
    let count = match is_flink {
        true => format!("CARDINALITY({split})"),
        false => format!("size({split})"),
    };
    Ok(match field {
        "NF" => count,
        "$NF" if is_flink => format!("{split}[{count}]"),
        "$NF" => format!("element_at({split}, -1)"),
        _ => match field
            .strip_prefix('$')
            .and_then(|n| n.parse::<usize>().ok())
        {
            Some(n) if n > 0 && is_flink => format!("{split}[{n}]"),
            Some(n) if n > 0 => format!("get({split}, {})", n - 1),
            _ => return none(format!("the field '{field}' has no counterpart")),
        },
    })
}

fn json_path_of(ast: &Ast) -> Option<String> {
    fn walk(ast: &Ast, out: &mut String) -> Option<()> {
        match &ast.kind {
            Kind::Field(name) => push_member(name, out),
            Kind::Member(of, name) => {
                walk(of, out)?;
                push_member(name, out);
            }
            Kind::Index(of, place) => {
                walk(of, out)?;
                match &place.kind {
                    Kind::Number(number) => {
                        out.push_str(&format!("[{}]", super::sql::number(number)));
                    }
                    _ => return None,
                }
            }
            _ => return None,
        }
        Some(())
    }
    let mut out = String::from("$");
    walk(ast, &mut out)?;
    Some(out)
}

/// What the statements are made of.
struct Parts<'p> {
    name: &'p str,
    dialect: &'p dyn Dialect,
    source: &'p Source,
    input: &'p Input,
    raw: &'p Raw,
    columns: &'p [(FieldId, String, Sql)],
    /// Its expression and bound, and its name.
    time: Option<(&'p (Sql, Option<i64>), &'p str)>,
    line: Option<(&'p str, Sql)>,
    proc_time: bool,
}

impl Parts<'_> {
    fn path(&self) -> String {
        let bare = |word: &String| {
            let word = word.strip_prefix("dir:").unwrap_or(word);
            word.strip_prefix("glob:").unwrap_or(word).to_string()
        };
        match self.source.words.as_slice() {
            [] => "/dev/stdin".into(),
            [one] if one == "-" => "/dev/stdin".into(),
            [one] => bare(one),
            many => {
                let all: Vec<String> = many.iter().map(bare).collect();
                format!("{{{}}}", all.join(","))
            }
        }
    }

    fn item(&self, sql: &Sql, name: &str) -> String {
        let name = identifier(name, self.dialect);
        match sql.text == name {
            true => name,
            false => format!("{} AS {name}", sql.text),
        }
    }

    fn spark(&mut self, out: &mut Vec<String>) {
        let path = self.dialect.text(&self.path());
        let plain = self.time.is_none()
            && self
                .columns
                .iter()
                .all(|(_, name, sql)| sql.text == identifier(name, self.dialect));
        let raw = match (self.raw, plain) {
            (Raw::Columns, true) => self.name.to_string(),
            (Raw::Lines, _) => format!("{}_lines", self.name),
            _ => format!("{}_rows", self.name),
        };
        let raw = identifier(&raw, self.dialect);
        match self.raw {
            Raw::Lines => out.push(format!(
                "CREATE TEMPORARY VIEW {raw} USING text OPTIONS (path {path});"
            )),
            Raw::Columns => {
                let header = if self.input.header { "true" } else { "false" };
                let sep = self.separator();
                out.push(format!(
                    "CREATE TEMPORARY VIEW {raw} USING csv OPTIONS (path {path}, header '{header}', sep {sep}, escape '\"');"
                ));
            }
            Raw::Unknown(_) => {}
        }
        if plain && *self.raw == Raw::Columns {
            return;
        }
        let mut items: Vec<String> = self
            .columns
            .iter()
            .map(|(_, name, sql)| self.item(sql, name))
            .collect();
        items.extend(self.time.map(|((sql, _), name)| self.item(sql, name)));
        items.extend(self.line.iter().map(|(name, sql)| self.item(sql, name)));
        if items.is_empty() {
            items.push("1 AS one".into());
        }
        let mut text = format!(
            "CREATE TEMPORARY VIEW {} AS\nSELECT {}\nFROM {raw};",
            identifier(self.name, self.dialect),
            items.join(",\n       ")
        );
        if let Some(((_, Some(bound)), name)) = self.time {
            let bound = match bound {
                0 => "0 seconds".to_string(),
                bound => span(*bound),
            };
            text.push_str(&format!(
                "\n-- on a stream: {}.withWatermark(\"{name}\", \"{bound}\")",
                self.name
            ));
        }
        out.push(text);
    }

    fn separator(&self) -> String {
        let c = match (self.input.delimiter, self.source.format_name.as_str()) {
            (Some(byte), _) => char::from(byte),
            (None, "tsv") => '\t',
            (None, _) => ',',
        };
        self.dialect.text(&c.to_string())
    }

    fn flink(&mut self, out: &mut Vec<String>) {
        let mut items = Vec::new();
        let name_of = |name: &str| identifier(name, self.dialect);
        match self.raw {
            Raw::Lines => items.push("line STRING".to_string()),
            Raw::Columns => {
                for (_, field) in self.source.schema.shown() {
                    items.push(format!("{} STRING", name_of(&column_name(&field.name))));
                }
            }
            Raw::Unknown(_) => {
                for (_, name, _) in self.columns {
                    items.push(format!("{} STRING", name_of(name)));
                }
                items.extend(self.line.iter().map(|(name, _)| format!("{name} STRING")));
            }
        }
        if *self.raw == Raw::Lines {
            for (_, name, sql) in self.columns {
                if sql.text != name_of(name) {
                    items.push(format!("{} AS {}", name_of(name), sql.text));
                }
            }
        }
        if let Some(((sql, _), name)) = self.time {
            items.push(format!("{} AS {}", name_of(name), sql.text));
        }
        if self.proc_time {
            items.push("proc_time AS PROCTIME()".into());
        }
        if let Some(((_, Some(bound)), name)) = self.time {
            let name = name_of(name);
            items.push(format!(
                "WATERMARK FOR {name} AS {name} - {}",
                flink_interval(*bound)
            ));
        }
        let path = self.dialect.text(&self.path());
        let with = match self.raw {
            Raw::Lines => format!("'connector' = 'filesystem', 'path' = {path}, 'format' = 'raw'"),
            Raw::Columns => {
                let sep = self.separator();
                format!(
                    "'connector' = 'filesystem', 'path' = {path}, 'format' = 'csv', 'csv.field-delimiter' = {sep}"
                )
            }
            Raw::Unknown(_) => "'connector' = '…'".into(),
        };
        if self.source.words.len() > 1 {
            out.push("-- Flink reads a file or a directory: put these files into one".into());
        }
        if *self.raw == Raw::Columns && self.input.header {
            out.push("-- Flink reads a header as a row: take it off the file first".into());
        }
        out.push(format!(
            "CREATE TABLE {} (\n  {}\n) WITH ({with});",
            name_of(self.name),
            items.join(",\n  ")
        ));
    }
}
