//! JSON → query. Everything that is wrong is named with its place; nothing is guessed.

use std::sync::Arc;

use serde_json::Value;

use crate::codes::Code;
use crate::limits::Limits;
use crate::query::condition::Expression;
use crate::query::members::{Members, child, clip, found};
use crate::query::{
    Circle, Condition, Filter, Node, Operand, Pattern, Query, QueryProblem, Side, Sort, Tag, Test, Units, Values,
};
use crate::table::json::text;

/// The words of `type`, in any case.
const TYPES: [(&str, Kind); 25] = [
    ("AND", Kind::All),
    ("OR", Kind::Any),
    ("EQ", Kind::Is(Asked::Equals)),
    ("NE", Kind::IsNot(Asked::Equals)),
    ("NEQ", Kind::IsNot(Asked::Equals)),
    ("GT", Kind::Is(Asked::Compare(Side::Above))),
    ("GE", Kind::Is(Asked::Compare(Side::AtLeast))),
    ("LT", Kind::Is(Asked::Compare(Side::Below))),
    ("LE", Kind::Is(Asked::Compare(Side::AtMost))),
    ("LIKE", Kind::Is(Asked::Like)),
    ("NOTLIKE", Kind::IsNot(Asked::Like)),
    ("IN", Kind::Is(Asked::In)),
    ("NOTIN", Kind::IsNot(Asked::In)),
    ("BETWEEN", Kind::Is(Asked::Between)),
    ("NOTBETWEEN", Kind::IsNot(Asked::Between)),
    ("MATCHES", Kind::Is(Asked::Matches)),
    ("NOTMATCHES", Kind::IsNot(Asked::Matches)),
    ("MISSINGVALUE", Kind::Is(Asked::Missing)),
    ("NOTMISSINGVALUE", Kind::IsNot(Asked::Missing)),
    ("TAGGED", Kind::Is(Asked::Tagged)),
    ("TAGGEDWITH", Kind::Is(Asked::Tagged)),
    ("NOTTAGGED", Kind::IsNot(Asked::Tagged)),
    ("NOTTAGGEDWITH", Kind::IsNot(Asked::Tagged)),
    ("NEAR", Kind::Is(Asked::Near)),
    ("NOTNEAR", Kind::IsNot(Asked::Near)),
];

#[derive(Debug, Clone, Copy)]
enum Kind {
    All,
    Any,
    Is(Asked),
    IsNot(Asked),
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    Equals,
    Compare(Side),
    Like,
    In,
    Between,
    Matches,
    Missing,
    Tagged,
    Near,
}

/// Reads JSON text.
pub(super) fn text(json: &[u8], limits: &Limits) -> Result<Query, QueryProblem> {
    let malformed = |message: String| QueryProblem::of_text(Code::Malformed, message);
    if json.len() as u64 > limits.query_bytes {
        let message = format!("it takes {} bytes, and the limit query_bytes is {}", json.len(), limits.query_bytes);
        return Err(QueryProblem::of_text(Code::TooLarge, message));
    }
    let text = std::str::from_utf8(json).map_err(|_| malformed("not JSON: the text is not UTF-8".to_owned()))?;
    // Reading a value recurses, so depth is measured before.
    text::check(text, limits.json_depth).map_err(malformed)?;
    let value = serde_json::from_str(text).map_err(|error| malformed(format!("not JSON: {error}")))?;
    query(&value, limits)
}

/// Reads JSON.
pub(super) fn query(value: &Value, limits: &Limits) -> Result<Query, QueryProblem> {
    let members = Members::of(value, "", "a query")?;
    members.only(&["filters", "sorts"])?;
    let mut reader = Reader { limits, filters: 0, expressions: 0 };
    let filter = match members.get("filters") {
        None => None,
        Some(Value::Array(_)) => {
            let message = "expected one filter, an object, found an array; AND and OR take several";
            return Err(QueryProblem::new("/filters", message));
        }
        Some(filter) => Some(Filter { root: Arc::new(reader.filter(filter, "/filters", 1)?) }),
    };
    let sorts = if members.get("sorts").is_some() { members.array("sorts")? } else { &[] };
    at_most("/sorts", "the query", sorts.len(), "sorts", "query_sorts", limits.query_sorts)?;
    let each = |(place, sort)| read_sort(sort, &child("/sorts", place));
    let sorts = sorts.iter().enumerate().map(each).collect::<Result<_, _>>()?;
    Ok(Query { filter, sorts })
}

