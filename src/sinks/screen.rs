//! The last lines of a terminal as the live view paints them: ordinary rows that scroll and stay, below them a region
//! that is painted again in place. Pure: rows, lines and a size go in, the bytes to write come out. Never moves the
//! cursor above what it has painted, but for a terminal that has become narrower: that has wrapped the region, and
//! may have done so before it told, so nobody knows where it begins; then the whole screen is made anew from the
//! last rows. Invariant: no line of the region reaches the last column, so none is wrapped,
//! and none holds a control character.

use crate::data::paint::{Paint, Role};
use std::collections::VecDeque;
use unicode_width::UnicodeWidthChar;

/// A line of the region.
pub type Line = Vec<(Role, String)>;

/// A line of nothing but one text.
pub fn line(role: Role, text: impl Into<String>) -> Line {
    vec![(role, text.into())]
}

/// Of a terminal.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// Below the ordinary rows so many of the terminal stay free, the one that scrolls and one to see it by.
const FREE: usize = 2;
/// Narrower terminals get no region.
const COLUMNS_MIN: usize = 8;

impl Size {
    /// Lines that the region may have.
    pub fn room(self) -> usize {
        match self.columns < COLUMNS_MIN {
            true => 0,
            false => self.rows.saturating_sub(FREE),
        }
    }
}

/// What stands below the ordinary rows.
pub struct Screen {
    paint: Paint,
    /// The region, cut, and the size that it was cut to.
    painted: Vec<Line>,
    size: Size,
    /// The last row has no end yet.
    inside: bool,
    /// The last rows, for a screen that is made anew.
    last: VecDeque<Vec<u8>>,
}

/// Rows that are remembered, and the longest.
const ROWS_LAST: usize = 100;
const ROW_MAX: usize = 4096;

impl Screen {
    pub fn new(paint: Paint) -> Screen {
        Screen {
            paint,
            painted: Vec::new(),
            size: Size {
                columns: 0,
                rows: 0,
            },
            inside: false,
            last: VecDeque::new(),
        }
    }

    /// Prints rows as they are where the region was, and the region below them. Of a region that has more lines than
    /// there is room for the first are shown, and the last. Nothing comes where nothing has changed.
    pub fn show(&mut self, rows: &[u8], region: &[Line], size: Size) -> Vec<u8> {
        let room = size.room();
        let region: Vec<Line> = match region {
            _ if room == 0 => Vec::new(),
            [first @ .., last] if region.len() > room => {
                let first = first.iter().take(room - 1).chain([last]);
                first.map(|line| cut(line, size.columns - 1)).collect()
            }
            all => all.iter().map(|line| cut(line, size.columns - 1)).collect(),
        };
        if rows.is_empty() && (self.painted == region && self.size == size || self.inside) {
            return Vec::new();
        }
        let mut out = Vec::with_capacity(rows.len() + 80 * region.len());
        // Lines that are painted over one by one do not flicker.
        let in_place = rows.is_empty() && self.size == size && !self.painted.is_empty();
        let is_narrowed = size.columns < self.size.columns;
        self.remember(rows);
        if let Some(last) = rows.last() {
            self.inside = *last != b'\n';
        }
        if !self.painted.is_empty() && is_narrowed {
            out.extend_from_slice(b"\x1b[H\x1b[J");
            self.rows_again(size, region.len(), &mut out);
        } else {
            if !self.painted.is_empty() {
                out.push(b'\r');
                let up = self.painted.len().min(size.rows) - 1;
                if up > 0 {
                    out.extend_from_slice(format!("\x1b[{up}A").as_bytes());
                }
                if !in_place {
                    out.extend_from_slice(b"\x1b[J");
                }
            }
            out.extend_from_slice(rows);
        }
        self.painted = match self.inside {
            true => Vec::new(),
            false => region,
        };
        self.size = size;
        let count = self.painted.len();
        for (i, line) in self.painted.iter().enumerate() {
            for (role, text) in line {
                self.paint.text(*role, text, &mut out);
            }
            if i + 1 < count {
                if in_place {
                    out.extend_from_slice(b"\x1b[K");
                }
                out.extend_from_slice(b"\r\n");
            }
        }
        if in_place {
            out.extend_from_slice(b"\x1b[J");
        }
        out
    }

    /// Takes the region away.
    pub fn erase(&mut self, size: Size) -> Vec<u8> {
        self.show(b"", &[], size)
    }

    /// Something else has been written: what was painted stays where it is.
    pub fn forget(&mut self) {
        self.painted.clear();
    }

