//! What is drawn for people: colours by role, bars, sparklines. Pure text; knows no terminal. Invariant: a colour is
//! one of the eight of ANSI but black and white, so it can be read on any background.

/// What a piece of text on a terminal is.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Names of columns.
    Header,
    Bar,
    Spark,
    /// The line above the rows of an open window.
    Rule,
    /// Rows of an open window.
    Open,
    Status,
    /// Numbers in the status line that should be 0.
    Bad,
    Late,
}

/// All roles, by the names that a file of colours has for them.
pub const ROLES: &[(&str, Role)] = &[
    ("bad", Role::Bad),
    ("bar", Role::Bar),
    ("header", Role::Header),
    ("late", Role::Late),
    ("open", Role::Open),
    ("rule", Role::Rule),
    ("spark", Role::Spark),
    ("status", Role::Status),
];

/// The colours of ANSI that can be read on black and on white.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
    Magenta = 35,
    Cyan = 36,
}

pub const COLOURS: &[(&str, Colour)] = &[
    ("blue", Colour::Blue),
    ("cyan", Colour::Cyan),
    ("green", Colour::Green),
    ("magenta", Colour::Magenta),
    ("red", Colour::Red),
    ("yellow", Colour::Yellow),
];

/// How text of a role looks.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub colour: Option<Colour>,
    pub bold: bool,
    pub dim: bool,
}

/// How text of each role looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looks([Look; ROLES.len()]);

impl Default for Looks {
    fn default() -> Self {
        let mut looks = Looks([Look::default(); ROLES.len()]);
        let plain = Look::default();
        let dim = Look { dim: true, ..plain };
        let of = |colour| Look {
            colour: Some(colour),
            ..plain
        };
        for (role, look) in [
            (
                Role::Header,
                Look {
                    bold: true,
                    ..plain
                },
            ),
            (Role::Bar, of(Colour::Cyan)),
            (Role::Spark, of(Colour::Green)),
            (Role::Rule, dim),
            (Role::Open, dim),
            (Role::Status, plain),
            (Role::Bad, of(Colour::Red)),
            (Role::Late, of(Colour::Yellow)),
        ] {
            looks.set(role, look);
        }
        looks
    }
}

impl Looks {
    pub fn set(&mut self, role: Role, look: Look) {
        self.0[role as usize] = look;
    }

    pub fn of(&self, role: Role) -> Look {
        self.0[role as usize]
    }
}

/// What the terminal and its user want.
#[derive(Clone, Debug, Default)]
pub struct Paint {
    /// `None`: no colours.
    pub looks: Option<Looks>,
    /// Only ASCII is drawn.
    pub ascii: bool,
}

impl Paint {
    /// Appends text as its role looks.
    pub fn text(&self, role: Role, text: &str, out: &mut Vec<u8>) {
        let look = self.looks.as_ref().map(|looks| looks.of(role));
        let Some(look) = look.filter(|look| *look != Look::default() && !text.is_empty()) else {
            out.extend_from_slice(text.as_bytes());
            return;
        };
        out.extend_from_slice(b"\x1b[");
        let mut numbers = Vec::new();
        numbers.extend(look.bold.then_some(1));
        numbers.extend(look.dim.then_some(2));
        numbers.extend(look.colour.map(|colour| colour as u8));
        for (i, number) in numbers.iter().enumerate() {
            if i > 0 {
                out.push(b';');
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        out.push(b'm');
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(b"\x1b[0m");
    }

    /// A bar `width` columns long for a value of `largest`, to an eighth of a column; what is above 0 is seen.
    pub fn bar(&self, value: f64, largest: f64, width: usize) -> String {
        // Not also of NaN.
        if !(value > 0.0 && largest > 0.0) {
            return String::new();
        }
        let share = (value / largest).min(1.0);
        if self.ascii {
            let cells = (share * width as f64).round().max(1.0);
            return "#".repeat(cells as usize);
        }
        let eighths = (share * width as f64 * 8.0).round().max(1.0) as usize;
        let mut bar = "█".repeat(eighths / 8);
        bar.push_str(["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]);
        bar
    }

    /// A column for each value; heights are from 0, or from the least value where that is below 0. `None` is a gap.
    pub fn spark(&self, values: impl Iterator<Item = Option<f64>> + Clone) -> String {
        let known = || values.clone().flatten();
        let most = known().fold(0.0, f64::max);
        let least = known().fold(0.0, f64::min);
        let steps: &[char] = match self.ascii {
            true => &['_', '.', ':', '-', '=', '+', '*', '#'],
            false => &['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
        };
        let top = steps.len() - 1;
        let step = |value: f64| {
            let share = (value - least) / (most - least);
            // Nothing but zeros have no share.
            let step = (share.max(0.0) * top as f64).round() as usize;
            steps[step.min(top)]
        };
        values
            .map(|value| value.map_or(' ', step))
            .collect::<String>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_drawn_to_an_eighth() {
        let paint = Paint::default();
        let check = |value, largest, bar: &str| assert_eq!(paint.bar(value, largest, 10), bar);
        check(1204.0, 1204.0, "██████████");
        check(887.0, 1204.0, "███████▍");
        check(902.0, 1311.0, "██████▉");
        check(1.0, 1e9, "▏");
        check(0.0, 10.0, "");
        check(-3.0, 10.0, "");
        check(f64::NAN, 10.0, "");
        check(f64::INFINITY, 10.0, "██████████");
        let ascii = Paint {
            ascii: true,
            ..Paint::default()
        };
        assert_eq!(ascii.bar(887.0, 1204.0, 10), "#######");
        assert_eq!(ascii.bar(1.0, 1e9, 10), "#");
    }

    #[test]
    fn sparks_begin_at_zero() {
        let of = |values: &[Option<f64>]| Paint::default().spark(values.iter().copied());
        assert_eq!(of(&[Some(0.0), Some(7.0), Some(14.0)]), "▁▅█");
        assert_eq!(of(&[Some(5.0), None, Some(5.0)]), "█ █");
        assert_eq!(of(&[Some(-1.0), Some(1.0)]), "▁█");
        assert_eq!(of(&[Some(0.0)]), "▁");
        assert_eq!(of(&[None, Some(f64::NAN)]), " ▁");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn text_has_the_look_of_its_role() {
        let mut out = Vec::new();
        let paint = Paint {
            looks: Some(Looks::default()),
            ascii: false,
        };
        paint.text(Role::Header, "n", &mut out);
        paint.text(Role::Status, "plain", &mut out);
        paint.text(Role::Bar, "", &mut out);
        Paint::default().text(Role::Bar, "#", &mut out);
        assert_eq!(out, b"\x1b[1mn\x1b[0mplain#");
    }

    #[test]
    fn each_role_has_a_name() {
        assert!(ROLES.is_sorted_by(|one, next| one.0 < next.0));
        assert!(COLOURS.is_sorted_by(|one, next| one.0 < next.0));
        for (at, (name, role)) in ROLES.iter().enumerate() {
            let others = ROLES.iter().skip(at + 1);
            assert!(others.into_iter().all(|(_, other)| other != role), "{name}");
        }
    }
}
