//! What operators are given: the specification of operands and flags, and their values. Reads words; knows no
//! record. Invariant: an operand is always there, so what is optional is a flag.

use crate::data::time::WINDOW_MAX;
use crate::plan::node::Extent;
use crate::plan::window::Size;

/// An operand: always there, always taken as it comes.
#[derive(Copy, Clone, Debug)]
pub struct Operand {
    /// As in the synopsis: `EXPR`, `K`, `SIZE`.
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
}

/// A flag of an operator. Names are disjoint from the program's options.
#[derive(Copy, Clone, Debug)]
pub struct Flag {
    /// Without the dashes.
    pub long: &'static str,
    /// Placeholder and kind of its value; `None`: it has none.
    pub value: Option<(&'static str, Kind)>,
    /// May be given more than once.
    pub repeated: bool,
    pub help: &'static str,
}

/// What a word stands for: how it is checked before anything runs, and completed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A condition.
    Condition,
    /// `NAME=EXPR,…`
    Assignments,
    /// `NAME=EXPR`
    Assignment,
    /// `F,…` or expressions: what to key by.
    Keys,
    /// `F,…`
    Fields,
    /// `A=B,…`
    Renames,
    /// `n=count,p99:ms`
    Aggregates,
    /// `n=cumcount,lag:x,avg:ms:-9..0`
    Running,
    /// `F[:desc],…`
    SortKeys,
    /// `10s`, `1h30m`
    Duration,
    /// A duration, `day week month quarter year`, `all`
    WindowSize,
    /// A whole number from 1
    Count,
    /// `0.01`, `1%`
    Share,
    /// A number above 0
    Positive,
    /// One of these words
    OneOf(&'static [&'static str]),
    Regex,
    /// Steps and links, `a b+ c`
    Pattern,
    /// Where the next match may begin, `past-last`
    Skip,
    /// A field's name
    Field,
    /// A file that is written
    File,
    /// A command of the shell
    Command,
    /// A source word
    Source,
    /// The word of a format
    Format,
    /// A name that is made here
    Name,
    /// `D`, `LO..HI`
    Range,
}

/// The words that an operator was given on the command line.
#[derive(Clone, Debug, Default)]
pub struct Args {
    pub operator: &'static str,
    pub operands: Vec<String>,
    /// Flags without value have an empty one.
    pub flags: Vec<(&'static str, String)>,
}

impl Args {
    pub fn operand(&self, i: usize) -> &str {
        self.operands.get(i).map_or("", String::as_str)
    }

    pub fn flag(&self, long: &str) -> Option<&str> {
        self.flags
            .iter()
            .rev()
            .find(|(name, _)| *name == long)
            .map(|(_, value)| value.as_str())
    }

    pub fn has(&self, long: &str) -> bool {
        self.flag(long).is_some()
    }
}

impl Kind {
    /// What the operand is, in a message.
    pub fn noun(self) -> &'static str {
        match self {
            Kind::Condition => "condition",
            Kind::Assignments | Kind::Assignment => "assignment",
            Kind::Keys => "key",
            Kind::Fields | Kind::Field => "field",
            Kind::Renames => "renaming",
            Kind::Aggregates => "aggregate",
            Kind::Running => "function",
            Kind::SortKeys => "order",
            Kind::Duration => "duration",
            Kind::WindowSize => "size",
            Kind::Count => "number",
            Kind::Share => "share",
            Kind::Regex | Kind::Pattern => "pattern",
            Kind::Skip => "place",
            Kind::Positive => "number",
            Kind::OneOf(_) => "word",
            Kind::File => "file",
            Kind::Command => "command",
            Kind::Source => "source",
            Kind::Format => "format",
            Kind::Name => "name",
            Kind::Range => "range of times",
        }
    }

    /// Checks a word as far as it can be judged without the record.
    pub fn check(self, word: &str) -> Result<(), String> {
        match self {
            Kind::Duration => signed_duration(word).map(drop),
            Kind::WindowSize => size(word).map(drop),
            Kind::Count => count(word).map(drop),
            Kind::Range => range(word).map(drop),
            Kind::Share => share(word).map(drop),
            Kind::Positive => positive(word).map(drop),
            Kind::OneOf(words) => match words.contains(&word) {
                true => Ok(()),
                false => Err(format!("'{word}' is none of {}", words.join(", "))),
            },
            _ if word.is_empty() => Err(format!("the {} is empty", self.noun())),
            _ => Ok(()),
        }
    }