    fn remember(&mut self, rows: &[u8]) {
        for row in rows.split_inclusive(|byte| *byte == b'\n') {
            match self.last.back_mut().filter(|last| !last.ends_with(b"\n")) {
                Some(last) => last.extend_from_slice(row),
                None => self.last.push_back(row.to_vec()),
            }
            if let Some(last) = self.last.back_mut().filter(|last| last.len() > ROW_MAX) {
                last.truncate(ROW_MAX);
            }
            if self.last.len() > ROWS_LAST {
                self.last.pop_front();
            }
        }
    }

    /// As many of the last rows as there is room for above a region.
    fn rows_again(&self, size: Size, region: usize, out: &mut Vec<u8>) {
        let mut room = size.rows.saturating_sub(region);
        let mut count = 0;
        for row in self.last.iter().rev() {
            let height = columns_of(row).div_ceil(size.columns.max(1)).max(1);
            if height > room {
                break;
            }
            room -= height;
            count += 1;
        }
        for row in self.last.iter().skip(self.last.len() - count) {
            out.extend_from_slice(row);
        }
    }
}

/// Columns that a row takes, without the sequences that colour it.
fn columns_of(row: &[u8]) -> usize {
    let text = String::from_utf8_lossy(row);
    let mut letters = text.chars();
    let mut columns = 0;
    while let Some(letter) = letters.next() {
        match letter {
            '\x1b' => drop(letters.by_ref().find(|letter| letter.is_ascii_alphabetic())),
            '\t' => columns = (columns / 8 + 1) * 8,
            letter => columns += letter.width().unwrap_or(0),
        }
    }
    columns
}

#[cfg(test)]
fn width(line: &Line) -> usize {
    let letters = line.iter().flat_map(|(_, text)| text.chars());
    letters.map(|letter| letter.width().unwrap_or(0)).sum()
}

