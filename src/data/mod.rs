//! The vocabulary that every other module speaks: blocks, columns, chunks, values, schemas, time. Plain
//! data; no I/O, no clock, no threads.

pub mod block;
pub mod chunk;
pub mod column;
pub mod delays;
pub mod doc;
pub mod encoder;
pub mod kept;
pub mod keys;
pub mod packed;
pub mod paint;
pub mod process;
pub mod saved;
pub mod schema;
pub mod step;
pub mod sum;
pub mod time;
pub mod value;

pub use crate::bytes::bitmap::Bitmap;
pub use crate::bytes::number::{Number, Numbers};
pub use crate::bytes::{Cells, PADDING, Span};
pub use block::Block;
pub use chunk::{Chunk, Selection};
pub use column::{Column, ColumnBuilder, ColumnV};
pub use schema::{Field, FieldId, Open, Others, Schema, Type};
pub use value::Value;
