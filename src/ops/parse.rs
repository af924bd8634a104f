//! `parse`: fields out of text by a regex with names. Invariant: what does not match is no record any more,
//! unless it is asked for.

use super::prelude::*;

pub const PARSE: Operator = Operator {
    name: "parse",
    group: Group::Records,
    doc: Doc {
        summary: "Add the named groups of a regex as fields",
        text: "RE is laid on the field `msg` where the records have one, as syslog does, else on the line; each \
               `(?<name>…)` becomes a field. A record that does not match is dropped, as by a filter.\n\n\
               The syntax is that of Rust's regex crate: no look-around, no back references, linear time. A pattern \
               of grok, with `%{NAME:field}`, is taken too: `help grok`.",
        examples: &[
            Example {
                title: "Users and addresses of failed logins",
                session: "$ printf 'Failed password for root from 10.0.0.1\\nAccepted\\n' | dstream parse 'for (?<user>\\S+) from (?<ip>\\S+)' select user,ip\nroot\t10.0.0.1\n",
            },
            Example {
                title: "The same with the names of grok",
                session: "$ printf 'Failed password for root from 10.0.0.1\\n' | dstream parse 'for %{USER:user} from %{IP:ip}' select user,ip\nroot\t10.0.0.1\n",
            },
            Example {
                title: "Another field than the line",
                session: "$ printf 'id,req\\n1,GET /a\\n' | dstream -i csv parse '^(?<method>\\w+) ' --field req select id,method\n1\tGET\n",
            },
            Example {
                title: "Records that do not match stay, with null",
                session: "$ printf 'n=1\\nx\\n' | dstream parse 'n=(?<n>\\d+)' --keep-unmatched -o json\n{\"line\":\"n=1\",\"n\":1}\n{\"line\":\"x\",\"n\":null}\n",
            },
        ],
    },
    operands: &[Operand {
        name: "RE",
        kind: Kind::Regex,
        help: "A regex with named groups",
    }],
    flags: &[
        Flag {
            long: "field",
            value: Some(("F", Kind::Field)),
            repeated: false,
            help: "The field to look at, instead of msg or the line",
        },
        Flag {
            long: "keep-unmatched",
            value: None,
            repeated: false,
            help: "Keep records that do not match; their new fields are null",
        },
    ],
    lower: |args, b| {
        b.parse(
            args.operand(0),
            args.flag("field"),
            args.has("keep-unmatched"),
        )
    },
};

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn groups_become_fields() {
        check(
            "text: parse 'a(?<x>.)b(?<y>.)' count-by x",
            "parse     $0 with a(?<x>.)b(?<y>.) into x\naggregate keys x   aggs count() as count   scope forever\nsink      tsv: x, count\n",
        );
        check(
            "csv:msg,n parse '(?<x>.)' --keep-unmatched select x",
            "parse     msg with (?<x>.) into x, keep unmatched\nsink      tsv: x\n",
        );
    }

    #[test]
    fn a_pattern_needs_a_name() {
        refused(
            "text: parse 'a(.)'",
            "parse: the pattern names no field; write (?<name>…) around what you want",
        );
        refused(
            "text: parse '%{WORDS:x}'",
            "parse: grok: there is no pattern 'WORDS'; did you mean 'WORD'?",
        );
        refused(
            "text: parse 'a('",
            "parse: this pattern cannot be read: unclosed group",
        );
    }
}
