//! Restarts of every kind of process, in shapes that its own tests do not have: rows with windows, two streams, ticks
//! of the clock. Needs no model: one that is loaded anew behind every chunk is compared with one that goes on, byte by
//! byte; then what was saved is damaged. Invariant: a process that keeps something is in the table.

use super::anomaly::{Anomalies, Far};
use super::burst::{Burst, Bursts};
use super::corrected;
use super::disorder::Disorder;
use super::fill::{Fill, Filling, How};
use super::first::{First, Last};
use super::grouped;
use super::heavy::Heavy;
use super::in_time::{InTime, Order};
use super::join::asof::Asof;
use super::join::cogroup::{self, Cogroup, Lists};
use super::join::interval::{Interval, Within};
use super::join::sessions::{Gap, InSessions};
use super::join::union::{self, Union};
use super::join::whole::Whole;
use super::join::windowed::Windowed;
use super::join::{self, MergeLines};
use super::lasting::Terms;
use super::moving::Over;
use super::pattern::conditions::{Condition, Conditions, Input, Look, Reading};
use super::pattern::machine::{Program, Skip};
use super::pattern::process::{Matcher, Plan};
use super::pattern::syntax;
use super::regrouped;
use super::running::What;
use super::scan::{Call, Of, Scan, Scanning};
use super::testing::{self, Row};
use super::totals::{Totalling, Totals};
use super::variables::{Keeping, Snapshot, Variables};
use crate::aggs;
use crate::data::keys::KeyCoder;
use crate::data::process::{Given, Limits, Making, OnFull, Process, Told};
use crate::data::time::{Watermark, Zone};
use crate::data::{Bitmap, Chunk, Column, ColumnV, Field, FieldId, Schema, Type};
use crate::expr::{self, Env};
use crate::plan::again::Giving;
use crate::plan::clocks::Lapse;
use crate::plan::grouping::{Agg, Gives, Grouping, Panes, Shape};
use crate::plan::node::{Extent, Window};
use crate::plan::ranking::Ranks;
use crate::plan::totals::Printed;
use crate::plan::variables::{Enters, Variable};
use proptest::prelude::*;
use std::sync::Arc;

const SIZE: i64 = 10;
const LATE: i64 = 3;
const EVENT: Lapse = Lapse::Event {
    disorder: Some(LATE),
};

/// What a kind of process is given.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Fed {
    Rows,
    /// Each row is in a window.
    InWindows,
    /// The rows of each window, one of a key, behind those of the window before.
    Windows,
    /// Two streams by turns.
    Sides,
    SidesInWindows,
    /// The first argument is a condition.
    Flags,
    /// Rows of windows that are given again, or withdrawn; each chunk is a moment.
    Corrected,
}

