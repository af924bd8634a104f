//! Functions of time: reading, writing, cutting and its parts, on the clocks of `--tz`. Reads no clock but
//! the `now` it is given. Invariant: `trunc` gives the start of the window that the time is in, never later
//! than the time.

use super::cells::{TextArg, Texts, whole_numbers};
use super::{
    Arg, BASE, ColumnCx, Family, Function, Kernel, MADE, Param, Special, gives_number, gives_text,
};
use crate::bytes::time::{
    DAY, HOUR, Memo, NO_OFFSET, Pattern, Shape, Stamp, Stamps, civil_from_days, days_from_civil,
    stamps, strftime as write_time,
};
use crate::bytes::{Cells, number::Numbers};
use crate::data::doc::{Doc, Example};
use crate::data::time::{SECOND, Zone};
use crate::data::{Chunk, Column, ColumnV, Type, Value};

pub static NOW: Function = Function {
    name: "now",
    signature: "now()",
    family: Family::Time,
    doc: Doc {
        summary: "The time of the record's arrival; in a batch the batch's",
        text: "The only function whose answer is not made of its arguments alone. A batch that is run again gets the same.",
        examples: &[Example {
            title: "This is not the past",
            session: "$ echo x | dstream map 'later=now() > time(\"2020-01-01\")' select later\ntrue\n",
        }],
    },
    params: &[],
    required: 0,
    result: gives_time,
    kernel: Kernel::Special(Special::Now),
    spark: "current_timestamp()",
    flink: "CURRENT_TIMESTAMP",
    ..BASE
};

pub static TIME: Function = Function {
    name: "time",
    signature: "time(x[,fmt])",
    family: Family::Time,
    doc: Doc {
        summary: "The time that x says, read as `--time` reads it; else null",
        text: "By its shape (RFC 3339, `YYYY-MM-DD HH:MM:SS`, those of web servers and of syslog, seconds to nanoseconds since 1970), or by a format: `s`, `ms`, `us`, `ns` or `strptime` text. Without an offset in it, it is of `--tz`; without a year, the last such time before now. Text that is no time counts as a failed conversion, which is told at the end of the run.",
        examples: &[
            Example {
                title: "Two spellings of one time",
                session: "$ printf '%s\\n' 1700000000 2023-11-14T23:13:20+01:00 | dstream --tz UTC map 't=time($1)' select t\n2023-11-14T22:13:20Z\n2023-11-14T22:13:20Z\n",
            },
            Example {
                title: "A spelling of one's own",
                session: "$ echo 20.11.2026 | dstream --tz UTC map 't=time($1,\"%d.%m.%Y\")' select t\n2026-11-20T00:00:00Z\n",
            },
        ],
    },
    params: &[Param::Text, Param::Format],
    required: 1,
    result: gives_time,
    kernel: Kernel::Column(time),
    check: |at, constant| match (at, std::str::from_utf8(constant)) {
        (1, Ok(text)) => Shape::parse_spec(text).map(|_| ()),
        (1, Err(_)) => Err("a time format is UTF-8".into()),
        _ => Ok(()),
    },
    spark: MADE,
    flink: MADE,
    ..BASE
};

pub static STRFTIME: Function = Function {
    name: "strftime",
    signature: "strftime(t,fmt)",
    family: Family::Time,
    doc: Doc {
        summary: "The time as text by a format, in the zone of `--tz`",
        text: "`%Y %m %d %H %M %S` and the other directives of strftime(3); `%f` is the fraction, `%3f` three digits of it. English names.",
        examples: &[Example {
            title: "The day of the week and the hour",
            session: "$ echo 2026-11-20T09:30:00Z | dstream --tz UTC map 's=strftime(time($1),\"%a %H:%M\")' select s\nFri 09:30\n",
        }],
    },
    params: &[Param::Time, Param::Format],
    required: 2,
    result: gives_text,
    kernel: Kernel::Column(strftime),
    check: |at, constant| match (at, std::str::from_utf8(constant)) {
        (1, Ok(text)) => Pattern::new(text).map(|_| ()),
        (1, Err(_)) => Err("a time format is UTF-8".into()),
        _ => Ok(()),
    },
    spark: MADE,
    flink: MADE,
    ..BASE
};