fn read_sort(value: &Value, pointer: &str) -> Result<Sort, QueryProblem> {
    let members = Members::of(value, pointer, "a sort")?;
    members.only(&["fieldName", "isAscending", "isCaseSensitive"])?;
    Ok(Sort {
        field: members.text("fieldName")?.to_owned(),
        ascending: members.flag("isAscending", true)?,
        case_sensitive: members.flag("isCaseSensitive", true)?,
    })
}

fn at_most(pointer: &str, what: &str, count: usize, of: &str, key: &str, most: u64) -> Result<(), QueryProblem> {
    if count as u64 <= most {
        return Ok(());
    }
    Err(QueryProblem::new(pointer, format!("{what} has {count} {of}, and the limit {key} is {most}")))
}

/// Counts what is bounded over the whole query.
struct Reader<'a> {
    limits: &'a Limits,
    filters: u64,
    expressions: u64,
}

impl Reader<'_> {
    fn filter(&mut self, value: &Value, pointer: &str, depth: u64) -> Result<Node, QueryProblem> {
        self.filters += 1;
        if self.filters > self.limits.query_filters {
            let message =
                format!("the query has more filters than the limit query_filters, {}", self.limits.query_filters);
            return Err(QueryProblem::new(pointer, message));
        }
        if depth > self.limits.query_depth {
            let message =
                format!("the filters are nested deeper than the limit query_depth, {} levels", self.limits.query_depth);
            return Err(QueryProblem::new(pointer, message));
        }
        let members = Members::of(value, pointer, "a filter")?;
        let given = members.text("type")?;
        let Some((word, kind)) = TYPES.iter().find(|(word, _)| word.eq_ignore_ascii_case(given)) else {
            let words: Vec<&str> = TYPES.iter().map(|(word, _)| *word).collect();
            let message = format!("`{}` is no type of filter; the types are {}", clip(given), words.join(", "));
            return Err(QueryProblem::new(members.at("type"), message));
        };
        let what = format!("a filter of type {word}");
        let members = members.called(&what);
        let test = match kind {
            Kind::All => return self.filters(&members, depth).map(Node::All),
            Kind::Any => return self.filters(&members, depth).map(Node::Any),
            Kind::Is(asked) => self.test(*asked, &members)?,
            Kind::IsNot(asked) => match self.test(*asked, &members)? {
                Test::Never => Test::Never,
                // Not each other's opposite: one asks for all, the other for none.
                Test::Tagged(tags) => Test::Untagged(tags),
                test => Test::Not(Box::new(test)),
            },
        };
        Ok(Node::Leaf(Condition { field: members.text("fieldName")?.to_owned(), test }))
    }

    fn filters(&mut self, members: &Members<'_>, depth: u64) -> Result<Vec<Arc<Node>>, QueryProblem> {
        members.only(&["type", "filters"])?;
        let place = members.at("filters");
        let each = |(number, filter)| self.filter(filter, &child(&place, number), depth + 1).map(Arc::new);
        members.array("filters")?.iter().enumerate().map(each).collect()
    }

    fn test(&mut self, asked: Asked, members: &Members<'_>) -> Result<Test, QueryProblem> {
        let only = |names: &[&str]| members.only(&[&["type", "fieldName"], names].concat());
        match asked {
            Asked::Equals => {
                only(&["value", "isCaseSensitive"])?;
                compared(members, |operand, case_sensitive| Test::Equals { operand, case_sensitive })
            }
            Asked::Compare(side) => {
                only(&["value", "isCaseSensitive"])?;
                compared(members, |operand, case_sensitive| Test::Compare { side, operand, case_sensitive })
            }
            Asked::Like => {
                only(&["value", "isCaseSensitive"])?;
                self.pattern(members)
            }
            Asked::In => {
                only(&["values", "isCaseSensitive"])?;
                self.values(members)
            }
            Asked::Between => {
                only(&["from", "to"])?;
                between(members)
            }
            Asked::Matches => {
                only(&["expression"])?;
                self.expression(members)
            }
            Asked::Missing => {
                only(&[])?;
                Ok(Test::Missing)
            }
            Asked::Tagged => {
                only(&["tags"])?;
                self.tags(members).map(Test::Tagged)
            }
            Asked::Near => {
                only(&["distance", "units", "location"])?;
                near(members)
            }
        }
    }

    fn pattern(&self, members: &Members<'_>) -> Result<Test, QueryProblem> {
        let case_sensitive = members.flag("isCaseSensitive", false)?;
        if members.need("value")?.is_null() {
            return Ok(Test::Never);
        }
        let pattern = members.text("value")?;
        self.check_length(members, "value", "the pattern", pattern)?;
        Ok(Test::Like(Arc::new(Pattern::new(pattern, case_sensitive))))
    }

    fn check_length(&self, members: &Members<'_>, name: &str, what: &str, pattern: &str) -> Result<(), QueryProblem> {
        let most = self.limits.query_pattern_bytes;
        at_most(&members.at(name), what, pattern.len(), "bytes", "query_pattern_bytes", most)
    }

    fn values(&self, members: &Members<'_>) -> Result<Test, QueryProblem> {
        let values = members.array("values")?;
        let place = members.at("values");
        at_most(&place, "the array", values.len(), "values", "query_values", self.limits.query_values)?;
        let each = |(number, value)| operand(value, || child(&place, number));
        let operands: Vec<_> = values.iter().enumerate().map(each).collect::<Result<_, _>>()?;
        Ok(Test::In(Arc::new(Values::new(&operands, members.flag("isCaseSensitive", false)?))))
    }

    fn expression(&mut self, members: &Members<'_>) -> Result<Test, QueryProblem> {
        let source = members.text("expression")?;
        self.check_length(members, "expression", "the expression", source)?;
        self.expressions += 1;
        let refuse = |message| Err(QueryProblem::new(members.at("expression"), message));
        if self.expressions > self.limits.query_regexes {
            return refuse(format!(
                "the query has more regular expressions than the limit query_regexes, {}",
                self.limits.query_regexes
            ));
        }
        let bytes = self.limits.query_regex_bytes;
        match Expression::new(source, usize::try_from(bytes).unwrap_or(usize::MAX)) {
            Ok(expression) => Ok(Test::Matches(expression)),
            Err(regex::Error::CompiledTooBig(_)) => refuse(format!(
                "the regular expression takes more than the limit query_regex_bytes, {bytes} bytes, when it is compiled"
            )),
            // Its own report spans lines and repeats the expression; the last line is what is wrong.
            Err(error) => {
                let report = error.to_string();
                let reason = report.lines().last().unwrap_or_default().trim_start_matches("error: ");
                refuse(format!("not a regular expression: {reason}"))
            }
        }
    }

    fn tags(&self, members: &Members<'_>) -> Result<Arc<[Tag]>, QueryProblem> {
        let tags = members.array("tags")?;
        let place = members.at("tags");
        at_most(&place, "the array", tags.len(), "tags", "query_values", self.limits.query_values)?;
        let each = |(number, tag)| {
            let pointer = child(&place, number);
            let members = Members::of(tag, &pointer, "a tag")?;
            members.only(&["vocabulary", "vocabularyTerm"])?;
            Ok(Tag { vocabulary: members.text("vocabulary")?.into(), term: members.text("vocabularyTerm")?.into() })
        };
        tags.iter().enumerate().map(each).collect()
    }
}

