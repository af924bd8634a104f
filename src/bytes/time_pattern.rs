//! `strptime` and `strftime` patterns: compiled once, run over many stamps. Names are English; no locale.
//! Directives that this file does not know are refused when the pattern is compiled, never skipped.
//! Invariant: what `strftime` writes by a pattern with date, time, `%f` and `%z`, parsing reads back.

use super::time::{Stamp, YEARLESS, fraction, numeric_offset};
use super::time_calendar::{
    DAY, HOUR, MINUTE, MONTHS, SECOND, WEEKDAYS, century, civil_from_days, days_checked,
    days_from_civil, join, write_offset, write_padded,
};

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    items: Vec<Item>,
    /// Tells patterns apart in a [`super::time::Memo`].
    pub(super) print: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Text(Vec<u8>),
    /// A run of blanks, perhaps none.
    Blanks(Vec<u8>),
    Field(Field),
}

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Field {
    Year,
    ShortYear,
    Month,
    MonthName,
    MonthFull,
    Day,
    DayBlank,
    DayOfYear,
    Hour,
    Hour12,
    HalfDay,
    Minute,
    Second,
    /// How many digits to write; 0: six, or nine if needed.
    Fraction(u8),
    Offset,
    ZoneName,
    Weekday,
    WeekdayFull,
    Epoch,
    // Written only:
    WeekdayMonday,
    WeekdaySunday,
    WeekYear,
    Week,
}

impl Pattern {
    /// Compiles a pattern; an unknown directive is an error that names it.
    pub fn new(text: &str) -> Result<Pattern, String> {
        let mut items = Vec::new();
        compile(text, &mut items)?;
        let print = super::hash::stable(text.as_bytes());
        Ok(Pattern { items, print })
    }

    /// Compiles a pattern that is to be parsed: without directives that can only be written.
    pub fn for_parsing(text: &str) -> Result<Pattern, String> {
        let pattern = Pattern::new(text)?;
        for item in &pattern.items {
            let letter = match item {
                Item::Field(Field::WeekdayMonday) => 'u',
                Item::Field(Field::WeekdaySunday) => 'w',
                Item::Field(Field::WeekYear) => 'G',
                Item::Field(Field::Week) => 'V',
                _ => continue,
            };
            return Err(format!(
                "'%{letter}' can be written but not read, in the time format '{text}'"
            ));
        }
        Ok(pattern)
    }
}

impl Pattern {
    /// The same in the letters of Java's `DateTimeFormatter`, which Spark and Flink read; `None`: it has no such
    /// letters.
    pub fn java(&self) -> Option<String> {
        let mut out = String::new();
        for item in &self.items {
            match item {
                Item::Text(text) | Item::Blanks(text) => {
                    let text = std::str::from_utf8(text).ok()?;
                    match text
                        .chars()
                        .any(|c| c.is_ascii_alphabetic() || "'[]{}#".contains(c))
                    {
                        true => out.push_str(&format!("'{}'", text.replace('\'', "''"))),
                        false => out.push_str(text),
                    }
                }
                Item::Field(field) => out.push_str(&match field {
                    Field::Year => "yyyy".to_string(),
                    Field::ShortYear => "yy".into(),
                    Field::Month => "MM".into(),
                    Field::MonthName => "MMM".into(),
                    Field::MonthFull => "MMMM".into(),
                    Field::Day => "dd".into(),
                    Field::DayOfYear => "DDD".into(),
                    Field::Hour => "HH".into(),
                    Field::Hour12 => "hh".into(),
                    Field::HalfDay => "a".into(),
                    Field::Minute => "mm".into(),
                    Field::Second => "ss".into(),
                    Field::Fraction(0) => "SSSSSS".into(),
                    Field::Fraction(digits) => "S".repeat(usize::from(*digits)),
                    Field::Offset => "xx".into(),
                    Field::Weekday => "EEE".into(),
                    Field::WeekdayFull => "EEEE".into(),
                    Field::DayBlank
                    | Field::ZoneName
                    | Field::Epoch
                    | Field::WeekdayMonday
                    | Field::WeekdaySunday
                    | Field::WeekYear
                    | Field::Week => return None,
                }),
            }
        }
        Some(out)
    }
}

