//! Totals against a plain loop over random rows in random chunks.

use super::*;
use crate::aggs;
use crate::data::process::{Limits, OnFull};
use crate::data::time::Zone;
use crate::data::value::Printing;
use crate::data::{ColumnBuilder, packed};
use crate::plan::batches;
use crate::state::testing::{self, Row};
use proptest::prelude::*;
use std::collections::BTreeSet;

const SIZE: i64 = 7;

fn agg(func: &str, arg: Option<usize>) -> Agg {
    Agg {
        aggregate: aggs::find(func).expect("it is in the table"),
        call: aggs::Call {
            func: func.into(),
            arg: arg.map(|_| Type::Number),
            param: None,
            timed: true,
            exact: false,
        },
        arg,
        ty: Type::Number,
    }
}

fn number(units: i64) -> crate::data::Number {
    crate::data::Number::Exact { units, scale: 0 }
}

/// Keys with their sums and counts.
fn initial(keys: &[(u8, i64, u8)]) -> Initial {
    let packed = |value: i64| {
        let mut cell = ColumnBuilder::new(&Type::Number);
        cell.number(number(value));
        let mut out = Vec::new();
        packed::pack_cell(&Chunk::default(), &cell.finish(), 0, &mut out);
        out
    };
    let of = |(key, sum, count): &(u8, i64, u8)| {
        let cells = [packed(*sum), packed(i64::from(*count))].concat();
        (Some(format!("k{key}").into_bytes()), cells)
    };
    keys.iter().map(of).collect()
}

#[derive(Clone, Debug)]
struct Case {
    printed: Printed,
    disorder: i64,
    ttl: Option<i64>,
    emit: bool,
    complete: bool,
    initial: Vec<(u8, i64, u8)>,
    limits: Limits,
}

fn run(case: &Case, rows: &[Row], cuts: &[(usize, bool)]) -> (Vec<String>, Told) {
    let of = Arc::new(Totalling {
        printed: case.printed.clone(),
        keys: vec![Type::Text],
        aggs: vec![agg("sum", Some(0)), agg("count", None)],
        lapse: Lapse::Event {
            disorder: Some(case.disorder),
        },
        emit: case.emit,
        complete: case.complete,
        every: None,
        initial: Arc::new(initial(&case.initial)),
    });
    let terms = Terms {
        operator: "update-state-by",
        ttl: case.ttl,
        may_have_ttl: true,
        limits: case.limits,
    };
    let made = || -> Box<dyn Process> {
        Box::new(Totals::new(
            of.clone(),
            terms.clone(),
            &Making {
                schema: &testing::schema(&[]),
                carry: &[],
                into: &[],
                merge: None,
                lines: false,
                zone: &Zone::default(),
                seed: 5,
                coder: &KeyCoder::new(vec![Type::Text]),
                alone: true,
                limits: case.limits,
                batched: false,
                ticked: false,
            },
        ))
    };
    let mut process = made();
    let windowed = matches!(case.printed, Printed::Windows(_));
    let show = |chunk: &Chunk, lines: &mut Vec<String>| {
        for row in chunk.live.iter() {
            let mut line = Vec::new();
            if let Some(windows) = &chunk.windows {
                line.extend(format!("{} ", windows[row as usize].0).into_bytes());
            }
            let types = [Type::Text, Type::Number, Type::Number];
            let first = if windowed { 2 } else { 0 };
            for (field, ty) in (first..).zip(&types) {
                let column = chunk.column(field).expect("all columns are there");
                let value = chunk.value(column, ty, row as usize);
                value.write_plain(&Printing::default(), &mut line);
                line.push(b' ');
            }
            lines.push(String::from_utf8_lossy(&line).into_owned());
        }
    };
    let (mut lines, mut told) = (Vec::new(), Told::default());
    let (mut at, mut latest) = (0, None);
    for (turn, &(take, tell)) in cuts.iter().cycle().enumerate() {
        if at == rows.len() {
            break;
        }
        let end = (at + take).min(rows.len());
        let mut chunk = testing::chunk(&rows[at..end], &mut latest, case.disorder);
        at = end;
        if case.printed != Printed::Input {
            let times = chunk.times.clone().expect("rows have times");
            let start = |time: &i64| time.div_euclid(SIZE) * SIZE;
            let windows = times.iter().map(|time| (start(time), start(time) + SIZE));
            let windows: Vec<(i64, i64)> = windows.collect();
            let before = chunk.before.clone().expect("rows are judged");
            chunk
                .live
                .retain(|row| windows[row as usize].1 > before[row as usize]);
            chunk.windows = Some(windows);
        }
        let given = Given {
            input: 0,
            key: chunk.column(0).expect("the key is there").clone(),
            args: vec![chunk.column(1).expect("the number is there").clone()],
            now: 0,
        };
        process.take(&mut chunk, &given, &mut told);
        show(&chunk, &mut lines);
        if tell && let Some(latest) = latest {
            for chunk in process.close(Watermark::At(latest - case.disorder), &mut told) {
                show(&chunk, &mut lines);
            }
        }
        if testing::is_cut(turn, take) && told.failure.is_none() {
            process = testing::restarted(process.as_ref(), made());
        }
        if turn % 3 == 2 {
            process = process.fork();
        }
    }
    if case.printed != Printed::Input
        && let Some(latest) = latest
    {
        // What time has come to is told before the end, so that the last batches are told of.
        for chunk in process.close(Watermark::At(latest - case.disorder), &mut told) {
            show(&chunk, &mut lines);
        }
    }
    for chunk in process.close(Watermark::End, &mut told) {
        show(&chunk, &mut lines);
    }
    (lines, told)
}

