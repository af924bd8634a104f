//! Flink's SQL, from version 2.0 on. Decides nothing but spelling.

use super::calls::nullif_zero;
use super::sql::{Dialect, Level, Result, Sql, none};
use crate::bytes::time::{Shape, Unit};
use crate::data::Type;
use crate::expr::funcs::Function;
use crate::plan::node::AggCall;

/// Its words, for an input.
pub struct Flink {
    /// How times are written there whose format is not told, as Java has it; `None`: as RFC 3339 has them.
    pub stamps: Option<&'static str>,
}

impl Dialect for Flink {
    fn name(&self) -> &'static str {
        "Flink SQL"
    }

    fn version(&self) -> &'static str {
        "2.0"
    }

    /// A quote is doubled, and nothing else is escaped.
    fn text(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    fn is_reserved(&self, word: &str) -> bool {
        RESERVED.binary_search(&word).is_ok()
    }

    fn template(&self, function: &Function) -> &'static str {
        function.flink
    }

    fn aggregate(&self, call: &AggCall) -> &'static str {
        call.aggregate.flink
    }

    fn time(&self, ns: i64) -> String {
        format!("TO_TIMESTAMP_LTZ({}, 3)", ns.div_euclid(1_000_000))
    }

    fn matches(&self, text: Sql, pattern: &str) -> Sql {
        Sql::atom(format!("REGEXP({}, {pattern})", text.text))
    }

    fn group_of(&self, text: &Sql, pattern: &str, group: usize) -> String {
        format!("REGEXP_EXTRACT({}, {pattern}, {group})", text.text)
    }

    /// Whole numbers divide to whole ones in Flink, so one of them is no longer whole.
    fn divide(&self, a: &Sql, b: &Sql, nonzero: bool) -> Sql {
        let b = nullif_zero(b, nonzero);
        Sql::new(Level::Product, format!("CAST({} AS DOUBLE) / {b}", a.text))
    }

    fn remainder(&self, a: &Sql, b: &Sql, nonzero: bool) -> Result<Sql> {
        let divisor = nullif_zero(b, nonzero);
        let quotient = format!("CAST({} AS DOUBLE) / {divisor}", a.text);
        Ok(Sql::new(
            Level::Sum,
            format!(
                "{} - {} * TRUNCATE({quotient}, 0)",
                a.at(Level::Sum),
                b.at(Level::Unary)
            ),
        ))
    }

    fn json(&self, text: &Sql, path: &str) -> Sql {
        let path = self.text(path);
        Sql::atom(format!("JSON_VALUE({}, {path})", text.text))
    }

    fn item(&self, list: &Sql, _place: &Sql, constant: Option<i64>) -> Result<Sql> {
        let list = list.at(Level::Atom);
        match constant {
            Some(place) if place >= 0 => Ok(Sql::atom(format!("{list}[{}]", place + 1))),
            Some(place) => Ok(Sql::atom(format!(
                "{list}[CARDINALITY({list}) - {}]",
                place.unsigned_abs() - 1
            ))),
            None => none("an item of a list by a place that is computed"),
        }
    }

    fn list(&self, items: &[String]) -> Sql {
        Sql::atom(format!("ARRAY[{}]", items.join(", ")))
    }

    fn read_time(&self, text: &Sql, shape: &Shape) -> Result<Sql> {
        let text = &text.text;
        Ok(Sql::atom(match shape {
            Shape::Detect if self.stamps.is_some() => {
                self.read_time_by(&Sql::atom(text), self.stamps.unwrap_or_default())
            }
            Shape::Detect => {
                let stamp = format!("REGEXP_EXTRACT({text}, '^([0-9-]+[ T][0-9:.]+)', 1)");
                format!("CAST(TO_TIMESTAMP(REPLACE({stamp}, 'T', ' ')) AS TIMESTAMP_LTZ(3))")
            }
            Shape::Epoch(Unit::Seconds) => {
                format!(
                    "TO_TIMESTAMP_LTZ(CAST(TRY_CAST({text} AS DECIMAL(18, 3)) * 1000 AS BIGINT), 3)"
                )
            }
            Shape::Epoch(Unit::Millis) => {
                format!("TO_TIMESTAMP_LTZ(TRY_CAST({text} AS BIGINT), 3)")
            }
            Shape::Epoch(Unit::Micros) => {
                format!("TO_TIMESTAMP_LTZ(TRY_CAST({text} AS BIGINT) / 1000, 3)")
            }
            Shape::Epoch(Unit::Nanos) => {
                format!("TO_TIMESTAMP_LTZ(TRY_CAST({text} AS BIGINT) / 1000000, 3)")
            }
            Shape::Pattern(pattern) => match pattern.java() {
                Some(java) => self.read_time_by(&Sql::atom(text), &java),
                None => return none("the format of the time has no counterpart"),
            },
        }))
    }

    fn format_time(&self, time: &Sql, pattern: &str) -> String {
        format!("DATE_FORMAT({}, {})", time.text, self.text(pattern))
    }

    fn read_time_by(&self, text: &Sql, pattern: &str) -> String {
        format!(
            "CAST(TO_TIMESTAMP({}, {}) AS TIMESTAMP_LTZ(3))",
            text.text,
            self.text(pattern)
        )
    }

    fn truncate(&self, time: &Sql, unit: &str) -> String {
        format!("FLOOR({} TO {unit})", time.text)
    }

    fn floor_time(&self, time: &Sql, ns: i64) -> Result<Sql> {
        let unit = match ns {
            1_000_000_000 => "SECOND",
            60_000_000_000 => "MINUTE",
            3_600_000_000_000 => "HOUR",
            86_400_000_000_000 => "DAY",
            _ => return none("Flink cuts times at units of the clock only"),
        };
        Ok(Sql::atom(self.truncate(time, unit)))
    }

    fn difference(&self, _a: &Sql, _b: &Sql) -> Result<Sql> {
        none("Flink has no difference of times with a fraction")
    }

    fn seconds(&self, _of: &Sql, ty: &Type) -> Result<Sql> {
        none(format!(
            "Flink gives no seconds of a {} with a fraction",
            ty.name()
        ))
    }

    fn url(&self, text: &Sql, part: &str) -> String {
        format!("PARSE_URL({}, '{part}')", text.text)
    }
}

