//! What a windowed aggregation that needs the order of rows is to do: shape of its windows, lateness, triggers,
//! panes. Plain data: the state that does it is made through [`Maker`], as `state/` lies above. Invariant: what
//! prints says everything that changes a result.

use super::node::{Extent, Make, Window};
use super::when::{UNBOUNDED, When, windows};
use super::window::duration;
use crate::aggs::{Aggregate, Call};
use crate::data::{FieldId, Type};
use std::fmt;
use std::sync::Arc;

/// How the state of a grouping is come by.
pub type Maker = fn(Arc<Grouping>) -> Make;

/// An aggregation in row order.
#[derive(Clone, Debug)]
pub struct Grouping {
    pub shape: Shape,
    /// How long a window that was printed still counts records, ns.
    pub lateness: i64,
    /// Other state follows: a window gives one row, when it counts no record any more.
    pub waits: bool,
    /// What follows corrects itself: it is given each change, and the row that this replaces.
    pub feeds: bool,
    pub panes: Panes,
    /// Early rows at each so many new records of a key and window.
    pub every_records: Option<u64>,
    /// Early rows so long after the first new record, by the clock, ns.
    pub every_delay: Option<i64>,
    /// Early rows at multiples of so much of the clock, ns.
    pub every: Option<i64>,
    /// Late rows at each so many records that are late and allowed; 0: never.
    pub late_every: u64,
    /// Each trigger gives all rows, nothing is freed and nothing late.
    pub complete: bool,
    /// A ranking follows, of all there ever was: the rows of a window come together, and what is late waits for a trigger.
    pub ranked: bool,
    /// How much later times are shown than they are, in bounds that follow from them ([`Builder::shown_later`]), ns.
    ///
    /// [`Builder::shown_later`]: super::builder::Builder::shown_later
    pub later: i64,
    /// Each of these windows has a row, as time passes it.
    pub empties: Option<Window>,
    /// Rows come window by window, by their ends, those of one together.
    pub whole: bool,
    /// A window follows that goes by the times of rows which are this much older than the end of theirs, ns.
    pub holds: i64,
    pub gives: Gives,
}

/// Which records a row is made of.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// The whole input.
    Forever,
    /// Rows have their window already.
    Rows,
    /// Rows have a window by count already.
    Counted,
    /// Windows of a grid.
    Grid(Window),
    /// Records at most `gap` apart.
    Session { gap: i64, max: Option<i64> },
    /// So many records, in input order.
    Count {
        size: u64,
        slide: Option<u64>,
        partial: bool,
    },
    /// For each record those of the time up to it.
    LookBack(i64),
}

impl Shape {
    /// Whether rows have the bounds of a window.
    pub fn is_windowed(&self) -> bool {
        !matches!(self, Shape::Forever | Shape::Counted | Shape::Count { .. })
    }

    /// The grid that windows are of.
    pub fn grid(&self) -> Option<&Window> {
        match self {
            Shape::Grid(window) => Some(window),
            _ => None,
        }
    }

    /// Whether windows of one start may have several ends.
    pub fn varies(&self) -> bool {
        match self {
            Shape::Grid(window) => window.grow.is_some(),
            Shape::Session { .. } | Shape::LookBack(_) => true,
            Shape::Forever | Shape::Rows | Shape::Counted | Shape::Count { .. } => false,
        }
    }

    /// A record at the end of a window still belongs to it: complete is it when the watermark is behind its end.
    pub fn is_closed_interval(&self) -> bool {
        matches!(self, Shape::Session { .. } | Shape::LookBack(_))
    }

    /// Whether windows are of the key that follows.
    pub fn is_keyed(&self) -> bool {
        matches!(
            self,
            Shape::Session { .. } | Shape::Count { .. } | Shape::LookBack(_)
        )
    }

    /// How much older than the end of their window records in it may be, ns; `None`: as old as any.
    pub fn age_of_records(&self) -> Option<i64> {
        match self {
            Shape::Grid(window) => Some(window.size.most()),
            Shape::Session {
                gap,
                max: Some(max),
            } => Some(gap.saturating_add(*max)),
            Shape::LookBack(back) => Some(*back),
            Shape::Session { max: None, .. }
            | Shape::Count { .. }
            | Shape::Forever
            | Shape::Rows
            | Shape::Counted => None,
        }
    }