/// A key: when it was last used, and its records by window end with their number.
#[derive(Default)]
struct Plain {
    used: i64,
    records: Vec<(i64, Option<i64>, i64)>,
    begun: bool,
}

impl Plain {
    /// Of the records of windows that end by then.
    fn line(&self, key: u8, upto: i64) -> String {
        let counted = self.records.iter().filter(|record| record.0 <= upto);
        let numbers: Vec<i64> = counted.clone().filter_map(|record| record.1).collect();
        let count: i64 = counted.map(|record| record.2).sum();
        let sum: i64 = numbers.iter().sum();
        let sum = if numbers.is_empty() {
            String::new()
        } else {
            sum.to_string()
        };
        format!("k{key} {sum} {count} ")
    }
}

struct Model<'c> {
    case: &'c Case,
    keys: BTreeMap<u8, Plain>,
    open: BTreeSet<i64>,
    printed: Option<i64>,
    out: Vec<String>,
}

impl Model<'_> {
    fn advance(&mut self, watermark: i64) {
        let case = self.case;
        loop {
            let mut end = self.open.first().copied().unwrap_or(i64::MAX);
            let empties = case.complete && matches!(case.printed, Printed::Batches(_));
            if empties
                && watermark != i64::MAX
                && let Some(printed) = self.printed
            {
                end = end.min(printed + SIZE);
            }
            let moment = |key: &Plain| case.ttl.map_or(i64::MAX, |ttl| key.used + ttl);
            let first = self.keys.values().map(moment).min().unwrap_or(i64::MAX);
            if end <= watermark && end <= first && end != i64::MAX {
                self.open.remove(&end);
                for (key, plain) in &self.keys {
                    let is_in = plain.records.iter().any(|record| record.0 == end);
                    let is_known = plain.records.iter().any(|record| record.0 <= end);
                    let is_begun = self.printed.is_none() && plain.begun;
                    if is_in || is_begun || (case.complete && is_known) {
                        self.out
                            .push(format!("{} {}", end - SIZE, plain.line(*key, end)));
                    }
                }
                self.printed = Some(end);
            } else if first <= watermark && first != i64::MAX {
                let window = match case.printed {
                    Printed::Input => String::new(),
                    _ => format!("{} ", first.div_euclid(SIZE) * SIZE),
                };
                for (key, plain) in &self.keys {
                    if moment(plain) == first && case.emit {
                        self.out
                            .push(format!("{window}{}", plain.line(*key, i64::MAX)));
                    }
                }
                self.keys.retain(|_, plain| moment(plain) != first);
            } else {
                return;
            }
        }
    }
}

