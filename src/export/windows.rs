//! Windows as SQL: what rows are grouped by, or put into. Invariant: a window that an engine cuts elsewhere than
//! dstream does is refused.

use super::relation::{Bounds, Relation};
use super::sql::{Dialect, Result, Sql, interval, none};
use crate::plan::grouping::Shape;
use crate::plan::node::{Calendar, Extent, Window};

const DAY: i64 = 86_400_000_000_000;

/// How a window is cut.
pub enum Cut {
    Fixed {
        size: i64,
        slide: i64,
        offset: i64,
    },
    /// By the calendar: `MONTH`, and how long one is: `INTERVAL '3' MONTH`.
    Unit(&'static str, &'static str),
    Session(i64),
    /// Beginnings of a window, each longer by so much.
    Grow {
        size: i64,
        step: i64,
        offset: i64,
    },
}

impl Cut {
    /// The length that all such windows have, ns.
    pub fn length(&self) -> Option<i64> {
        match self {
            Cut::Fixed { size, .. } => Some(*size),
            _ => None,
        }
    }
}

pub fn cut(window: &Window, is_utc: bool) -> Result<Cut> {
    let step = match &window.grow {
        None => return cut_whole(window, is_utc),
        Some(Extent::Fixed(step)) => Some(*step),
        Some(step) => length(step).filter(|_| is_utc),
    };
    match (step, cut_whole(window, is_utc)?) {
        (Some(step), Cut::Fixed { size, offset, .. }) => Ok(Cut::Grow { size, step, offset }),
        _ => none("beginnings of a window of the calendar"),
    }
}

/// How long sizes of UTC's calendar are that are all of one length, ns.
fn length(extent: &Extent) -> Option<i64> {
    match extent {
        Extent::Calendar(Calendar::Months(_)) => None,
        extent => Some(extent.about()),
    }
}

/// Without the beginnings of a window that grows.
fn cut_whole(window: &Window, is_utc: bool) -> Result<Cut> {
    let monday = 4 * DAY;
    let size = match (&window.size, is_utc) {
        (Extent::Fixed(size), _) => *size,
        (Extent::Calendar(Calendar::Hours(_) | Calendar::Days(_)), true) => window.size.about(),
        (Extent::Calendar(Calendar::Weeks(1)), true) if window.size == window.slide => {
            return Ok(Cut::Fixed {
                size: 7 * DAY,
                slide: 7 * DAY,
                offset: (monday + window.offset).rem_euclid(7 * DAY),
            });
        }
        (Extent::Calendar(calendar), _) => {
            let unit = match calendar {
                Calendar::Days(1) => ("DAY", "INTERVAL '1' DAY"),
                Calendar::Weeks(1) => ("WEEK", "INTERVAL '7' DAY"),
                Calendar::Months(1) => ("MONTH", "INTERVAL '1' MONTH"),
                Calendar::Months(3) => ("QUARTER", "INTERVAL '3' MONTH"),
                Calendar::Months(12) => ("YEAR", "INTERVAL '12' MONTH"),
                _ => return none("a window of several days or hours of the local clock"),
            };
            if window.size != window.slide || window.offset != 0 {
                return none("a window of the calendar that slides or is shifted");
            }
            return Ok(Cut::Unit(unit.0, unit.1));
        }
    };
    let slide = match &window.slide {
        Extent::Fixed(slide) => *slide,
        slide @ Extent::Calendar(Calendar::Hours(_) | Calendar::Days(_)) if is_utc => slide.about(),
        _ => return none("a slide of the local clock"),
    };
    Ok(Cut::Fixed {
        size,
        slide,
        offset: window.offset,
    })
}

/// The same of windows of other shapes.
pub fn cut_shape(shape: &Shape, is_utc: bool) -> Result<Option<Cut>> {
    Ok(Some(match shape {
        Shape::Forever | Shape::Rows | Shape::Counted => return Ok(None),
        Shape::Grid(window) => cut(window, is_utc)?,
        Shape::Session { gap, max: None } => Cut::Session(*gap),
        Shape::Session { .. } => return none("a session that is cut at a length (--max)"),
        Shape::Count { .. } => return none("windows of so many records have no counterpart"),
        Shape::LookBack(_) => return none("a look back has no counterpart here"),
    }))
}

