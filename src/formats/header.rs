//! Names of columns, from the first record of a file. Refuses nothing: what has no name gets one, and what
//! has another's gets a number behind it. Invariant: the names of a header differ from each other.

use crate::data::{Field, FieldId, Open, Schema, Type};
use crate::error::Usage;
use std::collections::HashSet;

/// Makes the names of a header differ: of equal ones the second becomes `name_2`; an empty name at place 3
/// is `$3`.
pub(super) fn distinct(cells: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen = HashSet::new();
    for (i, cell) in cells.into_iter().enumerate() {
        let mut name = if cell.is_empty() {
            format!("${}", i + 1)
        } else {
            cell
        };
        if seen.contains(&name) {
            name = (2..)
                .map(|n| format!("{name}_{n}"))
                .find(|numbered| !seen.contains(numbered))
                .expect("one of the endless names is free");
        }
        seen.insert(name.clone());
        names.push(name);
    }
    names
}

/// The bytes of a header record without byte order mark and line end.
pub fn trimmed(header: &[u8]) -> &[u8] {
    let header = header.strip_prefix(b"\xef\xbb\xbf").unwrap_or(header);
    let header = header.strip_suffix(b"\n").unwrap_or(header);
    header.strip_suffix(b"\r").unwrap_or(header)
}

/// The schema of columns by these names; without any (an empty input) every name is allowed, since there
/// is no record that could lack it.
pub(super) fn schema(names: Vec<String>, no_header: bool) -> Schema {
    let open = names.is_empty().then_some(if no_header {
        Open::Positional
    } else {
        Open::Named(Type::Untyped)
    });
    let field = |name| Field::new(name, Type::Untyped);
    Schema {
        fields: names.into_iter().map(field).collect(),
        open,
        others: None,
    }
}

/// Where the wanted fields stand in a file with these names: (cell, field).
pub(super) fn places(
    schema: &Schema,
    wanted: &[FieldId],
    names: &[String],
) -> Result<Vec<(usize, FieldId)>, Usage> {
    let mut places = Vec::new();
    for &field in wanted {
        let name = schema.fields[field].name.as_str();
        if super::is_made(name) {
            continue;
        }
        let place = names.iter().position(|known| known == name);
        let place = place.or_else(|| {
            let number = super::positional(name)? - 1;
            let positional = names.get(number)?.strip_prefix('$')?;
            (positional == (number + 1).to_string()).then_some(number)
        });
        match place {
            Some(place) => places.push((place, field)),
            None => return Err(missing(name, names)),
        }
    }
    Ok(places)
}

fn missing(name: &str, names: &[String]) -> Usage {
    let hint = super::nearest(name, names.iter().map(String::as_str))
        .map_or(String::new(), |near| format!("; did you mean '{near}'?"));
    Usage::new(format!(
        "no field '{name}'{hint}\n    the header has: {}",
        names.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_to_differ() {
        let names = |cells: &[&str]| distinct(cells.iter().map(|cell| cell.to_string())).join(" ");
        assert_eq!(names(&["a", "b"]), "a b");
        assert_eq!(names(&["a", "a", "a"]), "a a_2 a_3");
        assert_eq!(names(&["a_2", "a", "a"]), "a_2 a a_3");
        assert_eq!(names(&["", "x", ""]), "$1 x $3");
    }

    #[test]
    fn a_header_is_trimmed() {
        assert_eq!(trimmed(b"\xef\xbb\xbfa,b\r\n"), b"a,b");
        assert_eq!(trimmed(b"a"), b"a");
    }
}
