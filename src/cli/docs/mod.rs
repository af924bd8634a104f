//! Documents, made from the tables of operators, options, functions, aggregates and formats: help, man pages,
//! README tables, completion shims. Pure functions from tables to text; nothing is printed here. A document
//! that is committed is equal to what these functions give.

mod checkpoint;
pub mod help;
pub mod man;
pub mod pages;
pub mod readme;
pub mod shims;
mod spark;
pub mod state;
pub mod time;
mod tutorial;

use crate::data::doc::Example;

/// A part of a document, before it has a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Heading(String),
    /// A paragraph; `` `code` `` is marked.
    Text(String),
    /// What something is called and what it is.
    Item {
        term: String,
        text: String,
    },
    /// Lines that stay as they are.
    Code(String),
}

impl Block {
    pub fn item(term: impl Into<String>, text: impl Into<String>) -> Block {
        Block::Item {
            term: term.into(),
            text: text.into(),
        }
    }
}

/// Lines of source as one paragraph.
fn text(paragraph: &str) -> Block {
    Block::Text(paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn heading(title: &str) -> Block {
    Block::Heading(title.into())
}

fn example(example: &Example, blocks: &mut Vec<Block>) {
    blocks.push(Block::Text(format!("{}:", example.title)));
    blocks.push(Block::Code(example.session.trim_end().into()));
}

/// The committed files that are made here: path below the crate's root and text. `readme` is the README as it
/// is, whose tables are put in anew.
pub fn all(readme: &str) -> Vec<(&'static str, String)> {
    let mut files = vec![("README.md", readme::filled(readme))];
    files.extend(man::all());
    files.extend(shims::all());
    files
}