fn compile(text: &str, items: &mut Vec<Item>) -> Result<(), String> {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            literal(letter, items);
            continue;
        }
        let mut name = letters
            .next()
            .ok_or_else(|| format!("a '%' ends the time format '{text}'"))?;
        let mut digits = 0;
        if let Some(wanted @ 1..=9) = name.to_digit(10)
            && letters.peek() == Some(&'f')
        {
            digits = wanted as u8;
            name = 'f';
            letters.next();
        } else if name == '-' || name == ':' {
            // `%-d` and `%:z` of GNU: reading takes both forms anyway, writing would differ.
            let next = letters.next().map(String::from).unwrap_or_default();
            return Err(format!(
                "unknown directive '%{name}{next}' in the time format '{text}'"
            ));
        }
        let field = match name {
            'Y' => Field::Year,
            'y' => Field::ShortYear,
            'm' => Field::Month,
            'b' | 'h' => Field::MonthName,
            'B' => Field::MonthFull,
            'd' => Field::Day,
            'e' => Field::DayBlank,
            'j' => Field::DayOfYear,
            'H' => Field::Hour,
            'I' => Field::Hour12,
            'p' => Field::HalfDay,
            'M' => Field::Minute,
            'S' => Field::Second,
            'f' => Field::Fraction(digits),
            'z' => Field::Offset,
            'Z' => Field::ZoneName,
            'a' => Field::Weekday,
            'A' => Field::WeekdayFull,
            's' => Field::Epoch,
            'u' => Field::WeekdayMonday,
            'w' => Field::WeekdaySunday,
            'G' => Field::WeekYear,
            'V' => Field::Week,
            'T' => {
                compile("%H:%M:%S", items)?;
                continue;
            }
            'R' => {
                compile("%H:%M", items)?;
                continue;
            }
            'D' => {
                compile("%m/%d/%y", items)?;
                continue;
            }
            'F' => {
                compile("%Y-%m-%d", items)?;
                continue;
            }
            'n' | 't' => {
                literal(if name == 'n' { '\n' } else { '\t' }, items);
                continue;
            }
            '%' => {
                literal('%', items);
                continue;
            }
            other => {
                return Err(format!(
                    "unknown directive '%{other}' in the time format '{text}'"
                ));
            }
        };
        items.push(Item::Field(field));
    }
    Ok(())
}

fn literal(letter: char, items: &mut Vec<Item>) {
    let blank = letter.is_ascii_whitespace();
    match items.last_mut() {
        Some(Item::Text(bytes)) if !blank => {
            bytes.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes())
        }
        Some(Item::Blanks(bytes)) if blank => bytes.push(letter as u8),
        _ if blank => items.push(Item::Blanks(vec![letter as u8])),
        _ => items.push(Item::Text(letter.to_string().into_bytes())),
    }
}

// ---- reading

#[derive(Default)]
struct Parts {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    half: Option<i64>,
    hour12: Option<i64>,
    minute: i64,
    second: i64,
    nanos: i64,
    offset: Option<i32>,
    epoch: Option<i64>,
}

impl Pattern {
    /// Reads a stamp that is the whole text.
    pub fn parse(&self, text: &[u8]) -> Option<Stamp> {
        let mut rest = text;
        let mut parts = Parts::default();
        for item in &self.items {
            rest = match item {
                Item::Text(bytes) => rest.strip_prefix(&bytes[..])?,
                Item::Blanks(_) => rest.trim_ascii_start(),
                Item::Field(field) => parts.read(*field, rest)?,
            };
        }
        if rest.is_empty() { parts.stamp() } else { None }
    }
}