/// A line that is no wider than that, without what a terminal would act on.
fn cut(line: &Line, columns: usize) -> Line {
    let mut used = 0;
    let mut out = Line::with_capacity(line.len());
    for (role, text) in line {
        let mut kept = String::with_capacity(text.len());
        let mut is_full = false;
        for letter in text.chars() {
            if letter == '\t' {
                let to = (used / 8 + 1) * 8;
                is_full = to > columns;
                if is_full {
                    break;
                }
                kept.extend(std::iter::repeat_n(' ', to - used));
                used = to;
                continue;
            }
            let letter = match letter {
                // What turns the direction of writing would turn that of the rest of the line.
                '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '?',
                letter if letter.is_control() => '?',
                letter => letter,
            };
            let more = letter.width().unwrap_or(1);
            is_full = used + more > columns;
            if is_full {
                break;
            }
            used += more;
            kept.push(letter);
        }
        out.push((*role, kept));
        if is_full {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A terminal: logical lines, wrapped as wide as it is, and the cursor in them. Lines are wrapped again when it
    /// becomes narrower, as most terminals do.
    struct Terminal {
        lines: Vec<Vec<char>>,
        at: (usize, usize),
        size: Size,
    }

    impl Terminal {
        fn new(columns: usize, rows: usize) -> Terminal {
            Terminal {
                lines: vec![Vec::new()],
                at: (0, 0),
                size: Size { columns, rows },
            }
        }

        /// Rows that a logical line takes.
        fn rows_of(&self, line: usize) -> usize {
            self.lines[line].len().div_ceil(self.size.columns).max(1)
        }

        /// Rows from the top of everything to the cursor.
        fn row(&self) -> usize {
            let before: usize = (0..self.at.0).map(|line| self.rows_of(line)).sum();
            before + (self.at.1.saturating_sub(1)) / self.size.columns
        }

        fn rows(&self) -> usize {
            (0..self.lines.len()).map(|line| self.rows_of(line)).sum()
        }

        fn write(&mut self, bytes: &[u8]) {
            let text = String::from_utf8(bytes.to_vec()).expect("the view writes UTF-8");
            let mut letters = text.chars().peekable();
            while let Some(letter) = letters.next() {
                match letter {
                    '\r' => {
                        let row = self.at.1.saturating_sub(1) / self.size.columns;
                        self.at.1 = row * self.size.columns;
                    }
                    '\n' => {
                        self.at = (self.at.0 + 1, 0);
                        if self.at.0 == self.lines.len() {
                            self.lines.push(Vec::new());
                        }
                    }
                    '\x1b' => {
                        assert_eq!(letters.next(), Some('['));
                        let mut numbers = String::new();
                        let last = loop {
                            let letter = letters.next().expect("a sequence has an end");
                            if letter.is_ascii_alphabetic() {
                                break letter;
                            }
                            numbers.push(letter);
                        };
                        self.obey(last, &numbers);
                    }
                    letter => {
                        assert!(!letter.is_control(), "{letter:?}");
                        let line = &mut self.lines[self.at.0];
                        // A wide letter is two cells.
                        for cell in 0..letter.width().unwrap_or(0) {
                            let cell = if cell == 0 { letter } else { '\0' };
                            match line.get_mut(self.at.1) {
                                Some(old) => *old = cell,
                                None => line.push(cell),
                            }
                            self.at.1 += 1;
                        }
                    }
                }
            }
        }

        fn obey(&mut self, what: char, numbers: &str) {
            match what {
                'A' => {
                    let top = self.rows().saturating_sub(self.size.rows);
                    for _ in 0..numbers.parse::<usize>().unwrap() {
                        assert!(self.row() > top, "the cursor cannot leave the screen");
                        match self.at.1 >= self.size.columns {
                            true => self.at.1 -= self.size.columns,
                            false => {
                                let line = self.at.0 - 1;
                                let last = self.rows_of(line) - 1;
                                self.at = (line, last * self.size.columns + self.at.1);
                            }
                        }
                    }
                }
                'H' => {
                    let mut top = self.rows().saturating_sub(self.size.rows);
                    self.at = (0, 0);
                    while top >= self.rows_of(self.at.0) {
                        top -= self.rows_of(self.at.0);
                        self.at.0 += 1;
                    }
                    self.at.1 = top * self.size.columns;
                }
                'J' => {
                    self.lines.truncate(self.at.0 + 1);
                    self.lines[self.at.0].truncate(self.at.1);
                }
                'K' => self.lines[self.at.0].truncate(self.at.1),
                'm' => {}
                other => panic!("the view does not say {other}"),
            }
        }

        fn text(&self) -> String {
            let lines = self.lines.iter();
            let lines = lines.map(|line| line.iter().filter(|cell| **cell != '\0').collect());
            lines.collect::<Vec<String>>().join("\n")
        }
    }

    fn region(lines: &[&str]) -> Vec<Line> {
        lines.iter().map(|text| line(Role::Open, *text)).collect()
    }

    /// Rows and regions one behind the other, and what is on the terminal then.
    fn check(size: (usize, usize), steps: &[(&str, &[&str])], expected: &str) {
        let mut terminal = Terminal::new(size.0, size.1);
        let mut screen = Screen::new(Paint::default());
        for (rows, lines) in steps {
            let bytes = screen.show(rows.as_bytes(), &region(lines), terminal.size);
            terminal.write(&bytes.replace_line_ends());
        }
        assert_eq!(terminal.text(), expected);
    }

    trait LineEnds {
        fn replace_line_ends(&self) -> Vec<u8>;
    }

    impl LineEnds for Vec<u8> {
        /// As the line discipline does with those of rows.
        fn replace_line_ends(&self) -> Vec<u8> {
            let text = String::from_utf8(self.clone()).unwrap();
            text.replace("\r\n", "\n")
                .replace('\n', "\r\n")
                .into_bytes()
        }
    }

    #[test]
    fn rows_scroll_and_the_region_stays_below() {
        check(
            (20, 10),
            &[
                ("", &["open", "a 1", "status"]),
                ("", &["open", "a 2", "b 1", "status"]),
                ("a 2\nb 1\n", &["open", "status"]),
                ("", &["open", "c 1", "status 2"]),
            ],
            "a 2\nb 1\nopen\nc 1\nstatus 2",
        );
        check(
            (20, 10),
            &[("a\n", &["open", "x", "status"]), ("b\n", &[])],
            "a\nb\n",
        );
    }

    #[test]
    fn a_region_that_shrinks_leaves_nothing() {
        check(
            (20, 10),
            &[("", &["one long line", "two", "three"]), ("", &["one"])],
            "one",
        );
    }

    #[test]
    fn a_long_region_is_cut_to_the_terminal() {
        check((20, 5), &[("", &["1", "2", "3", "4", "5"])], "1\n2\n5");
        check((20, 2), &[("a\n", &["1", "2"])], "a\n");
        check((7, 9), &[("a\n", &["1"])], "a\n");
    }

    #[test]
    fn lines_are_cut_to_the_width_and_hold_no_controls() {
        check((10, 9), &[("", &["0123456789012"])], "012345678");
        check((10, 9), &[("", &["日本日本日本"])], "日本日本");
        check(
            (20, 9),
            &[("", &["a\x1b[31mb\u{7}\u{9b}c\nd"])],
            "a?[31mb??c?d",
        );
        check((20, 9), &[("", &["a\tb\tc\td"])], "a       b       c");
        check((20, 9), &[("", &["\u{202e}abc"])], "?abc");
    }

    #[test]
    fn what_has_not_changed_is_not_written() {
        let size = Size {
            columns: 20,
            rows: 10,
        };
        let mut screen = Screen::new(Paint::default());
        assert!(!screen.show(b"", &region(&["a", "b"]), size).is_empty());
        assert!(screen.show(b"", &region(&["a", "b"]), size).is_empty());
        screen.forget();
        assert_eq!(screen.show(b"", &region(&["a", "b"]), size), b"a\r\nb");
        assert_eq!(screen.erase(size), b"\r\x1b[1A\x1b[J");
        assert!(screen.erase(size).is_empty());
    }

    #[test]
    fn behind_a_row_that_has_no_end_there_is_no_region() {
        check((20, 9), &[("ab", &["x"]), ("", &["y"])], "ab");
        check((20, 9), &[("ab", &["x"]), ("c\n", &["y"])], "abc\ny");
    }

    proptest! {
        /// Whatever comes, and however the terminal becomes narrower or wider: the rows are there, in order, and
        /// below them the region and nothing else.
        #[test]
        fn nothing_is_left_and_nothing_is_lost(
            steps in prop::collection::vec(
                (
                    prop::collection::vec("[a-z]{0,12}", 0..3),
                    prop::collection::vec("[A-Z日]{0,40}", 0..8),
                    prop::option::of(9usize..40),
                ),
                1..12,
            ),
        ) {
            let mut terminal = Terminal::new(30, 12);
            let mut screen = Screen::new(Paint::default());
            let mut expected = String::new();
            let mut was_narrowed = false;
            for (rows, lines, columns) in steps {
                let columns = columns.unwrap_or(terminal.size.columns);
                let is_narrowed = columns < terminal.size.columns;
                terminal.size.columns = columns;
                was_narrowed |= is_narrowed;
                if is_narrowed && terminal.rows() > terminal.size.rows {
                    // What a terminal has scrolled away for want of room stays there.
                    break;
                }
                let rows: String = rows.iter().map(|row| format!("{row}\n")).collect();
                let lines: Vec<Line> = lines.iter().map(|text| line(Role::Open, text.as_str())).collect();
                let bytes = screen.show(rows.as_bytes(), &lines, terminal.size);
                terminal.write(&bytes.replace_line_ends());
                expected.push_str(&rows);
                let shown: Vec<String> = screen.painted.iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect()).collect();
                prop_assert!(screen.painted.iter().all(|line| width(line) < terminal.size.columns));
                let whole = format!("{expected}{}", shown.join("\n"));
                if was_narrowed {
                    // What is above the screen was wrapped and scrolled by the terminal.
                    let seen = terminal.text();
                    let last = seen.lines().rev().take(5).collect::<Vec<_>>();
                    let wanted = whole.lines().rev().take(last.len()).collect::<Vec<_>>();
                    prop_assert_eq!(&last[..wanted.len().min(last.len())], &wanted[..]);
                } else {
                    prop_assert_eq!(terminal.text(), whole);
                }
            }
        }
    }

    /// A terminal that is narrower than it says while it is painted on, as one is that tells of its size late.
    #[test]
    fn a_narrow_screen_is_made_anew() {
        let mut terminal = Terminal::new(40, 8);
        let mut screen = Screen::new(Paint::default());
        let wide = terminal.size;
        let lines = region(&[
            "a line of the region that is long",
            "and another one of them",
        ]);
        terminal.write(&screen.show(b"one\ntwo\n", &lines, wide).replace_line_ends());
        terminal.size.columns = 12;
        terminal.write(&screen.show(b"three\n", &lines, wide).replace_line_ends());
        assert_ne!(
            terminal.text(),
            "one\ntwo\nthree\na line of the region that is long\nand another one of them"
        );
        let bytes = screen.show(b"four\n", &lines, terminal.size);
        terminal.write(&bytes.replace_line_ends());
        let seen = terminal.text();
        assert!(
            seen.ends_with("one\ntwo\nthree\nfour\na line of t\nand another"),
            "{seen}"
        );
    }
}
