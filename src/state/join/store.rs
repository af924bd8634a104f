//! Packed rows of a join, side by side in large pieces. A piece is used anew when all of its rows are gone; as
//! rows go roughly in the order they came, few pieces wait for one. Invariant: a place is given back once.

/// Bytes of a piece.
const PIECE: usize = if cfg!(debug_assertions) { 256 } else { 1 << 18 };

/// Where a row is.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    piece: u32,
    at: u32,
    len: u32,
}

#[derive(Clone, Debug, Default)]
struct Piece {
    bytes: Vec<u8>,
    rows: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Store {
    pieces: Vec<Piece>,
    free: Vec<u32>,
    open: u32,
    held: usize,
}

impl Store {
    pub fn put(&mut self, row: &[u8]) -> Place {
        let fits = self
            .pieces
            .get(self.open as usize)
            .is_some_and(|piece| piece.bytes.is_empty() || piece.bytes.len() + row.len() <= PIECE);
        if !fits {
            self.open = self.free.pop().unwrap_or_else(|| {
                self.pieces.push(Piece::default());
                self.pieces.len() as u32 - 1
            });
        }
        let piece = &mut self.pieces[self.open as usize];
        if piece.bytes.capacity() == 0 {
            piece.bytes.reserve_exact(PIECE.max(row.len()));
        }
        let at = piece.bytes.len() as u32;
        piece.bytes.extend_from_slice(row);
        piece.rows += 1;
        self.held += row.len();
        Place {
            piece: self.open,
            at,
            len: row.len() as u32,
        }
    }

    pub fn get(&self, place: Place) -> &[u8] {
        let from = place.at as usize;
        &self.pieces[place.piece as usize].bytes[from..from + place.len as usize]
    }

    pub fn free(&mut self, place: Place) {
        let piece = &mut self.pieces[place.piece as usize];
        piece.rows -= 1;
        self.held -= place.len as usize;
        if piece.rows > 0 {
            return;
        }
        piece.bytes.clear();
        if piece.bytes.capacity() > PIECE {
            piece.bytes = Vec::new();
        }
        if place.piece != self.open {
            self.free.push(place.piece);
        }
    }

    /// Bytes of rows.
    pub fn held(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_stay_until_they_are_given_back_and_pieces_are_used_again() {
        let mut store = Store::default();
        let row = |i: usize| vec![i as u8; (i * 7 % 90) + 300 * usize::from(i.is_multiple_of(50))];
        let mut places = std::collections::VecDeque::new();
        for i in 0..2000 {
            places.push_back((i, store.put(&row(i))));
            if places.len() > 40 {
                let (i, place) = places.pop_front().unwrap();
                assert_eq!(store.get(place), row(i));
                store.free(place);
            }
        }
        assert!(store.pieces.len() < 60, "{}", store.pieces.len());
        for (i, place) in places {
            assert_eq!(store.get(place), row(i));
            store.free(place);
        }
        assert_eq!(store.held(), 0);
    }
}
