//! Accumulators as bytes and back. That a save in between does not show is part of the laws; here, that bytes which
//! are not quite those of an accumulator do no harm. Uses the laws' records and calls.

use super::*;

fn saved(accumulator: &dyn Accumulator) -> Vec<u8> {
    let mut save = Save::default();
    accumulator.save(&mut save);
    save.into_bytes()
}

fn loaded(bytes: &[u8], aggregate: &Aggregate, call: &Call) -> Option<Box<dyn Accumulator>> {
    let mut accumulator = (aggregate.make)(call);
    let mut from = Saved::new(bytes);
    accumulator.load(&mut from, GROUPS).ok()?;
    from.end().ok()?;
    Some(accumulator)
}

/// One that was saved and loaded, and had other values before.
pub fn reloaded(
    accumulator: &dyn Accumulator,
    aggregate: &Aggregate,
    call: &Call,
) -> Box<dyn Accumulator> {
    let bytes = saved(accumulator);
    let back = loaded(&bytes, aggregate, call);
    let back = back.unwrap_or_else(|| panic!("{call:?} does not take what it put"));
    assert_eq!(saved(&*back).len(), bytes.len(), "{call:?}");
    back
}

/// Everything that is done with an accumulator.
fn use_it(
    mut accumulator: Box<dyn Accumulator>,
    other: &dyn Accumulator,
    (chunk, column): (&Chunk, &ColumnV),
    groups: &[u32],
    aggregate: &Aggregate,
    call: &Call,
) {
    let ty = (aggregate.result)(call);
    let show = |accumulator: &dyn Accumulator| {
        for windows in [None, Some(&[WINDOW; GROUPS][..])] {
            let (mut out, mut scratch) = (ColumnBuilder::new(&ty), Vec::new());
            accumulator.emit(&[0, 1, 2], windows, &mut out, &mut scratch);
            let emitted = Chunk::of_columns(GROUPS, Vec::new(), scratch);
            let column = out.finish();
            for row in 0..GROUPS {
                let value = emitted.value(&column, &ty, row);
                value.write_json(&Printing::default(), &mut Vec::new());
                value.write_plain(&Printing::default(), &mut Vec::new());
                is_sketched(accumulator, row as u32);
            }
        }
        assert!(accumulator.bytes() < 1 << 24, "{call:?}");
    };
    show(&*accumulator);
    let mut twice = (aggregate.make)(call);
    twice.grow(GROUPS);
    for from in [other, &*accumulator, &*accumulator] {
        twice.merge(&[0, 1, 2], from, &[2, 1, 0]);
    }
    show(&*twice);
    update(&mut *accumulator, chunk, column, groups, call);
    accumulator.merge(&[0, 1, 2], other, &[1, 1, 0]);
    show(&*accumulator);
    accumulator.grow(GROUPS + 1);
    loaded(&saved(&*accumulator), aggregate, call);
    accumulator.clear();
    accumulator.bytes();
}

/// Whatever of an accumulator is cut off or changed: an error, or one that can be used.
fn damage(dice: &mut Dice, records: &[Record], ty: &Type, aggregate: &Aggregate, call: &Call) {
    let groups: Vec<u32> = records.iter().map(|record| record.group as u32).collect();
    let mut whole = (aggregate.make)(call);
    whole.grow(GROUPS);
    // Of odd chunks numbers are read before.
    let (chunk, column) = chunk(dice, records, ty, 2, call.timed);
    update(&mut *whole, &chunk, &column, &groups, call);
    let bytes = saved(&*whole);
    let records = &records[..records.len().min(12)];
    let groups = &groups[..records.len()];
    let (chunk, column) = self::chunk(dice, records, ty, 4, call.timed);
    let step = 1 + bytes.len() / 300;
    for len in (0..bytes.len()).step_by(step) {
        assert!(
            loaded(&bytes[..len], aggregate, call).is_none(),
            "{call:?} needs no more than {len} of {} bytes",
            bytes.len()
        );
    }
    for at in (0..bytes.len()).step_by(step) {
        for mask in [1, 2, 0x40, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= mask;
            if let Some(accumulator) = loaded(&changed, aggregate, call) {
                let given = (&chunk, &column);
                use_it(accumulator, &*whole, given, groups, aggregate, call);
            }
        }
    }
}

#[test]
fn what_was_cut_or_changed_is_an_error_or_can_be_used() {
    let mut dice = Dice(5);
    for ty in types() {
        let records: Vec<Record> = (0..12)
            .map(|i| Record {
                group: i % GROUPS,
                time: i as i64,
                cell: cell(&mut dice, &ty, Range::Wild),
            })
            .collect();
        for (aggregate, call) in calls(&ty) {
            let is_new = match aggregate.name {
                "first" | "last" | "rate" => true,
                "span" => call.timed,
                _ => !call.timed,
            };
            if is_new {
                damage(&mut dice, &records, &ty, aggregate, &call);
            }
        }
    }
}

/// The same of sketches, and of values that are kept with their count.
#[test]
fn changed_sketches_are_an_error_or_can_be_used() {
    let mut dice = Dice(3);
    for ty in [Type::Number, Type::Float] {
        let mut records = many_records(&mut dice, &ty);
        for (i, record) in records.iter_mut().enumerate() {
            record.group = [0, 0, 0, 0, 0, 1][i % 6];
        }
        for (aggregate, call) in sketches(&ty) {
            for exact in [false, true] {
                let call = Call {
                    exact,
                    ..call.clone()
                };
                let is_new = call.func == "p50" || call.func == "approx_distinct";
                if is_new && (!exact || ty == Type::Number) {
                    damage(&mut dice, &records, &ty, aggregate, &call);
                }
            }
        }
    }
}

/// Groups that a table does not have are refused, not kept for the next keys.
#[test]
fn more_groups_than_there_are_is_damage() {
    let records = records(&mut Dice(4), &Type::Number, Range::Wild);
    for (aggregate, call) in calls(&Type::Number) {
        let mut accumulator = (aggregate.make)(&call);
        accumulator.grow(GROUPS + 1);
        let (chunk, column) = chunk(&mut Dice(4), &records, &Type::Number, 0, call.timed);
        let groups = vec![GROUPS as u32; records.len()];
        update(&mut *accumulator, &chunk, &column, &groups, &call);
        assert!(loaded(&saved(&*accumulator), aggregate, &call).is_none());
        accumulator.clear();
        let empty = loaded(&saved(&*accumulator), aggregate, &call).expect("none is fewer");
        let ty = (aggregate.result)(&call);
        let nothing = emitted(&*empty, &[0, 1, 2], None, &ty);
        assert_eq!(
            nothing,
            vec![model(&call, &Type::Number, &[]); GROUPS],
            "{call:?}"
        );
    }
}
