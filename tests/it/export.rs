//! INTERFACE 15: chains as Spark SQL and Flink SQL. Every example of every table is translated and read by a SQL
//! parser; where a Spark is at hand, it answers as dstream does. What the SQL says is in tests/cases/export.t.

use super::session::{self, Part, Scratch, Session};
use dstream::data::doc::Doc;
use dstream::{aggs, expr, ops};
use sqlparser::dialect::{DatabricksDialect, Dialect, GenericDialect};
use sqlparser::parser::Parser;
use std::process::Command;

const ENGINES: [&str; 2] = ["spark-sql", "flink-sql"];

fn examples() -> Vec<Session> {
    let operators = ops::OPERATORS.iter().map(|row| (row.name, &row.doc));
    let running = ops::running::RUNNING.iter().map(|row| (row.name, &row.doc));
    let aggregates = aggs::AGGREGATES.iter().map(|row| (row.name, &row.doc));
    let functions = expr::funcs::FUNCTIONS
        .iter()
        .map(|row| (row.name, &row.doc));
    let sessions = |(name, doc): (&str, &Doc)| {
        let parts = doc.examples.iter().flat_map(|example| {
            session::parse(&format!("{name}: {}", example.title), example.session)
        });
        let sessions = parts.filter_map(|part| match part {
            Part::Session(session) => Some(session),
            Part::Text(_) => None,
        });
        sessions.collect::<Vec<_>>()
    };
    operators
        .chain(running)
        .chain(aggregates)
        .chain(functions)
        .flat_map(sessions)
        .collect()
}

/// Why a translation is no SQL.
fn fault_of(engine: &str, text: &str) -> Option<String> {
    let spark = DatabricksDialect {};
    let flink = GenericDialect {};
    // What the parser does not know of its dialects, in other words of the same shape: settings, the fields and
    // watermark of a table, tables as arguments, digits of an interval, arrays and regexes of a type.
    let mut statements = Vec::new();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("--"))
        .collect();
    for statement in format!("{}\n", lines.join("\n")).split(";\n") {
        let statement = statement.trim();
        let is_setting = statement.starts_with("SET ");
        let is_table = statement.starts_with("CREATE TABLE ");
        let is_view = statement.contains(" USING ") && statement.contains("OPTIONS");
        if statement.is_empty() || is_setting {
            continue;
        }
        if is_table || is_view {
            if let Some(fault) = unbalanced(statement) {
                return Some(format!("{fault}: {statement}"));
            }
            continue;
        }
        statements.push(
            statement
                .replace("(TABLE ", "(")
                .replace(" RETURNING ARRAY<STRING>", "")
                .replace(" IS JSON THEN", " IS NOT NULL THEN")
                .replace("FOR SYSTEM_TIME AS OF l.event_time AS r", "AS r"),
        );
    }
    let dialect: &dyn Dialect = if engine == "spark-sql" {
        &spark
    } else {
        &flink
    };
    statements.iter().find_map(|statement| {
        let mut statement = statement.clone();
        if engine == "flink-sql" {
            // Backslashes and digits of intervals are Flink's own; a session is partitioned inside its brackets.
            for digits in ["(3)", "(4)", "(5)", "(6)"] {
                for unit in ["SECOND", "MINUTE", "HOUR", "DAY"] {
                    statement = statement.replace(&format!("{unit}{digits}"), unit);
                }
            }
            if let Some(at) = statement.find("SESSION(") {
                let rest = statement[at..].to_string();
                if let (Some(from), Some(to)) = (rest.find(" PARTITION BY "), rest.find(", DESC")) {
                    statement = format!("{}{}{}", &statement[..at], &rest[..from], &rest[to..]);
                }
            }
        }
        let read = Parser::parse_sql(dialect, &statement);
        read.err().map(|fault| format!("{fault}: {statement}"))
    })
}