fn compared(members: &Members<'_>, test: impl Fn(Operand, bool) -> Test) -> Result<Test, QueryProblem> {
    let case_sensitive = members.flag("isCaseSensitive", false)?;
    let operand = operand(members.need("value")?, || members.at("value"))?;
    Ok(operand.map_or(Test::Never, |operand| test(operand, case_sensitive)))
}

/// A value to compare with; `None` for null.
fn operand(value: &Value, pointer: impl Fn() -> String) -> Result<Option<Operand>, QueryProblem> {
    match (value, Operand::of(value)) {
        (Value::Null, _) => Ok(None),
        (_, Some(operand)) => Ok(Some(operand)),
        (other, None) => {
            let message = format!("expected a text, a number, true, false or null, found {}", found(other));
            Err(QueryProblem::new(pointer(), message))
        }
    }
}

fn between(members: &Members<'_>) -> Result<Test, QueryProblem> {
    let end = |name: &str| members.get(name).map(|value| operand(value, || members.at(name))).transpose();
    match (end("from")?, end("to")?) {
        (None, None) => Err(members.needs("`from`, `to` or both")),
        (Some(None), _) | (_, Some(None)) => Ok(Test::Never),
        (from, to) => Ok(Test::Between { from: from.flatten(), to: to.flatten() }),
    }
}

fn near(members: &Members<'_>) -> Result<Test, QueryProblem> {
    let units = match members.get("units") {
        None => Units::Miles,
        Some(_) => Units::parse(members.text("units")?),
    };
    let pointer = members.at("location");
    let location = Members::of(members.need("location")?, &pointer, "a location")?;
    location.only(&["latitude", "longitude", "elevation"])?;
    if location.get("elevation").is_some() {
        location.number("elevation")?;
    }
    Ok(Test::Near(Circle {
        latitude: location.number("latitude")?,
        longitude: location.number("longitude")?,
        distance: members.number("distance")?,
        units,
    }))
}
