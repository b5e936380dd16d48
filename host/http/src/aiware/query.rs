//! The query string of a call: known names in any case, each once, with values that are read strictly.
//!
//! An empty value is as good as none: clients that were generated from a description send those.

use std::str::FromStr;

use analyte_core::timestamp::Timestamp;
use axum::extract::Query;
use http::Uri;

use super::error::{ErrorId, Refusal};

/// Longest part of a name or a value, in characters, that a refusal repeats.
const SHOWN: usize = 80;

/// What a query string says.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pairs: Vec<(&'static str, String)>,
}

fn refused(name: &str, value: &str, wanted: &str) -> Refusal {
    let shown: String = value.chars().take(SHOWN).collect();
    Refusal::new(ErrorId::InvalidInput, format!("the query parameter `{name}` must be {wanted}, and is `{shown}`"))
}

impl Asked {
    /// Reads a query string in which only these names may stand.
    pub(crate) fn of(uri: &Uri, known: &[&'static str]) -> Result<Self, Refusal> {
        if uri.query().is_none_or(str::is_empty) {
            return Ok(Self::default());
        }
        let unreadable = |_| Refusal::new(ErrorId::Malformed, "the query string cannot be read");
        let Query(all) = Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(unreadable)?;
        let mut pairs: Vec<(&'static str, String)> = Vec::new();
        for (given, value) in all {
            let Some(name) = known.iter().copied().find(|name| name.eq_ignore_ascii_case(&given)) else {
                let shown: String = given.chars().take(SHOWN).collect();
                let known = known.join(", ");
                let detail = format!("the query parameter `{shown}` is not known here; known: {known}");
                return Err(Refusal::new(ErrorId::InvalidInput, detail));
            };
            if value.is_empty() {
                continue;
            }
            if pairs.iter().any(|(other, _)| *other == name) {
                let detail = format!("the query parameter `{name}` comes twice");
                return Err(Refusal::new(ErrorId::InvalidInput, detail));
            }
            pairs.push((name, value));
        }
        Ok(Self { pairs })
    }

    /// What is said under this name; `None`: nothing.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str())
    }

    /// The same, read as `T`.
    pub(crate) fn read<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| refused(name, text, wanted))
    }

    /// One of these words, in any case, as the pair's second part.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value);
        let one_of = || format!("one of {}", words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "));
        found.map(Some).ok_or_else(|| refused(name, text, &one_of()))
    }

    /// A point in time, in whole seconds since 1970.
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        const WANTED: &str = "a time in whole seconds since 1970";
        let Some(seconds) = self.read::<i64>(name, WANTED)? else { return Ok(None) };
        let ms = seconds.checked_mul(1_000).filter(|ms| *ms >= 0);
        ms.map(|ms| Some(Timestamp(ms))).ok_or_else(|| refused(name, &seconds.to_string(), WANTED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_come_once() {
        let read = |text: &'static str| {
            Asked::of(&Uri::from_static(text), &["CreatedAfter", "limit"])
                .map_err(|refusal| serde_json::to_string(&refusal.body()).unwrap_or_default())
        };
        assert!(read("/x?createdafter=5&LIMIT=").is_ok_and(|asked| {
            asked.seconds("CreatedAfter").is_ok_and(|at| at == Some(Timestamp(5_000))) && asked.text("limit").is_none()
        }));
        for (wrong, why) in [("/x?limits=1", "`limits` is not known"), ("/x?limit=1&Limit=2", "`limit` comes twice")] {
            assert!(read(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
        for wrong in ["/x?CreatedAfter=-1", "/x?CreatedAfter=9223372036854775807", "/x?CreatedAfter=1.5"] {
            assert!(read(wrong).is_ok_and(|asked| asked.seconds("CreatedAfter").is_err()), "{wrong}");
        }
    }
}
