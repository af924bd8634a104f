//! Variables of `map-with-state`: how they are typed, and what they begin with. Reads no file: who gives the options
//! gives what reads one. Invariant: a variable has one type, which its expression has when the variable has it.

use super::builder::Builder;
use super::keys::Key;
use super::names;
use super::node::Window;
use super::replay::Answers;
use super::scopes::Windows;
use crate::bytes::scan;
use crate::data::keys::KeyCoder;
use crate::data::packed;
use crate::data::step::Counts;
use crate::data::{Block, Chunk, Column, FieldId, Schema, Type};
use crate::error::Usage;
use crate::expr::{self, Arrivals, Ast, Env, EvalContext, Expr};
use crate::formats::Framing;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Reads a file that belongs to the command.
#[derive(Clone)]
pub struct Load(pub Arc<Loading>);

impl Load {
    /// The same, for one more build of a chain.
    pub fn again(&self, loaded: &Answers<Vec<u8>>) -> Load {
        let (load, loaded) = (self.0.clone(), loaded.from_start());
        Load(Arc::new(move |path| loaded.next(|| load(path))))
    }
}

type Loading = dyn Fn(&str) -> Result<Vec<u8>, Usage> + Send + Sync;

impl std::fmt::Debug for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Load")
    }
}

/// In which window the row of a key is that has timed out, where rows are in windows.
#[derive(Clone, Debug, PartialEq)]
pub enum Enters {
    /// In that of the record at hand.
    Last,
    /// In the one of these that holds the moment, of several the one that ends first.
    Grid(Window),
    /// In one of its own.
    Own,
}

impl Builder<'_> {
    /// The windows of rows that state here gives by itself.
    pub fn enters(&self) -> Enters {
        let grid = || self.in_force.clone().or_else(|| self.grid_of_rows());
        match self.windows {
            Windows::No | Windows::Batch | Windows::Counted => Enters::Last,
            Windows::Yes | Windows::Vary => grid().map_or(Enters::Own, Enters::Grid),
        }
    }
}

/// A variable: the field of its old value, that of its new one, and how it is made.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub old: FieldId,
    pub new: FieldId,
    pub value: Expr,
}

/// What keys begin with, each once: the key as it is coded, and the variables, packed.
pub type Initial = Vec<(Option<Vec<u8>>, Vec<u8>)>;

/// Types that a variable may go through before it settles.
const STEPS_MAX: usize = 8;

