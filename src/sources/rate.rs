//! `rate:N`: N rows a second for trials, with the moment each is for and a number from 0. Written in the form that
//! is read. Invariant: row `i` is for the start and `i`/N seconds, exactly, whenever it is given.

use super::pace::{Began, Deadline, wall};
use super::watch::{Woken, pause};
use super::{Live, Read};
use std::io::{self, Write};
use std::time::Duration;

/// Rows a second: one each ns.
pub const ROWS_MAX: u64 = 1_000_000_000;
const SECOND: u64 = 1_000_000_000;
/// The shortest wait: rows are given together that are due within it.
const STEP: Duration = Duration::from_millis(1);
/// Bytes of a row, more than any has.
const ROW_MAX: usize = 128;

/// How rows are written.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Two fields and a blank between them, no header.
    #[default]
    Text,
    /// With a header, and this between the fields.
    Table(u8),
    Json,
    Logfmt,
}

impl Form {
    /// The header line, for what has one.
    pub fn header(self) -> Option<String> {
        match self {
            Form::Table(delimiter) => Some(format!("timestamp{}value", char::from(delimiter))),
            _ => None,
        }
    }

    /// What stands before the time, between it and the number, and behind that.
    fn around(self) -> [Vec<u8>; 3] {
        let around = |before: &str, between: &str, behind: &str| {
            [before, between, behind].map(|text| text.as_bytes().to_vec())
        };
        match self {
            Form::Text => around("", "\t", "\n"),
            Form::Table(delimiter) => [Vec::new(), vec![delimiter], b"\n".to_vec()],
            Form::Json => around("{\"timestamp\":\"", "\",\"value\":", "}\n"),
            Form::Logfmt => around("timestamp=", " value=", "\n"),
        }
    }
}

pub struct Rate {
    rows: u64,
    form: Form,
    around: [Vec<u8>; 3],
    /// Of the fraction of a second.
    digits: usize,
    /// Seconds since 1970 when the first row is for, and ns behind them.
    start: (i64, u64),
    began: Option<Began>,
    next: u64,
    /// The second whose text is kept.
    second: i64,
    text: Vec<u8>,
}

impl Rate {
    pub fn new(rows: u64, form: Form) -> Rate {
        // Rows for moments without needless digits.
        let now = wall() / 1_000_000 * 1_000_000;
        Rate::from(rows, form, now)
    }

    fn from(rows: u64, form: Form, start: i64) -> Rate {
        let digits = [3usize, 6, 9]
            .into_iter()
            .find(|digits| 10u64.pow(*digits as u32).is_multiple_of(rows))
            .unwrap_or(9);
        Rate {
            rows,
            form,
            around: form.around(),
            digits,
            start: (
                start.div_euclid(SECOND as i64),
                start.rem_euclid(SECOND as i64) as u64,
            ),
            began: None,
            next: 0,
            second: i64::MIN,
            text: Vec::new(),
        }
    }

    /// Rows that are due after so long.
    fn due(&self, elapsed: Duration) -> u64 {
        let ns = elapsed.as_nanos() * u128::from(self.rows) / u128::from(SECOND);
        u64::try_from(ns).unwrap_or(u64::MAX).saturating_add(1)
    }

    fn row(&mut self, into: &mut Vec<u8>) {
        let (whole, part) = (self.next / self.rows, self.next % self.rows);
        // Less than a second: it fits.
        let ns = u128::from(part) * u128::from(SECOND) / u128::from(self.rows);
        let ns = self.start.1 + ns as u64;
        let second = self.start.0 + whole as i64 + (ns / SECOND) as i64;
        if second != self.second {
            self.second = second;
            self.text = stamp(second);
        }
        into.extend_from_slice(&self.around[0]);
        into.extend_from_slice(&self.text);
        let mut fraction = ns % SECOND;
        let mut digits = *b".000000000";
        for digit in digits[1..].iter_mut().rev() {
            *digit += (fraction % 10) as u8;
            fraction /= 10;
        }
        into.extend_from_slice(&digits[..=self.digits]);
        into.push(b'Z');
        into.extend_from_slice(&self.around[1]);
        let mut digits = [0u8; 20];
        let mut at = digits.len();
        let mut value = self.next;
        loop {
            at -= 1;
            digits[at] = b'0' + (value % 10) as u8;
            value /= 10;
            if value == 0 {
                break;
            }
        }
        into.extend_from_slice(&digits[at..]);
        into.extend_from_slice(&self.around[2]);
        self.next += 1;
    }
}

