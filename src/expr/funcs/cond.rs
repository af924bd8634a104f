//! Functions that choose among values: by a condition, by null, by order. `if`, `coalesce` and `has` are
//! built by the resolver from what the evaluator has anyway, so that only what is chosen runs. Invariant:
//! what is chosen is one of the arguments, as it was.

use super::{BASE, Family, Function, Kernel, Nulls, Param, RowCx, Special, gives_bool};
use crate::data::doc::{Doc, Example};
use crate::data::value::Printing;
use crate::data::{ColumnBuilder, Number, Type, Value};
use std::cmp::Ordering;

pub static IF: Function = Function {
    name: "if",
    signature: "if(c,a,b)",
    family: Family::Conditions,
    doc: Doc {
        summary: "a if c is true, else b",
        text: "Where c is null the answer is b. `c ? a : b` is another spelling.",
        examples: &[Example {
            title: "Two classes",
            session: "$ printf '%s\\n' 200 503 | dstream map 'class=if($1 >= 500,\"bad\",\"good\")' select class\ngood\nbad\n",
        }],
    },
    params: &[Param::Bool, Param::Any, Param::Any],
    required: 3,
    nulls: Nulls::Sees,
    result: |types| unified(types.get(1..).unwrap_or_default()),
    kernel: Kernel::Special(Special::If),
    spark: "if({0}, {1}, {2})",
    flink: "CASE WHEN {0} THEN {1} ELSE {2} END",
    ..BASE
};

pub static COALESCE: Function = Function {
    name: "coalesce",
    signature: "coalesce(x,…)",
    family: Family::Conditions,
    doc: Doc {
        summary: "The first argument that is not null",
        text: "Of two, `a ?? b` is another spelling. The empty text is not null.",
        examples: &[Example {
            title: "A name, whichever there is",
            session: "$ printf '%s\\n' '{\"nick\":\"al\"}' '{\"name\":\"Bo\",\"nick\":\"b\"}' | dstream -i json map 'who=coalesce(name,nick,\"nobody\")' select who\nal\nBo\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    variadic: true,
    nulls: Nulls::Sees,
    result: unified,
    kernel: Kernel::Special(Special::Coalesce),
    spark: "coalesce({*})",
    flink: "COALESCE({*})",
    ..BASE
};

pub static HAS: Function = Function {
    name: "has",
    signature: "has(x)",
    family: Family::Conditions,
    doc: Doc {
        summary: "Whether x is not null: there, and not JSON's null",
        text: "Never null itself. The empty text is there.",
        examples: &[Example {
            title: "Records with a field",
            session: "$ printf '%s\\n' '{\"a\":1}' '{\"a\":null}' '{}' | dstream -i json filter 'has(a)'\n{\"a\":1}\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    nulls: Nulls::Sees,
    result: gives_bool,
    kernel: Kernel::Special(Special::Has),
    spark: "{0} is not null",
    flink: "{0} IS NOT NULL",
    ..BASE
};

pub static MIN: Function = Function {
    name: "min",
    signature: "min(x,…)",
    family: Family::Conditions,
    doc: Doc {
        summary: "The smallest argument; nulls do not count",
        text: "By the order of the language: numbers, also those of text, by value and before other text, that by its bytes. Empty fields count as null. Null if nothing is left.",
        examples: &[Example {
            title: "The smaller of two fields",
            session: "$ printf '%s\\n' '9 10' '2.50 b' | dstream map 'm=min($1,$2)' select m\n9\n2.50\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    variadic: true,
    nulls: Nulls::Sees,
    result: unified,
    kernel: Kernel::Row(min),
    spark: "least({*})",
    no_sql: "Flink's LEAST is null if one argument is",
    ..BASE
};

pub static MAX: Function = Function {
    name: "max",
    signature: "max(x,…)",
    family: Family::Conditions,
    doc: Doc {
        summary: "The largest argument; nulls do not count",
        text: "By the order of the language: numbers, also those of text, by value and before other text, that by its bytes. Empty fields count as null. Null if nothing is left.",
        examples: &[Example {
            title: "Nothing below zero",
            session: "$ printf '%s\\n' -3 4 | dstream map 'm=max($1,0)' select m\n0\n4\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    variadic: true,
    nulls: Nulls::Sees,
    result: unified,
    kernel: Kernel::Row(max),
    spark: "greatest({*})",
    no_sql: "Flink's GREATEST is null if one argument is",
    ..BASE
};

/// The type that values of all these types can be held in: their own, if it is one; `Number` for numbers and
/// floats; `Json` where one of them is JSON; else text that prints as they do.
pub fn unified(types: &[Type]) -> Type {
    let mut seen = types.iter().filter(|ty| **ty != Type::Null);
    let Some(first) = seen.next() else {
        return Type::Null;
    };
    seen.fold(first.clone(), |all, ty| match (&all, ty) {
        (a, b) if a == b => all,
        (Type::Number | Type::Float, Type::Number | Type::Float) => Type::Number,
        (Type::List(a), Type::List(b)) => {
            Type::List(Box::new(unified(&[(**a).clone(), (**b).clone()])))
        }
        (Type::Json | Type::List(_), _) | (_, Type::Json | Type::List(_)) => Type::Json,
        _ => Type::Untyped,
    })
}

/// Pushes a value to a column of a type from [`unified`]; new text goes to `text`.
pub fn push_as(
    value: &Value<'_>,
    ty: &Type,
    how: &Printing,
    out: &mut ColumnBuilder,
    text: &mut Vec<u8>,
) {
    let start = text.len();
    match (ty, value) {
        (_, Value::Null) | (Type::Null, _) => return out.null(),
        (Type::Bool, Value::Bool(bit)) => return out.bool(*bit),
        (Type::Number | Type::Float, Value::Number(number)) => return out.number(*number),
        (Type::Time, Value::Time(ns)) | (Type::Duration, Value::Duration(ns)) => {
            return out.nanos(*ns);
        }
        (Type::List(item), Value::List(items)) => {
            for value in items {
                push_as(value, item, how, out.items(), text);
            }
            return out.end_list();
        }
        (Type::Json, value) => value.write_json(how, text),
        (Type::Untyped | Type::Text, value) => value.write_plain(how, text),
        // No other pairs come of `unified`.
        _ => return out.null(),
    }
    out.span(crate::bytes::Span::scratch(start, text.len() - start));
}

fn min<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    chosen(args, cx, out, Ordering::Less);
}

fn max<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    chosen(args, cx, out, Ordering::Greater);
}

/// The first of the arguments that no other one beats; in the order an empty field is null.
fn chosen(args: &[Value<'_>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder, wanted: Ordering) {
    let numbers = |value: &Value<'_>| match value {
        Value::Number(number) => Some(*number),
        _ => None,
    };
    let mut best: Option<&Value<'_>> = None;
    for value in args {
        if matches!(value, Value::Null | Value::Untyped([])) {
            continue;
        }
        let beats = best.is_none_or(|best| match (numbers(value), numbers(best)) {
            (Some(a), Some(b)) => Number::cmp(&a, &b) == wanted,
            _ => value.order(best) == wanted,
        });
        if beats {
            best = Some(value);
        }
    }
    match best {
        None => out.null(),
        Some(value) => {
            let how = Printing {
                digits: None,
                zone: cx.zone.clone(),
            };
            push_as(value, cx.result, &how, out, cx.text);
        }
    }
}
