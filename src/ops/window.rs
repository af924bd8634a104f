//! `window`: puts records into windows by their times. Invariant: it does nothing alone; the next operator with
//! state closes the windows, or the end of the chain does.

use super::prelude::*;
use crate::plan::grouping::Shape;
use crate::plan::node::Window;
use crate::plan::window::Size;

pub const WINDOW: Operator = Operator {
    name: "window",
    group: Group::Windows,
    doc: Doc {
        summary: "Put records into windows by their times",
        text: "Windows of SIZE, end to end, cut at multiples of SIZE since 1970; with `--slide D` one begins at each \
               multiple of D, so that they overlap; `--offset D` shifts them. The sizes `2h 3h 4h 6h 8h 12h`, \
               whole days, `week`, `month`, `quarter` and `year` are cut on the local clock (`--tz`), and shifted and \
               slid by it (`window day --offset 8h`, `window quarter --slide month`); with a slide that is not one \
               of them (`window 1d --slide 1h`) a day is 24 hours. A boundary that the clock or the month does not \
               have is the first instant behind the gap. A window is named by its \
               start.\n\n\
               With `--grow D` a window prints at each D within it, over what it has up to there: the day so far, \
               each hour.\n\n\
               It is in force to the end of the chain or the next `window`: aggregates, `top`, `sort-by` and \
               `distinct` work window by window, and print when the watermark reaches the window's end. Where none \
               of them follows, the window's records come out when it closes, once for each window they are in. \
               `window all`, the whole input, ends it.\n\n\
               Times come from `--time FIELD`, from the format, or from the clock as records arrive (`--time \
               arrival`); over a regular file they must be given.",
        examples: &[
            Example {
                title: "A sum each minute",
                session: "$ printf 'ts,n\\n2026-11-20T10:00:05Z,1\\n2026-11-20T10:00:40Z,2\\n2026-11-20T10:01:10Z,4\\n' | dstream -i csv --time ts window 1m reduce sum:n\n2026-11-20T10:00:00Z\t3\n2026-11-20T10:01:00Z\t4\n",
            },
            Example {
                title: "Two minutes long, one each minute",
                session: "$ printf 'ts\\n2026-11-20T10:00:05Z\\n2026-11-20T10:01:10Z\\n' | dstream -i csv --time ts window 2m --slide 1m count\n2026-11-20T09:59:00Z\t1\n2026-11-20T10:00:00Z\t2\n2026-11-20T10:01:00Z\t1\n",
            },
            Example {
                title: "Shifted by half a minute",
                session: "$ printf 'ts\\n2026-11-20T10:00:05Z\\n2026-11-20T10:00:40Z\\n' | dstream -i csv --time ts window 1m --offset 30s count\n2026-11-20T09:59:30Z\t1\n2026-11-20T10:00:30Z\t1\n",
            },
            Example {
                title: "The hour so far, at each half of it",
                session: "$ printf 'ts\\n2026-11-20T10:00:05Z\\n2026-11-20T10:40:00Z\\n' | dstream -i csv --time ts window 1h --grow 30m count\n2026-11-20T10:00:00Z\t2026-11-20T10:30:00Z\t1\n2026-11-20T10:00:00Z\t2026-11-20T11:00:00Z\t2\n",
            },
            Example {
                title: "Days of a time zone",
                session: "$ printf 'ts\\n2026-11-20T22:59:00Z\\n2026-11-20T23:00:00Z\\n' | dstream --tz Europe/Berlin -i csv --time ts window day count\n2026-11-20T00:00:00+01:00\t1\n2026-11-21T00:00:00+01:00\t1\n",
            },
        ],
    },
    operands: &[Operand {
        name: "SIZE",
        kind: Kind::WindowSize,
        help: "A duration, day, week, month, quarter, year or all",
    }],
    flags: &[
        SLIDE,
        Flag {
            long: "offset",
            value: Some(("D", Kind::Duration)),
            repeated: false,
            help: "Shift the windows by D",
        },
        Flag {
            long: "grow",
            value: Some(("D", Kind::WindowSize)),
            repeated: false,
            help: "Cumulative: a row at each D within SIZE, over what is in the window up to there",
        },
    ],
    lower,
};