pub static TRUNC: Function = Function {
    name: "trunc",
    signature: "trunc(t,d)",
    family: Family::Time,
    doc: Doc {
        summary: "The start of the window of size d that t is in",
        text: "As `window` cuts: d is a duration or `\"day\"`, `\"week\"`, `\"month\"`, `\"quarter\"`, `\"year\"`. Hours that divide the day (2h, 3h, 4h, 6h, 8h, 12h), whole days, weeks (from Monday) and longer are cut on the clocks of `--tz`, other sizes on the grid from 1970 UTC.",
        examples: &[Example {
            title: "Quarters of an hour, and days",
            session: "$ echo 2026-11-20T09:44:59Z | dstream --tz UTC map 'q=trunc(time($1),15m),d=trunc(time($1),\"day\")' select q,d\n2026-11-20T09:30:00Z\t2026-11-20T00:00:00Z\n",
        }],
    },
    params: &[Param::Time, Param::Size],
    required: 2,
    result: gives_time,
    kernel: Kernel::Column(trunc),
    spark: MADE,
    flink: MADE,
    ..BASE
};

pub static HOUR_OF: Function = Function {
    name: "hour",
    signature: "hour(t)",
    family: Family::Time,
    doc: Doc {
        summary: "The hour of the day, 0 to 23, in the zone of `--tz`",
        text: "",
        examples: &[Example {
            title: "The same time on two clocks",
            session: "$ echo 2026-11-20T23:30:00Z | dstream --tz Europe/Berlin map 'h=hour(time($1))' select h\n0\n",
        }],
    },
    params: &[Param::Time],
    required: 1,
    result: gives_number,
    kernel: Kernel::Column(hour),
    spark: "hour({0})",
    flink: "HOUR({0})",
    ..BASE
};

pub static WEEKDAY: Function = Function {
    name: "weekday",
    signature: "weekday(t)",
    family: Family::Time,
    doc: Doc {
        summary: "The day of the week, 1 Monday to 7 Sunday, in the zone of `--tz`",
        text: "",
        examples: &[Example {
            title: "A Friday",
            session: "$ echo 2026-11-20T12:00:00Z | dstream --tz UTC map 'd=weekday(time($1))' select d\n5\n",
        }],
    },
    params: &[Param::Time],
    required: 1,
    result: gives_number,
    kernel: Kernel::Column(weekday),
    spark: "weekday({0}) + 1",
    flink: "MOD(DAYOFWEEK({0}) + 5, 7) + 1",
    ..BASE
};

pub static DATE: Function = Function {
    name: "date",
    signature: "date(t)",
    family: Family::Time,
    doc: Doc {
        summary: "The date as text, YYYY-MM-DD, in the zone of `--tz`",
        text: "",
        examples: &[Example {
            title: "Records a day",
            session: "$ printf '%s\\n' 2026-11-20T12:00:00Z 2026-11-20T13:00:00Z | dstream --tz UTC map 'd=date(time($1))' count-by d\n2026-11-20\t2\n",
        }],
    },
    params: &[Param::Time],
    required: 1,
    result: gives_text,
    kernel: Kernel::Column(date),
    spark: "date_format({0}, 'yyyy-MM-dd')",
    flink: "DATE_FORMAT({0}, 'yyyy-MM-dd')",
    ..BASE
};

pub static UNIX: Function = Function {
    name: "unix",
    signature: "unix(t)",
    family: Family::Time,
    doc: Doc {
        summary: "Seconds since 1970 UTC, a decimal with the fraction",
        text: "",
        examples: &[Example {
            title: "As programs count it",
            session: "$ echo 2023-11-14T22:13:20.250Z | dstream map 's=unix(time($1))' select s\n1700000000.25\n",
        }],
    },
    params: &[Param::Time],
    required: 1,
    result: gives_number,
    kernel: Kernel::Column(unix),
    spark: "cast({0} as decimal(18,6))",
    no_sql: "Flink gives whole seconds",
    ..BASE
};

pub static AGE: Function = Function {
    name: "age",
    signature: "age(t)",
    family: Family::Time,
    doc: Doc {
        summary: "How long ago t was, seen from the record's arrival: now() - t",
        text: "",
        examples: &[Example {
            title: "Now is no time ago",
            session: "$ echo x | dstream map 'a=age(now())' select a\n0s\n",
        }],
    },
    params: &[Param::Time],
    required: 1,
    result: |_| Type::Duration,
    kernel: Kernel::Column(age),
    spark: "current_timestamp() - {0}",
    no_sql: "Flink has no difference of times with a fraction",
    ..BASE
};

fn gives_time(_: &[Type]) -> Type {
    Type::Time
}

/// The nanoseconds of a time column, as a function of the row.
fn times<'a>(arg: &'a Arg<'_>) -> impl Fn(usize) -> Option<i64> + 'a {
    let column = match arg {
        Arg::Column(column, _) => Some(column),
        Arg::Constant(_) => None,
    };
    move |row| match column {
        Some(ColumnV {
            data: Column::Nanos(values),
            valid,
        }) if valid.as_ref().is_none_or(|valid| valid.get(row)) => Some(values[row]),
        _ => None,
    }
}

