//! What a filter asks for whatever else it says, so that a store need not look at every row.
//!
//! Each answer is taken from [`Filter::conjuncts`]: rows outside it cannot match, rows inside it still have to be tried.

use crate::query::case_folding::fold;
use crate::query::{Condition, Filter, Operand, Side, Test};
use crate::timestamp::Timestamp;

/// The texts that a field may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// Sorted; none: no row can match. Where case does not matter, these are in small letters.
    pub texts: Vec<String>,
    /// Whether the field is to be just one of these. Where not, an index that knows texts as they were written may be
    /// used only if all that it knows are in small letters.
    pub case_sensitive: bool,
}

impl Allowed {
    fn of(test: &Test) -> Option<Self> {
        match test {
            Test::Equals { operand, case_sensitive } => {
                let texts = vec![operand.text(*case_sensitive).to_owned()];
                Some(Self { texts, case_sensitive: *case_sensitive })
            }
            Test::In(values) => Some(Self {
                texts: values.texts().map(str::to_owned).collect(),
                case_sensitive: values.case_sensitive(),
            }),
            test if never(test) => Some(Self { texts: Vec::new(), case_sensitive: true }),
            _ => None,
        }
    }

    fn and(self, other: Self) -> Self {
        let (mut one, other) = if self.case_sensitive { (self, other) } else { (other, self) };
        one.texts.retain(|text| {
            let text = if other.case_sensitive { text.into() } else { fold(text) };
            other.texts.binary_search_by(|other| other.as_str().cmp(&text)).is_ok()
        });
        one
    }
}

fn never(test: &Test) -> bool {
    match test {
        Test::Never => true,
        Test::Not(test) => never(test),
        _ => false,
    }
}

impl Filter {
    /// The texts that this field may be, as EQ and IN say; `None` where they say nothing of it. Only for a field that
    /// holds texts.
    pub fn equal_texts(&self, field: &str) -> Option<Allowed> {
        self.about(field).filter_map(Allowed::of).reduce(Allowed::and)
    }

    /// The first and the last time that this field may be, as far as there are such; the last before the first: no row
    /// can match. Only for a field that holds times.
    pub fn time_range(&self, field: &str) -> (Option<Timestamp>, Option<Timestamp>) {
        let mut range = Range { from: None, to: None };
        for test in self.about(field) {
            match test {
                Test::Equals { operand, .. } => {
                    range.at_least(operand);
                    range.at_most(operand);
                }
                Test::Compare { side: Side::Above, operand, .. } => match operand.time() {
                    Some(time) => range.start(time.floor().checked_add(1)),
                    None => range.close(),
                },
                Test::Compare { side: Side::Below, operand, .. } => match operand.time() {
                    Some(time) => range.stop(time.ceil().checked_sub(1)),
                    None => range.close(),
                },
                Test::Compare { side: Side::AtLeast, operand, .. } => range.at_least(operand),
                Test::Compare { side: Side::AtMost, operand, .. } => range.at_most(operand),
                Test::Between { from, to } => {
                    if let Some(from) = from {
                        range.at_least(from);
                    }
                    if let Some(to) = to {
                        range.at_most(to);
                    }
                }
                test if never(test) => range.close(),
                _ => {}
            }
        }
        (range.from.map(Timestamp), range.to.map(Timestamp))
    }

    /// Tags, as vocabulary and term, all of which this field must carry.
    pub fn tags(&self, field: &str) -> Vec<(&str, &str)> {
        let tags = self.about(field).filter_map(|test| match test {
            Test::Tagged(tags) => Some(tags.iter()),
            _ => None,
        });
        tags.flatten().map(|tag| (&*tag.vocabulary, &*tag.term)).collect()
    }

    fn about(&self, field: &str) -> impl Iterator<Item = &Test> {
        self.conjuncts().filter(move |condition: &&Condition| condition.field == field).map(|condition| &condition.test)
    }
}

/// Both ends belong to it.
struct Range {
    from: Option<i64>,
    to: Option<i64>,
}

impl Range {
    /// What is no time cannot be compared with one.
    fn at_least(&mut self, operand: &Operand) {
        match operand.time() {
            Some(time) => self.start(Some(time.ceil())),
            None => self.close(),
        }
    }

    fn at_most(&mut self, operand: &Operand) {
        match operand.time() {
            Some(time) => self.stop(Some(time.floor())),
            None => self.close(),
        }
    }

    /// `None`: beyond all times.
    fn start(&mut self, from: Option<i64>) {
        match from {
            Some(from) => self.from = self.from.max(Some(from)),
            None => self.close(),
        }
    }

    fn stop(&mut self, to: Option<i64>) {
        match to {
            Some(to) => self.to = Some(self.to.map_or(to, |known| known.min(to))),
            None => self.close(),
        }
    }

    fn close(&mut self) {
        self.from = Some(i64::MAX);
        self.to = Some(i64::MIN);
    }
}
