//! Rows of lists of the fields that first records had (`group-by`, `cogroup`), and what to say of others. Invariant:
//! where there was no first record, any field may be asked for.

use super::builder::Builder;
use crate::data::{Open, Type};
use crate::error::Usage;
use crate::expr::RECORD_HAS;

impl Builder<'_> {
    /// What a field of a row of lists is that only records would tell, of which there is none yet; `None`: they are
    /// told, or there are no others.
    pub fn untold(&self) -> Option<Type> {
        match (&self.rest, &self.schema.open) {
            (Some(_), Some(Open::Named(ty))) if self.at_source() => {
                self.is_unborn().then(|| Type::List(Box::new(ty.clone())))
            }
            _ => None,
        }
    }

    /// The first record of the source was looked for, and is not there yet.
    pub(super) fn is_unborn(&self) -> bool {
        self.header.as_ref().is_some_and(Vec::is_empty)
    }

    /// Rows here have lists of the fields that first records had. `untold`: there was none, so any may be asked for.
    pub fn have_lists(&mut self, untold: Option<Type>) {
        self.schema.open = untold.map(Open::Named);
        self.lists_at = Some(self.parts.len());
    }

    /// What to do about a field that the first record may have lacked.
    pub(super) fn with_first(&self, mut usage: Usage) -> Usage {
        let is_of_open = matches!(self.source.open, Some(Open::Named(_)));
        let is_unknown = usage.note.starts_with(RECORD_HAS);
        if is_unknown && is_of_open && self.lists_at == Some(self.parts.len()) {
            usage.note.push_str(
                "; there are lists of the first record's fields: name others with select in front",
            );
        }
        usage
    }
}