type Make = Box<dyn Fn(&Making<'_>) -> Box<dyn Process>>;

struct Case {
    name: &'static str,
    fed: Fed,
    batched: bool,
    make: Make,
}

fn case(
    name: &'static str,
    fed: Fed,
    make: impl Fn(&Making<'_>) -> Box<dyn Process> + 'static,
) -> Case {
    Case {
        name,
        fed,
        batched: false,
        make: Box::new(make),
    }
}

/// Fields: the key, the number, and those that processes set: 9 is the other side's number.
fn schema() -> Schema {
    let types = [
        Type::Text,
        Type::Number,
        Type::Number,
        Type::Number,
        Type::Float,
        Type::Float,
        Type::Float,
        Type::Time,
        Type::Duration,
        Type::Number,
        Type::Time,
        Type::Time,
    ];
    let named = types.into_iter().enumerate();
    Schema::new(
        named
            .map(|(at, ty)| Field::new(["k", "n", "new", "s"].get(at).copied().unwrap_or(""), ty))
            .collect(),
    )
}

fn terms(ttl: i64) -> Terms {
    Terms {
        ttl: Some(ttl),
        ..Terms::default()
    }
}

fn agg(func: &str, ty: Type) -> Agg {
    let aggregate = aggs::find(func).expect("it is in the table");
    let call = aggs::Call {
        func: func.into(),
        arg: Some(ty),
        param: None,
        timed: true,
        exact: false,
    };
    Agg {
        aggregate,
        ty: (aggregate.result)(&call),
        call,
        arg: Some(0),
    }
}

fn aggs() -> Vec<Agg> {
    let all = ["sum", "max", "collect", "distinct", "avg", "last"];
    all.map(|func| agg(func, Type::Number)).to_vec()
}

fn window(slide: i64) -> Window {
    Window {
        size: Extent::Fixed(SIZE),
        slide: Extent::Fixed(slide),
        offset: 0,
        grow: None,
    }
}

fn grouped(shape: Shape, change: impl Fn(&mut Grouping)) -> Grouping {
    let gives = Gives::Groups {
        keys: vec![Type::Text],
        aggs: aggs(),
        pane_columns: true,
    };
    let mut grouping = Grouping::plain(shape, gives);
    grouping.lateness = 6;
    change(&mut grouping);
    grouping
}

fn of_grouping(name: &'static str, grouping: Grouping) -> Case {
    let grouping = Arc::new(grouping);
    case(name, Fed::Rows, move |making| {
        grouped::make(grouping.clone())(making)
    })
}

fn far(over: Over) -> Far {
    Far {
        over,
        sigma: 1.0,
        warm_up: 2,
        lapse: EVENT,
        sets: [4, 5, 6],
    }
}

fn keeping() -> Keeping {
    let mut schema = schema();
    let mut env = Env {
        schema: &mut schema,
        zone: &Zone::default(),
        functions: &[],
    };
    let ast = expr::parse("n > 3 ? null : (s ?? 0) + (n ?? 0)").expect("it is well formed");
    Keeping {
        variables: vec![Variable {
            name: "s".into(),
            old: 3,
            new: 2,
            value: expr::compile(&ast, &mut env).expect("its fields are there"),
        }],
        reads: vec![1],
        keys: vec![(0, Type::Text)],
        lapse: EVENT,
        emit: true,
        initial: Arc::new(Vec::new()),
        enters: Enters::Last,
    }
}

fn scanning() -> Scanning {
    let call = |into, ty, of| Call {
        arg: Some(0),
        of,
        ty,
        into,
    };
    let max = agg("max", Type::Number);
    let frame = Of::Frame {
        aggregate: max.aggregate,
        call: max.call,
        from: -2,
        to: 1,
    };
    let rows = |what, over| Of::Rows(what, over);
    Scanning {
        calls: Arc::new([
            call(2, Type::Number, Of::Row(1)),
            call(3, max.ty, frame),
            call(4, Type::Float, rows(What::Zscore, Over::Rows(3))),
            call(5, Type::Float, rows(What::Rate, Over::Rows(1))),
            call(6, Type::Float, rows(What::Ewmsd, Over::Weight(0.25))),
            call(8, Type::Duration, rows(What::Since, Over::Rows(1))),
        ]),
        types: vec![Type::Number],
        lapse: EVENT,
    }
}

/// `a+ b` within a time, where the record of `b` has a number above the sum and behind the least of those of `a`.
fn plan(greedy: bool, windowed: bool, timeouts: bool) -> Plan {
    let pattern = syntax::parse("a+ b").expect("it is a pattern");
    let skip = if timeouts { Skip::None } else { Skip::PastLast };
    let mut program = Program::new(pattern, skip, Some(9), greedy);
    (program.contextual, program.timeouts) = (true, timeouts);
    let mut schema = Schema::new(vec![
        Field::new("v", Type::Number),
        Field::new("x", Type::Number),
        Field::new("y", Type::Number),
    ]);
    let mut env = Env {
        schema: &mut schema,
        zone: &Zone::default(),
        functions: &[],
    };
    let ast = expr::parse("v >= x - 5 or v > y").expect("it is well formed");
    let look = |reading| Look {
        step: 0,
        reading,
        arg: 0,
    };
    Plan {
        program,
        conditions: Conditions {
            by_name: vec![
                None,
                Some(Condition {
                    expr: expr::compile(&ast, &mut env).expect("its fields are there"),
                    inputs: vec![
                        (Input::Arg(0), Type::Number),
                        (Input::Look(0), Type::Number),
                        (Input::Look(1), Type::Number),
                    ],
                }),
            ],
            looks: vec![look(Reading::Sum), look(Reading::Min), look(Reading::Count)],
            types: vec![Type::Number],
            now: 0,
        },
        flags: vec![0],
        measures: Vec::new(),
        keys: vec![Type::Text],
        windowed,
        bounded: windowed,
        by_window: false,
        later: 0,
        arrival: false,
    }
}

fn totalling(printed: Printed, every: Option<i64>) -> Arc<Totalling> {
    Arc::new(Totalling {
        printed,
        keys: vec![Type::Text],
        aggs: aggs(),
        lapse: EVENT,
        emit: true,
        complete: false,
        every,
        initial: Arc::new(Vec::new()),
    })
}

fn kind(left: bool, right: bool) -> join::Kind {
    join::Kind {
        keeps: [left, right],
        pairs: true,
    }
}

fn merge() -> Option<MergeLines> {
    Some(Arc::new(|left, right, out| {
        out.extend_from_slice(left.unwrap_or_default());
        out.push(b'|');
        out.extend_from_slice(right.unwrap_or_default());
    }))
}

fn cases() -> Vec<Case> {
    let few = Terms {
        limits: Limits {
            keys: Some(2),
            on_full: OnFull::EvictOldest,
        },
        ..Terms::default()
    };
    let within = Within {
        kind: kind(true, true),
        low: -4,
        high: 5,
        lateness: 1,
    };
    let orders = vec![Order {
        ty: Type::Number,
        descending: true,
    }];
    let fields = || {
        [
            vec![Type::Number, Type::Text],
            vec![Type::Number, Type::Text],
        ]
    };
    let session = |max| Shape::Session { gap: 4, max };
    let rows = Grouping {
        gives: Gives::Rows {
            bounds: Some((10, 11)),
        },
        ..grouped(session(None), |_| {})
    };
    let mut united = case("union in batches", Fed::Sides, |making| {
        Box::new(Union::new(making, None, false, merge()))
    });
    united.batched = true;
    let burst = Burst {
        rows: 2,
        within: 6,
        lapse: EVENT,
        later: 0,
        sets: [2, 7],
    };
    vec![
        united,
        case("union", Fed::Sides, |making| {
            Box::new(Union::new(making, None, false, merge()))
        }),
        case("union behind what holds rows back", Fed::Sides, |making| {
            Box::new(Union::new(making, None, true, merge()))
        }),
        case("union in windows", Fed::SidesInWindows, |making| {
            let windowed = union::InWindows {
                fields: Some((10, 11)),
                size: SIZE,
            };
            Box::new(Union::new(making, Some(windowed), false, merge()))
        }),
        case("first", Fed::Rows, |making| {
            Box::new(First::new(EVENT, terms(9), making))
        }),
        case("first of few", Fed::Rows, move |making| {
            Box::new(First::new(EVENT, few.clone(), making))
        }),
        case("last", Fed::Rows, |making| {
            Box::new(Last::new(EVENT, terms(9), making))
        }),
        case("in time", Fed::Rows, move |making| {
            Box::new(InTime::new(EVENT, &orders, making))
        }),
        case("anomalies", Fed::Rows, |making| {
            Box::new(Anomalies::new(far(Over::Rows(3)), terms(9), making))
        }),
        case("anomalies by weight", Fed::Rows, |making| {
            Box::new(Anomalies::new(far(Over::Weight(0.5)), terms(9), making))
        }),
        case("bursts", Fed::Rows, move |making| {
            Box::new(Bursts::new(burst.clone(), Terms::default(), making))
        }),
        case("disorder", Fed::Rows, |_| {
            Box::new(Disorder::new(Arc::default()))
        }),
        case("heavy", Fed::Rows, |making| {
            Box::new(Heavy::new(2, (false, false), vec![Type::Text], making))
        }),
        case("heavy in windows", Fed::InWindows, |making| {
            Box::new(Heavy::new(2, (true, true), vec![Type::Text], making))
        }),
        case("scan", Fed::Rows, |making| {
            Box::new(Scan::new(scanning(), terms(9), making))
        }),
        case("variables", Fed::Rows, |making| {
            Box::new(Variables::new(keeping(), terms(9), making))
        }),
        case("snapshot", Fed::Rows, |making| {
            Box::new(Snapshot::new(
                keeping(),
                (Printed::Input, Some(9)),
                terms(9),
                making,
            ))
        }),
        case("snapshots of batches", Fed::InWindows, |making| {
            let printed = Printed::Batches(window(SIZE));
            Box::new(Snapshot::new(keeping(), (printed, None), terms(9), making))
        }),
        case("fill", Fed::Windows, |making| {
            let filling = Filling {
                how: How::Linear,
                window: window(SIZE),
                keys: vec![Type::Text],
                fields: vec![Type::Number, Type::Text],
            };
            Box::new(Fill::new(filling, making))
        }),
        case("interval", Fed::Sides, move |making| {
            Box::new(Interval::new(making, within, None, merge()))
        }),
        case("as of", Fed::Sides, |making| {
            Box::new(Asof::new(making, true, Some(8), 0, merge()))
        }),
        case("whole", Fed::Sides, |making| {
            Box::new(Whole::new(making, kind(true, true), merge()))
        }),
        case("join in windows", Fed::SidesInWindows, |making| {
            Box::new(Windowed::new(
                making,
                kind(true, true),
                Some(SIZE),
                Some((10, 11)),
                None,
                merge(),
            ))
        }),
        case("cogroup", Fed::Sides, move |making| {
            let lists = Lists::new(making, vec![Type::Text], fields(), false);
            Box::new(Cogroup::new(making, lists, false))
        }),
        case("cogroup in windows", Fed::SidesInWindows, move |making| {
            let lists = Lists::new(making, vec![Type::Text], fields(), true);
            Box::new(Cogroup::new(making, lists, true))
        }),
        case("join in sessions", Fed::Sides, |making| {
            Box::new(InSessions::new(
                making,
                kind(true, true),
                Gap {
                    gap: 3,
                    max: None,
                    lateness: 0,
                    later: 0,
                },
                (10, 11),
                12,
                merge(),
            ))
        }),
        case("cogroup in short sessions", Fed::Sides, move |making| {
            let lists = Lists::new(making, vec![Type::Text], fields(), true);
            let terms = Gap {
                gap: 3,
                max: Some(6),
                lateness: 5,
                later: 0,
            };
            Box::new(cogroup::InSessions::new(making, lists, terms))
        }),
        of_grouping(
            "sessions withdrawn",
            grouped(session(None), |grouping| {
                grouping.panes = Panes::Retract;
                grouping.every_delay = Some(2);
            }),
        ),
        of_grouping(
            "short sessions",
            grouped(session(Some(6)), |grouping| {
                grouping.every = Some(4);
            }),
        ),
        of_grouping(
            "sliding",
            grouped(Shape::Grid(window(3)), |grouping| {
                grouping.panes = Panes::Discard;
                grouping.every_records = Some(2);
            }),
        ),
        of_grouping(
            "complete",
            grouped(Shape::Grid(window(SIZE)), |grouping| {
                grouping.complete = true;
                grouping.lateness = i64::MAX;
                grouping.every = Some(7);
            }),
        ),
        of_grouping("looking back", grouped(Shape::LookBack(5), |_| {})),
        of_grouping(
            "by count",
            grouped(
                Shape::Count {
                    size: 4,
                    slide: Some(2),
                    partial: true,
                },
                |_| {},
            ),
        ),
        of_grouping("rows of sessions", rows),
        case("totals of batches", Fed::InWindows, |making| {
            let printed = Printed::Batches(window(SIZE));
            Box::new(Totals::new(totalling(printed, None), terms(14), making))
        }),
        case("totals by the clock", Fed::Rows, |making| {
            Box::new(Totals::new(
                totalling(Printed::Input, Some(9)),
                terms(14),
                making,
            ))
        }),
        case("ranked again", Fed::Corrected, |making| {
            let asked = crate::plan::ranking::Corrected {
                gives: Ranks::Best,
                orders: vec![(Type::Number, false), (Type::Number, true)],
                per: 1,
                limit: Some(2),
                ties: true,
                rank: Some(2),
                giving: giving(Panes::Accumulate, None),
            };
            corrected::make(Arc::new(asked))(making)
        }),
        case(
            "firsts of sessions that feed what follows",
            Fed::Corrected,
            |making| {
                let asked = crate::plan::ranking::Corrected {
                    gives: Ranks::First,
                    orders: vec![(Type::Number, false)],
                    per: 1,
                    limit: Some(1),
                    ties: false,
                    rank: None,
                    giving: giving(Panes::Accumulate, Some((2, 3))),
                };
                corrected::make(Arc::new(asked))(making)
            },
        ),
        case("grouped again", Fed::Corrected, |making| {
            let asked = crate::plan::regrouped::Regrouped {
                windowed: true,
                keys: vec![Type::Text],
                aggs: aggs(),
                front: vec![Type::Number],
                args: vec![Type::Number],
                empties: None,
                giving: giving(Panes::Retract, None),
            };
            regrouped::make(Arc::new(asked))(making)
        }),
        case("matches", Fed::Flags, |making| {
            Box::new(Matcher::new(Arc::new(plan(false, false, true)), making))
        }),
        case("greedy matches in windows", Fed::Flags, |making| {
            Box::new(Matcher::new(Arc::new(plan(true, true, false)), making))
        }),
    ]
}

fn giving(panes: Panes, feeds: Option<(FieldId, FieldId)>) -> Giving {
    Giving {
        feeds,
        panes,
        pane: None,
        marks: None,
        sessions: feeds.is_some(),
    }
}

fn made(case: &Case) -> Box<dyn Process> {
    let coder = KeyCoder::new(vec![Type::Text]);
    (case.make)(&Making {
        schema: &schema(),
        carry: &[0, 1],
        into: &[9],
        merge: None,
        lines: true,
        zone: &Zone::default(),
        seed: 5,
        coder: &coder,
        alone: !matches!(case.fed, Fed::Sides | Fed::SidesInWindows),
        limits: Limits::default(),
        batched: case.batched,
        ticked: false,
    })
}

fn start(time: i64) -> i64 {
    time.div_euclid(SIZE) * SIZE
}

/// A chunk as it is given to processes of a case.
fn chunk(case: &Case, rows: &[Row], latest: &mut Option<i64>, turn: usize) -> (Chunk, Given) {
    let mut chunk = testing::chunk(rows, latest, LATE);
    let times = chunk.times.clone().expect("rows have times");
    let windows = || {
        times
            .iter()
            .map(|time| (start(*time), start(*time) + SIZE))
            .collect()
    };
    match case.fed {
        Fed::Rows | Fed::Sides => {}
        Fed::Windows => {
            let windows: Vec<(i64, i64)> = windows();
            let ends: Vec<i64> = windows.iter().map(|(_, end)| end - 1).collect();
            (chunk.before, chunk.times) = (Some(ends.clone()), Some(ends));
            chunk.windows = Some(windows);
        }
        Fed::InWindows | Fed::SidesInWindows | Fed::Flags | Fed::Corrected => {
            let windows: Vec<(i64, i64)> = windows();
            let before = chunk.before.clone().expect("rows are judged");
            chunk
                .live
                .retain(|row| windows[row as usize].1 > before[row as usize]);
            chunk.windows = Some(windows);
        }
    }
    let key = chunk.column(0).expect("the key is there").clone();
    let number = chunk.column(1).expect("the number is there").clone();
    let lines = ColumnV::new(Column::Bytes(chunk.rows.clone()));
    let args = match case.fed {
        Fed::Rows | Fed::InWindows => vec![number],
        Fed::Windows | Fed::Sides | Fed::SidesInWindows => vec![number, lines],
        Fed::Flags => {
            let mut bits = Bitmap::default();
            (0..times.len()).for_each(|row| bits.push((times[row] + row as i64) % 3 > 0));
            vec![ColumnV::new(Column::Bool(bits)), number]
        }
        Fed::Corrected => {
            let moments = vec![turn as i64; times.len()];
            let tells = times.iter().map(|time| time.rem_euclid(48)).collect();
            let told = [moments, tells].map(|told| ColumnV::new(Column::Nanos(told)));
            told.into_iter().chain([number.clone(), number]).collect()
        }
    };
    let sides = matches!(case.fed, Fed::Sides | Fed::SidesInWindows);
    let given = Given {
        input: if sides { turn % 2 } else { 0 },
        key,
        args,
        now: turn as i64 * 3,
    };
    (chunk, given)
}

/// Rows for a case, in chunks; the second says whether time is told behind one.
fn feed(case: &Case, rows: &[Row], cuts: &[(usize, bool)]) -> Vec<(Chunk, Given, Option<i64>)> {
    let mut rows = rows.to_vec();
    if case.fed == Fed::Windows {
        rows.sort_by_key(|row| (start(row.at), row.key));
        rows.dedup_by_key(|row| (start(row.at), row.key));
    }
    let (mut at, mut latest, mut fed) = (0, [None, None], Vec::new());
    for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
        if at == rows.len() {
            return fed;
        }
        let end = (at + take).min(rows.len());
        let side = turn % 2;
        let (chunk, given) = chunk(case, &rows[at..end], &mut latest[side], turn);
        if case.fed != Fed::Sides && case.fed != Fed::SidesInWindows {
            latest[1 - side] = latest[side];
        }
        at = end;
        let upto = match case.fed {
            // The aggregate has given all windows that end by then.
            Fed::Windows => rows.get(at).map(|next| start(next.at) + SIZE - 1),
            _ => latest[0]
                .zip(latest[1])
                .map(|(one, other)| one.min(other) - LATE),
        };
        fed.push((chunk, given, upto.filter(|_| tell)));
    }
    fed
}

/// All that comes of a chunk, of time, and of the clock.
fn step(
    process: &mut dyn Process,
    (chunk, given, upto): &(Chunk, Given, Option<i64>),
    told: &mut Told,
) -> String {
    let mut chunk = chunk.clone();
    process.take(&mut chunk, given, told);
    let closed = upto.map(|upto| process.close(Watermark::At(upto), told));
    let ticked = process.tick(given.now + 1);
    format!("{chunk:?}\n{closed:?}\n{ticked:?}\n{}", process.lag())
}

proptest! {
    #[test]
    fn who_loads_goes_on_as_who_saved(rows in testing::rows(), cuts in testing::cuts()) {
        for case in cases() {
            let (mut one, mut other) = (made(&case), made(&case));
            let (mut told, mut told_other) = (Told::default(), Told::default());
            for (turn, fed) in feed(&case, &rows, &cuts).iter().enumerate() {
                let expected = step(one.as_mut(), fed, &mut told);
                other = testing::restarted(other.as_ref(), made(&case));
                let found = step(other.as_mut(), fed, &mut told_other);
                prop_assert_eq!(found, expected, "{}, turn {}", case.name, turn);
            }
            other = testing::restarted(other.as_ref(), made(&case));
            let expected = format!("{:?}", one.close(Watermark::End, &mut told));
            let found = format!("{:?}", other.close(Watermark::End, &mut told_other));
            prop_assert_eq!(found, expected, "{}, at the end", case.name);
            prop_assert_eq!(format!("{told_other:?}"), format!("{told:?}"), "{}", case.name);
        }
    }
}

#[test]
fn damage_is_told_or_does_no_harm() {
    let row = |place: i64| Row {
        at: place / 2 + place * 7 % 5,
        key: (place % 4) as u8,
        n: place * 3 % 11 - 5,
        null: place % 7 == 0,
        place: place as usize,
    };
    let rows: Vec<Row> = (0..30).map(row).collect();
    for case in cases() {
        let fed = feed(&case, &rows, &[(6, true), (5, false)]);
        let (before, behind) = fed.split_at(fed.len() * 2 / 3);
        let mut process = made(&case);
        let mut told = Told::default();
        for fed in before {
            step(process.as_mut(), fed, &mut told);
        }
        testing::damage(
            case.name,
            process.as_ref(),
            &|| made(&case),
            &|process, told| {
                behind.iter().for_each(|fed| drop(step(process, fed, told)));
            },
        );
    }
}
