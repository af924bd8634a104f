//! Functions that make objects of text and look into them. An object is JSON text (`Type::Json`): nothing is
//! built but the text, and paths find their way in it. Refuses text that is no JSON from end to end.
//! Invariant: what these give is valid JSON on one line.

use super::{BASE, Family, Function, Kernel, Param, RowCx, gives_texts};
use crate::bytes::{Span, json};
use crate::data::doc::{Doc, Example};
use crate::data::{ColumnBuilder, Type, Value};
use memchr::memmem;

pub static JSON: Function = Function {
    name: "json",
    signature: "json(x)",
    family: Family::Objects,
    doc: Doc {
        summary: "The JSON value that a text holds, else null",
        text: "Fields and items of it are found as usual: `json(msg).user.id`. Blanks between its parts are left out. JSON's `null` is null.",
        examples: &[Example {
            title: "JSON behind a prefix",
            session: "$ echo 'app: {\"user\":{\"id\":7}}' | dstream map 'id=json(substr($0,5)).user.id' select id\n7\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_json,
    kernel: Kernel::Row(json_of),
    spark: "get_json_object({0}, '$')",
    flink: "CASE WHEN {0} IS JSON THEN {0} END",
    ..BASE
};

pub static LOGFMT: Function = Function {
    name: "logfmt",
    signature: "logfmt(x)",
    family: Family::Objects,
    doc: Doc {
        summary: "The object that a text of key=value pairs is",
        text: "As `-i logfmt` reads a line: a key without `=` is `true`, a value may stand in double quotes. Null for a text without any `=`, and where a quote is not closed. Values that are numbers as JSON writes them are numbers.",
        examples: &[Example {
            title: "Pairs behind a prefix",
            session: "$ echo 'INFO level=warn msg=\"too slow\" ms=120' | dstream map 'msg=logfmt($0).msg,ms=logfmt($0).ms' select msg,ms\ntoo slow\t120\n",
        }],
    },
    params: &[Param::Text],
    required: 1,
    result: gives_json,
    kernel: Kernel::Row(logfmt),
    no_sql: "no function reads key=value pairs with quotes",
    ..BASE
};

pub static KV: Function = Function {
    name: "kv",
    signature: "kv(x,sep,eq)",
    family: Family::Objects,
    doc: Doc {
        summary: "The object that a text of pairs is: split at sep, each at its first eq",
        text: "Blanks around names and values do not count, empty pieces are skipped, a piece without eq has an empty value. Null where sep or eq is empty. Values that are numbers as JSON writes them are numbers.",
        examples: &[Example {
            title: "A query string",
            session: "$ echo 'q=stream&page=2' | dstream map 'p=kv($0,\"&\",\"=\").page' select p\n2\n",
        }],
    },
    params: &[Param::Text, Param::Text, Param::Text],
    required: 3,
    result: gives_json,
    kernel: Kernel::Row(kv),
    no_sql: "no function makes an object of such pairs",
    ..BASE
};

pub static KEYS: Function = Function {
    name: "keys",
    signature: "keys(x)",
    family: Family::Objects,
    doc: Doc {
        summary: "The names of an object, in its order, as a list",
        text: "Null for what is no object.",
        examples: &[Example {
            title: "Which names there are",
            session: "$ printf '%s\\n' '{\"o\":{\"b\":1,\"a\":2}}' '{\"o\":3}' | dstream -i json flat-map 'k=keys(o)' select k\nb\na\n",
        }],
    },
    params: &[Param::Object],
    required: 1,
    result: gives_texts,
    kernel: Kernel::Row(keys),
    spark: "json_object_keys({0})",
    no_sql: "Flink lists no names of an object",
    ..BASE
};

pub(super) fn gives_json(_: &[Type]) -> Type {
    Type::Json
}

/// An object as it is written. Give it to [`ObjectText::end`] when all members are in.
pub(super) struct ObjectText<'t> {
    text: &'t mut Vec<u8>,
    start: usize,
}

impl<'t> ObjectText<'t> {
    pub fn begin(text: &'t mut Vec<u8>) -> ObjectText<'t> {
        let start = text.len();
        text.push(b'{');
        ObjectText { text, start }
    }

    /// Adds a member; untyped text becomes a number where it is one as JSON writes it.
    pub fn member(&mut self, name: &[u8], value: &Value<'_>) {
        if self.text.len() > self.start + 1 {
            self.text.push(b',');
        }
        json::write_string(name, self.text);
        self.text.push(b':');
        value.write_json(&Default::default(), self.text);
    }

    pub fn end(self, out: &mut ColumnBuilder) {
        self.text.push(b'}');
        out.span(Span::scratch(self.start, self.text.len() - self.start));
    }

    /// Leaves no trace of it.
    pub fn abandon(self, out: &mut ColumnBuilder) {
        self.text.truncate(self.start);
        out.null();
    }
}

/// The bytes of an argument that the evaluator made text.
pub(super) fn text_of<'a>(value: &Value<'a>) -> &'a [u8] {
    match value {
        Value::Text(bytes) | Value::Untyped(bytes) | Value::Json(bytes) => bytes,
        _ => &[],
    }
}

fn json_of<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let text = text_of(&args[0]).trim_ascii();
    if json::validate(text).is_err() || json::kind(text) == json::Kind::Null {
        return out.null();
    }
    let start = cx.text.len();
    json::minify(text, cx.text);
    out.span(Span::scratch(start, cx.text.len() - start));
}