fn plain(case: &Case, rows: &[Row]) -> Vec<String> {
    let mut model = Model {
        case,
        keys: BTreeMap::new(),
        open: BTreeSet::new(),
        printed: None,
        out: Vec::new(),
    };
    let mut latest = i64::MIN;
    let mut unborn = true;
    let begin = |keys: &mut BTreeMap<u8, Plain>, at: i64| {
        for &(key, sum, count) in &case.initial {
            let plain = keys.entry(key).or_default();
            plain.used = at;
            plain.begun = true;
            plain.records.push((i64::MIN, Some(sum), i64::from(count)));
        }
    };
    for row in rows {
        let before = if latest == i64::MIN {
            i64::MIN
        } else {
            latest - case.disorder
        };
        latest = latest.max(row.at);
        let end = match case.printed {
            Printed::Input => i64::MAX,
            _ => (row.at.div_euclid(SIZE) + 1) * SIZE,
        };
        if end <= before {
            continue;
        }
        model.advance(before);
        if std::mem::take(&mut unborn) {
            begin(&mut model.keys, row.at);
        }
        let plain = model.keys.entry(row.key).or_insert_with(|| Plain {
            used: row.at,
            ..Plain::default()
        });
        plain.used = plain.used.max(row.at);
        plain.records.push((end, row.n(), 1));
        model.open.insert(end);
    }
    if case.printed == Printed::Input {
        if unborn {
            begin(&mut model.keys, 0);
        } else {
            model.open.clear();
            model.advance(latest - case.disorder);
        }
        let keys = std::mem::take(&mut model.keys);
        let rest = keys.iter().map(|(key, plain)| plain.line(*key, i64::MAX));
        model.out.extend(rest);
    } else {
        if latest != i64::MIN {
            model.advance(latest - case.disorder);
        }
        model.advance(i64::MAX);
    }
    model.out
}

fn cases() -> impl Strategy<Value = Case> {
    let printed = prop::sample::select(vec![
        Printed::Input,
        Printed::Windows(Some(batches::window(SIZE))),
        Printed::Batches(batches::window(SIZE)),
    ]);
    let begun = prop::collection::btree_map(0u8..5, (-9i64..9, 0u8..200), 0..3);
    let begun = begun.prop_map(|keys| {
        keys.into_iter()
            .map(|(key, (sum, n))| (key, sum, n))
            .collect()
    });
    let ttl = prop::option::of(1i64..25);
    (printed, 0i64..9, ttl, any::<bool>(), any::<bool>(), begun).prop_map(
        |(printed, disorder, ttl, emit, complete, initial)| Case {
            printed,
            disorder,
            ttl,
            emit: emit && ttl.is_some(),
            complete,
            initial,
            limits: Limits::default(),
        },
    )
}

proptest! {
    /// INTERFACE 6: "running totals that outlive windows; prints the keys that changed in a batch, window or run
    /// (`--output-mode complete`: all keys)". EVENT-TIME 2.7: "entry expires when W >= last update + ttl".
    /// SPARK 3.13: "Time-outs are exact". SPARK 4.4: initial keys count in the first batch.
    #[test]
    fn totals_are_those_of_a_plain_loop(
        case in cases(), rows in testing::rows(), cuts in testing::cuts(),
    ) {
        let (lines, told) = run(&case, &rows, &cuts);
        prop_assert_eq!(told.failure, None);
        prop_assert_eq!(lines, plain(&case, &rows));
    }

    /// INTERFACE 2.6: "`--on-full evict-oldest`": the key used longest ago goes, with all that came of it.
    #[test]
    fn the_key_used_longest_ago_is_forgotten(
        rows in testing::rows(), cuts in testing::cuts(), most in 1u64..4,
    ) {
        let case = Case {
            printed: Printed::Input,
            disorder: 0,
            ttl: None,
            emit: false,
            complete: false,
            initial: Vec::new(),
            limits: Limits { keys: Some(most), on_full: OnFull::EvictOldest },
        };
        let mut keys: BTreeMap<u8, (Plain, usize)> = BTreeMap::new();
        for (place, row) in rows.iter().enumerate() {
            if !keys.contains_key(&row.key) && keys.len() as u64 == most {
                let oldest = keys.iter().min_by_key(|(_, (plain, place))| (plain.used, *place));
                let oldest = *oldest.expect("there is one").0;
                keys.remove(&oldest);
            }
            let (plain, last) = keys.entry(row.key).or_default();
            plain.used = plain.used.max(row.at);
            plain.records.push((0, row.n(), 1));
            *last = place;
        }
        let expected: Vec<String> = keys.iter().map(|(key, one)| one.0.line(*key, 0)).collect();
        prop_assert_eq!(run(&case, &rows, &cuts).0, expected);
    }
}
