//! Two records as one line of JSON: the left's fields, then the right's, by their names. Looks at whole fields
//! only. Invariant: a name stands once in what it makes.

use super::Rest;
use super::cells::bare_name;
use super::rest::pairs_of;
use crate::bytes::json;
use std::borrow::Cow;

/// How the lines of a pair become one.
#[derive(Clone, Debug)]
pub struct Merge {
    /// How the left's line is read; `None`: it has no fields but its columns.
    pub left: Option<Rest>,
    /// Names that come first, with a null in place of each: columns are put over them.
    pub columns: Vec<String>,
    pub right: Option<Rest>,
    pub prefix: String,
    /// All of the right's fields have the prefix; else those that the left has in the same row.
    pub always: bool,
    /// Fields that both sides have by one name: given once.
    pub same: Vec<String>,
    /// Fields of the right that have the prefix in every row, as the chain does something to `PREFIX.f`; and those that
    /// have none where the left has no such field, as it does so to a plain f.
    pub by_prefix: Vec<String>,
    pub by_name: Vec<String>,
}

impl Merge {
    /// The chain does something to a field of the right by this name: how it was first called is what it means.
    pub fn ask(&mut self, field: &str, by_prefix: bool) {
        if self.is_asked(field) {
            return;
        }
        match by_prefix {
            true => self.by_prefix.push(field.into()),
            false => self.by_name.push(field.into()),
        }
    }

    fn is_asked(&self, field: &str) -> bool {
        let mut asked = self.by_prefix.iter().chain(&self.by_name);
        asked.any(|asked| asked == field)
    }

    /// Whether a field of the right has the prefix in a row. `clashes`: the left has one of its name.
    pub fn has_prefix(&self, field: &[u8], clashes: bool) -> bool {
        let among = |names: &[String]| names.iter().any(|name| name.as_bytes() == field);
        clashes || among(&self.by_prefix) || self.always && !among(&self.by_name)
    }

    /// Appends the object. A line that is not there gives no fields.
    pub fn write(&self, left: Option<&[u8]>, right: Option<&[u8]>, out: &mut Vec<u8>) {
        let mut names: Vec<Vec<u8>> = Vec::new();
        out.push(b'{');
        for name in &self.columns {
            begin(&mut names, name.as_bytes(), out);
            out.extend_from_slice(b"null");
        }
        if let (Some(rest), Some(line)) = (&self.left, left) {
            for (key, value) in pairs_of(rest.format, line) {
                let name = key.text();
                let is = |other: &String| bare_name(other).as_bytes() == &*name;
                if rest.dropped.iter().any(is) {
                    continue;
                }
                let new = rest.renamed.iter().find(|(old, _)| is(old));
                let name: Cow<'_, [u8]> = match new {
                    Some((_, new)) => Cow::Borrowed(bare_name(new).as_bytes()),
                    None => name,
                };
                if begin(&mut names, &name, out) {
                    value.write_json(out);
                }
            }
        }
        let lefts = names.len();
        if let (Some(rest), Some(line)) = (&self.right, right) {
            for (key, value) in pairs_of(rest.format, line) {
                let name = key.text();
                let same = self.same.iter().any(|same| same.as_bytes() == &*name);
                let clashes = names[..lefts].iter().any(|left| **left == *name);
                if same && clashes {
                    continue;
                }
                let given = match !same && self.has_prefix(&name, clashes) {
                    true => Cow::Owned([self.prefix.as_bytes(), b".", &name].concat()),
                    false => name,
                };
                if begin(&mut names, &given, out) {
                    value.write_json(out);
                }
            }
        }
        out.push(b'}');
    }
}

/// Writes a name and a colon; false: it was there before.
fn begin(names: &mut Vec<Vec<u8>>, name: &[u8], out: &mut Vec<u8>) -> bool {
    if names.iter().any(|before| before == name) {
        return false;
    }
    if !names.is_empty() {
        out.push(b',');
    }
    json::write_string(name, out);
    out.push(b':');
    names.push(name.to_vec());
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(format: &'static str) -> Option<Rest> {
        Some(Rest {
            format,
            dropped: vec!["gone".into()],
            renamed: vec![("old".into(), "new".into())],
        })
    }

    fn check(merge: &Merge, left: Option<&str>, right: Option<&str>, expected: &str) {
        let mut out = Vec::new();
        merge.write(left.map(str::as_bytes), right.map(str::as_bytes), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn names_of_both_sides_stand_once() {
        let mut merge = Merge {
            left: rest("json"),
            columns: Vec::new(),
            right: Some(Rest {
                format: "logfmt",
                dropped: Vec::new(),
                renamed: Vec::new(),
            }),
            prefix: "r".into(),
            always: false,
            same: vec!["k".into()],
            by_prefix: Vec::new(),
            by_name: Vec::new(),
        };
        let left = r#"{"k":1,"gone":2,"old":"x\n","v":[1, 2]}"#;
        check(
            &merge,
            Some(left),
            Some("k=1 v=7 w=\"a b\" gone=3"),
            r#"{"k":1,"new":"x\n","v":[1, 2],"r.v":7,"w":"a b","gone":3}"#,
        );
        check(&merge, None, Some("k=1 v=7"), r#"{"k":1,"v":7}"#);
        check(&merge, Some(r#"{"k":1}"#), None, r#"{"k":1}"#);
        merge.always = true;
        merge.left = None;
        merge.columns = vec!["k".into(), "n".into()];
        check(
            &merge,
            Some("not looked at"),
            Some("k=1 v=7 n=2"),
            r#"{"k":null,"n":null,"r.v":7,"r.n":2}"#,
        );
        merge.ask("v", false);
        merge.ask("n", false);
        merge.ask("v", true);
        check(
            &merge,
            Some("not looked at"),
            Some("k=1 v=7 n=2"),
            r#"{"k":null,"n":null,"v":7,"r.n":2}"#,
        );
        merge.always = false;
        merge.ask("w", true);
        check(
            &merge,
            None,
            Some("v=7 w=8"),
            r#"{"k":null,"n":null,"v":7,"r.w":8}"#,
        );
    }
}
