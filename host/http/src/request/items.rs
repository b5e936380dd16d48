//! A list in a request body, item by item, each still as text: one wrong item need not spoil the others.

use std::fmt;

use analyte_core::codes::Code;
use serde::de::{self, DeserializeSeed, Deserializer, Visitor};
use serde_json::value::RawValue;

use crate::problem::{FieldError, Problem};
use crate::request::json_body::Member;
use crate::request::strict_json;

/// Reads a list of at most `most` items, each still as text.
pub(crate) fn read<'a, T>(
    member: &Member<'a, Vec<T>>,
    pointer: &str,
    limit: &str,
    most: u64,
) -> Result<Vec<&'a RawValue>, Problem> {
    let most_kept = usize::try_from(most).unwrap_or(usize::MAX);
    let mut reader = serde_json::Deserializer::from_str(member.text());
    let Ok((items, count)) = Items { most: most_kept }.deserialize(&mut reader) else {
        return Err(strict_json::malformed(pointer.to_owned(), "must be a list"));
    };
    if count > most_kept {
        let message = format!("has {count} items; {most} are allowed (limit {limit})");
        let detail = format!("`{pointer}` {message}");
        return Err(Problem::new(Code::InvalidInput, detail).errors(vec![FieldError::at(pointer, message)]));
    }
    Ok(items)
}

/// The first items of a list, and how many it has: a list that is far too long should not take memory for it.
struct Items {
    most: usize,
}

impl<'de> DeserializeSeed<'de> for Items {
    type Value = (Vec<&'de RawValue>, usize);
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = (Vec<&'de RawValue>, usize);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while items.len() < self.most {
            let Some(item) = list.next_element()? else { break };
            items.push(item);
        }
        let mut count = items.len();
        while list.next_element::<de::IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok((items, count))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_list_is_bounded_and_its_items_are_kept_as_text() {
        let read = |text: &str| {
            let part: Member<'_, Vec<()>> = serde_json::from_str(text).unwrap();
            let items = super::read(&part, "/jobs", "batch_jobs", 2);
            items
                .map(|items| items.iter().map(|item| item.get().to_owned()).collect::<Vec<_>>())
                .map_err(|problem| (problem.code(), problem.detail().to_owned()))
        };
        assert_eq!(read("[]"), Ok(vec![]));
        assert_eq!(read("[ {\"a\": 1} , 2 ]"), Ok(vec!["{\"a\": 1}".to_owned(), "2".to_owned()]));
        let long = "`/jobs` has 5 items; 2 are allowed (limit batch_jobs)".to_owned();
        assert_eq!(read("[1,2,3,[4],5]"), Err((Code::InvalidInput, long)));
        assert_eq!(read("{}"), Err((Code::Malformed, "`/jobs` must be a list".to_owned())));
    }
}
