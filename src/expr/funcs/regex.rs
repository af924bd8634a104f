//! Functions that look for a pattern: a `/regex/`, compiled once, or a text taken literally. Linear time,
//! over bytes. Invariant: the empty text as a pattern is found nowhere; what is found is a span, no copy.

use super::cells::{TextArg, Texts, integer_at, piece};
use super::{Arg, BASE, ColumnCx, Family, Function, Kernel, MADE, Param, gives_text, gives_texts};
use crate::bytes::{Span, scan};
use crate::data::doc::{Doc, Example};
use crate::data::{Chunk, ColumnV};
use ::regex::bytes::{CaptureLocations, Regex};
use memchr::memmem::{self, Finder};

pub static SPLIT: Function = Function {
    name: "split",
    signature: "split(x,re)",
    family: Family::Patterns,
    doc: Doc {
        summary: "The pieces of x between the matches, as a list, empty ones too",
        text: "The pattern is a `/regex/` or a text taken literally. A text without a match, the empty one too, is one piece. For words there is `words`.",
        examples: &[
            Example {
                title: "The parts of a path",
                session: "$ echo /usr/bin/env | dstream map 'top=split($0,\"/\")[1]' select top\nusr\n",
            },
            Example {
                title: "Commas with or without blanks",
                session: "$ echo 'a, b,c' | dstream flat-map 'x=split($0,/, */)' select x\na\nb\nc\n",
            },
        ],
    },
    params: &[Param::Text, Param::Regex],
    required: 2,
    result: gives_texts,
    kernel: Kernel::Column(split),
    spark: "split({0}, {1})",
    no_sql: "Flink splits at a text, not at a pattern",
    ..BASE
};

pub static MATCHES: Function = Function {
    name: "matches",
    signature: "matches(x,re)",
    family: Family::Patterns,
    doc: Doc {
        summary: "Everything in x that matches, as a list",
        text: "Whole matches, from left to right, that do not overlap; an empty list without one. Whether there is a match at all says `x =~ re`.",
        examples: &[Example {
            title: "All numbers of a line",
            session: "$ echo 'a=1 b=23' | dstream flat-map 'n=matches($0,/[0-9]+/)' select n\n1\n23\n",
        }],
    },
    params: &[Param::Text, Param::Regex],
    required: 2,
    result: gives_texts,
    kernel: Kernel::Column(matches),
    spark: "regexp_extract_all({0}, {1}, 0)",
    flink: "REGEXP_EXTRACT_ALL({0}, {1}, 0)",
    ..BASE
};

pub static EXTRACT: Function = Function {
    name: "extract",
    signature: "extract(x,re[,n])",
    family: Family::Patterns,
    doc: Doc {
        summary: "A group of the first match; null without a match",
        text: "Group 0 is all of the match. Without n it is group 1, or 0 where the pattern has no groups. A group that took no part, or that the pattern lacks, is null.",
        examples: &[Example {
            title: "A number behind a word",
            session: "$ printf '%s\\n' 'GET /a took 12ms' 'GET /b' | dstream map 'ms=extract($0,/took ([0-9]+)ms/)' filter 'has(ms)' select ms\n12\n",
        }],
    },
    params: &[Param::Text, Param::Regex, Param::Int],
    required: 2,
    result: gives_text,
    kernel: Kernel::Column(extract),
    spark: MADE,
    flink: MADE,
    ..BASE
};

pub static REPLACE: Function = Function {
    name: "replace",
    signature: "replace(x,re,y)",
    family: Family::Patterns,
    doc: Doc {
        summary: "The text with y in place of every match",
        text: "With a `/regex/`, `$1` in y is its first group, `$0` all of the match, `${name}` a named group and `$$` a dollar sign. A text as pattern is taken literally, and so is y then.",
        examples: &[
            Example {
                title: "Numbers out of paths, to count them as one",
                session: "$ printf '%s\\n' /user/1/a /user/22/a | dstream map 'p=replace($1,/[0-9]+/,\"N\")' count-by p\n/user/N/a\t2\n",
            },
            Example {
                title: "Swap two parts",
                session: "$ echo 20.11. | dstream map 'd=replace($1,/([0-9]+)[.]([0-9]+)[.]/,\"$2-$1\")' select d\n11-20\n",
            },
        ],
    },
    params: &[Param::Text, Param::Regex, Param::Text],
    required: 3,
    result: gives_text,
    kernel: Kernel::Column(replace),
    spark: "regexp_replace({0}, {1}, {2})",
    flink: "REGEXP_REPLACE({0}, {1}, {2})",
    ..BASE
};

