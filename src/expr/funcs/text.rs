//! Functions of text: case, blanks, pieces, and questions about what it holds. No patterns (`regex.rs`).
//! Invariant: pieces of a text are spans of it, never copies.

use super::cells::{TextArg, Texts, integer_at, piece, whole_numbers};
use super::{Arg, BASE, ColumnCx, Family, Function, Kernel, Param};
use super::{gives_bool, gives_number, gives_text, gives_texts};
use crate::bytes::{IN_SCRATCH, Span, hash, json, scan, utf8};
use crate::data::doc::{Doc, Example};
use crate::data::{Chunk, Column, ColumnV, Type, Value};
use memchr::memmem;

pub static LOWER: Function = Function {
    name: "lower",
    signature: "lower(x)",
    family: Family::Text,
    doc: Doc {
        summary: "The text in lower case",
        text: "By Unicode's rules, in no particular language. Bytes that are no UTF-8 stay as they are.",
        examples: &[Example {
            title: "One spelling for all",
            session: "$ printf '%s\\n' Foo FOO | dstream map 'x=lower($0)' select x\nfoo\nfoo\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_text,
    kernel: Kernel::Column(lower),
    spark: "lower({0})",
    flink: "LOWER({0})",
    ..BASE
};

pub static UPPER: Function = Function {
    name: "upper",
    signature: "upper(x)",
    family: Family::Text,
    doc: Doc {
        summary: "The text in upper case",
        text: "By Unicode's rules, in no particular language, so `ß` becomes `SS`. Bytes that are no UTF-8 stay as they are.",
        examples: &[Example {
            title: "Levels as they should be",
            session: "$ printf '%s\\n' warn Error | dstream map 'x=upper($0)' select x\nWARN\nERROR\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_text,
    kernel: Kernel::Column(upper),
    spark: "upper({0})",
    flink: "UPPER({0})",
    ..BASE
};

pub static TRIM: Function = Function {
    name: "trim",
    signature: "trim(x)",
    family: Family::Text,
    doc: Doc {
        summary: "The text without white space at its ends",
        text: "White space is space, tab, line feed, vertical tab, form feed and carriage return, as in `words`.",
        examples: &[Example {
            title: "Blanks around a field",
            session: "$ printf 'id,name\\n1,  Ann \\n' | dstream -i csv map 'n=trim(name)' select n\nAnn\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_text,
    kernel: Kernel::Column(trim),
    spark: "regexp_replace({0}, '^\\\\s+|\\\\s+$', '')",
    flink: "REGEXP_REPLACE({0}, '^\\s+|\\s+$', '')",
    ..BASE
};

pub static LEN: Function = Function {
    name: "len",
    signature: "len(x)",
    family: Family::Text,
    doc: Doc {
        summary: "How many characters a text has, or items a list",
        text: "Characters are Unicode scalar values; a byte that is part of none counts as one. Of an object it is the number of its names.",
        examples: &[Example {
            title: "Long words",
            session: "$ printf '%s\\n' naïve tea | dstream map 'n=len($0)' filter 'n>3' select '$0,n'\nnaïve\t5\n",
        }],
    },
    params: &[Param::Any],
    required: 1,
    result: gives_number,
    kernel: Kernel::Column(len),
    spark: "char_length({0})",
    flink: "CHAR_LENGTH({0})",
    ..BASE
};

pub static SUBSTR: Function = Function {
    name: "substr",
    signature: "substr(x,from[,n])",
    family: Family::Text,
    doc: Doc {
        summary: "n characters from a place on, or all to the end",
        text: "Places count from 0, negative ones from the end: `substr(x,-3)` is the last three characters. Places before the first mean the first. What lies behind the end is empty.",
        examples: &[Example {
            title: "The hour of a stamp, and a suffix",
            session: "$ echo 2026-11-20T10:15:00Z | dstream map 'h=substr($0,11,2),end=substr($0,-3)' select h,end\n10\t00Z\n",
        }],
    },
    params: &[Param::Text, Param::Int, Param::Int],
    required: 2,
    result: gives_text,
    kernel: Kernel::Column(substr),
    spark: "substring({0}, if({1} < 0, {1}, {1} + 1));substring({0}, if({1} < 0, {1}, {1} + 1), {2})",
    flink: "SUBSTRING({0}, CASE WHEN {1} < 0 THEN {1} ELSE {1} + 1 END);SUBSTRING({0}, CASE WHEN {1} < 0 THEN {1} ELSE {1} + 1 END, {2})",
    ..BASE
};

pub static WORDS: Function = Function {
    name: "words",
    signature: "words(x)",
    family: Family::Text,
    doc: Doc {
        summary: "The words of a text: a list, split at runs of white space",
        text: "Nothing in it is empty: a text of blanks has no words. White space is space, tab, line feed, vertical tab, form feed and carriage return.",
        examples: &[Example {
            title: "Count words",
            session: "$ printf '%s\\n' 'To be' ' or not to be' | dstream flat-map 'w=words(lower($0))' count-by w\nbe\t2\nnot\t1\nor\t1\nto\t2\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_texts,
    kernel: Kernel::Column(words),
    spark: "filter(split({0}, '\\\\s+'), word -> word <> '')",
    flink: "SPLIT(NULLIF(TRIM(REGEXP_REPLACE({0}, '\\s+', ' ')), ''), ' ')",
    ..BASE
};

pub static TOKENS: Function = Function {
    name: "tokens",
    signature: "tokens(x)",
    family: Family::Text,
    doc: Doc {
        summary: "The runs of letters, digits and `_` of a text, as a list",
        text: "Letters and digits are Unicode's. So punctuation belongs to no token, and `it's` has two.",
        examples: &[Example {
            title: "Names in a line of code",
            session: "$ echo 'max_len = len(a[0]);' | dstream flat-map 't=tokens($0)' select t\nmax_len\nlen\na\n0\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_texts,
    kernel: Kernel::Column(tokens),
    spark: "regexp_extract_all({0}, '[\\\\pL\\\\pN_]+', 0)",
    flink: "REGEXP_EXTRACT_ALL({0}, '[\\pL\\pN_]+', 0)",
    ..BASE
};

pub static CONTAINS: Function = Function {
    name: "contains",
    signature: "contains(x,y)",
    family: Family::Text,
    doc: Doc {
        summary: "Whether y stands somewhere in x",
        text: "Byte for byte; for patterns there is `=~`. The empty text is in every text.",
        examples: &[Example {
            title: "Lines with a dot",
            session: "$ printf '%s\\n' a.b ab | dstream filter 'contains($0,\".\")'\na.b\n",
        }],
    },
    params: &[Param::Text, Param::Text],
    required: 2,
    result: gives_bool,
    kernel: Kernel::Column(contains),
    spark: "contains({0}, {1})",
    flink: "POSITION({1} IN {0}) > 0",
    ..BASE
};

pub static STARTS_WITH: Function = Function {
    name: "starts_with",
    signature: "starts_with(x,y)",
    family: Family::Text,
    doc: Doc {
        summary: "Whether x begins with y",
        text: "Byte for byte. Every text begins with the empty one.",
        examples: &[Example {
            title: "Requests under /api",
            session: "$ printf '%s\\n' /api/users /index | dstream filter 'starts_with($1,\"/api/\")'\n/api/users\n",
        }],
    },
    params: &[Param::Text, Param::Text],
    required: 2,
    result: gives_bool,
    kernel: Kernel::Column(starts_with),
    spark: "startswith({0}, {1})",
    flink: "STARTSWITH({0}, {1})",
    ..BASE
};

pub static ENDS_WITH: Function = Function {
    name: "ends_with",
    signature: "ends_with(x,y)",
    family: Family::Text,
    doc: Doc {
        summary: "Whether x ends with y",
        text: "Byte for byte. Every text ends with the empty one.",
        examples: &[Example {
            title: "Pictures only",
            session: "$ printf '%s\\n' a.png b.txt | dstream filter 'ends_with($1,\".png\")'\na.png\n",
        }],
    },
    params: &[Param::Text, Param::Text],
    required: 2,
    result: gives_bool,
    kernel: Kernel::Column(ends_with),
    spark: "endswith({0}, {1})",
    flink: "ENDSWITH({0}, {1})",
    ..BASE
};

pub static CONCAT: Function = Function {
    name: "concat",
    signature: "concat(x,…)",
    family: Family::Text,
    doc: Doc {
        summary: "The arguments as one text; null if one of them is",
        text: "In a text with places, `f\"{host}:{port}\"`, a null is empty instead.",
        examples: &[Example {
            title: "Two fields in one",
            session: "$ echo web 80 | dstream map 'x=concat($1,\":\",$2)' select x\nweb:80\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    variadic: true,
    result: gives_text,
    kernel: Kernel::Column(concat),
    spark: "concat({*})",
    flink: "CONCAT({*})",
    ..BASE
};

pub static HASH: Function = Function {
    name: "hash",
    signature: "hash(x[,n])",
    family: Family::Text,
    doc: Doc {
        summary: "A number made of a text's bytes: an int from 0, below n if given",
        text: "The same on every machine and in every version: xxh64 with seed 0, of which the upper 59 bits are taken, or the remainder by n. Null where n is below 1. Good for shares (`hash(user,100) < 5`) and for hiding names, not for secrets.",
        examples: &[Example {
            title: "A number for a name, the same each time",
            session: "$ printf '%s\\n' abc abc | dstream map 'h=hash($1,1000)' select h\n249\n249\n",
        }],
    },
    params: &[Param::Text, Param::Int],
    required: 1,
    result: gives_number,
    kernel: Kernel::Column(hash_of),
    no_sql: "its bits are those of xxh64 with seed 0, which no function gives",
    ..BASE
};

fn lower(args: &[Arg<'_>], chunk: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    changed(args, chunk, text, cx, utf8::lower)
}

fn upper(args: &[Arg<'_>], chunk: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    changed(args, chunk, text, cx, utf8::upper)
}

fn changed(
    args: &[Arg<'_>],
    chunk: &Chunk,
    text: &mut Vec<u8>,
    cx: &ColumnCx<'_>,
    change: impl Fn(&[u8], &mut Vec<u8>),
) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    cx.spans(|row| {
        let (_, bytes) = cells.get(row)?;
        let start = text.len();
        change(bytes, text);
        cx.new_text(start, text)
    })
}

/// What `words` splits at and `trim` takes off.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

fn trim(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    cx.spans(|row| {
        let (span, bytes) = cells.get(row)?;
        let from = bytes.iter().take_while(|&&byte| is_blank(byte)).count();
        let behind = bytes[from..]
            .iter()
            .rev()
            .take_while(|&&byte| is_blank(byte))
            .count();
        Some(piece(span, from, bytes.len() - from - behind))
    })
}

fn len(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Arg::Column(column, ty) = &args[0] else {
        return ColumnV::nulls(cx.len);
    };
    let of_row = |row: usize| {
        let len = match &column.data {
            Column::List { ends, .. } => {
                (ends[row] - if row == 0 { 0 } else { ends[row - 1] }) as usize
            }
            Column::Bytes(spans) if **ty == Type::Json => json_len(chunk.bytes(spans[row])),
            Column::Bytes(spans) => utf8::count(chunk.bytes(spans[row])),
            _ => utf8::count(&chunk.value(column, ty, row).text()),
        };
        column.is_valid(row).then_some(len as i64)
    };
    whole_numbers(cx, of_row)
}

fn json_len(raw: &[u8]) -> usize {
    match json::kind(raw) {
        json::Kind::Array => json::items(raw).count(),
        json::Kind::Object => json::members(raw).count(),
        _ => utf8::count(&Value::Json(raw).text()),
    }
}

fn substr(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    cx.spans(|row| {
        let (span, bytes) = cells.get(row)?;
        let from = integer_at(&args[1], row)?;
        let n = match args.get(2) {
            Some(n) => Some(integer_at(n, row)?),
            None => None,
        };
        let part = utf8::slice(bytes, from, n);
        let at = part.as_ptr() as usize - bytes.as_ptr() as usize;
        Some(piece(span, at, part.len()))
    })
}

fn words(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    cx.lists(|row, items| {
        let Some((span, _)) = cells.get(row) else {
            return false;
        };
        let from = items.len();
        scan::words(cells.buffer(span), span.start(), span.len(), items);
        if span.in_scratch() {
            for item in &mut items[from..] {
                item.len |= IN_SCRATCH;
            }
        }
        true
    })
}

fn tokens(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    cx.lists(|row, items| {
        let Some((span, bytes)) = cells.get(row) else {
            return false;
        };
        if bytes.is_ascii() {
            ascii_tokens(span, bytes, items);
        } else {
            unicode_tokens(span, bytes, items);
        }
        true
    })
}

static IN_TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    table
};

fn ascii_tokens(span: Span, bytes: &[u8], items: &mut Vec<Span>) {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let skip = rest
            .iter()
            .take_while(|&&byte| !IN_TOKEN[usize::from(byte)])
            .count();
        let len = rest[skip..]
            .iter()
            .take_while(|&&byte| IN_TOKEN[usize::from(byte)])
            .count();
        if len > 0 {
            items.push(piece(span, at + skip, len));
        }
        at += skip + len;
    }
}

fn unicode_tokens(span: Span, bytes: &[u8], items: &mut Vec<Span>) {
    let mut base = 0;
    let mut open: Option<usize> = None;
    let mut close = |open: &mut Option<usize>, end: usize| {
        if let Some(start) = open.take() {
            items.push(piece(span, start, end - start));
        }
    };
    for part in bytes.utf8_chunks() {
        for (at, letter) in part.valid().char_indices() {
            if letter.is_alphanumeric() || letter == '_' {
                open.get_or_insert(base + at);
            } else {
                close(&mut open, base + at);
            }
        }
        base += part.valid().len();
        if !part.invalid().is_empty() {
            close(&mut open, base);
        }
        base += part.invalid().len();
    }
    close(&mut open, base);
}

fn contains(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    match TextArg::of(&args[1], chunk) {
        TextArg::Constant(wanted) => {
            let finder = memmem::Finder::new(wanted);
            cx.bools(|row| Some(finder.find(cells.get(row)?.1).is_some()))
        }
        wanted => cx.bools(|row| Some(memmem::find(cells.get(row)?.1, wanted.get(row)?).is_some())),
    }
}

fn starts_with(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    asked(args, chunk, cx, |text, wanted| text.starts_with(wanted))
}

fn ends_with(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    asked(args, chunk, cx, |text, wanted| text.ends_with(wanted))
}

fn asked(
    args: &[Arg<'_>],
    chunk: &Chunk,
    cx: &ColumnCx<'_>,
    holds: impl Fn(&[u8], &[u8]) -> bool,
) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    match TextArg::of(&args[1], chunk) {
        TextArg::Constant(wanted) => cx.bools(|row| Some(holds(cells.get(row)?.1, wanted))),
        wanted => cx.bools(|row| Some(holds(cells.get(row)?.1, wanted.get(row)?))),
    }
}

fn concat(args: &[Arg<'_>], chunk: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let parts: Vec<TextArg<'_>> = args.iter().map(|arg| TextArg::of(arg, chunk)).collect();
    cx.spans(|row| {
        let start = text.len();
        for part in &parts {
            match part.get(row) {
                Some(bytes) => text.extend_from_slice(bytes),
                None => {
                    text.truncate(start);
                    return None;
                }
            }
        }
        cx.new_text(start, text)
    })
}

/// Bits of the hash that are left out, so that what is left is an exact number (18 digits).
const HASH_SHIFT: u32 = 5;

fn hash_of(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    whole_numbers(cx, |row| {
        let hash = hash::stable(cells.get(row)?.1);
        match args.get(1) {
            None => Some((hash >> HASH_SHIFT) as i64),
            Some(n) => {
                let n = u64::try_from(integer_at(n, row)?).ok()?;
                hash.checked_rem(n).map(|rest| rest as i64)
            }
        }
    })
}
