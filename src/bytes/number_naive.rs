//! The model of `number.rs`: the same answers by the plainest means, digit by digit in text. For tests and
//! fuzzing; slow on purpose. Invariant: shares no code with what it judges but the type itself.

use super::{Number, Numbers, numbers};
use crate::bytes::{Cells, PADDING, Span};
use std::cmp::Ordering;

/// Reads a number by splitting it into its parts.
pub fn parse(text: &[u8]) -> Option<Number> {
    let text = std::str::from_utf8(text)
        .ok()?
        .trim_matches([' ', '\t', '\n', '\r', '\x0c']);
    let body = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, power) = match body.split_once(['e', 'E']) {
        Some((mantissa, power)) => (mantissa, Some(power)),
        None => (body, None),
    };
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(part) || whole.len() + part.len() == 0 {
        return None;
    }
    if let Some(power) = power {
        let digits = power.strip_prefix(['+', '-']).unwrap_or(power);
        if digits.is_empty() || !all_digits(digits) {
            return None;
        }
    }
    let part = part.trim_end_matches('0');
    let digits = format!("{whole}{part}");
    let digits = digits.trim_start_matches('0');
    if power.is_none() && digits.len() <= 18 && part.len() <= 18 {
        let units: i64 = if digits.is_empty() {
            0
        } else {
            digits.parse().ok()?
        };
        let units = if text.starts_with('-') { -units } else { units };
        return Some(Number::Exact {
            units,
            scale: part.len() as u8,
        });
    }
    text.parse()
        .ok()
        .filter(|value: &f64| value.is_finite())
        .map(Number::Float)
}

/// The exact decimal expansion: whether negative, digits before and behind the point.
fn expanded(number: Number) -> (bool, String, String) {
    let text = match number {
        Number::Exact { units, scale } => {
            let digits = format!(
                "{:0>width$}",
                units.unsigned_abs(),
                width = scale as usize + 1
            );
            let (whole, part) = digits.split_at(digits.len() - scale as usize);
            format!("{}{whole}.{part}", if units < 0 { "-" } else { "" })
        }
        Number::Float(value) => format!("{value:.1080}"),
    };
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = whole
        .trim_start_matches('-')
        .trim_start_matches('0')
        .to_string();
    let part = part.trim_end_matches('0').to_string();
    let negative = text.starts_with('-') && !(digits.is_empty() && part.is_empty());
    (negative, digits, part)
}

/// The order of two finite numbers by their decimal expansions.
pub fn compare(a: Number, b: Number) -> Ordering {
    let (a, b) = (expanded(a), expanded(b));
    let size =
        a.1.len()
            .cmp(&b.1.len())
            .then_with(|| a.1.cmp(&b.1))
            .then_with(|| a.2.cmp(&b.2));
    match (a.0, b.0) {
        (false, true) => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, false) => size,
        (true, true) => size.reverse(),
    }
}

/// Holds the fast code to the model on the lines of any bytes.
pub fn fuzz(data: &[u8]) {
    let mut block = data.to_vec();
    block.resize(data.len() + PADDING, b'7');
    let mut spans = Vec::new();
    let mut at = 0;
    for line in data.split(|&byte| byte == b'\n') {
        spans.push(Span::new(at, line.len()));
        at += line.len() + 1;
    }
    check(&Cells {
        spans: &spans,
        block: &block,
        scratch: &[],
        valid: None,
        rows: None,
    });
}

/// Holds the batch kernel, and what follows from its numbers, to the model.
pub fn check(cells: &Cells) {
    let mut out = Numbers::default();
    crate::bytes::number_column::numbers_portable(cells, &mut out);
    check_column(cells, &out);
    let portable = (out.units.clone(), out.scale, out.odd.len());
    numbers(cells, &mut out);
    assert_eq!((out.units.clone(), out.scale, out.odd.len()), portable);
    check_column(cells, &out);
}