    /// The lateness of `--late update`: the window's size, a session's gap.
    pub fn own_lateness(&self) -> i64 {
        match self {
            Shape::Forever | Shape::Rows | Shape::Counted | Shape::Count { .. } => 0,
            Shape::Grid(window) => match &window.size {
                Extent::Fixed(size) => *size,
                size => size.about(),
            },
            Shape::Session { gap, .. } => *gap,
            Shape::LookBack(back) => *back,
        }
    }
}

/// What rows of a window are judged by when they leave it, where none is older than its `end` by more than `age`, ns:
/// time has not passed the oldest of them.
pub fn before_of(end: i64, age: i64) -> i64 {
    end.saturating_sub(age).saturating_sub(1)
}

/// What a repeated row holds.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Panes {
    /// The whole window.
    #[default]
    Accumulate,
    /// Only what is new.
    Discard,
    /// The whole window, behind the row that it replaces, marked.
    Retract,
}

/// What comes out of a window.
#[derive(Clone, Debug)]
pub enum Gives {
    /// A row for each key: bounds if it has some, keys, aggregates, then what panes add.
    Groups {
        keys: Vec<Type>,
        aggs: Vec<Agg>,
        pane_columns: bool,
    },
    /// Its rows, with the bounds in these fields.
    Rows { bounds: Option<(FieldId, FieldId)> },
}

/// An aggregate, and which of the node's arguments is its own.
#[derive(Clone, Debug)]
pub struct Agg {
    pub aggregate: &'static Aggregate,
    pub call: Call,
    pub arg: Option<usize>,
    pub ty: Type,
}

impl fmt::Debug for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Forever => f.write_str("forever"),
            Shape::Rows | Shape::Counted => f.write_str("its window"),
            Shape::Grid(window) => write!(f, "window {window}"),
            Shape::Session { gap, max } => {
                write!(f, "session {}", duration(*gap))?;
                match max {
                    Some(max) => write!(f, " max {}", duration(*max)),
                    None => Ok(()),
                }
            }
            Shape::Count {
                size,
                slide,
                partial,
            } => {
                write!(f, "{size} rows")?;
                if let Some(slide) = slide {
                    write!(f, " slide {slide}")?;
                }
                match partial {
                    true => f.write_str(" partial"),
                    false => Ok(()),
                }
            }
            Shape::LookBack(back) => write!(f, "look back {}", duration(*back)),
        }
    }
}

impl Grouping {
    /// Without lateness, triggers and panes.
    pub fn plain(shape: Shape, gives: Gives) -> Grouping {
        Grouping {
            shape,
            lateness: 0,
            waits: false,
            feeds: false,
            panes: Panes::Accumulate,
            every_records: None,
            every_delay: None,
            every: None,
            late_every: 1,
            complete: false,
            ranked: false,
            later: 0,
            empties: None,
            whole: false,
            holds: 0,
            gives,
        }
    }

    /// Windows that were printed wait for the next trigger as all do: nothing is late.
    pub fn is_complete_by_triggers(&self) -> bool {
        let clock = self.every.or(self.every_delay).is_some();
        self.complete && (clock || self.every_records.is_some() || self.ranked)
    }

    /// What follows is told of each row that stands for good: how long one may be withdrawn follows from no time.
    pub fn tells_final(&self) -> bool {
        self.feeds && matches!(self.shape, Shape::Session { .. })
    }

    /// For `--explain`: what is kept, when it is freed, when rows come.
    pub fn keeps(&self, when: &When<'_>) -> String {
        let state = match &self.gives {
            Gives::Groups { keys, .. } if keys.is_empty() => "one row of state",
            Gives::Groups { .. } => "one row of state for each key",
            Gives::Rows { .. } => "holds the records",
        };
        let prints = match &self.shape {
            Shape::Forever => "; prints at the end of the input".to_string(),
            Shape::Rows | Shape::Counted => {
                "; prints when the window that it is in is complete".into()
            }
            Shape::Grid(window) => {
                format!(
                    " and each of {}; {}",
                    windows(window),
                    when.of_window(window)
                )
            }
            Shape::Session { gap, .. } => format!(
                " and session, whose records are at most {} apart; {}",
                duration(*gap),
                when.of_session(*gap)
            ),
            Shape::Count {
                size, slide: None, ..
            } => format!("; prints and begins anew at each {size} records of it"),
            Shape::Count {
                size,
                slide: Some(slide),
                ..
            } => format!(" and record of its last {size}; prints at each {slide}"),
            Shape::LookBack(back) => format!(
                " and record of the last {}; {}",
                duration(*back),
                when.of_record()
            ),
        };
        format!("{state}{prints}{}{}", self.repeats(), self.frees())
    }