/// A second as text, without its zone.
fn stamp(second: i64) -> Vec<u8> {
    let stamp = jiff::Timestamp::from_second(second).unwrap_or(jiff::Timestamp::MAX);
    stamp.strftime("%Y-%m-%dT%H:%M:%S").to_string().into_bytes()
}

impl Live for Rate {
    fn read(&mut self, into: &mut Vec<u8>, max: usize, wait: Option<Duration>) -> io::Result<Read> {
        let deadline = Deadline::after(wait);
        let began = match self.began {
            Some(began) => began,
            None => {
                if let Some(header) = self.form.header() {
                    writeln!(into, "{header}")?;
                }
                *self.began.insert(Began::now())
            }
        };
        loop {
            let due = self.due(began.elapsed());
            if due > self.next {
                // At least one, and whole rows always.
                let from = into.len();
                while self.next < due {
                    self.row(into);
                    if into.len() - from + ROW_MAX > max {
                        break;
                    }
                }
                return Ok(Read::Data);
            }
            let at = u128::from(self.next) * u128::from(SECOND) / u128::from(self.rows);
            let at = Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX));
            let pausing = at.saturating_sub(began.elapsed()).max(STEP);
            let left = deadline.left(pausing);
            if left.is_zero() || pause(left)? == Woken::Signal {
                return Ok(Read::Idle);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rate: u64, form: Form, count: usize) -> String {
        let mut rows = Rate::from(rate, form, 1_767_225_600_900_000_000);
        let mut text = Vec::new();
        for _ in 0..count {
            rows.row(&mut text);
        }
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn rows_are_evenly_spread_and_exact() {
        assert_eq!(
            rows(10, Form::Text, 3),
            "2026-01-01T00:00:00.900Z\t0\n2026-01-01T00:00:01.000Z\t1\n2026-01-01T00:00:01.100Z\t2\n"
        );
        assert_eq!(
            rows(3, Form::Table(b','), 2),
            "2026-01-01T00:00:00.900000000Z,0\n2026-01-01T00:00:01.233333333Z,1\n"
        );
        assert_eq!(
            rows(2000, Form::Json, 2),
            "{\"timestamp\":\"2026-01-01T00:00:00.900000Z\",\"value\":0}\n{\"timestamp\":\"2026-01-01T00:00:00.900500Z\",\"value\":1}\n"
        );
        assert_eq!(
            rows(1, Form::Logfmt, 1),
            "timestamp=2026-01-01T00:00:00.900Z value=0\n"
        );
        let many = rows(7, Form::Text, 71);
        assert!(many.ends_with("2026-01-01T00:00:10.900000000Z\t70\n"));
    }

    #[test]
    fn as_many_are_given_as_are_due() {
        let mut rate = Rate::new(1000, Form::Table(b'\t'));
        let began = Began::now();
        let mut text = Vec::new();
        while began.elapsed() < Duration::from_millis(50) {
            rate.read(&mut text, 1 << 16, Some(Duration::from_millis(5)))
                .unwrap();
        }
        let most = began.elapsed().as_millis() as usize + 2;
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        assert!(text.starts_with(b"timestamp\tvalue\n"));
        assert!((40..=most + 1).contains(&lines), "{lines} of {most}");
    }
}
