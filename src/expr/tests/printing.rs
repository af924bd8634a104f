//! Printed trees read back the same.

use super::super::ast::{Ast, Kind, Operator, Piece};
use super::parse;
use crate::data::Number;
use proptest::prelude::*;

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "a",
        "status",
        "$3",
        "$0",
        "$NF",
        "@time",
        "user agent",
        "and",
        "null",
        "a.b",
        "x`y",
        "é",
        "_3",
        "f",
        "`",
    ])
    .prop_map(String::from)
}

fn leaves() -> BoxedStrategy<Kind> {
    prop_oneof![
        Just(Kind::Null),
        any::<bool>().prop_map(Kind::Bool),
        (0..1_000_000_000_000_000_000i64, 0..=18u8)
            .prop_map(|(units, scale)| Kind::Number(Number::Exact { units, scale })),
        (0.0..1e300f64).prop_map(|value| Kind::Number(Number::Float(value))),
        (0..i64::MAX).prop_map(Kind::Duration),
        ".{0,6}".prop_map(Kind::Text),
        "[a-z/.{}\"]{0,5}".prop_map(Kind::Regex),
        names().prop_map(Kind::Field),
    ]
    .boxed()
}

const OPERATORS: &[Operator] = &[
    Operator::Coalesce,
    Operator::Or,
    Operator::And,
    Operator::Equal,
    Operator::NotEqual,
    Operator::Less,
    Operator::LessEqual,
    Operator::Greater,
    Operator::GreaterEqual,
    Operator::Match,
    Operator::NoMatch,
    Operator::Add,
    Operator::Subtract,
    Operator::Multiply,
    Operator::Divide,
    Operator::Remainder,
];

fn trees() -> impl Strategy<Value = Ast> {
    let tree = |kind| Ast::new(kind, 0..0);
    leaves().prop_map(tree).prop_recursive(5, 40, 3, move |inner| {
        let one = inner.clone().prop_map(Box::new);
        let some = prop::collection::vec(inner.clone(), 0..3);
        let many = prop::collection::vec(inner, 1..3);
        prop_oneof![
            4 => (prop::sample::select(OPERATORS), one.clone(), one.clone())
                .prop_map(|(operator, a, b)| Kind::Binary(operator, a, b)),
            1 => one.clone().prop_map(Kind::Negate),
            1 => one.clone().prop_map(Kind::Not),
            1 => (one.clone(), one.clone(), one.clone()).prop_map(|(a, b, c)| Kind::Choose(a, b, c)),
            1 => (one.clone(), many).prop_map(|(a, list)| Kind::In(a, list)),
            1 => some.clone().prop_map(Kind::List),
            1 => some.clone().prop_map(|list| Kind::Call("concat".into(), list)),
            1 => (one.clone(), names()).prop_filter_map("only words", |(a, name)| {
                (!name.starts_with(['$', '@'])).then_some(Kind::Member(a, name))
            }),
            1 => (one.clone(), one).prop_map(|(a, b)| Kind::Index(a, b)),
            1 => (some, ".{1,3}").prop_map(|(list, text)| {
                let mut pieces = Vec::new();
                for ast in list {
                    pieces.push(Piece::Text(text.clone()));
                    pieces.push(Piece::Expr(ast));
                }
                Kind::Interpolated(pieces)
            }),
        ]
        .prop_map(tree)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_printed_reads_back(ast in trees()) {
        let printed = ast.to_string();
        // Only the regexes may be refused.
        match parse(&printed) {
            Ok(again) => prop_assert_eq!(again, ast, "{}", printed),
            Err(faults) => prop_assert!(
                faults.iter().all(|fault| fault.message.starts_with("not a regex")),
                "{}: {:?}", printed, faults
            ),
        }
    }

    #[test]
    fn nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        super::super::fuzz(&bytes);
    }

    #[test]
    fn no_text_panics(words in prop::collection::vec(prop::sample::select(vec![
        "a", "$1", "_2", "@time", " and ", " or ", "not ", " in ", "(", ")", "[", "]", "{", "}", ",", ".", "?", ":", "??", "==",
        "=", "=~", "!~", "!", "<", ">=", "+", "-", "*", "/", "%", "1", "0.5", "30s", "10KiB", "\"x\"", "f\"", "\"", "`", "/a/",
        "lower", "min", "time", "split", "null", "true", "if", "\\", "'", "é", "&", "words", "extract", "strftime", "1e999",
    ]), 0..14)) {
        super::super::fuzz(words.concat().as_bytes());
    }
}

#[test]
fn canonical() {
    let check = |source: &str, expected: &str| {
        assert_eq!(parse(source).unwrap().to_string(), expected, "{source}");
    };
    check("a>=500&&!b==1||c", "a >= 500 and not b == 1 or c");
    check("(a+b)*c-(d-e)", "(a + b) * c - (d - e)");
    check("a?b:c?d:e", "a ? b : c ? d : e");
    check("`user agent`.x[0]", "`user agent`.x[0]");
    check("f\"{ a }\\u0041\"", "f\"{a}A\"");
    check("90s+10KiB", "1m30s + 10240");
    check("1e6", "1e6");
    check("$0 =~ /a\\/b/", "$0 =~ /a\\/b/");
}