    /// Rows beside the one that is on time.
    fn repeats(&self) -> String {
        let mut early = Vec::new();
        if let Some(n) = self.every_records {
            early.push(format!("at each {n} new records of key and window"));
        }
        if let Some(delay) = self.every_delay {
            early.push(format!(
                "{} of the clock after the first new record",
                duration(delay)
            ));
        }
        if let Some(every) = self.every {
            early.push(format!(
                "at each multiple of {} of the clock where something is new",
                duration(every)
            ));
        }
        let mut text = match early.is_empty() {
            true => String::new(),
            false => format!("; early rows {}", early.join(", ")),
        };
        if self.lateness > 0 && !self.complete && !self.waits {
            text.push_str(&match self.late_every {
                0 => "; counts late records, prints no row for them".to_string(),
                1 => "; a corrected row at each late record".into(),
                n => format!("; a corrected row at each {n} late records"),
            });
        }
        let repeated = !early.is_empty() || self.lateness > 0;
        match self.panes {
            _ if self.feeds => {}
            Panes::Discard if repeated => text.push_str(", each of what is new"),
            Panes::Retract if repeated => text.push_str(", each behind the row that it withdraws"),
            _ => {}
        }
        text
    }

    fn frees(&self) -> String {
        let keyed = match &self.gives {
            Gives::Groups { keys, .. } => !keys.is_empty(),
            Gives::Rows { .. } => false,
        };
        match (&self.shape, &self.gives) {
            _ if self.complete => format!("; never freed: {UNBOUNDED} with the windows and keys"),
            (Shape::Forever, Gives::Rows { .. }) => format!("; {UNBOUNDED} with the input"),
            (Shape::Forever | Shape::Count { .. }, _) if keyed => {
                format!("; {UNBOUNDED} with the keys")
            }
            (Shape::Forever | Shape::Count { .. }, _) => String::new(),
            (Shape::LookBack(back), _) => {
                format!(
                    "; freed {} later",
                    duration(back.saturating_add(self.lateness))
                )
            }
            _ if self.waits => format!(
                "; it waits {} more for late records, since what follows cannot take a row back; then freed",
                duration(self.lateness)
            ),
            _ if self.lateness > 0 => format!("; freed {} later", duration(self.lateness)),
            _ => "; then freed".into(),
        }
    }
}

/// For the printed plan.
impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.shape)?;
        if self.lateness > 0 && !self.complete {
            write!(f, ", lateness {}", duration(self.lateness))?;
        }
        if self.waits {
            write!(f, ", waits for it")?;
        }
        if let Some(n) = self.every_records {
            write!(f, ", each {n} records")?;
        }
        if let Some(delay) = self.every_delay {
            write!(f, ", {} behind the first new", duration(delay))?;
        }
        if let Some(every) = self.every {
            write!(f, ", each {}", duration(every))?;
        }
        if self.late_every != 1 {
            write!(f, ", each {} late", self.late_every)?;
        }
        match self.panes {
            _ if self.feeds => f.write_str(", feeds what follows")?,
            Panes::Accumulate => {}
            Panes::Discard => f.write_str(", only what is new")?,
            Panes::Retract => f.write_str(", with what is withdrawn")?,
        }
        if self.complete {
            f.write_str(", complete")?;
        }
        if self.ranked {
            f.write_str(", ranked")?;
        }
        if self.empties.is_some() {
            f.write_str(", each")?;
        }
        match self.holds {
            0 => Ok(()),
            holds => write!(f, ", of the last {}", duration(holds)),
        }
    }
}
