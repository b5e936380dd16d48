//! The values of IN.

use crate::query::case_folding::as_compared;
use crate::query::number::Number;
use crate::query::{Field, Operand};

/// Values to look a field up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    case_sensitive: bool,
    texts: Known<Box<str>>,
    numbers: Known<Number>,
    times: Known<Number>,
    booleans: Known<bool>,
    empty: bool,
}

impl Values {
    /// Of the values of a query; `None` stands for null, which no field is equal to.
    pub fn new(values: &[Option<Operand>], case_sensitive: bool) -> Self {
        let text = |operand: &Operand| Some(operand.text(case_sensitive).into());
        Self {
            case_sensitive,
            texts: Known::of(values, text),
            numbers: Known::of(values, Operand::number),
            times: Known::of(values, Operand::time),
            booleans: Known::of(values, Operand::boolean),
            empty: values.is_empty(),
        }
    }

    /// Whether texts that differ by case only differ.
    pub fn case_sensitive(&self) -> bool {
        self.case_sensitive
    }

    /// The texts that a text field may be, sorted; where case does not matter, in small letters.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.sorted.iter().map(Box::as_ref)
    }

    /// Whether a field is one of them: true where it is equal to one, false where it differs from all, `None` where it
    /// differs from some and cannot be compared with the others. Nothing is one of none.
    pub(super) fn hold(&self, field: &Field<'_>) -> Option<bool> {
        if self.empty {
            return Some(false);
        }
        match field {
            Field::Boolean(value) => self.booleans.hold(value),
            Field::Integer(value) | Field::Timespan(value) => self.numbers.hold(&Number::Whole(*value)),
            Field::Number(value) => self.numbers.hold(&Number::of(*value)?),
            Field::Datetime(value) => self.times.hold(&Number::Whole(value.0)),
            Field::Text(value) => self.texts.hold(as_compared(value, self.case_sensitive).as_ref()),
            Field::Missing | Field::Location { .. } | Field::Tags(_) | Field::Other => None,
        }
    }
}

/// The values that are of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known<T> {
    sorted: Vec<T>,
    /// Whether all of the values are.
    all: bool,
}

impl<T: Ord> Known<T> {
    fn of(values: &[Option<Operand>], read: impl Fn(&Operand) -> Option<T>) -> Self {
        let mut sorted: Vec<T> = values.iter().flatten().filter_map(read).collect();
        let all = sorted.len() == values.len();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted, all }
    }

    fn hold<Q: Ord + ?Sized>(&self, value: &Q) -> Option<bool>
    where
        T: std::borrow::Borrow<Q>,
    {
        let found = self.sorted.binary_search_by(|known| known.borrow().cmp(value)).is_ok();
        if found { Some(true) } else { self.all.then_some(false) }
    }
}