/// Brackets and quotes that do not close.
fn unbalanced(text: &str) -> Option<&'static str> {
    let mut depth = 0i32;
    let mut quote: Option<char> = None;
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match (quote, c) {
            (Some('\''), '\\') if text.contains(" USING ") => drop(letters.next()),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '`') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
        if depth < 0 {
            return Some("a bracket closes that was not open");
        }
    }
    match (quote, depth) {
        (Some(_), _) => Some("a quote is not closed"),
        (None, 0) => None,
        (None, _) => Some("a bracket is not closed"),
    }
}

#[test]
fn every_example_is_translated_or_refused_with_a_reason() {
    let sessions = examples();
    assert!(sessions.len() > 150, "{}", sessions.len());
    let faults = session::Faults::default();
    let (mut whole, mut refused) = ([0, 0], [0, 0]);
    let told = std::sync::Mutex::new((&mut whole, &mut refused));
    session::on_two_threads(sessions.len(), |at| {
        let session = &sessions[at];
        let scratch = Scratch::new();
        for step in &session.steps {
            let alone = step.command.matches("dstream ").count() == 1;
            let last = step.command.split("dstream ").last().is_some_and(|chain| {
                !chain.contains(['|', '&', ';']) && !chain.contains("--explain")
            });
            if step.expected.status != 0 || !alone || !last {
                session::run(&step.command, &scratch.0, None);
                continue;
            }
            for (which, engine) in ENGINES.into_iter().enumerate() {
                let asked = format!("dstream --explain={engine} ");
                let command = step.command.replace("dstream ", &asked);
                let said = session::run(&command, &scratch.0, None);
                let begins =
                    said.text.contains("-- Spark SQL") || said.text.contains("-- Flink SQL");
                if said.status != 0 || !begins {
                    faults.push(at, format!("{}\n$ {command}\n{}", session.name, said.text));
                    return;
                }
                let notes = said
                    .text
                    .lines()
                    .take_while(|line| !line.starts_with("-- "));
                let sql = said.text.lines().skip(notes.count());
                let sql: String = sql.map(|line| format!("{line}\n")).collect();
                if let Some(fault) = fault_of(engine, &sql) {
                    faults.push(at, format!("{}\n$ {command}\n{fault}", session.name));
                    return;
                }
                let mut told = told.lock().expect("no test has failed inside");
                match sql.contains("no counterpart") {
                    true => told.1[which] += 1,
                    false => told.0[which] += 1,
                }
            }
        }
    });
    faults.tell("translations");
    println!("whole: {whole:?}, refused: {refused:?}");
    assert!(
        whole[0] > 90 && whole[1] > 90,
        "{whole:?} of {}",
        sessions.len()
    );
}

#[test]
fn every_row_has_a_spelling_or_a_reason() {
    let rows = aggs::AGGREGATES
        .iter()
        .map(|row| (row.name, row.spark, row.flink, row.no_sql));
    let functions = expr::funcs::FUNCTIONS
        .iter()
        .map(|row| (row.name, row.spark, row.flink, row.no_sql));
    for (name, spark, flink, reason) in rows.chain(functions) {
        let spelt = !spark.is_empty() && !flink.is_empty();
        assert!(spelt || !reason.is_empty(), "{name}");
        assert!(!reason.ends_with('.'), "{name}: {reason}");
    }
}

#[test]
fn the_judge_knows_good_from_bad() {
    assert_eq!(fault_of("spark-sql", "SELECT a FROM t;\n"), None);
    assert!(fault_of("spark-sql", "SELECT a FROM;\n").is_some());
    assert!(fault_of("flink-sql", "SELECT FROM (t;\n").is_some());
    assert!(fault_of("flink-sql", "CREATE TABLE t (a STRING;\n").is_some());
}

/// INTERFACE 15: "tests run the same data through both where a Spark is at hand".
#[test]
fn spark_answers_as_dstream_does() {
    let has = Command::new("python3")
        .args(["-c", "import pyspark"])
        .output();
    if !has.is_ok_and(|output| output.status.success()) {
        println!("skipped: no pyspark here");
        return;
    }
    let root = session::root();
    let output = Command::new("python3")
        .arg(root.join("tests/spark/compare.py"))
        .arg(env!("CARGO_BIN_EXE_dstream"))
        .arg(root.join("tests/data"))
        .output()
        .expect("python3 runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}