/// Reads the size and the flags, and puts the window in force.
pub fn lower(args: &Args, b: &mut Builder<'_>) -> Result<(), Usage> {
    let size = args::size(args.operand(0)).map_err(|message| b.fault(message))?;
    let slide = match args.flag("slide") {
        Some(word) => {
            let slide = args::extent(word);
            Some(slide.map_err(|message| b.fault(format!("--slide {message}")))?)
        }
        None => None,
    };
    let offset = match args.flag("offset") {
        Some(word) => {
            args::signed_duration(word).map_err(|message| b.fault(format!("--offset {message}")))?
        }
        None => 0,
    };
    let size = match size {
        Size::Extent(size) => size,
        Size::All if slide.is_some() || offset != 0 => {
            return Err(b.fault("'all' is the whole input; it cannot slide or be shifted"));
        }
        Size::All => {
            b.window_all();
            return Ok(());
        }
    };
    if let Some(word) = args.flag("grow") {
        if slide.is_some() {
            return Err(
                b.fault("--grow is for windows that stand end to end; it cannot go with --slide")
            );
        }
        let whole = Window::new(size, None, offset).map_err(|message| b.fault(message))?;
        let window = args::extent(word).and_then(|step| whole.growing(step));
        let window = window.map_err(|message| b.fault(format!("--grow: {message}")))?;
        return b.shape(Shape::Grid(window));
    }
    let size = match &slide {
        Some(slide) => Window::sliding(size, slide).map_err(|message| b.fault(message))?,
        None => size,
    };
    let window = Window::new(size, slide, offset).map_err(|message| b.fault(message))?;
    b.window(window)
}

#[cfg(test)]
mod tests {
    use crate::ops::testing::{check, refused};

    #[test]
    fn a_window_waits_for_an_aggregate() {
        check(
            "csv:t,k --time t window 10m --slide 1m --offset 5s filter 'k>1' count-by k",
            "time      time(t)\nfilter    k > 1\naggregate keys k   aggs count() as count   scope window 10m slide 1m offset 5s\nsink      tsv: window_start, k, count\n",
        );
    }

    #[test]
    fn a_window_that_nothing_closes_gives_its_records() {
        check(
            "csv:t,k --time t window 1m",
            "time      time(t)\nassign    window 1m   carry t, k\nsort      scope its window   carry t, k, window_start\nsink      tsv: window_start, t, k\n",
        );
    }

    #[test]
    fn a_later_window_takes_rows_at_their_time() {
        check(
            "csv:t,k --time t window 1m count-by k window 1h reduce sum:count",
            "time      time(t)\naggregate keys k   aggs count() as count   scope window 1m\naggregate aggs sum(count) as sum_count   scope window 1h\nsink      tsv: window_start, sum_count\n",
        );
        check(
            "csv:t,k --time t window 1m count-by k window all reduce sum:count",
            "time      time(t)\naggregate keys k   aggs count() as count   scope window 1m\naggregate aggs sum(count) as sum_count   scope forever\nsink      tsv: sum_count\n",
        );
        refused(
            "csv:t,k --time t count-by k window 1h count",
            "window: 'count-by k' gives its rows at the end of the input; put the window in front of it",
        );
    }

    #[test]
    fn beside_an_absolute_slide_a_size_is_absolute() {
        check(
            "csv:t,k --time t window 2h --slide 1h count",
            "time      time(t)\naggregate aggs count() as count   scope window 2h slide 1h\nsink      tsv: window_start, count\n",
        );
        refused(
            "csv:t,k --time t window month --slide 1h count",
            "window: a month has no fixed length, so its slide must be of the calendar too: 2h, 3h, 4h, 6h, 8h, 12h, days, weeks or months, not 1h",
        );
    }

    #[test]
    fn sizes_are_checked() {
        refused(
            "csv:t,k --time t window count",
            "window: 'count' is not a duration; is the size missing before the operator `count`?",
        );
        refused(
            "csv:t,k --time t window 10",
            "window: '10' is not a duration; the unit is missing: 10s, 10m, 10h",
        );
        refused(
            "csv:t,k --time t window 1h --slide 0s",
            "window: --slide '0s' is no time at all; it must be above zero",
        );
    }

    #[test]
    fn a_regular_file_needs_a_time_field() {
        refused(
            "csv:t,k window 1m count",
            "window: sizes over a regular file need a time field; give --time FIELD, or --time arrival if you mean it",
        );
        check(
            "csv:t,k --time arrival window 1m count",
            "time      arrival\naggregate aggs count() as count   scope window 1m\nsink      tsv: window_start, count\n",
        );
    }

    #[test]
    fn json_has_usual_names_for_its_time() {
        check(
            "json-ts: window 1m count",
            "note      taking event time from 'ts'\ntime      time(ts)\naggregate aggs count() as count   scope window 1m\nsink      tsv: window_start, count\n",
        );
        check(
            "json-ts: count",
            "aggregate aggs count() as count   scope forever\nsink      tsv: count\n",
        );
    }
}
