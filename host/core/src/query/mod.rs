//! Queries: which rows are wanted, and in which order.
//!
//! The grammar is that of ThingWorx's QUERY type, shared by every surface; a surface with names of its own renames the
//! fields. [`Query::read`] takes JSON and refuses with a [`QueryProblem`] that names the place; what it gives is compiled
//! and bounded, so that [`Filter::matches`] cannot fail and takes time in proportion to the filter times the row.
//!
//! Where the public documents say nothing, this is how they are read here:
//!
//! * A value takes the type of the field it meets: `"35"` is a number to a number field, a date or milliseconds since 1970
//!   are times to a DATETIME, anything is a text to a text.
//! * GT, GE, LT, LE and BETWEEN follow the case rule of EQ. Texts compare by their characters.
//! * A comparison with null, with a missing field or with a field of another type does not hold, nor does its opposite.
//!   NOTIN asks for NE with each of its values, so an empty one holds for every row, and IN for equality with any.
//! * MATCHES looks for its expression anywhere in the text; `^` and `$` tie it to the ends. Case matters, `(?i)` lifts that.
//! * LIKE and MATCHES look at texts only. LIKE fits the whole text.
//! * TAGGED asks for all of its tags, NOTTAGGED for none of them. Case matters.
//! * AND of no filters holds for every row, OR of none for no row.
//! * Members that the grammar does not know are refused, so that a slip of the pen cannot select more than was meant.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::limits::Limits;

mod case_folding;
mod condition;
mod field;
mod like;
mod members;
mod near;
mod number;
mod operand;
mod plan;
mod problem;
mod read;
mod sort;
mod time;
mod values;

pub use self::condition::{Expression, Side, Tag, Test};
pub use self::field::{Field, Fields};
pub use self::like::Pattern;
pub use self::near::{Circle, Units};
pub use self::number::Number;
pub use self::operand::Operand;
pub use self::plan::Allowed;
pub use self::problem::QueryProblem;
pub use self::sort::{Sort, SortKey, compare_rows};
pub use self::values::Values;

/// Which rows, in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// What holds for each; `None`: all of them.
    pub filter: Option<Filter>,
    /// The first decides; each further one where those before it see no difference.
    pub sorts: Vec<Sort>,
}

impl Query {
    /// Reads JSON text. `{}` selects everything.
    pub fn read(json: &[u8], limits: &Limits) -> Result<Self, QueryProblem> {
        read::text(json, limits)
    }

    /// The same for JSON that was read already.
    pub fn of_value(value: &Value, limits: &Limits) -> Result<Self, QueryProblem> {
        read::query(value, limits)
    }

    /// With other names for the fields: a surface's own names on the left, `None` where a name stays as it is.
    #[must_use]
    pub fn rename(self, name: impl Fn(&str) -> Option<String>) -> Self {
        let sort = |sort: Sort| Sort { field: name(&sort.field).unwrap_or(sort.field), ..sort };
        let condition = |Condition { field, test }: &Condition| Condition {
            field: name(field).unwrap_or_else(|| field.clone()),
            test: test.clone(),
        };
        Self {
            filter: self.filter.map(|filter| filter.rewrite(condition)),
            sorts: self.sorts.into_iter().map(sort).collect(),
        }
    }
}

/// What holds for a row. Compiled once; cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    root: Arc<Node>,
}

/// No operand is NaN, so that everything is equal to itself.
impl Eq for Filter {}

/// A question about one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Which one.
    pub field: String,
    /// What is asked.
    pub test: Test,
}

#[derive(Debug, PartialEq)]
enum Node {
    All(Vec<Arc<Node>>),
    Any(Vec<Arc<Node>>),
    Leaf(Condition),
}

impl Filter {
    /// Whether it holds for this row.
    pub fn matches(&self, row: &(impl Fields + ?Sized)) -> bool {
        self.root.matches(row)
    }

    /// Conditions that all hold wherever the filter does, whatever else it asks for: those that are reached through AND
    /// only. For planning over indexes.
    pub fn conjuncts(&self) -> impl Iterator<Item = &Condition> {
        let mut found = Vec::new();
        self.root.conjuncts(&mut found);
        found.into_iter()
    }

    /// Every field that it asks about.
    pub fn fields(&self) -> BTreeSet<&str> {
        let mut fields = BTreeSet::new();
        self.root.fields(&mut fields);
        fields
    }

    /// What it may cost to try one row whose texts have a hundred characters, in units of a comparison: about a
    /// microsecond each. Expressions can be a thousand times dearer than comparisons, so a caller that tries many rows
    /// tries fewer where this is large. At least 1.
    pub fn weight(&self) -> u64 {
        self.root.weight().max(1)
    }

    /// With another condition in the place of each: for a surface whose rows have other fields, or other values, than those
    /// that are tried.
    #[must_use]
    pub fn rewrite(&self, other: impl Fn(&Condition) -> Condition) -> Self {
        Self { root: self.root.rewritten(&other) }
    }

    /// Holds where both do.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { root: Arc::new(Node::All(vec![self.root, other.root])) }
    }
}

impl From<Condition> for Filter {
    fn from(condition: Condition) -> Self {
        Self { root: Arc::new(Node::Leaf(condition)) }
    }
}

/// Nesting is bounded when a filter is read, so that these may go down by themselves.
impl Node {
    fn fields<'a>(&'a self, into: &mut BTreeSet<&'a str>) {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().for_each(|node| node.fields(into)),
            Self::Leaf(condition) => {
                into.insert(&condition.field);
            }
        }
    }

    fn matches(&self, row: &(impl Fields + ?Sized)) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(row)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(row)),
            Self::Leaf(condition) => condition.test.holds(&row.field(&condition.field)) == Some(true),
        }
    }

    fn weight(&self) -> u64 {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().map(|node| node.weight()).sum(),
            Self::Leaf(condition) => condition.test.weight(),
        }
    }

    fn conjuncts<'a>(&'a self, found: &mut Vec<&'a Condition>) {
        match self {
            Self::All(nodes) => nodes.iter().for_each(|node| node.conjuncts(found)),
            Self::Any(nodes) => {
                if let [only] = nodes.as_slice() {
                    only.conjuncts(found);
                }
            }
            Self::Leaf(condition) => found.push(condition),
        }
    }

    fn rewritten(&self, other: &impl Fn(&Condition) -> Condition) -> Arc<Self> {
        let each = |nodes: &[Arc<Self>]| nodes.iter().map(|node| node.rewritten(other)).collect();
        Arc::new(match self {
            Self::All(nodes) => Self::All(each(nodes)),
            Self::Any(nodes) => Self::Any(each(nodes)),
            Self::Leaf(condition) => Self::Leaf(other(condition)),
        })
    }
}
