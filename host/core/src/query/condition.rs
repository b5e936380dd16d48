//! What is asked of one field.

use std::cmp::Ordering;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use crate::query::like::Pattern;
use crate::query::near::Circle;
use crate::query::values::Values;
use crate::query::{Field, Operand};

/// What is asked of one field. Where the field cannot be compared with what is asked (it is missing, or of another type),
/// neither a test nor its opposite holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// EQ.
    Equals {
        /// What the field is to be equal to.
        operand: Operand,
        /// Whether texts that differ by case only differ.
        case_sensitive: bool,
    },
    /// GT, GE, LT, LE.
    Compare {
        /// Which one.
        side: Side,
        /// What the field is compared with.
        operand: Operand,
        /// Whether texts that differ by case only differ.
        case_sensitive: bool,
    },
    /// BETWEEN: at least `from`, at most `to`, as far as these are given. Case does not matter.
    Between {
        /// The lower end, if there is one.
        from: Option<Operand>,
        /// The upper end, if there is one.
        to: Option<Operand>,
    },
    /// IN.
    In(Arc<Values>),
    /// LIKE.
    Like(Arc<Pattern>),
    /// MATCHES.
    Matches(Expression),
    /// MISSINGVALUE; holds or does not for every field.
    Missing,
    /// TAGGED: with all of these.
    Tagged(Arc<[Tag]>),
    /// NOTTAGGED: with none of these.
    Untagged(Arc<[Tag]>),
    /// NEAR.
    Near(Circle),
    /// The opposite: NE, NOTBETWEEN, NOTIN, NOTLIKE, NOTMATCHES, NOTMISSINGVALUE, NOTNEAR.
    Not(Box<Test>),
    /// A comparison with null: it never holds, nor does its opposite.
    Never,
}

/// One of four.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// GT.
    Above,
    /// GE.
    AtLeast,
    /// LT.
    Below,
    /// LE.
    AtMost,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its vocabulary; of a job's tags, the key.
    pub vocabulary: Box<str>,
    /// The term; of a job's tags, the value.
    pub term: Box<str>,
}

/// A regular expression that takes time in proportion to the text. Equal by its source.
#[derive(Debug, Clone)]
pub struct Expression {
    regex: Regex,
    /// The smallest of the tried sizes, in bytes, that its compiled form fits into.
    bytes: usize,
}

/// Sizes in bytes that [`Expression::new`] tries one after the other, since the library does not say how large a
/// compiled expression is.
const SIZES: [usize; 4] = [1 << 14, 1 << 16, 1 << 18, 1 << 20];

impl Expression {
    /// Compiles it; the compiled expression and the cache of a search with it take at most `most` bytes each.
    pub(super) fn new(source: &str, most: usize) -> Result<Self, regex::Error> {
        let compile = |bytes| RegexBuilder::new(source).size_limit(bytes).dfa_size_limit(most).build();
        for bytes in SIZES.into_iter().filter(|bytes| *bytes < most) {
            match compile(bytes) {
                Err(regex::Error::CompiledTooBig(_)) => {}
                tried => return tried.map(|regex| Self { regex, bytes }),
            }
        }
        compile(most).map(|regex| Self { regex, bytes: most })
    }

    /// In proportion to its states, each of which may have to be followed through each character.
    fn weight(&self) -> u64 {
        self.bytes as u64 / 64
    }

    /// As it was written.
    pub fn source(&self) -> &str {
        self.regex.as_str()
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.source() == other.source()
    }
}

impl Test {
    /// See [`Filter::weight`](crate::query::Filter::weight).
    pub(super) fn weight(&self) -> u64 {
        match self {
            Self::Like(pattern) => pattern.weight(),
            Self::Matches(expression) => expression.weight(),
            Self::Not(test) => test.weight(),
            Self::Tagged(tags) | Self::Untagged(tags) => 1 + tags.len() as u64,
            _ => 1,
        }
    }

    /// Whether it holds for this field; `None` where they cannot be compared.
    pub(super) fn holds(&self, field: &Field<'_>) -> Option<bool> {
        match self {
            Self::Equals { operand, case_sensitive } => {
                operand.order(field, *case_sensitive).map(|order| order == Ordering::Equal)
            }
            Self::Compare { side, operand, case_sensitive } => {
                operand.order(field, *case_sensitive).map(|order| side.takes(order))
            }
            Self::Between { from, to } => {
                let within = |end: &Option<Operand>, side: Side| match end {
                    None => Some(true),
                    Some(operand) => operand.order(field, false).map(|order| side.takes(order)),
                };
                let (above, below) = (within(from, Side::AtLeast)?, within(to, Side::AtMost)?);
                Some(above && below)
            }
            Self::In(values) => values.hold(field),
            Self::Like(pattern) => text(field).map(|text| pattern.fits(text)),
            Self::Matches(expression) => text(field).map(|text| expression.regex.is_match(text)),
            Self::Missing => Some(matches!(field, Field::Missing)),
            Self::Tagged(wanted) => carried(field).map(|tags| wanted.iter().all(|tag| tag.is_one_of(tags))),
            Self::Untagged(unwanted) => carried(field).map(|tags| !unwanted.iter().any(|tag| tag.is_one_of(tags))),
            Self::Near(circle) => circle.holds(field),
            Self::Not(test) => test.holds(field).map(|holds| !holds),
            Self::Never => None,
        }
    }
}

impl Side {
    fn takes(self, order: Ordering) -> bool {
        match self {
            Self::Above => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
        }
    }
}

impl Tag {
    fn is_one_of(&self, tags: &[(&str, &str)]) -> bool {
        tags.iter().any(|(vocabulary, term)| *vocabulary == &*self.vocabulary && *term == &*self.term)
    }
}

fn text<'a>(field: &'a Field<'_>) -> Option<&'a str> {
    match field {
        Field::Text(text) => Some(text),
        _ => None,
    }
}

fn carried<'a, 'b>(field: &'a Field<'b>) -> Option<&'a [(&'b str, &'b str)]> {
    match field {
        Field::Tags(tags) => Some(tags),
        _ => None,
    }
}