/// What is looked for.
enum Pattern<'a> {
    Regex(&'a Regex),
    Byte(u8),
    Text(Box<Finder<'a>>),
    /// A text of its own in each row.
    Texts(Texts<'a>),
    /// The empty text.
    Nothing,
    Null,
}

impl<'a> Pattern<'a> {
    /// The pattern in place of argument 1.
    fn of(args: &'a [Arg<'_>], chunk: &'a Chunk, cx: &ColumnCx<'a>) -> Pattern<'a> {
        if let Some(regex) = cx.regexes.get(1).and_then(Option::as_ref) {
            return Pattern::Regex(regex);
        }
        match TextArg::of(&args[1], chunk) {
            TextArg::Constant([]) => Pattern::Nothing,
            TextArg::Constant([byte]) => Pattern::Byte(*byte),
            TextArg::Constant(text) => Pattern::Text(Box::new(Finder::new(text))),
            TextArg::Column(texts) => Pattern::Texts(texts),
            TextArg::Null => Pattern::Null,
        }
    }

    /// Calls `found` with start and end of each match in a row's text; false: the pattern is null there.
    #[inline(always)]
    fn each(&self, row: usize, text: &[u8], mut found: impl FnMut(usize, usize)) -> bool {
        match self {
            Pattern::Regex(regex) => {
                regex
                    .find_iter(text)
                    .for_each(|m| found(m.start(), m.end()));
            }
            Pattern::Byte(byte) => {
                memchr::memchr_iter(*byte, text).for_each(|at| found(at, at + 1));
            }
            Pattern::Text(finder) => {
                let len = finder.needle().len();
                finder.find_iter(text).for_each(|at| found(at, at + len));
            }
            Pattern::Texts(texts) => match texts.get(row) {
                None => return false,
                Some((_, [])) => {}
                Some((_, wanted)) => {
                    memmem::find_iter(text, wanted).for_each(|at| found(at, at + wanted.len()));
                }
            },
            Pattern::Nothing => {}
            Pattern::Null => return false,
        }
        true
    }

    /// The first match; the outer `None`: the pattern is null.
    fn first(&self, row: usize, text: &[u8]) -> Option<Option<(usize, usize)>> {
        let of = |at: Option<usize>, len: usize| at.map(|at| (at, at + len));
        Some(match self {
            Pattern::Regex(regex) => regex.find(text).map(|m| (m.start(), m.end())),
            Pattern::Byte(byte) => of(memchr::memchr(*byte, text), 1),
            Pattern::Text(finder) => of(finder.find(text), finder.needle().len()),
            Pattern::Texts(texts) => match texts.get(row)?.1 {
                [] => None,
                wanted => of(memmem::find(text, wanted), wanted.len()),
            },
            Pattern::Nothing => None,
            Pattern::Null => return None,
        })
    }
}

fn split(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let pattern = Pattern::of(args, chunk, cx);
    // One byte is what most splits are at: found by masks, 64 bytes at a time.
    if let Pattern::Byte(byte) = pattern {
        let mut places = Vec::new();
        return cx.lists(|row, items| {
            let Some((span, _)) = cells.get(row) else {
                return false;
            };
            places.clear();
            let padded = &cells.buffer(span)[span.start()..];
            scan::positions(padded, span.len(), &[byte], &mut places);
            let mut from = 0;
            for &at in &places {
                items.push(piece(span, from, at as usize - from));
                from = at as usize + 1;
            }
            items.push(piece(span, from, span.len() - from));
            true
        });
    }
    cx.lists(|row, items| pieces(&cells, row, items, &pattern))
}

