//! User functions, assignments and lists, and what a program prints.

use super::{Table, parse_assignments, parse_functions, parse_list, run};
use crate::data::Type;

fn table() -> Table {
    Table::row(&[
        ("status", Type::Untyped, Some("503")),
        ("host", Type::Untyped, Some("a")),
    ])
}

#[test]
fn user_functions() {
    let functions = parse_functions(
        "# ours\n\nbad(s) = s >= 500\ntwice(x) = x + x\nf(x) = g(x)\ng(x) = f(x)\n",
    )
    .unwrap();
    let value = |source: &str| match table().compile_with(source, &functions) {
        Ok((mut expr, _)) => run(&mut expr, &mut table().chunk()).0.concat(),
        Err(faults) => faults[0].message.clone(),
    };
    assert_eq!(value("bad(status)"), "true");
    assert_eq!(value("twice(twice(status)) - 1"), "2011");
    assert_eq!(
        value("f(1)"),
        "in f(): in g(): the function 'f' calls itself"
    );
    assert_eq!(value("twice(1, 2)"), "twice(x) is given 2 arguments");
    assert_eq!(
        value("twice(xyz)"),
        "no field 'xyz'; a text is in double quotes: \"xyz\""
    );
    let faults = parse_functions("f(a = 1\n").unwrap_err();
    assert_eq!(faults[0].message, "expected 'name(a, b) = expression'");
}

#[test]
fn lists_and_assignments() {
    let made = parse_assignments("a=min(x,y),`b c`=1==2").unwrap();
    let told: Vec<String> = made
        .iter()
        .map(|(name, ast)| format!("{name}: {ast}"))
        .collect();
    assert_eq!(told, ["a: min(x, y)", "b c: 1 == 2"]);
    assert_eq!(
        parse_assignments("a==1").unwrap_err()[0].message,
        "expected NAME=EXPR, as in 'x=ms*2'"
    );
    assert_eq!(
        parse_assignments("a=1,a=2").unwrap_err()[0].message,
        "'a' is there twice"
    );
    let made = parse_list("host, lower( path ),`x y`").unwrap();
    let names: Vec<&str> = made.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["host", "lower( path )", "x y"]);
}

#[test]
fn programs() {
    let check = |source: &str, expected: &str| {
        let (expr, _) = table().compile(source).unwrap();
        assert_eq!(expr.program(), expected, "{source}");
    };
    check(
        "status >= 500",
        "r0 = to_num status\nr1 = ge_num_const r0 500\n",
    );
    check("host", "host\n");
    check(
        "host == \"a\" and status * 2 > status",
        "r0 = eq_text_const host \"a\"
where_not_false r0
  r1 = to_num status
  r2 = mul_num_const r1 2
  r3 = gt_num r2 r1
r4 = and r0 r3
",
    );
}

#[test]
fn failures_are_counted_by_field() {
    let table = Table::row(&[
        ("a", Type::Untyped, Some("x")),
        ("b", Type::Untyped, Some("")),
    ]);
    let (mut expr, _) = table.compile("a + 1 > b").unwrap();
    let (_, counts) = run(&mut expr, &mut table.chunk());
    let told: Vec<_> = counts.failed.into_iter().collect();
    assert_eq!(told, [("a".to_string(), 1)]);
}
