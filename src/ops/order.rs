//! `sort-by`: rows in order, and how an order is read. Invariant: equals keep the order they came in.

use super::prelude::*;
use crate::plan::clocks::Lapse;
use crate::plan::custom::Ordered;
use crate::plan::meaning::Meaning;
use crate::plan::names;
use crate::plan::node::SortKey;
use crate::plan::ranking::Ranking;
use crate::state::in_time::{InTime, Order};
use std::sync::Arc;

pub const SORT_BY: Operator = Operator {
    name: "sort-by",
    group: Group::Order,
    doc: Doc {
        summary: "Records in order",
        text: "Within each window, or the whole input, by the fields in turn; `:desc` turns one around. Null comes \
               first, then everything that reads as a number by its value, then text by its bytes; equals keep \
               their order. Original lines pass as they are.\n\n\
               `sort-by @time` outside a window lets each record go when the watermark passes it, so that what \
               follows sees records in order of event time; one behind the watermark is late. Of files that end, \
               without `--watermark D`, records go at the end.",
        examples: &[
            Example {
                title: "Lines by their second word, largest first",
                session: "$ printf 'a 9\\nb 10\\nc 9\\n' | dstream sort-by '$2:desc'\nb 10\na 9\nc 9\n",
            },
            Example {
                title: "A stream put in order of its times",
                session: "$ printf '1 a\\n3 b\\n2 c\\n9 d\\n4 e\\n' | dstream --time '$1:s' --watermark 2s sort-by @time\n1 a\n2 c\n3 b\n9 d\ndstream: 1 of 5 records came too late for its window and was dropped; --watermark D waits longer\n",
            },
            Example {
                title: "Counts, the most frequent last",
                session: "$ printf 'a\\na\\nb\\n' | dstream count-by-key sort-by count\nb\t1\na\t2\n",
            },
        ],
    },
    operands: &[Operand {
        name: "F[:desc],…",
        kind: Kind::SortKeys,
        help: "Fields or expressions, with commas between",
    }],
    flags: &[],
    lower: |args, b| {
        b.pass();
        let by = read(args.operand(0), false, b)?;
        if is_time(args.operand(0), &by) && in_time(&by, b) {
            return Ok(());
        }
        b.sort(by, None, Vec::new(), Ranking::default())?;
        Ok(())
    },
};

/// `--merge-sorted`: the records of all sources in order of time, of one time by the names of the sources.
pub fn merge(b: &mut Builder<'_>) -> Result<(), Usage> {
    b.begin("--merge-sorted", "--merge-sorted".into());
    b.pass();
    let by = read("@time,@file", false, b)?;
    match in_time(&by, b) {
        true => Ok(()),
        false => Err(b.fault("there is no event time to merge by; give --time FIELD")),
    }
}

/// Whether the first field is the record's time, ascending.
fn is_time(source: &str, by: &[SortKey]) -> bool {
    let first = names::split_list(source).into_iter().next();
    let word = first.map_or("", |(_, part)| part.trim());
    let word = word.strip_suffix(":asc").unwrap_or(word);
    word == "@time" && by.first().is_some_and(|key| !key.descending)
}

/// Lets records go as the watermark passes them, where nothing else says when; false: it is not so here.
fn in_time(by: &[SortKey], b: &mut Builder<'_>) -> bool {
    if b.in_windows() || !b.of_source() {
        return false;
    }
    let lapse = b.lapse();
    match lapse {
        Lapse::Event { disorder: None } => return false,
        // Records arrive in the order of their arrival.
        Lapse::Arrival => return by.len() == 1,
        Lapse::Event { .. } => {}
    }
    let orders: Vec<Order> = by[1..]
        .iter()
        .map(|key| Order {
            ty: key.expr.ty.clone(),
            descending: key.descending,
        })
        .collect();
    let down: Vec<String> = by[1..]
        .iter()
        .map(|key| if key.descending { " desc" } else { "" })
        .zip(&by[1..])
        .map(|(down, key)| format!(", {}{down}", key.expr.text()))
        .collect();
    let node = Ordered {
        text: format!("sort by @time{}", down.concat()),
        keeps: "holds records until the watermark passes them, and gives them in order of time"
            .into(),
        keys: Vec::new(),
        args: by[1..].iter().map(|key| key.expr.clone()).collect(),
        meaning: Meaning::InTime {
            descending: by[1..].iter().map(|key| key.descending).collect(),
        },
        make: Arc::new(move |making| Box::new(InTime::new(lapse, &orders, making))),
    };
    b.ordered(node, Vec::new(), None);
    true
}

/// Reads `F[:asc|:desc],…`; without a word the order is `descending`.
pub fn read(source: &str, descending: bool, b: &mut Builder<'_>) -> Result<Vec<SortKey>, Usage> {
    let mut keys = Vec::new();
    for (at, part) in names::split_list(source) {
        let (text, descending) = match names::last_colon(part) {
            Some(colon) => match &part[colon + 1..] {
                "asc" => (&part[..colon], false),
                "desc" => (&part[..colon], true),
                _ => (part, descending),
            },
            None => (part, descending),
        };
        let expr = b.expression_at(text, source, at)?;
        keys.push(SortKey { expr, descending });
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn a_stream_in_order_of_time_waits_for_the_watermark() {
        check(
            "csv:t,a --live --time t sort-by @time,a:desc",
            "time      time(t)   disorder 5s\nordered   sort by @time, a desc   of a\nsink      original lines\n",
        );
        check(
            "csv:t,a --time t sort-by @time",
            "time      time(t)\nsort      by @time   scope forever\nsink      original lines\n",
        );
    }

    #[test]
    fn each_field_has_its_direction() {
        check(
            "csv:a,b sort-by a:desc,b",
            "sort      by a desc, b   scope forever\nsink      original lines\n",
        );
        check(
            "csv:a,b sort-by b:asc -o json",
            "sort      by b   scope forever   carry a, b\nsink      json: a, b\n",
        );
    }
}