    /// The hint for an operand that cannot be read and is an operator's name.
    pub fn missing(self, word: &str) -> Option<String> {
        super::find(word).map(|operator| {
            format!(
                "is the {} missing before the operator `{}`?",
                self.noun(),
                operator.name
            )
        })
    }
}

/// A duration above zero, ns.
pub fn duration(word: &str) -> Result<i64, String> {
    match signed_duration(word)? {
        0 => Err(format!("'{word}' is no time at all; it must be above zero")),
        ns if ns < 0 => Err(format!("'{word}' is negative; it must be above zero")),
        ns => Ok(ns),
    }
}

/// A duration that may be zero or negative, ns: `10s`, `1h30m`, `-5h`, `1.5s`.
pub fn signed_duration(word: &str) -> Result<i64, String> {
    let text = word.trim();
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if text.is_empty() || !text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(match in_words(text) {
            Some(meant) => format!("'{word}' is not a duration; write {meant}"),
            None => format!("'{word}' is not a duration"),
        });
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return if text == "0" {
            Ok(0)
        } else {
            Err(format!(
                "'{word}' is not a duration; the unit is missing: {word}s, {word}m, {word}h"
            ))
        };
    }
    let mut total: i128 = 0;
    for part in parts(text) {
        let ns = part.ok_or_else(|| match in_words(text) {
            Some(meant) => format!("'{word}' is not a duration; write {meant}"),
            None => format!("'{word}' is not a duration; write 500ms, 10s, 1h30m, 1d or 2w"),
        })?;
        total = total.saturating_add(ns);
    }
    i64::try_from(total)
        .map(|ns| sign * ns)
        .map_err(|_| format!("'{word}' is too long a time"))
}

/// A number, 1 where there is none, and what stands behind it.
fn counted(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.split_at(digits) {
        ("", unit) => ("1", unit.trim()),
        (n, unit) => (n, unit.trim()),
    }
}

/// A duration whose unit is a word of English, as it is written here.
fn in_words(text: &str) -> Option<String> {
    let (n, unit) = counted(text);
    let unit = match unit.to_ascii_lowercase().as_str() {
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hrs" | "hour" | "hours" => "h",
        "day" | "days" => "d",
        "week" | "weeks" => "w",
        _ => return None,
    };
    Some(format!("{n}{unit}"))
}

/// What the calendar has in place of a number of its months and years.
fn of_calendar(text: &str) -> Option<String> {
    let (n, unit) = counted(text);
    let word = match unit {
        "M" | "mo" | "mon" | "month" | "months" => "month",
        "y" | "Y" | "yr" | "year" | "years" => "year",
        _ => return None,
    };
    Some(match n {
        "1" => format!("write {word}"),
        _ => "the calendar has day, week, month, quarter and year".into(),
    })
}

/// The parts of a duration, each a number and its unit, in ns; `None`: it is none.
fn parts(text: &str) -> impl Iterator<Item = Option<i128>> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let number_end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let unit_from = rest[number_end..].trim_start();
        let unit_end = unit_from
            .find(|c: char| c.is_ascii_digit() || c.is_whitespace())
            .unwrap_or(unit_from.len());
        let (number, unit) = (&rest[..number_end], &unit_from[..unit_end]);
        rest = unit_from[unit_end..].trim_start();
        Some(part(number, unit))
    })
}

/// A number of units, ns. Months and years are no durations: the calendar decides how long they are.
fn part(number: &str, unit: &str) -> Option<i128> {
    if matches!(
        unit,
        "" | "M" | "month" | "months" | "y" | "yr" | "year" | "years"
    ) {
        return None;
    }
    let one = humantime::parse_duration(&format!("1{unit}")).ok()?;
    let one = i128::try_from(one.as_nanos()).ok()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.len() > 18 || whole.is_empty() || number.ends_with('.') {
        return None;
    }
    let mut ns = whole.parse::<i128>().ok()?.checked_mul(one)?;
    if !fraction.is_empty() {
        let scale = 10_i128.pow(u32::try_from(fraction.len()).ok()?);
        ns = ns.checked_add(fraction.parse::<i128>().ok()?.checked_mul(one)? / scale)?;
    }
    Some(ns)
}

/// `D` for `-D..D`, or `LO..HI`: both ends, ns.
pub fn range(word: &str) -> Result<(i64, i64), String> {
    match word.split_once("..") {
        None => match signed_duration(word)? {
            0 => Ok((0, 0)),
            _ => duration(word).map(|ns| (-ns, ns)),
        },
        Some((low, high)) => {
            let (low, high) = (signed_duration(low)?, signed_duration(high)?);
            match low <= high {
                true => Ok((low, high)),
                false => Err(format!(
                    "'{word}' is empty: {low} is behind {high}",
                    low = word.split("..").next().unwrap_or_default(),
                    high = word.rsplit("..").next().unwrap_or_default()
                )),
            }
        }
    }
}

