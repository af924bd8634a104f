//! The README's tables: rows between `<!-- NAME:begin -->` and `<!-- NAME:end -->` are made anew, all else is
//! left as it is.

use super::pages;
use crate::cli::globals::Section;

/// The README with its tables as the program has them.
pub fn filled(readme: &str) -> String {
    let mut text = readme.to_string();
    for (name, table) in [
        ("operators", operators()),
        ("aggregates", aggregates()),
        ("functions", functions()),
        ("formats", formats()),
        ("options", options()),
    ] {
        text = replaced(&text, name, &table);
    }
    text
}

fn replaced(text: &str, name: &str, table: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name}:begin -->\n"),
        format!("<!-- {name}:end -->"),
    );
    let Some((before, rest)) = text.split_once(&begin) else {
        return text.into();
    };
    let Some((_, after)) = rest.split_once(&end) else {
        return text.into();
    };
    format!("{before}{begin}{table}{end}{after}")
}

fn operators() -> String {
    let mut out = head(&["Operator", "What it does"]);
    for (group, _) in pages::GROUPS {
        for operator in pages::operators_of(group) {
            row(
                &[&code(&pages::synopsis(operator)), operator.doc.summary],
                &mut out,
            );
        }
    }
    out
}

fn aggregates() -> String {
    let mut out = head(&["Aggregate", "Gives"]);
    for aggregate in pages::aggregates() {
        row(
            &[
                &code(&pages::aggregate_term(aggregate)),
                aggregate.doc.summary,
            ],
            &mut out,
        );
    }
    out
}

fn functions() -> String {
    let mut out = head(&["Function", "Gives"]);
    for (family, _) in pages::FAMILIES {
        for function in pages::functions_of(family) {
            row(&[&code(function.signature), function.doc.summary], &mut out);
        }
    }
    out
}

fn formats() -> String {
    let mut out = head(&["Format", "", "What it is"]);
    for format in pages::formats() {
        row(
            &[
                &code(format.name),
                pages::directions(format),
                format.doc.summary,
            ],
            &mut out,
        );
    }
    out
}

fn options() -> String {
    let mut out = head(&["Option", "Default", "What it does"]);
    for section in Section::ALL {
        for option in pages::options_of(section) {
            row(
                &[
                    &code(&pages::option_term(option)),
                    option.default,
                    option.doc.summary,
                ],
                &mut out,
            );
        }
    }
    out
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn head(titles: &[&str]) -> String {
    let mut out = String::new();
    row(titles, &mut out);
    out.push_str(&"|---".repeat(titles.len()));
    out.push_str("|\n");
    out
}

fn row(cells: &[&str], out: &mut String) {
    for cell in cells {
        out.push_str(&format!("| {} ", cell.replace('|', "\\|")));
    }
    out.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let text = "a\n<!-- x:begin -->\nold\n<!-- x:end -->\nb\n";
        assert_eq!(
            replaced(text, "x", "new\n"),
            "a\n<!-- x:begin -->\nnew\n<!-- x:end -->\nb\n"
        );
        assert_eq!(replaced(text, "y", "new\n"), text);
    }
}
