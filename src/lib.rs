#![doc = include_str!("ARCHITECTURE.md")]

pub mod aggs;
pub mod bytes;
pub mod cli;
pub mod data;
pub mod engine;
pub mod error;
pub mod export;
pub mod expr;
pub mod formats;
pub mod memory;
pub mod ops;
pub mod plan;
pub mod sinks;
pub mod sources;
pub mod state;