/// Words that Flink reads as its own where a name may stand, or says it may in a later version.
const RESERVED: &[&str] = &[
    "ABS",
    "ABSOLUTE",
    "ACTION",
    "ADA",
    "ADD",
    "ADMIN",
    "AFTER",
    "ALL",
    "ALLOCATE",
    "ALLOW",
    "ALTER",
    "ALWAYS",
    "ANALYZE",
    "AND",
    "ANY",
    "ARE",
    "ARRAY",
    "AS",
    "ASC",
    "ASENSITIVE",
    "ASSERTION",
    "ASSIGNMENT",
    "ASYMMETRIC",
    "AT",
    "ATOMIC",
    "ATTRIBUTE",
    "ATTRIBUTES",
    "AUTHORIZATION",
    "AVG",
    "BEFORE",
    "BEGIN",
    "BERNOULLI",
    "BETWEEN",
    "BIGINT",
    "BINARY",
    "BIT",
    "BLOB",
    "BOOLEAN",
    "BOTH",
    "BREADTH",
    "BY",
    "BYTES",
    "CALL",
    "CALLED",
    "CARDINALITY",
    "CASCADE",
    "CASCADED",
    "CASE",
    "CAST",
    "CATALOG",
    "CATALOG_NAME",
    "CEIL",
    "CEILING",
    "CENTURY",
    "CHAIN",
    "CHAR",
    "CHARACTER",
    "CHARACTERISTICS",
    "CHARACTERS",
    "CHARACTER_LENGTH",
    "CHAR_LENGTH",
    "CHECK",
    "CLASS_ORIGIN",
    "CLOB",
    "CLOSE",
    "COALESCE",
    "COBOL",
    "COLLATE",
    "COLLATION",
    "COLLECT",
    "COLUMN",
    "COLUMNS",
    "COMMIT",
    "CONDITION",
    "CONNECT",
    "CONNECTION",
    "CONSTRAINT",
    "CONSTRAINTS",
    "CONSTRUCTOR",
    "CONTAINS",
    "CONTINUE",
    "CONVERT",
    "CORR",
    "CORRESPONDING",
    "COUNT",
    "COVAR_POP",
    "COVAR_SAMP",
    "CREATE",
    "CROSS",
    "CUBE",
    "CUME_DIST",
    "CURRENT",
    "CURRENT_DATE",
    "CURRENT_PATH",
    "CURRENT_ROLE",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "CURRENT_USER",
    "CURSOR",
    "CYCLE",
    "DATA",
    "DATABASE",
    "DATE",
    "DAY",
    "DEALLOCATE",
    "DEC",
    "DECADE",
    "DECIMAL",
    "DECLARE",
    "DEFAULT",
    "DEFAULTS",
    "DEFERRABLE",
    "DEFERRED",
    "DEFINE",
    "DEFINED",
    "DEGREE",
    "DELETE",
    "DENSE_RANK",
    "DEPTH",
    "DEREF",
    "DERIVED",
    "DESC",
    "DESCRIBE",
    "DESCRIPTION",
    "DESCRIPTOR",
    "DETERMINISTIC",
    "DIAGNOSTICS",
    "DISALLOW",
    "DISCONNECT",
    "DISPATCH",
    "DISTINCT",
    "DOMAIN",
    "DOUBLE",
    "DOW",
    "DOY",
    "DROP",
    "DYNAMIC",
    "EACH",
    "ELEMENT",
    "ELSE",
    "EMPTY",
    "END",
    "EPOCH",
    "EQUALS",
    "ESCAPE",
    "EVERY",
    "EXCEPT",
    "EXCEPTION",
    "EXCLUDE",
    "EXCLUDING",
    "EXEC",
    "EXECUTE",
    "EXISTS",
    "EXP",
    "EXPLAIN",
    "EXTEND",
    "EXTERNAL",
    "EXTRACT",
    "FALSE",
    "FETCH",
    "FILTER",
    "FINAL",
    "FIRST",
    "FIRST_VALUE",
    "FLOAT",
    "FLOOR",
    "FOLLOWING",
    "FOR",
    "FOREIGN",
    "FORTRAN",
    "FOUND",
    "FRAC_SECOND",
    "FREE",
    "FROM",
    "FULL",
    "FUNCTION",
    "FUSION",
    "GENERAL",
    "GENERATED",
    "GET",
    "GLOBAL",
    "GO",
    "GOTO",
    "GRANT",
    "GRANTED",
    "GROUP",
    "GROUPING",
    "GROUPS",
    "HAVING",
    "HIERARCHY",
    "HOLD",
    "HOUR",
    "IDENTITY",
    "IMMEDIATE",
    "IMPLEMENTATION",
    "IMPORT",
    "IN",
    "INCLUDING",
    "INCREMENT",
    "INDICATOR",
    "INITIAL",
    "INITIALLY",
    "INNER",
    "INOUT",
    "INPUT",
    "INSENSITIVE",
    "INSERT",
    "INSTANCE",
    "INT",
    "INTEGER",
    "INTERSECT",
    "INTERSECTION",
    "INTERVAL",
    "INTO",
    "INVOKER",
    "IS",
    "ISOLATION",
    "JAVA",
    "JOIN",
    "KEY",
    "LABEL",
    "LANGUAGE",
    "LARGE",
    "LAST",
    "LAST_VALUE",
    "LATERAL",
    "LEADING",
    "LEFT",
    "LENGTH",
    "LEVEL",
    "LIBRARY",
    "LIKE",
    "LIMIT",
    "LN",
    "LOCAL",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "LOCATOR",
    "LOWER",
    "MAP",
    "MATCH",
    "MATCHED",
    "MATCH_RECOGNIZE",
    "MAX",
    "MAXVALUE",
    "MEASURES",
    "MEMBER",
    "MERGE",
    "METADATA",
    "METHOD",
    "MICROSECOND",
    "MILLENNIUM",
    "MIN",
    "MINUTE",
    "MINVALUE",
    "MOD",
    "MODIFIES",
    "MODULE",
    "MODULES",
    "MONTH",
    "MORE",
    "MULTISET",
    "MUMPS",
    "NAME",
    "NAMES",
    "NATIONAL",
    "NATURAL",
    "NCHAR",
    "NCLOB",
    "NESTING",
    "NEW",
    "NEXT",
    "NO",
    "NONE",
    "NORMALIZE",
    "NORMALIZED",
    "NOT",
    "NULL",
    "NULLABLE",
    "NULLIF",
    "NULLS",
    "NUMBER",
    "NUMERIC",
    "OBJECT",
    "OCTETS",
    "OCTET_LENGTH",
    "OF",
    "OFFSET",
    "OLD",
    "ON",
    "ONLY",
    "OPEN",
    "OPTION",
    "OPTIONS",
    "OR",
    "ORDER",
    "ORDERING",
    "ORDINALITY",
    "OTHERS",
    "OUT",
    "OUTER",
    "OUTPUT",
    "OVER",
    "OVERLAPS",
    "OVERLAY",
    "OVERRIDING",
    "PAD",
    "PARAMETER",
    "PARTIAL",
    "PARTITION",
    "PASCAL",
    "PASSTHROUGH",
    "PATH",
    "PATTERN",
    "PERCENT",
    "PERCENTILE_CONT",
    "PERCENTILE_DISC",
    "PERCENT_RANK",
    "PERIOD",
    "PLACING",
    "PLAN",
    "PLI",
    "POSITION",
    "POWER",
    "PRECEDING",
    "PRECISION",
    "PREPARE",
    "PRESERVE",
    "PRIMARY",
    "PRIOR",
    "PRIVILEGES",
    "PROCEDURE",
    "PUBLIC",
    "QUARTER",
    "RANGE",
    "RANK",
    "RAW",
    "READ",
    "READS",
    "REAL",
    "RECURSIVE",
    "REF",
    "REFERENCES",
    "REFERENCING",
    "RELATIVE",
    "RELEASE",
    "REPEATABLE",
    "RESET",
    "RESTART",
    "RESTRICT",
    "RESULT",
    "RETURN",
    "RETURNS",
    "REVOKE",
    "RIGHT",
    "ROLE",
    "ROLLBACK",
    "ROLLUP",
    "ROUTINE",
    "ROW",
    "ROWS",
    "ROW_COUNT",
    "ROW_NUMBER",
    "SAVEPOINT",
    "SCALE",
    "SCHEMA",
    "SCOPE",
    "SCROLL",
    "SEARCH",
    "SECOND",
    "SECTION",
    "SECURITY",
    "SELECT",
    "SELF",
    "SENSITIVE",
    "SEQUENCE",
    "SERIALIZABLE",
    "SERVER",
    "SESSION",
    "SESSION_USER",
    "SET",
    "SETS",
    "SHOW",
    "SIMILAR",
    "SIMPLE",
    "SIZE",
    "SMALLINT",
    "SOME",
    "SOURCE",
    "SPACE",
    "SPECIFIC",
    "SQL",
    "SQRT",
    "START",
    "STATE",
    "STATEMENT",
    "STATIC",
    "STATISTICS",
    "STREAM",
    "STRING",
    "STRUCTURE",
    "STYLE",
    "SUBMULTISET",
    "SUBSTITUTE",
    "SUBSTRING",
    "SUM",
    "SYMMETRIC",
    "SYSTEM",
    "SYSTEM_USER",
    "TABLE",
    "TABLES",
    "TABLESAMPLE",
    "TEMPORARY",
    "THEN",
    "TIES",
    "TIME",
    "TIMESTAMP",
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
    "TINYINT",
    "TO",
    "TRAILING",
    "TRANSACTION",
    "TRANSFORM",
    "TRANSFORMS",
    "TRANSLATE",
    "TRANSLATION",
    "TREAT",
    "TRIGGER",
    "TRIM",
    "TRUE",
    "TRUNCATE",
    "TYPE",
    "UESCAPE",
    "UNBOUNDED",
    "UNDER",
    "UNION",
    "UNIQUE",
    "UNKNOWN",
    "UNNAMED",
    "UNNEST",
    "UPDATE",
    "UPPER",
    "UPSERT",
    "USAGE",
    "USE",
    "USER",
    "USING",
    "VALUE",
    "VALUES",
    "VARBINARY",
    "VARCHAR",
    "VARYING",
    "VAR_POP",
    "VAR_SAMP",
    "VERSION",
    "VIEW",
    "WEEK",
    "WHEN",
    "WHENEVER",
    "WHERE",
    "WIDTH_BUCKET",
    "WINDOW",
    "WITH",
    "WITHIN",
    "WITHOUT",
    "WORK",
    "WRAPPER",
    "WRITE",
    "XML",
    "YEAR",
    "ZONE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }
}
