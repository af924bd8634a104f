//! The least of a value of rows that leave in the order in which they came. Invariant: it is found at once, and what is
//! kept are the rows that may come to have it.

use std::collections::VecDeque;

/// The least of the values of rows that are held: those where no later one is less, with their rows' numbers.
#[derive(Clone, Default)]
pub struct Least(VecDeque<(u64, i64)>);

impl Least {
    pub fn push(&mut self, number: u64, value: i64) {
        while self.0.back().is_some_and(|(_, other)| *other > value) {
            self.0.pop_back();
        }
        self.0.push_back((number, value));
    }

    /// A row is held no more, the first of all.
    pub fn drop(&mut self, number: u64) {
        if self.0.front().is_some_and(|(first, _)| *first == number) {
            self.0.pop_front();
        }
    }

    pub fn value(&self) -> Option<i64> {
        self.0.front().map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_least_of_those_that_are_held(
            values in prop::collection::vec(-5i64..5, 1..30), leave in prop::collection::vec(any::<bool>(), 1..60),
        ) {
            let (mut least, mut held) = (Least::default(), VecDeque::new());
            let mut coming = values.into_iter().enumerate();
            for leaves in leave {
                match (leaves, held.front()) {
                    (true, Some(&(number, _))) => {
                        held.pop_front();
                        least.drop(number);
                    }
                    _ => if let Some((number, value)) = coming.next() {
                        held.push_back((number as u64, value));
                        least.push(number as u64, value);
                    },
                }
                prop_assert_eq!(least.value(), held.iter().map(|(_, value)| *value).min());
            }
        }
    }
}
