//! Functions of numbers. Decimals stay exact as long as the answer is one; floats are for roots, powers and
//! logarithms. Invariant: what is not finite is null.

use super::{BASE, Family, Function, Kernel, Param, RowCx, gives_number};
use crate::bytes::number::settled;
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, Number, Type, Value};

pub static ABS: Function = Function {
    name: "abs",
    signature: "abs(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The number without its sign; a duration stays one",
        text: "",
        examples: &[Example {
            title: "How far off",
            session: "$ printf '%s\\n' -2.50 3 | dstream map 'd=abs($1)' select d\n2.5\n3\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    result: number_float_or_duration,
    kernel: Kernel::Row(abs),
    spark: "abs({0})",
    flink: "ABS({0})",
    ..BASE
};

pub static SQRT: Function = Function {
    name: "sqrt",
    signature: "sqrt(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The square root; null of a negative number",
        text: "",
        examples: &[Example {
            title: "A root",
            session: "$ printf '%s\\n' 16 2.25 | dstream map 'r=sqrt($1)' select r\n4\n1.5\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_float,
    kernel: Kernel::Row(sqrt),
    spark: "if({0} >= 0, sqrt({0}), null)",
    flink: "CASE WHEN {0} >= 0 THEN SQRT({0}) END",
    ..BASE
};

pub static EXP: Function = Function {
    name: "exp",
    signature: "exp(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "e to the power of x; null where that is too large for a float",
        text: "",
        examples: &[Example {
            title: "The power 0",
            session: "$ echo 0 | dstream map 'y=exp($1)' select y\n1\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_float,
    kernel: Kernel::Row(exp),
    spark: "exp({0})",
    flink: "EXP({0})",
    ..BASE
};

pub static POW: Function = Function {
    name: "pow",
    signature: "pow(x,y)",
    family: Family::Numbers,
    doc: Doc {
        summary: "x to the power of y; null where there is no such number",
        text: "Computed as a float. Null for a negative x with a fraction in y, for 0 to a negative power, and where the answer is too large.",
        examples: &[Example {
            title: "Powers of two",
            session: "$ printf '%s\\n' 10 -1 | dstream map 'y=pow(2,$1)' select y\n1024\n0.5\n",
        }],
    },
    params: &[Param::Number, Param::Number],
    required: 2,
    result: gives_float,
    kernel: Kernel::Row(pow),
    spark: "power({0}, {1})",
    flink: "POWER({0}, {1})",
    ..BASE
};

pub static LOG: Function = Function {
    name: "log",
    signature: "log(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The natural logarithm; null of 0 and below",
        text: "",
        examples: &[Example {
            title: "Of one it is nothing",
            session: "$ echo 1 | dstream map 'y=log($1)' select y\n0\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_float,
    kernel: Kernel::Row(log),
    spark: "ln({0})",
    flink: "CASE WHEN {0} > 0 THEN LN({0}) END",
    ..BASE
};

pub static LOG10: Function = Function {
    name: "log10",
    signature: "log10(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The logarithm to base 10; null of 0 and below",
        text: "",
        examples: &[Example {
            title: "Orders of magnitude",
            session: "$ printf '%s\\n' 7 42 1000 | dstream map 'm=floor(log10($1))' select m\n0\n1\n3\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_float,
    kernel: Kernel::Row(log10),
    spark: "log10({0})",
    flink: "CASE WHEN {0} > 0 THEN LOG10({0}) END",
    ..BASE
};

pub static ROUND: Function = Function {
    name: "round",
    signature: "round(x[,n])",
    family: Family::Numbers,
    doc: Doc {
        summary: "The number to n decimals, halves away from zero",
        text: "Without n to a whole number; a negative n rounds before the point: `round(x,-3)` to thousands. Exact for decimals.",
        examples: &[Example {
            title: "Prices to two places",
            session: "$ printf '%s\\n' 2.345 -2.5 7 | dstream map 'a=round($1,2),b=round($1)' select a,b\n2.35\t2\n-2.5\t-3\n7\t7\n",
        }],
    },
    params: &[Param::Number, Param::Int],
    required: 1,
    result: number_or_float,
    kernel: Kernel::Row(round),
    spark: "round({0});round({0}, {1})",
    flink: "ROUND({0}, 0);ROUND({0}, {1})",
    ..BASE
};

pub static FLOOR: Function = Function {
    name: "floor",
    signature: "floor(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The largest whole number that is not above x",
        text: "",
        examples: &[Example {
            title: "Down, also below zero",
            session: "$ printf '%s\\n' 2.7 -2.1 | dstream map 'y=floor($1)' select y\n2\n-3\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_number,
    kernel: Kernel::Row(floor),
    spark: "floor({0})",
    flink: "FLOOR({0})",
    ..BASE
};

pub static CEIL: Function = Function {
    name: "ceil",
    signature: "ceil(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The smallest whole number that is not below x",
        text: "",
        examples: &[Example {
            title: "Up, also below zero",
            session: "$ printf '%s\\n' 2.1 -2.7 | dstream map 'y=ceil($1)' select y\n3\n-2\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_number,
    kernel: Kernel::Row(ceil),
    spark: "ceil({0})",
    flink: "CEIL({0})",
    ..BASE
};

pub static INT: Function = Function {
    name: "int",
    signature: "int(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "What reads as a number, without its fraction; else null",
        text: "Cut toward zero. Text that is no number counts as a failed conversion, which is told at the end of the run.",
        examples: &[Example {
            title: "Whole numbers",
            session: "$ printf '%s\\n' 3.9 -3.9 007 | dstream map 'y=int($1)' select y\n3\n-3\n7\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_number,
    kernel: Kernel::Row(int),
    spark: "cast(try_cast({0} as decimal(38,18)) as bigint)",
    flink: "CAST(TRY_CAST({0} AS DECIMAL(38, 18)) AS BIGINT)",
    ..BASE
};

pub static FLOAT: Function = Function {
    name: "float",
    signature: "float(x)",
    family: Family::Numbers,
    doc: Doc {
        summary: "What reads as a number, as a 64-bit float; else null",
        text: "For computations that need not be exact. Text that is no number counts as a failed conversion, which is told at the end of the run.",
        examples: &[Example {
            title: "An exponent written out",
            session: "$ printf '%s\\n' 1.5e3 0.10 | dstream map 'y=float($1)' select y\n1500\n0.1\n",
        }],
    },
    params: &[Param::Number],
    required: 1,
    result: gives_float,
    kernel: Kernel::Row(float),
    spark: "try_cast({0} as double)",
    flink: "TRY_CAST({0} AS DOUBLE)",
    ..BASE
};

pub static DIV: Function = Function {
    name: "div",
    signature: "div(a,b)",
    family: Family::Numbers,
    doc: Doc {
        summary: "How many times b goes into a: the quotient cut toward zero",
        text: "Null where b is 0. The quotient with its fraction is `a / b`, the rest `a % b`.",
        examples: &[Example {
            title: "Whole dozens",
            session: "$ printf '%s\\n' 30 -30 | dstream map 'y=div($1,12)' select y\n2\n-2\n",
        }],
    },
    params: &[Param::Number, Param::Number],
    required: 2,
    result: gives_number,
    kernel: Kernel::Row(div),
    spark: "cast({0} / nullif({1}, 0) as bigint)",
    flink: "CAST(CAST({0} AS DOUBLE) / NULLIF({1}, 0) AS BIGINT)",
    ..BASE
};

pub static BUCKET: Function = Function {
    name: "bucket",
    signature: "bucket(x,w)",
    family: Family::Numbers,
    doc: Doc {
        summary: "The lower edge of x's bucket of width w: floor(x/w)*w",
        text: "Exact for decimals. Null where w is not above 0. Times have `trunc`.",
        examples: &[Example {
            title: "A histogram",
            session: "$ printf '%s\\n' 3 12 17 -1 | dstream map 'b=bucket($1,10)' count-by b\n-10\t1\n0\t1\n10\t2\n",
        }],
    },
    params: &[Param::Number, Param::Number],
    required: 2,
    result: number_or_float,
    kernel: Kernel::Row(bucket),
    spark: "floor({0} / nullif({1}, 0)) * {1}",
    flink: "FLOOR(CAST({0} AS DOUBLE) / NULLIF({1}, 0)) * {1}",
    ..BASE
};

fn gives_float(_: &[Type]) -> Type {
    Type::Float
}

/// A column of floats stays one.
fn number_or_float(types: &[Type]) -> Type {
    if types.first() == Some(&Type::Float) {
        Type::Float
    } else {
        Type::Number
    }
}

fn number_float_or_duration(types: &[Type]) -> Type {
    match types.first() {
        Some(Type::Duration) => Type::Duration,
        _ => number_or_float(types),
    }
}

type Args<'s, 'a> = &'s [Value<'a>];

/// The number at a place; the evaluator made it one.
fn number(args: Args<'_, '_>, at: usize) -> Option<Number> {
    match args.get(at)? {
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

fn push(out: &mut ColumnBuilder, number: Option<Number>) {
    match number.and_then(Number::finite) {
        Some(number) if !number.to_f64().is_nan() => out.number(number),
        _ => out.null(),
    }
}

fn push_float(out: &mut ColumnBuilder, args: Args<'_, '_>, f: impl Fn(f64) -> f64) {
    push(out, number(args, 0).map(|x| Number::Float(f(x.to_f64()))));
}

fn abs<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    match &args[0] {
        Value::Duration(ns) if *cx.result == Type::Duration => out.nanos(ns.saturating_abs()),
        value => {
            let number = value.number();
            if number.is_none() && !value.text().trim_ascii().is_empty() {
                *cx.failed += 1;
            }
            push(out, number.map(Number::abs));
        }
    }
}

fn sqrt<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push_float(out, args, f64::sqrt);
}

fn exp<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push_float(out, args, f64::exp);
}

fn log<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push_float(out, args, f64::ln);
}

fn log10<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push_float(out, args, f64::log10);
}

fn pow<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let power = match (number(args, 0), number(args, 1)) {
        (Some(x), Some(y)) => Some(Number::Float(x.to_f64().powf(y.to_f64()))),
        _ => None,
    };
    push(out, power);
}

fn round<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    // More places than a float has make no difference.
    const PLACES: i64 = 400;
    let digits = match args.get(1) {
        None => Some(0),
        Some(_) => number(args, 1).and_then(Number::to_i64_trunc),
    };
    let rounded = number(args, 0)
        .zip(digits)
        .map(|(x, digits)| x.round(digits.clamp(-PLACES, PLACES) as i32));
    push(out, rounded);
}

/// A whole number as an exact one, if 18 digits hold it.
fn whole(number: Number) -> Number {
    match number {
        Number::Float(value) if value.abs() < 1e18 => settled(value as i128, 0),
        number => number,
    }
}

fn floor<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push(out, number(args, 0).map(|x| whole(x.floor())));
}

fn ceil<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push(out, number(args, 0).map(|x| whole(x.ceil())));
}

fn int<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let cut = number(args, 0).map(|x| match x {
        Number::Float(value) => whole(Number::Float(value.trunc())),
        exact if exact < Number::ZERO => exact.ceil(),
        exact => exact.floor(),
    });
    push(out, cut);
}

fn float<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    push_float(out, args, |x| x);
}

fn div<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let quotient = number(args, 0)
        .zip(number(args, 1))
        .and_then(|(a, b)| a.int_div(b));
    push(out, quotient.map(whole));
}

fn bucket<'a>(args: &[Value<'a>], _: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let edge = number(args, 0).zip(number(args, 1)).and_then(|(x, width)| {
        if width <= Number::ZERO {
            return None;
        }
        // x - (x mod w), with the remainder taken to be not negative: exact where both are.
        let mut rest = x.rem(width)?;
        if rest < Number::ZERO {
            rest = rest.add(width);
        }
        Some(x.sub(rest))
    });
    push(out, edge);
}