fn pieces(cells: &Texts<'_>, row: usize, items: &mut Vec<Span>, pattern: &Pattern<'_>) -> bool {
    let Some((span, text)) = cells.get(row) else {
        return false;
    };
    let mut from = 0;
    let known = pattern.each(row, text, |start, end| {
        items.push(piece(span, from, start - from));
        from = end;
    });
    items.push(piece(span, from, text.len() - from));
    known
}

fn matches(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let pattern = Pattern::of(args, chunk, cx);
    cx.lists(|row, items| {
        let Some((span, text)) = cells.get(row) else {
            return false;
        };
        pattern.each(row, text, |start, end| {
            items.push(piece(span, start, end - start))
        })
    })
}

fn extract(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let pattern = Pattern::of(args, chunk, cx);
    let mut places = match pattern {
        Pattern::Regex(regex) => Some(regex.capture_locations()),
        _ => None,
    };
    let default = i64::from(places.as_ref().is_some_and(|places| places.len() > 1));
    cx.spans(|row| {
        let (span, text) = cells.get(row)?;
        let group = match args.get(2) {
            Some(n) => integer_at(n, row)?,
            None => default,
        };
        let (start, end) = match (&pattern, &mut places, group) {
            (_, _, 0) => pattern.first(row, text)??,
            (Pattern::Regex(regex), Some(places), 1..) => {
                regex.captures_read(places, text)?;
                places.get(usize::try_from(group).ok()?)?
            }
            _ => return None,
        };
        Some(piece(span, start, end - start))
    })
}

fn replace(args: &[Arg<'_>], chunk: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let Some(cells) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let pattern = Pattern::of(args, chunk, cx);
    let new = TextArg::of(&args[2], chunk);
    let mut places = match pattern {
        Pattern::Regex(regex) => Some((regex, regex.capture_locations())),
        _ => None,
    };
    cx.spans(|row| {
        let (span, old) = cells.get(row)?;
        let new = new.get(row)?;
        let begin = text.len();
        let mut from = 0;
        let mut groups = match &mut places {
            Some(places) if new.contains(&b'$') => Some(places),
            _ => None,
        };
        let known = pattern.each(row, old, |start, end| {
            text.extend_from_slice(&old[from..start]);
            match &mut groups {
                None => text.extend_from_slice(new),
                Some((regex, places)) => {
                    regex.captures_read_at(places, old, start);
                    expand(new, regex, places, old, text);
                }
            }
            from = end;
        });
        if !known {
            text.truncate(begin);
            return None;
        }
        if from == 0 && text.len() == begin {
            // Nothing found (or the empty text at its start replaced by nothing): as it was.
            return Some(span);
        }
        text.extend_from_slice(&old[from..]);
        cx.new_text(begin, text)
    })
}

/// Appends `new` with its groups filled in; one that the regex lacks or that took no part is empty.
fn expand(new: &[u8], regex: &Regex, places: &CaptureLocations, old: &[u8], out: &mut Vec<u8>) {
    let mut rest = new;
    while let Some(at) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            put_group(number_of(&rest[..digits]), places, old, out);
            rest = &rest[digits..];
        } else if rest.first() == Some(&b'$') {
            out.push(b'$');
            rest = &rest[1..];
        } else if let Some(name) = rest.strip_prefix(b"{")
            && let Some(end) = memchr::memchr(b'}', name)
        {
            let group = number_of(&name[..end]).or_else(|| {
                let name = std::str::from_utf8(&name[..end]).ok()?;
                regex.capture_names().position(|known| known == Some(name))
            });
            put_group(group, places, old, out);
            rest = &name[end + 1..];
        } else {
            out.push(b'$');
        }
    }
    out.extend_from_slice(rest);
}

fn number_of(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn put_group(group: Option<usize>, places: &CaptureLocations, old: &[u8], out: &mut Vec<u8>) {
    if let Some((start, end)) = group.and_then(|group| places.get(group)) {
        out.extend_from_slice(&old[start..end]);
    }
}
