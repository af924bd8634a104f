//! `key-by`: sets the key that `-by-key` operators use. Invariant: the key is that of the record as it is here,
//! whatever later operators do to its fields.

use super::prelude::*;

pub const KEY_BY: Operator = Operator {
    name: "key-by",
    group: Group::State,
    doc: Doc {
        summary: "Set the key for what follows",
        text: "K is a list of fields or expressions. Operators whose name ends in `-by-key` use the key in \
               force; those ending in `-by` take one of their own and set it for what follows. Unset, the key \
               of a line of text is the whole line.",
        examples: &[Example {
            title: "Two words for `count-by`",
            session: "$ printf 'h,n\\na,1\\nb,2\\na,3\\n' | dstream -i csv key-by h reduce-by-key sum:n\na\t4\nb\t2\n",
        }],
    },
    operands: &[K],
    flags: &[],
    lower: |args, b| {
        let keys = b.keys(args.operand(0))?;
        b.set_key(keys);
        Ok(())
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::check;

    #[test]
    fn a_key_stays_what_it_was() {
        check(
            "csv:h,n key-by h map h=n count-by-key",
            "aggregate keys h   aggs count() as count   scope forever\nsink      tsv: h, count\n",
        );
    }

    #[test]
    fn a_computed_key_is_named_as_typed() {
        check(
            "csv:h,n key-by 'lower(h)' count-by-key",
            "project   key = lower(h)\naggregate keys lower(h)   aggs count() as count   scope forever\nsink      tsv: lower(h), count\n",
        );
    }
}
