//! Spark's SQL, from version 3.5 on. Decides nothing but spelling.

use super::calls::nullif_zero;
use super::sql::{Dialect, Level, Result, Sql, binary, none};
use crate::bytes::time::{Shape, Unit};
use crate::data::Type;
use crate::expr::funcs::Function;
use crate::plan::node::AggCall;

/// Its words, for an input.
pub struct Spark {
    /// How times are written there whose format is not told, as Java has it; `None`: as RFC 3339 has them.
    pub stamps: Option<&'static str>,
}

impl Dialect for Spark {
    fn name(&self) -> &'static str {
        "Spark SQL"
    }

    fn version(&self) -> &'static str {
        "3.5"
    }

    /// A backslash begins an escape.
    fn text(&self, text: &str) -> String {
        let mut out = String::from("'");
        for c in text.chars() {
            match c {
                '\'' => out.push_str("\\'"),
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                '\0' => out.push_str("\\0"),
                c => out.push(c),
            }
        }
        out.push('\'');
        out
    }

    fn is_reserved(&self, word: &str) -> bool {
        RESERVED.binary_search(&word).is_ok()
    }

    fn template(&self, function: &Function) -> &'static str {
        function.spark
    }

    fn aggregate(&self, call: &AggCall) -> &'static str {
        call.aggregate.spark
    }

    fn time(&self, ns: i64) -> String {
        format!("timestamp_micros({})", ns.div_euclid(1_000))
    }

    fn matches(&self, text: Sql, pattern: &str) -> Sql {
        Sql::new(
            Level::Compare,
            format!("{} RLIKE {pattern}", text.at(Level::Sum)),
        )
    }

    fn group_of(&self, text: &Sql, pattern: &str, group: usize) -> String {
        format!("regexp_extract({}, {pattern}, {group})", text.text)
    }

    fn divide(&self, a: &Sql, b: &Sql, nonzero: bool) -> Sql {
        let b = nullif_zero(b, nonzero);
        Sql::new(Level::Product, format!("{} / {b}", a.at(Level::Product)))
    }

    fn remainder(&self, a: &Sql, b: &Sql, nonzero: bool) -> Result<Sql> {
        let b = nullif_zero(b, nonzero);
        Ok(Sql::new(
            Level::Product,
            format!("{} % {b}", a.at(Level::Product)),
        ))
    }

    fn json(&self, text: &Sql, path: &str) -> Sql {
        let path = self.text(path);
        Sql::atom(format!("get_json_object({}, {path})", text.text))
    }

    fn item(&self, list: &Sql, place: &Sql, constant: Option<i64>) -> Result<Sql> {
        Ok(Sql::atom(match constant {
            Some(place) if place >= 0 => format!("get({}, {place})", list.text),
            Some(place) => format!("try_element_at({}, {place})", list.text),
            None => format!(
                "try_element_at({0}, CAST(if({1} < 0, {1}, {1} + 1) AS INT))",
                list.text,
                place.at(Level::Sum)
            ),
        }))
    }

    fn list(&self, items: &[String]) -> Sql {
        Sql::atom(format!("array({})", items.join(", ")))
    }

    fn read_time(&self, text: &Sql, shape: &Shape) -> Result<Sql> {
        let text = &text.text;
        Ok(Sql::atom(match shape {
            Shape::Detect => match self.stamps {
                Some(java) => self.read_time_by(&Sql::atom(text), java),
                None => format!("try_to_timestamp({text})"),
            },
            Shape::Epoch(Unit::Seconds) => {
                format!("timestamp_seconds(TRY_CAST({text} AS DECIMAL(18, 6)))")
            }
            Shape::Epoch(Unit::Millis) => format!("timestamp_millis(TRY_CAST({text} AS BIGINT))"),
            Shape::Epoch(Unit::Micros) => format!("timestamp_micros(TRY_CAST({text} AS BIGINT))"),
            Shape::Epoch(Unit::Nanos) => {
                format!("timestamp_micros(TRY_CAST({text} AS BIGINT) div 1000)")
            }
            Shape::Pattern(pattern) => match pattern.java() {
                Some(java) => self.read_time_by(&Sql::atom(text), &java),
                None => return none("the format of the time has no counterpart"),
            },
        }))
    }

    fn format_time(&self, time: &Sql, pattern: &str) -> String {
        format!("date_format({}, {})", time.text, self.text(pattern))
    }

    fn read_time_by(&self, text: &Sql, pattern: &str) -> String {
        format!("try_to_timestamp({}, {})", text.text, self.text(pattern))
    }

    fn truncate(&self, time: &Sql, unit: &str) -> String {
        format!("date_trunc('{unit}', {})", time.text)
    }

    fn floor_time(&self, time: &Sql, ns: i64) -> Result<Sql> {
        if ns % 1_000 != 0 {
            return none("Spark's times have microseconds");
        }
        let micros = format!("unix_micros({})", time.text);
        let size = ns / 1_000;
        Ok(Sql::atom(format!(
            "timestamp_micros({micros} - pmod({micros}, {size}))"
        )))
    }

    fn difference(&self, a: &Sql, b: &Sql) -> Result<Sql> {
        Ok(binary(a, "-", b, Level::Sum))
    }

    fn seconds(&self, of: &Sql, ty: &Type) -> Result<Sql> {
        Ok(Sql::atom(match ty {
            Type::Time => format!("CAST({} AS DOUBLE)", of.text),
            _ => format!(
                "(extract(DAY FROM {0}) * 86400 + extract(HOUR FROM {0}) * 3600 + extract(MINUTE FROM {0}) * 60 + \
                 extract(SECOND FROM {0}))",
                of.text
            ),
        }))
    }

    fn url(&self, text: &Sql, part: &str) -> String {
        format!("parse_url({}, '{part}')", text.text)
    }
}

/// Words that Spark reads as its own where a name may stand, in ANSI mode.
const RESERVED: &[&str] = &[
    "ALL",
    "AND",
    "ANTI",
    "ANY",
    "AS",
    "AUTHORIZATION",
    "BOTH",
    "CASE",
    "CAST",
    "CHECK",
    "COLLATE",
    "COLLATION",
    "COLUMN",
    "CONSTRAINT",
    "CREATE",
    "CROSS",
    "CURRENT_DATE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "DISTINCT",
    "ELSE",
    "END",
    "ESCAPE",
    "EXCEPT",
    "EXECUTE",
    "FALSE",
    "FETCH",
    "FILTER",
    "FOR",
    "FOREIGN",
    "FROM",
    "FULL",
    "GRANT",
    "GROUP",
    "HAVING",
    "IN",
    "INNER",
    "INTERSECT",
    "INTO",
    "IS",
    "JOIN",
    "LATERAL",
    "LEADING",
    "LEFT",
    "LOCAL",
    "MINUS",
    "NATURAL",
    "NOT",
    "NULL",
    "OFFSET",
    "ON",
    "ONLY",
    "OR",
    "ORDER",
    "OUTER",
    "OVERLAPS",
    "PRIMARY",
    "RECURSIVE",
    "REFERENCES",
    "RIGHT",
    "SELECT",
    "SEMI",
    "SESSION_USER",
    "SOME",
    "SQL",
    "TABLE",
    "TABLESAMPLE",
    "THEN",
    "TIME",
    "TO",
    "TRAILING",
    "TRUE",
    "UNION",
    "UNIQUE",
    "UNKNOWN",
    "USER",
    "USING",
    "WHEN",
    "WHERE",
    "WITH",
    "WITHIN",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }
}