fn keys<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let Some(object) = object_of(&args[0]) else {
        return out.null();
    };
    for (name, _) in json::members(object) {
        let start = cx.text.len();
        json::unescape(name, cx.text);
        out.items()
            .span(Span::scratch(start, cx.text.len() - start));
    }
    out.end_list();
}

/// An object: of JSON known to be one, or text that is one from end to end.
fn object_of<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    let (raw, known) = match value {
        Value::Json(raw) => (*raw, true),
        Value::Text(raw) | Value::Untyped(raw) => (*raw, false),
        _ => return None,
    };
    let object = json::kind(raw) == json::Kind::Object;
    (object && (known || json::validate(raw).is_ok())).then_some(raw)
}

fn kv<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let (text, separator, equals) = (text_of(&args[0]), text_of(&args[1]), text_of(&args[2]));
    if separator.is_empty() || equals.is_empty() {
        return out.null();
    }
    let mut object = ObjectText::begin(cx.text);
    let mut pair = |piece: &[u8]| {
        if piece.trim_ascii().is_empty() {
            return;
        }
        let (name, value) = match memmem::find(piece, equals) {
            Some(at) => (&piece[..at], &piece[at + equals.len()..]),
            None => (piece, &b""[..]),
        };
        object.member(name.trim_ascii(), &Value::Untyped(value.trim_ascii()));
    };
    let mut from = 0;
    for at in memmem::find_iter(text, separator) {
        pair(&text[from..at]);
        from = at + separator.len();
    }
    pair(&text[from..]);
    object.end(out);
}

fn logfmt<'a>(args: &[Value<'a>], cx: &mut RowCx<'_>, out: &mut ColumnBuilder) {
    let line = text_of(&args[0]);
    let mut object = ObjectText::begin(cx.text);
    let mut unescaped = Vec::new();
    let mut pairs = 0;
    let mut rest = line;
    loop {
        rest = rest.trim_ascii_start();
        if rest.is_empty() {
            break;
        }
        let end = rest
            .iter()
            .position(|byte| byte.is_ascii_whitespace() || *byte == b'=');
        let (name, behind) = rest.split_at(end.unwrap_or(rest.len()));
        let Some(value) = behind.strip_prefix(b"=") else {
            object.member(name, &Value::Bool(true));
            rest = behind;
            continue;
        };
        if name.is_empty() {
            return object.abandon(out);
        }
        pairs += 1;
        if value.first() == Some(&b'"') {
            let Some(len) = quoted_len(value) else {
                return object.abandon(out);
            };
            let (quoted, behind) = value.split_at(len);
            if behind
                .first()
                .is_some_and(|byte| !byte.is_ascii_whitespace())
            {
                return object.abandon(out);
            }
            unescaped.clear();
            json::unescape(quoted, &mut unescaped);
            object.member(name, &Value::Untyped(&unescaped));
            rest = behind;
        } else {
            let end = value
                .iter()
                .position(u8::is_ascii_whitespace)
                .unwrap_or(value.len());
            object.member(name, &Value::Untyped(&value[..end]));
            rest = &value[end..];
        }
    }
    if pairs == 0 {
        object.abandon(out)
    } else {
        object.end(out)
    }
}

/// The length of the quoted text that begins here, quotes included.
fn quoted_len(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}