/// Times that are too near the ends of the range for a zone to be added or taken.
fn has_room(ns: i64) -> bool {
    ns.unsigned_abs() < (i64::MAX - 4 * DAY) as u64
}

/// What the clocks of a zone show, ns as if UTC.
fn civil(ns: i64, zone: &Zone) -> Option<i64> {
    has_room(ns).then(|| ns + i64::from(zone.offset_at(ns)) * SECOND)
}

fn instant(civil: i64, zone: &Zone) -> Option<i64> {
    has_room(civil).then(|| zone.to_utc(civil))
}

fn time(args: &[Arg<'_>], chunk: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let shape = match args.get(1).map(|format| TextArg::of(format, chunk)) {
        None => Shape::Detect,
        Some(TextArg::Constant(format)) => {
            match std::str::from_utf8(format).map(Shape::parse_spec) {
                Ok(Ok(shape)) => shape,
                _ => return ColumnV::nulls(cx.len),
            }
        }
        Some(_) => return ColumnV::nulls(cx.len),
    };
    let Some(texts) = Texts::of(&args[0], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let cells = Cells {
        spans: texts.spans,
        block: texts.block,
        scratch: texts.scratch,
        valid: texts.valid,
        rows: cx.rows,
    };
    let mut read = Stamps::default();
    stamps(&cells, &shape, &mut Memo::default(), &mut read);
    let mut failed = read.failed;
    let (values, valid) = cx.integers(|row| {
        if read.valid.as_ref().is_some_and(|valid| !valid.get(row)) {
            return None;
        }
        let offset = read.offset[row];
        let stamp = Stamp {
            civil: read.civil[row],
            offset: (offset != NO_OFFSET).then_some(offset),
            yearless: read.yearless.binary_search(&(row as u32)).is_ok(),
        };
        let ns = if stamp.yearless {
            last_before(stamp, cx.now, cx.zone)
        } else {
            settled(stamp, cx.zone)
        };
        failed += u64::from(ns.is_none());
        ns
    });
    cx.failed.set(cx.failed.get() + failed);
    ColumnV {
        data: Column::Nanos(values),
        valid,
    }
}

fn settled(stamp: Stamp, zone: &Zone) -> Option<i64> {
    match stamp.offset {
        Some(_) => stamp.utc(),
        None => instant(stamp.civil, zone),
    }
}

/// A stamp without year in the year that makes it the last before now; up to a day ahead is let pass, since
/// clocks differ.
fn last_before(stamp: Stamp, now: i64, zone: &Zone) -> Option<i64> {
    let (year, _, _) = civil_from_days(civil(now, zone)?.div_euclid(DAY));
    // Back to the last leap year, for 29 February: eight years at most.
    (year - 8..=year + 1)
        .rev()
        .filter_map(|year| settled(stamp.with_year(year)?, zone))
        .find(|&ns| ns <= now.saturating_add(DAY))
}

fn strftime(args: &[Arg<'_>], chunk: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let TextArg::Constant(format) = TextArg::of(&args[1], chunk) else {
        return ColumnV::nulls(cx.len);
    };
    let Ok(Ok(pattern)) = std::str::from_utf8(format).map(Pattern::new) else {
        return ColumnV::nulls(cx.len);
    };
    let named = memchr::memmem::find(format, b"%Z").is_some();
    let time_of = times(&args[0]);
    cx.spans(|row| {
        let ns = time_of(row)?;
        let start = text.len();
        let zone = if named {
            cx.zone.abbreviation_at(ns)
        } else {
            String::new()
        };
        write_time(ns, cx.zone.offset_at(ns), &zone, &pattern, text);
        cx.new_text(start, text)
    })
}

fn hour(args: &[Arg<'_>], _: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let time_of = times(&args[0]);
    whole_numbers(cx, |row| {
        Some(civil(time_of(row)?, cx.zone)?.rem_euclid(DAY) / HOUR)
    })
}

fn weekday(args: &[Arg<'_>], _: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let time_of = times(&args[0]);
    whole_numbers(cx, |row| {
        // 1970 began with a Thursday, the fourth day.
        let days = civil(time_of(row)?, cx.zone)?.div_euclid(DAY);
        Some((days + 3).rem_euclid(7) + 1)
    })
}

fn date(args: &[Arg<'_>], _: &Chunk, text: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let time_of = times(&args[0]);
    let pattern = Pattern::new("%Y-%m-%d").expect("directives that there are");
    cx.spans(|row| {
        let ns = time_of(row)?;
        let start = text.len();
        write_time(ns, cx.zone.offset_at(ns), "", &pattern, text);
        cx.new_text(start, text)
    })
}

fn unix(args: &[Arg<'_>], _: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let (units, valid) = cx.integers(times(&args[0]));
    ColumnV {
        data: Column::Number(Numbers {
            units,
            scale: 9,
            ..Numbers::default()
        }),
        valid,
    }
}

fn age(args: &[Arg<'_>], _: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let time_of = times(&args[0]);
    let (values, valid) = cx.integers(|row| cx.now.checked_sub(time_of(row)?));
    ColumnV {
        data: Column::Nanos(values),
        valid,
    }
}

/// How `trunc` and `window` cut time.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Size {
    /// ns, on the grid from 1970 UTC.
    Fixed(i64),
    /// On the local clock, as the rest: from midnight.
    Hours(i64),
    Days(i64),
    /// From Mondays.
    Weeks(i64),
    Months(i64),
}

impl Size {
    pub fn of_duration(ns: i64) -> Option<Size> {
        const WEEK: i64 = 7 * DAY;
        if ns <= 0 {
            return None;
        }
        Some(match ns / HOUR {
            hours @ (2 | 3 | 4 | 6 | 8 | 12) if ns % HOUR == 0 => Size::Hours(hours),
            _ if ns % WEEK == 0 => Size::Weeks(ns / WEEK),
            _ if ns % DAY == 0 => Size::Days(ns / DAY),
            _ => Size::Fixed(ns),
        })
    }

    pub fn named(name: &[u8]) -> Option<Size> {
        Some(match name {
            b"day" => Size::Days(1),
            b"week" => Size::Weeks(1),
            b"month" => Size::Months(1),
            b"quarter" => Size::Months(3),
            b"year" => Size::Months(12),
            _ => return None,
        })
    }

    /// The start of the window that a time is in; `None` where nanoseconds cannot say it.
    pub fn floor(self, ns: i64, zone: &Zone) -> Option<i64> {
        if let Size::Fixed(size) = self {
            return ns.checked_sub(ns.checked_rem_euclid(size)?);
        }
        // What the clocks show decides, but where they are set over a start: a window is one piece of time.
        let mut number = self.number(civil(ns, zone)?)?;
        let mut start = instant(self.start(number)?, zone)?;
        while start > ns {
            number -= 1;
            start = instant(self.start(number)?, zone)?;
        }
        while let Some(next) = self
            .start(number + 1)
            .and_then(|start| instant(start, zone))
            && next <= ns
        {
            number += 1;
            start = next;
        }
        Some(start)
    }

    /// The number of the window that a time of the local clock is in.
    fn number(self, local: i64) -> Option<i64> {
        match self {
            Size::Fixed(size) => local.checked_div_euclid(size),
            Size::Hours(n) => local.checked_div_euclid(n.checked_mul(HOUR)?),
            Size::Days(n) => local.checked_div_euclid(n.checked_mul(DAY)?),
            Size::Weeks(n) => (local + MONDAY).checked_div_euclid(n.checked_mul(7 * DAY)?),
            Size::Months(n) => {
                let (year, month, _) = civil_from_days(local.div_euclid(DAY));
                ((year - 1970) * 12 + month - 1).checked_div_euclid(n)
            }
        }
    }

    /// Where a window begins on the local clock.
    fn start(self, number: i64) -> Option<i64> {
        match self {
            Size::Fixed(size) => number.checked_mul(size),
            Size::Hours(n) => number.checked_mul(n)?.checked_mul(HOUR),
            Size::Days(n) => number.checked_mul(n)?.checked_mul(DAY),
            Size::Weeks(n) => number
                .checked_mul(n)?
                .checked_mul(7 * DAY)?
                .checked_sub(MONDAY),
            Size::Months(n) => {
                let months = number.checked_mul(n)?;
                let (year, month) = (1970 + months.div_euclid(12), months.rem_euclid(12) + 1);
                days_from_civil(year, month, 1).checked_mul(DAY)
            }
        }
    }
}

/// From a Monday to the Thursday that 1970 began with.
const MONDAY: i64 = 3 * DAY;

fn trunc(args: &[Arg<'_>], _: &Chunk, _: &mut Vec<u8>, cx: &ColumnCx<'_>) -> ColumnV {
    let size = match &args[1] {
        Arg::Constant(Value::Duration(ns)) => Size::of_duration(*ns),
        Arg::Constant(Value::Text(name) | Value::Untyped(name)) => Size::named(name),
        _ => None,
    };
    let Some(size) = size else {
        return ColumnV::nulls(cx.len);
    };
    let time_of = times(&args[0]);
    let (values, valid) = cx.integers(|row| size.floor(time_of(row)?, cx.zone));
    ColumnV {
        data: Column::Nanos(values),
        valid,
    }
}