/// The size of a window.
pub fn size(word: &str) -> Result<Size, String> {
    match Size::word(word) {
        Some(size) => Ok(size),
        None => window_duration(word)
            .map(|ns| Size::Extent(Extent::of_duration(ns)))
            .map_err(|message| match of_calendar(word) {
                Some(meant) => format!("'{word}' is no size of a window; {meant}"),
                None => message,
            }),
    }
}

/// The same without `all`.
pub fn extent(word: &str) -> Result<Extent, String> {
    match size(word)? {
        Size::Extent(extent) => Ok(extent),
        Size::All => Err(format!("'{word}' is the whole input, and no time")),
    }
}

/// A duration that a window may last, ns.
pub fn window_duration(word: &str) -> Result<i64, String> {
    match duration(word)? {
        ns if ns > WINDOW_MAX => Err(format!(
            "'{word}' is too long a time; windows are of at most 10 years (3653d)"
        )),
        ns => Ok(ns),
    }
}

/// A whole number from 1.
pub fn count(word: &str) -> Result<u64, String> {
    match word.parse::<u64>() {
        Ok(0) => Err(format!("'{word}' is too small; it must be 1 or more")),
        Ok(n) => Ok(n),
        Err(_) if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) => {
            Err(format!("'{word}' is too large a number"))
        }
        Err(_) => Err(format!("'{word}' is not a whole number")),
    }
}

/// A number above 0.
pub fn positive(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        Ok(_) => Err(format!("'{word}' is no number above 0")),
        Err(_) => Err(format!("'{word}' is not a number")),
    }
}

/// A share of the whole: above 0 and at most 1.
pub fn share(word: &str) -> Result<f64, String> {
    let (number, of) = match word.strip_suffix('%') {
        Some(percent) => (percent, 100.0),
        None => (word, 1.0),
    };
    match number.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= of => Ok(value / of),
        Ok(_) => Err(format!(
            "'{word}' is not a share; it must be above 0 and at most 1 (or 100%)"
        )),
        Err(_) => Err(format!("'{word}' is not a share; write 0.01 or 1%")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(word: &str, expected: Result<i64, &str>) {
        assert_eq!(signed_duration(word), expected.map_err(str::to_string));
    }

    #[test]
    fn durations_are_read_in_the_common_spellings() {
        const S: i64 = 1_000_000_000;
        check("10s", Ok(10 * S));
        check("1h30m", Ok(5400 * S));
        check("1h 30m", Ok(5400 * S));
        check("1d", Ok(86_400 * S));
        check("1w", Ok(7 * 86_400 * S));
        check("500ms", Ok(S / 2));
        check("1.5s", Ok(S + S / 2));
        check("-5h", Ok(-5 * 3600 * S));
        check("2minutes", Ok(120 * S));
        check("0", Ok(0));
    }

    #[test]
    fn what_is_no_duration_says_what_to_do() {
        check(
            "10",
            Err("'10' is not a duration; the unit is missing: 10s, 10m, 10h"),
        );
        check("count", Err("'count' is not a duration"));
        check("hour", Err("'hour' is not a duration; write 1h"));
        check("", Err("'' is not a duration"));
        for word in ["1month", "1y", "3x", "1.s", "5.5.5s"] {
            assert!(
                signed_duration(word).is_err_and(|message| message.contains("is not a duration")),
                "{word}"
            );
        }
        check("9999999w", Err("'9999999w' is too long a time"));
        assert!(duration("0s").is_err() && duration("-1s").is_err());
    }

    #[test]
    fn counts_and_shares() {
        assert_eq!(count("10"), Ok(10));
        assert!(count("0").is_err() && count("-1").is_err() && count("x").is_err());
        assert_eq!(share("1%"), Ok(0.01));
        assert_eq!(share("0.5"), Ok(0.5));
        assert_eq!(share("100%"), Ok(1.0));
        assert_eq!(positive("2.5"), Ok(2.5));
        assert!(positive("0").is_err() && positive("-1").is_err() && positive("inf").is_err());
        assert!(share("0").is_err() && share("2").is_err() && share("NaN").is_err());
    }

    #[test]
    fn an_operand_that_is_an_operator_gets_a_hint() {
        assert_eq!(
            Kind::WindowSize.missing("count"),
            Some("is the size missing before the operator `count`?".into())
        );
        assert_eq!(Kind::WindowSize.missing("ten"), None);
    }
}
