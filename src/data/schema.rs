//! What columns a stream has at one place of the chain, and of what type.

/// Index of a field in its [`Schema`] and of its column in a chunk.
pub type FieldId = usize;

/// The static type of a column or an expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Text as it stands in the input (text, csv, tsv, logfmt, captures): compares as a number where it is
    /// one, prints as it came, in JSON as a number if it is one as JSON writes it.
    Untyped,
    /// Text made by a function or a string literal: always a string.
    Text,
    /// A JSON value, held as its JSON text (strings with their quotes); also objects and lists of JSON.
    Json,
    /// An exact decimal or, value by value, a float: see `Number`.
    Number,
    /// A 64-bit float: division, roots, means.
    Float,
    /// Nanoseconds since 1970.
    Time,
    /// Nanoseconds.
    Duration,
    Bool,
    List(Box<Type>),
    /// The type of the literal `null`.
    Null,
}

impl Type {
    /// Whether columns of this type are spans of bytes.
    pub fn is_bytes(&self) -> bool {
        matches!(self, Type::Untyped | Type::Text | Type::Json)
    }

    /// Its name in messages and in a printed plan.
    pub fn name(&self) -> &'static str {
        match self {
            Type::Untyped => "field",
            Type::Text => "text",
            Type::Json => "json",
            Type::Number => "number",
            Type::Float => "float",
            Type::Time => "time",
            Type::Duration => "duration",
            Type::Bool => "bool",
            Type::List(_) => "list",
            Type::Null => "null",
        }
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: String,
    pub ty: Type,
    /// Left out of what a sink prints: `$0`, `@time`, and fields that are in the schema only because an
    /// expression asked for them in an open one.
    pub hidden: bool,
}

impl Field {
    pub fn new(name: impl Into<String>, ty: Type) -> Field {
        Field {
            name: name.into(),
            ty,
            hidden: false,
        }
    }

    pub fn hidden(name: impl Into<String>, ty: Type) -> Field {
        Field {
            name: name.into(),
            ty,
            hidden: true,
        }
    }
}

/// The columns at one place of the chain. Field ids never move: operators append fields and hide old ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    pub fields: Vec<Field>,
    /// What else a record of the source may hold beyond `fields`; `None`: nothing.
    pub open: Option<Open>,
    /// Where the names go of what a record has beyond what is known.
    pub others: Option<Others>,
}

/// Fields of records of an open source that are no columns, where rows have the columns of the first record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Others {
    /// Their names, a line each; null where there are none.
    pub field: FieldId,
    /// Fields that are no others, by their keys.
    pub known: Vec<String>,
}

/// A source whose records have fields that no header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Open {
    /// `$1 … $NF`: a positional field is found by its number.
    Positional,
    /// Names (JSON paths, logfmt keys), of the type given.
    Named(Type),
}

impl Schema {
    pub fn new(fields: Vec<Field>) -> Schema {
        Schema {
            fields,
            ..Schema::default()
        }
    }

    /// The latest field of that name: a later one hides an earlier one.
    pub fn find(&self, name: &str) -> Option<FieldId> {
        self.fields.iter().rposition(|field| field.name == name)
    }

    pub fn add(&mut self, field: Field) -> FieldId {
        self.fields.push(field);
        self.fields.len() - 1
    }

    /// Fields that a sink prints, in order.
    pub fn shown(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, field)| !field.hidden)
    }
}