impl Parts {
    fn read<'a>(&mut self, field: Field, text: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = text;
        match field {
            Field::Year => self.year = Some(digits(&mut rest, 4)?),
            Field::ShortYear => self.year = Some(century(digits(&mut rest, 2)?)),
            Field::Month => self.month = Some(digits(&mut rest, 2)?),
            Field::MonthName | Field::MonthFull => self.month = Some(name(&mut rest, &MONTHS)? + 1),
            Field::Day | Field::DayBlank => {
                rest = rest.trim_ascii_start();
                self.day = Some(digits(&mut rest, 2)?);
            }
            Field::DayOfYear => self.day_of_year = Some(digits(&mut rest, 3)?),
            Field::Hour => self.hour = digits(&mut rest, 2)?,
            Field::Hour12 => self.hour12 = Some(digits(&mut rest, 2)?),
            Field::HalfDay => {
                self.half = Some(match rest.get(..2)?.to_ascii_lowercase()[..] {
                    [b'a', b'm'] => 0,
                    [b'p', b'm'] => 12,
                    _ => return None,
                });
                rest = &rest[2..];
            }
            Field::Minute => self.minute = digits(&mut rest, 2)?,
            Field::Second => self.second = digits(&mut rest, 2)?,
            Field::Fraction(_) => {
                let (nanos, used) = fraction(rest)?;
                self.nanos = nanos;
                rest = &rest[used..];
            }
            Field::Offset => {
                if let [b'Z' | b'z', behind @ ..] = rest {
                    self.offset = Some(0);
                    return Some(behind);
                }
                let (seconds, used) = numeric_offset(rest)?;
                self.offset = Some(seconds);
                rest = &rest[used..];
            }
            Field::ZoneName => {
                rest = [&b"UTC"[..], b"GMT", b"Z"]
                    .iter()
                    .find_map(|zone| rest.strip_prefix(*zone))?;
                self.offset = Some(0);
            }
            Field::Weekday | Field::WeekdayFull => {
                name(&mut rest, &WEEKDAYS)?;
            }
            Field::Epoch => {
                let negative = rest.first() == Some(&b'-');
                rest = rest.strip_prefix(b"-").unwrap_or(rest);
                let value = digits(&mut rest, 18)?;
                self.epoch = Some(if negative { -value } else { value });
            }
            // `for_parsing` refuses these.
            Field::WeekdayMonday | Field::WeekdaySunday | Field::WeekYear | Field::Week => {
                return None;
            }
        }
        Some(rest)
    }

    fn stamp(&self) -> Option<Stamp> {
        if let Some(seconds) = self.epoch {
            let civil = seconds.checked_mul(SECOND)?.checked_add(self.nanos)?;
            return Some(Stamp {
                civil,
                offset: Some(0),
                yearless: false,
            });
        }
        let yearless = self.year.is_none();
        let year = self.year.unwrap_or(YEARLESS);
        let days = match self.day_of_year {
            Some(day) if self.month.is_none() => {
                let days = days_checked(year, 1, 1)? + day - 1;
                if day < 1 || civil_from_days(days).0 != year {
                    return None;
                }
                days
            }
            _ => days_checked(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?,
        };
        let hour = match (self.hour12, self.half) {
            (Some(hour @ 1..=12), half) => hour % 12 + half.unwrap_or(0),
            (Some(_), _) => return None,
            (None, _) => self.hour,
        };
        if hour > 23 || self.minute > 59 || self.second > 60 {
            return None;
        }
        let clock = hour * HOUR + self.minute * MINUTE + self.second * SECOND + self.nanos;
        let stamp = Stamp {
            civil: join(days, clock)?,
            offset: self.offset,
            yearless,
        };
        if stamp.offset.is_some() {
            stamp.utc()?;
        }
        Some(stamp)
    }
}

/// One to `max` digits.
fn digits(text: &mut &[u8], max: usize) -> Option<i64> {
    let count = text
        .iter()
        .take(max)
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let value = text[..count]
        .iter()
        .fold(0, |value, &byte| value * 10 + (byte - b'0') as i64);
    *text = &text[count..];
    (count > 0).then_some(value)
}

