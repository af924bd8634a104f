//! Aggregates and running functions as SQL. Invariant: one that no template spells is refused with the reason of its
//! row.

use super::calls::level_of;
use super::sql::{Level, Result, Scope, Sql, binary, none, try_number};
use crate::data::Type;
use crate::expr::Expr;
use crate::plan::meaning::Running;
use crate::plan::node::AggCall;

/// What an aggregate is of beside its argument.
pub struct Around<'a> {
    pub time: Option<&'a Sql>,
    /// The window's length, ns, where all have one.
    pub length: Option<i64>,
    /// One row of the whole input, which is there of no records, too.
    pub whole: bool,
}

pub fn aggregate(
    scope: &Scope<'_>,
    call: &AggCall,
    arg: Option<&Expr>,
    around: &Around<'_>,
) -> Result<Sql> {
    let row = call.aggregate;
    let name = &call.call.func;
    let made = match arg {
        Some(arg) => Some(scope.expr(arg.tree())?),
        None => None,
    };
    let is_bytes = arg.is_some_and(|arg| arg.ty.is_bytes());
    if name == crate::aggs::GROUP {
        let of = made.map_or_else(String::new, |of| of.text);
        return Ok(Sql::atom(match scope.dialect.name() {
            "Flink SQL" => format!("ARRAY_AGG({of})"),
            _ => format!("transform(collect_list(struct({of} AS v)), s -> s.v)"),
        }));
    }
    let template = scope.dialect.aggregate(call);
    if template.is_empty() {
        return none(format!("{name}: {}", row.no_sql));
    }
    match (row.name, &made) {
        ("min" | "max", Some(of)) if is_bytes => return Ok(extreme(scope, row.name, of)),
        ("topk" | "topk_distinct", _) if is_bytes => {
            return none(format!(
                "{name}: fields put numbers before other text; make them numbers: {name}:float(x):K"
            ));
        }
        _ => {}
    }
    let optional = matches!(
        row.arg,
        crate::aggs::Need::Optional | crate::aggs::Need::OptionalNumber
    );
    let form = match optional {
        true => usize::from(made.is_some()),
        false => usize::from(call.call.param.is_some() && template.contains(';')),
    };
    let limited = call.call.param.is_some() && !template.contains("{p}");
    let Some(form) = template.split(';').nth(form).filter(|_| !limited) else {
        return none(format!("{name}: {}", row.no_sql));
    };
    let mut text = form.to_string();
    if text.contains("{t}") {
        let Some(time) = around.time else {
            return none(format!(
                "{name}: without event time it goes by place in the input, and tables have none"
            ));
        };
        text = text.replace("{t}", &time.text);
    }
    if text.contains("{s}") {
        let Some(length) = around.length else {
            return none(format!("{name}: {}", row.no_sql));
        };
        text = text.replace("{s}", &format!("{}e0", length as f64 / 1e9));
    }
    if text.contains("{p}") {
        text = text.replace("{p}", &parameter(scope, call)?);
    }
    if let Some(of) = &made {
        let of = match form.contains("CASE") || form.contains(" IS ") {
            true => of.at(Level::Sum),
            false => of.text.clone(),
        };
        text = text.replace("{0}", &of);
    }
    let made = level_of(text);
    match around.whole && row.name == "sum" {
        // The sum of no records is 0, that of nulls null.
        true => Ok(Sql::atom(format!(
            "CASE WHEN COUNT(*) = 0 THEN 0 ELSE {} END",
            made.text
        ))),
        false => Ok(made),
    }
}

/// A parameter as a literal.
fn parameter(scope: &Scope<'_>, call: &AggCall) -> Result<String> {
    let func = &call.call.func;
    if call.aggregate.name == "pN" {
        let share: f64 = func.trim_start_matches('p').parse().unwrap_or(50.0);
        // Two digits more than those of the percentage.
        let digits = func.len().saturating_sub(1);
        let text = format!("{:.*}", digits + 2, share / 100.0);
        return Ok(text.trim_end_matches('0').trim_end_matches('.').to_string());
    }
    let text = call.call.param.clone().unwrap_or_default();
    Ok(match call.aggregate.name {
        "join" => scope.dialect.text(&text),
        _ => text.trim().to_string(),
    })
}