fn check_column(cells: &Cells, out: &Numbers) {
    let chosen = |row: usize| cells.rows.is_none_or(|rows| rows.contains(&(row as u32)));
    let (mut failed, mut invalid, mut last) = (0, 0, Number::ZERO);
    assert_eq!(out.units.len(), cells.spans.len());
    for (row, span) in cells.spans.iter().enumerate() {
        if !chosen(row) {
            assert_eq!(out.units[row], 0);
            continue;
        }
        let text = span.of(cells.block, cells.scratch);
        let null = cells.valid.is_some_and(|valid| !valid.get(row));
        let expected = if null { None } else { parse(text) };
        invalid += expected.is_none() as usize;
        failed += (expected.is_none() && !null && !text.trim_ascii().is_empty()) as u64;
        let Some(expected) = expected else {
            assert!(out.get(row).is_none());
            continue;
        };
        for number in [out.get(row), Number::parse(text)] {
            let number = number.expect("the model reads a number here");
            assert_eq!(
                compare(number, expected),
                Ordering::Equal,
                "{number:?} {expected:?}"
            );
            let kind = |number: Number| matches!(number, Number::Exact { .. });
            assert_eq!(kind(number), kind(expected));
        }
        // Printed, it reads back the same.
        let mut text = Vec::new();
        expected.write(&mut text);
        let again = parse(&text).expect("what is printed is a number");
        assert_eq!(
            again.to_f64(),
            expected.to_f64(),
            "{}",
            String::from_utf8_lossy(&text)
        );
        assert_eq!(
            expected.cmp(&last),
            compare(expected, last),
            "{expected:?} {last:?}"
        );
        last = expected;
    }
    assert_eq!(out.failed, failed);
    assert_eq!(
        out.valid
            .as_ref()
            .map_or(0, |valid| valid.len() - valid.count_ones()),
        invalid
    );
    assert!(out.odd.is_sorted_by(|a, b| a.0 < b.0));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bytes::bitmap::Bitmap;
    use crate::bytes::number::{Number::Exact, write_digits, write_float};
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Texts that are numbers, nearly numbers, and near the limits.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[-+]?[0-9]{0,4}(\\.[0-9]{0,3})?",
            2 => "[-+]?[0-9]{1,19}(\\.[0-9]{0,19})?",
            1 => "[-+]?0{0,20}[0-9]{0,3}\\.?0{0,20}[0-9]{0,2}0{0,3}",
            1 => "-?[0-9]{1,17}(\\.[0-9]{1,5})?[eE][-+]?[0-9]{1,3}",
            1 => "[-+. 0-9eE]{0,20}",
            1 => any::<f64>().prop_map(|value| format!("{value:e}")),
            1 => any::<i64>().prop_map(|value| value.to_string()),
        ]
    }

    fn hashed(number: Number) -> u64 {
        use std::hash::BuildHasher;
        std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::default().hash_one(number)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn a_column_is_read_as_the_model_reads_it(cells in vec(cell(), 0..60)) {
            fuzz(cells.join("\n").as_bytes());
        }

        #[test]
        fn short_cells_are_read_as_the_model_reads_them(
            cells in vec(prop_oneof![20 => "[-+]?[0-9]{1,3}(\\.[0-9]{0,3})?", 1 => "[-+.0-9 e:/]{0,9}"], 0..60)
        ) {
            fuzz(cells.join("\n").as_bytes());
        }

        #[test]
        fn rows_and_nulls_are_respected(cells in vec((cell(), any::<bool>(), any::<bool>()), 1..40)) {
            let (mut block, mut scratch, mut spans) = (Vec::new(), Vec::new(), Vec::new());
            for (row, (text, _, _)) in cells.iter().enumerate() {
                let into = if row % 3 == 0 { &mut scratch } else { &mut block };
                let make = if row % 3 == 0 { Span::scratch } else { Span::new };
                spans.push(make(into.len(), text.len()));
                into.extend_from_slice(text.as_bytes());
            }
            let mut valid = Bitmap::new(0, true);
            cells.iter().for_each(|cell| valid.push(cell.1));
            let rows: Vec<u32> = (0..cells.len() as u32).filter(|&row| cells[row as usize].2).collect();
            // No padding here: the last cells are read from the end of their buffers.
            let all = Cells { spans: &spans, block: &block, scratch: &scratch, valid: None, rows: None };
            check(&all);
            check(&Cells { valid: Some(&valid), ..all });
            check(&Cells { rows: Some(&rows), ..all });
        }

        #[test]
        fn order_equality_and_hash_agree(a in cell(), b in cell()) {
            let (Some(a), Some(b)) = (Number::parse(a.as_bytes()), Number::parse(b.as_bytes())) else {
                return Ok(());
            };
            prop_assert_eq!(a.cmp(&b), compare(a, b));
            prop_assert_eq!(b.cmp(&a), compare(a, b).reverse());
            let near = Number::Float(a.to_f64());
            prop_assert_eq!(a.cmp(&near), compare(a, near));
            if a == near {
                prop_assert_eq!(hashed(a), hashed(near));
            }
            prop_assert_eq!(hashed(a), hashed(a.normalised()));
        }

        #[test]
        fn exact_results_undo_each_other(a in -10i64.pow(9)..10i64.pow(9), b in -10i64.pow(8)..10i64.pow(8), s in 0u8..9, t in 0u8..9) {
            let (a, b) = (Exact { units: a, scale: s }, Exact { units: b, scale: t });
            prop_assert_eq!(a.add(b).sub(b), a);
            prop_assert_eq!(a.sub(b).add(b), a);
            prop_assert_eq!(a.neg().add(a), Number::ZERO);
            prop_assert!(a.floor() <= a && a <= a.ceil());
            if !b.is_zero() {
                let (whole, rest) = (a.int_div(b).unwrap(), a.rem(b).unwrap());
                prop_assert_eq!(whole.mul(b).add(rest), a);
                prop_assert!(rest.abs() < b.abs());
            }
            for digits in 0..6 {
                let half = Exact { units: 5, scale: digits + 1 };
                prop_assert!(a.round(digits as i32).sub(a).abs() <= half);
            }
        }

        #[test]
        fn floats_print_shortest_and_rounded(value in any::<f64>(), digits in 0u8..12) {
            let value = if value.is_finite() { value } else { 0.1 };
            let mut out = Vec::new();
            write_float(value, &mut out);
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
            prop_assert!(crate::bytes::json::is_number(text.as_bytes()));
            let small = value % 1e9;
            let mut out = Vec::new();
            write_digits(small, digits, &mut out);
            let rounded: f64 = String::from_utf8(out).unwrap().parse().unwrap();
            let model: f64 = format!("{small:.*}", digits as usize).parse().unwrap();
            prop_assert!((rounded - model).abs() <= 1.01 * 10f64.powi(-(digits as i32)) + small.abs() * 1e-15);
            prop_assert!((rounded - small).abs() <= 0.5000001 * 10f64.powi(-(digits as i32)) + small.abs() * 1e-15);
        }
    }

    #[test]
    fn fuzz_seeds_hold() {
        for seed in [
            &b""[..],
            b"1\n-12.3\n\n+.5\n5.\n.\n-\n1e5\n99999999999999999.9\n0.000000000000000001",
            b"1.1.1\n1..\n..1\n+-1\n\xb1\xb2\n1\xff\n12345678\n123456789\n1234567890123456\n12345678901234567",
            b"0.1\n1e-1\n0.5\n5e-1\n9007199254740993\n9007199254740993e0\n-0\n-0e0",
        ] {
            fuzz(seed);
        }
    }
}