/// `90 seconds`, as Spark's functions read it.
pub fn span(ns: i64) -> String {
    const UNITS: [(&str, i64); 6] = [
        ("day", DAY),
        ("hour", DAY / 24),
        ("minute", DAY / 1_440),
        ("second", 1_000_000_000),
        ("millisecond", 1_000_000),
        ("microsecond", 1_000),
    ];
    for (unit, length) in UNITS {
        if ns % length == 0 && ns != 0 {
            let n = ns / length;
            let many = if n == 1 { "" } else { "s" };
            return format!("{n} {unit}{many}");
        }
    }
    format!("{} seconds", ns / 1_000_000_000)
}

/// An interval of Flink's, whose first field has two digits unless more are said.
pub fn flink_interval(ns: i64) -> String {
    let text = interval(ns);
    let digits = text
        .split('\'')
        .nth(1)
        .map_or(0, |number| number.split('.').next().unwrap_or("").len());
    match digits > 2 {
        true => format!("{text}({digits})"),
        false => text,
    }
}

/// The window that a row of Spark's is in.
pub fn spark(cut: &Cut, here: &Relation) -> Result<(Option<String>, Bounds)> {
    let Some(time) = &here.time else {
        return none(
            "windows by arrival are no SQL of Spark's (a trigger of its DataStreamWriter)",
        );
    };
    let parts = |call: String, word: &str| {
        (
            Some(call.clone()),
            Bounds {
                start: Sql::atom(format!("{word}.start")),
                end: Sql::atom(format!("{word}.end")),
                terms: vec![Sql::atom(call)],
            },
        )
    };
    Ok(match cut {
        Cut::Fixed {
            size,
            slide,
            offset,
        } => {
            let mut args = vec![time.text.clone(), format!("'{}'", span(*size))];
            if slide != size || *offset != 0 {
                args.push(format!("'{}'", span(*slide)));
            }
            if *offset != 0 {
                args.push(format!("'{}'", span(*offset)));
            }
            parts(format!("window({})", args.join(", ")), "window")
        }
        Cut::Session(gap) => parts(
            format!("session_window({}, '{}')", time.text, span(*gap)),
            "session_window",
        ),
        Cut::Unit(unit, length) => (
            None,
            of_unit(&format!("date_trunc('{unit}', {})", time.text), length),
        ),
        Cut::Grow { .. } => return none("windows that grow (--grow) have no counterpart in Spark"),
    })
}

fn of_unit(start: &str, length: &str) -> Bounds {
    Bounds {
        start: Sql::atom(start),
        end: Sql::new(super::sql::Level::Sum, format!("{start} + {length}")),
        terms: vec![Sql::atom(start)],
    }
}

/// What Flink reads rows with their window from; `None`: the window is computed.
pub fn flink(
    cut: &Cut,
    here: &Relation,
    keys: &[String],
    dialect: &dyn Dialect,
) -> Result<(Option<String>, Bounds)> {
    let Some(time) = here.time.as_ref().or(here.proc_time.as_ref()) else {
        return none("its rows have no time");
    };
    if here.time.is_some() && !here.is_attribute {
        return none(
            "the time of these rows is computed, and Flink's windows need one of a source or a window",
        );
    }
    let table = &here.from;
    let by = format!("DESCRIPTOR({})", time.text);
    let i = flink_interval;
    let shifted = |offset: &i64| match offset {
        0 => String::new(),
        offset => format!(", {}", i(*offset)),
    };
    let call = match cut {
        Cut::Fixed {
            size,
            slide,
            offset,
        } if slide == size => {
            format!(
                "TUMBLE(TABLE {table}, {by}, {}{})",
                i(*size),
                shifted(offset)
            )
        }
        Cut::Fixed {
            size,
            slide,
            offset,
        } => format!(
            "HOP(TABLE {table}, {by}, {}, {}{})",
            i(*slide),
            i(*size),
            shifted(offset)
        ),
        Cut::Grow { size, step, offset } => format!(
            "CUMULATE(TABLE {table}, {by}, {}, {}{})",
            i(*step),
            i(*size),
            shifted(offset)
        ),
        Cut::Session(gap) => {
            let partition = match keys.is_empty() {
                true => String::new(),
                false => format!(" PARTITION BY {}", keys.join(", ")),
            };
            format!("SESSION(TABLE {table}{partition}, {by}, {})", i(*gap))
        }
        Cut::Unit(unit, length) => {
            return Ok((None, of_unit(&dialect.truncate(time, unit), length)));
        }
    };
    let start = Sql::column("window_start", dialect);
    let end = Sql::column("window_end", dialect);
    Ok((
        Some(format!("TABLE({call})")),
        Bounds {
            terms: vec![start.clone(), end.clone()],
            start,
            end,
        },
    ))
}
