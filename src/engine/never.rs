//! Fields that no record had: of streams without a header, whose fields are known by what the chain asks for.
//! Invariant: what another stream may have in its place is not told.

use super::front::may_never_occur;
use super::lookup::Tables;
use super::{Never, Shared};
use crate::data::FieldId;
use crate::plan::node::{Node, NodeKind, Plan, Source};
use std::sync::atomic::Ordering;

/// Fields of schemaless streams that none of their records has: of the chain's own all that it asks for or speaks of, of
/// others the keys and what is asked of that stream by its prefix.
pub fn fields(plan: &Plan, shared: &Shared<'_>, tables: &Tables) -> Vec<Never> {
    let name = |source: &Source, field: FieldId| source.schema.fields[field].name.clone();
    let seen = |side: usize, at: usize| shared.seen[side][at].load(Ordering::Relaxed);
    // A field that another stream may have in its place need occur in one of them.
    let elsewhere = |wanted: &str| {
        plan.sides().enumerate().skip(1).any(|(side, source)| {
            let mut named = source
                .asked()
                .enumerate()
                .filter(|(_, field)| name(source, *field) == wanted);
            // What a header names is there.
            named.any(|(at, _)| seen(side, at) || !may_never_occur(source))
        })
    };
    let looks_up = |node: &Node| matches!(&node.kind, NodeKind::Lookup(_));
    let is_alone = plan.sides().nth(1).is_none() && !plan.nodes.iter().any(looks_up);
    let mut never = Vec::new();
    for (side, source) in plan.sides().enumerate() {
        let records = shared.ledger.good(side);
        if records == 0 || !may_never_occur(source) {
            continue;
        }
        for (at, field) in source.asked().enumerate() {
            if seen(side, at) {
                continue;
            }
            let name = name(source, field);
            let is_told = match plan.right_of_side(side) {
                Some(right) => right.is_asked_alone(field),
                None => {
                    let is_elsewhere = || elsewhere(&name) || tables.have(plan, &name);
                    !source.optional.contains(&field) || !is_elsewhere()
                }
            };
            if is_told {
                never.push(Never {
                    field: name,
                    records,
                    of: (!is_alone).then(|| source.words.join(" ")),
                    own: side == 0,
                });
            }
        }
    }
    never
}