impl Builder<'_> {
    /// Reads `NAME=EXPR,…`, where each EXPR sees the record's fields and the old values of all NAMEs.
    pub fn variables(&mut self, source: &str) -> Result<Vec<Variable>, Usage> {
        let list =
            expr::parse_assignments(source).map_err(|faults| self.diagnosed(faults, source, 0))?;
        let mut seen = BTreeSet::new();
        for (name, _) in &list {
            if !seen.insert(name.clone()) {
                return Err(self.fault(format!("'{name}' is set twice")));
            }
        }
        let olds: Vec<FieldId> = list
            .iter()
            .map(|(name, _)| self.add_field(name, Type::Null, true))
            .collect();
        let exprs = self.settled(&list, &olds, source)?;
        for ((name, _), &old) in list.iter().zip(&olds) {
            if self.schema.fields[old].ty == Type::Null {
                return Err(self.fault(format!(
                    "'{name}' is null at first and so it stays; say what it begins with: {name}=({name} ?? 0)+1"
                )));
            }
        }
        let mut variables = Vec::with_capacity(list.len());
        for (((name, _), &old), value) in list.into_iter().zip(&olds).zip(exprs) {
            let ty = self.schema.fields[old].ty.clone();
            let new = self.add_shown(&name, ty.clone());
            variables.push(Variable {
                name,
                old,
                new,
                value: value.converted(&ty),
            });
        }
        // What comes behind sees the new values alone.
        for old in olds {
            self.schema.fields[old].name.clear();
        }
        Ok(variables)
    }

    /// The expressions with the types that their variables have in the end: null at first, then what all that
    /// they are given have in common.
    fn settled(
        &mut self,
        list: &[(String, Ast)],
        olds: &[FieldId],
        source: &str,
    ) -> Result<Vec<Expr>, Usage> {
        for _ in 0..STEPS_MAX {
            let mut exprs = Vec::with_capacity(list.len());
            for (_, ast) in list {
                exprs.push(self.compile(ast, source, 0)?);
            }
            let mut settled = true;
            for (&old, expr) in olds.iter().zip(&exprs) {
                let before = self.schema.fields[old].ty.clone();
                let ty = expr::common(&before, &expr.ty);
                settled &= ty == before;
                if self.of_source() {
                    self.source.fields[old].ty = ty.clone();
                }
                self.schema.fields[old].ty = ty;
            }
            if settled {
                return Ok(exprs);
            }
        }
        Err(self.fault("the types of the variables do not settle: a list cannot hold itself"))
    }

    /// What a file says that keys begin with: records with the key and other fields, in the input's format, by name,
    /// or by place where fields have no names.
    pub fn initial(
        &mut self,
        path: &str,
        keys: &[Key],
        fields: &[(String, Type)],
    ) -> Result<Initial, Usage> {
        let Some(load) = self.options.load.clone() else {
            return Err(self.fault("--initial: no file can be read here"));
        };
        let bytes = (load.0)(path)?;
        let positional = self.format_name == "text";
        let mut rest = bytes.as_slice();
        let mut header: Option<Vec<u8>> = None;
        let mut lines = 0;
        if self.format.has_header() {
            let end = first_record_end(rest, &self.format.framing());
            let line = &rest[..end];
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            header = Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec());
            lines = scan::count_byte(&rest[..end], b'\n');
            rest = &rest[end..];
        }
        let wrong = |what: String| Usage::new(format!("{path}: {what}"));
        let mut schema = self
            .format
            .schema(header.as_deref())
            .map_err(|error| wrong(format!("{error:#}")))?;
        let wanted = keys
            .iter()
            .map(|key| (&key.name, &key.expr.ty))
            .chain(fields.iter().map(|(name, ty)| (name, ty)));
        let mut exprs = Vec::new();
        for (place, (name, ty)) in wanted.enumerate() {
            let word = match positional {
                true => format!("${}", place + 1),
                false if name.starts_with('`') => name.clone(),
                false => names::quoted(name),
            };
            exprs.push(self.read_as(&word, ty, &mut schema).map_err(wrong)?);
        }
        let wanted: BTreeSet<FieldId> = exprs.iter().flat_map(|e| e.fields.clone()).collect();
        let wanted: Vec<FieldId> = wanted.into_iter().collect();
        let mut reader = self
            .format
            .reader(&schema, &wanted, header.as_deref())
            .map_err(|error| wrong(format!("{error:#}")))?;
        let mut chunk = Chunk::of_block(Block::copy_of(rest));
        let mut bad = Vec::new();
        reader.read(&mut chunk, true, &mut bad);
        if let Some(bad) = bad.iter().min_by_key(|bad| bad.row) {
            let before = &rest[..chunk.rows[bad.row as usize].start()];
            let line = lines + scan::count_byte(before, b'\n') + 1;
            return Err(Usage::new(format!(
                "{path}:{line} col {}: a bad record, {}",
                bad.column + 1,
                bad.what
            )));
        }
        let mut counts = Counts::default();
        let mut cx = EvalContext {
            now: 0,
            arrivals: Arrivals::default(),
            counts: &mut counts,
        };
        let columns: Vec<_> = exprs
            .iter_mut()
            .map(|expr| expr.eval(&mut chunk, &mut cx))
            .collect();
        if let Some(name) = counts.failed.keys().next() {
            return Err(wrong(format!("a value of {name} could not be converted")));
        }
        let (key_columns, of_variables) = columns.split_at(keys.len());
        let coder = KeyCoder::new(keys.iter().map(|key| key.expr.ty.clone()).collect());
        let coded = coder.encode(key_columns.to_vec(), &mut chunk);
        // A file of what was printed window by window has a key several times: the last says how it is.
        let mut of_keys: HashMap<Option<Vec<u8>>, usize> = HashMap::new();
        let mut again = 0;
        let mut initial: Initial = Vec::new();
        for row in chunk.live.iter() {
            let row = row as usize;
            if !of_variables.iter().any(|column| column.is_valid(row)) {
                continue;
            }
            let key = match &coded.data {
                Column::Bytes(spans) if coded.is_valid(row) => {
                    Some(chunk.bytes(spans[row]).to_vec())
                }
                _ => None,
            };
            let mut packed = Vec::new();
            for column in of_variables {
                packed::pack_cell(&chunk, column, row, &mut packed);
            }
            match of_keys.get(&key) {
                Some(&at) => {
                    initial[at].1 = packed;
                    again += 1;
                }
                None => {
                    of_keys.insert(key.clone(), initial.len());
                    initial.push((key, packed));
                }
            }
        }
        if again > 0 {
            self.notes.push(format!(
                "{path}: of several rows of one key the last counts; passed over: {again}"
            ));
        }
        Ok(initial)
    }

    /// A field of a file as a type that it has here.
    fn read_as(&self, word: &str, ty: &Type, schema: &mut Schema) -> Result<Expr, String> {
        let mut env = Env {
            schema,
            zone: &self.options.zone,
            functions: &[],
        };
        let expr = expr::parse(word).and_then(|ast| expr::compile(&ast, &mut env));
        let expr = match expr {
            Ok(expr) => expr,
            Err(_) => return Err(format!("no field {word}, which {} keeps", self.name)),
        };
        Ok(match ty {
            _ if expr.ty == *ty => expr,
            Type::Number | Type::Float => expr.into_number().converted(ty),
            Type::Time => expr.into_time(crate::bytes::time::Shape::Detect, &self.options.zone),
            Type::Untyped | Type::Text | Type::Json => expr.converted(ty),
            other => {
                return Err(format!(
                    "{word} is a {} here, which no file holds; keep it as text or a number",
                    other.name()
                ));
            }
        })
    }
}

/// Where the first record ends, with its line end.
fn first_record_end(bytes: &[u8], framing: &Framing) -> usize {
    let mut inside = false;
    for (at, byte) in bytes.iter().enumerate() {
        inside ^= *framing == Framing::Quoted && *byte == b'"';
        if *byte == b'\n' && !inside {
            return at + 1;
        }
    }
    bytes.len()
}