/// The smallest or largest value of fields, of which numbers come before other text.
fn extreme(scope: &Scope<'_>, name: &str, of: &Sql) -> Sql {
    let of = match of.plain {
        true => of.clone(),
        false => Sql::atom(format!("({})", of.text)),
    };
    let number = try_number(&of);
    let filled = format!("NULLIF({}, '')", of.text);
    if scope.dialect.name() != "Flink SQL" {
        return Sql::atom(format!(
            "{name}(struct({0} IS NULL AS kind, {0} AS number, {1} AS value)) FILTER (WHERE {filled} IS NOT NULL).value",
            number.text, of.text
        ));
    }
    let numbers = |word: &str| format!("CAST({word}({}) AS STRING)", number.text);
    let texts = |word: &str| {
        format!(
            "{word}({}) FILTER (WHERE {} IS NULL AND {filled} IS NOT NULL)",
            of.text, number.text
        )
    };
    Sql::atom(match name {
        "max" => format!("COALESCE({}, {})", texts("MAX"), numbers("MAX")),
        _ => format!("COALESCE({}, {})", numbers("MIN"), texts("MIN")),
    })
}

/// A running function of Flink's; `over` is what stands between the brackets of OVER.
pub fn running(
    scope: &Scope<'_>,
    one: &Running,
    arg: Option<&Expr>,
    name: &str,
    over: &str,
) -> Result<Sql> {
    let made = match arg {
        Some(arg) => Some(scope.expr(arg.tree())?),
        None => None,
    };
    let of = made
        .as_ref()
        .map_or_else(|| "*".to_string(), |sql| sql.text.clone());
    let to_here = "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW";
    if let Some((aggregate, call, from, to)) = &one.frame {
        if *to != 0 || *from > 0 {
            return none(format!(
                "{}: a frame that does not end with the record itself",
                one.func
            ));
        }
        let call = AggCall {
            name: name.into(),
            aggregate,
            call: call.clone(),
            arg: None,
        };
        let around = Around {
            time: None,
            length: None,
            whole: false,
        };
        let made = aggregate_plain(scope, &call, arg, &around)?;
        return Ok(Sql::atom(format!(
            "{made} OVER ({over} ROWS BETWEEN {} PRECEDING AND CURRENT ROW)",
            -from
        )));
    }
    let back = |n: i64| format!("LAG({of}, {n}) OVER ({over})");
    Ok(match one.func.as_str() {
        "lag" => Sql::atom(back(-one.rows)),
        "cumsum" => Sql::atom(format!("SUM({of}) OVER ({over} {to_here})")),
        "cumcount" => Sql::atom(format!("COUNT({of}) OVER ({over} {to_here})")),
        "delta" => match (&made, arg.map(|arg| &arg.ty)) {
            (Some(of), Some(Type::Number | Type::Float)) => {
                binary(of, "-", &Sql::atom(back(one.rows.max(1))), Level::Sum)
            }
            _ => return none("delta: Flink has no difference of times with a fraction"),
        },
        "lead" => return none("lead: Flink looks at no record that is still to come"),
        other => {
            return none(format!(
                "{other}: it is no SQL; a function of the user's own (UDF)"
            ));
        }
    })
}

/// An aggregate that may stand in front of OVER.
fn aggregate_plain(
    scope: &Scope<'_>,
    call: &AggCall,
    arg: Option<&Expr>,
    around: &Around<'_>,
) -> Result<String> {
    let made = aggregate(scope, call, arg, around)?;
    let is_call = made.text.find('(').is_some_and(|at| {
        made.text[..at]
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b == b'_')
    });
    match is_call && made.text.ends_with(')') && !made.text.contains(" FILTER ") {
        true if !made.text.starts_with("COALESCE") => Ok(made.text),
        _ => none(format!("{}: it cannot stand over rows", call.call.func)),
    }
}