/// Which of the names begins the text, in full or by three letters.
fn name(text: &mut &[u8], names: &[&str]) -> Option<i64> {
    let short = text.get(..3)?;
    let found = names
        .iter()
        .position(|name| name.as_bytes()[..3].eq_ignore_ascii_case(short))?;
    let full = names[found].as_bytes();
    let used = match text.get(..full.len()) {
        Some(begin) if begin.eq_ignore_ascii_case(full) => full.len(),
        _ => 3,
    };
    *text = &text[used..];
    Some(found as i64)
}

// ---- writing

/// Appends the time by a pattern, on a clock `offset_seconds` east of UTC that is called `zone_name`.
pub fn strftime(
    ns: i64,
    offset_seconds: i32,
    zone_name: &str,
    pattern: &Pattern,
    out: &mut Vec<u8>,
) {
    let local = ns as i128 + offset_seconds as i128 * SECOND as i128;
    let days = local.div_euclid(DAY as i128) as i64;
    let nanos = local.rem_euclid(DAY as i128) as i64;
    let date = civil_from_days(days);
    for item in &pattern.items {
        match item {
            Item::Text(bytes) | Item::Blanks(bytes) => out.extend_from_slice(bytes),
            Item::Field(Field::Offset) => write_offset(offset_seconds, false, out),
            Item::Field(Field::ZoneName) => out.extend_from_slice(zone_name.as_bytes()),
            Item::Field(Field::Epoch) => super::number::write_int(ns.div_euclid(SECOND), out),
            Item::Field(field) => write_field(*field, days, date, nanos, out),
        }
    }
}

fn write_field(field: Field, days: i64, date: (i64, i64, i64), nanos: i64, out: &mut Vec<u8>) {
    let (year, month, day) = date;
    let weekday = (days + 4).rem_euclid(7); // 1970 began with a Thursday
    let hour = nanos / HOUR;
    let mut padded = |value: i64, digits: usize| write_padded(value, digits, b'0', out);
    match field {
        Field::Year => padded(year, 4),
        Field::ShortYear => padded(year % 100, 2),
        Field::Month => padded(month, 2),
        Field::Day => padded(day, 2),
        Field::DayOfYear => padded(days - days_from_civil(year, 1, 1) + 1, 3),
        Field::Hour => padded(hour, 2),
        Field::Hour12 => padded((hour + 11) % 12 + 1, 2),
        Field::Minute => padded(nanos / MINUTE % 60, 2),
        Field::Second => padded(nanos / SECOND % 60, 2),
        Field::WeekdayMonday => padded((weekday + 6) % 7 + 1, 1),
        Field::WeekdaySunday => padded(weekday, 1),
        Field::WeekYear => padded(iso_week(days).0, 4),
        Field::Week => padded(iso_week(days).1, 2),
        Field::Fraction(digits) => {
            let part = nanos % SECOND;
            let digits = match digits {
                0 if part % 1_000 == 0 => 6,
                0 => 9,
                digits => digits as u32,
            };
            padded(part / 10i64.pow(9 - digits), digits as usize);
        }
        Field::DayBlank => write_padded(day, 2, b' ', out),
        Field::HalfDay => out.extend_from_slice(if hour < 12 { b"AM" } else { b"PM" }),
        Field::MonthName => out.extend_from_slice(&MONTHS[month as usize - 1].as_bytes()[..3]),
        Field::MonthFull => out.extend_from_slice(MONTHS[month as usize - 1].as_bytes()),
        Field::Weekday => out.extend_from_slice(&WEEKDAYS[weekday as usize].as_bytes()[..3]),
        Field::WeekdayFull => out.extend_from_slice(WEEKDAYS[weekday as usize].as_bytes()),
        Field::Offset | Field::ZoneName | Field::Epoch => {} // need more than the local clock; written above
    }
}

/// The ISO year and week of a day: the week with its Thursday.
fn iso_week(days: i64) -> (i64, i64) {
    let thursday = days - (days + 3).rem_euclid(7) + 3;
    let (year, _, _) = civil_from_days(thursday);
    (year, (thursday - days_from_civil(year, 1, 1)) / 7 + 1)
}
