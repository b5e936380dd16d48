//! What stands in an address: names and ids in its path, pairs in its query.

use std::fmt::Display;
use std::str::FromStr;

use analyte_core::codes::Code;
use analyte_core::names::JobId;
use axum::extract::{FromRequestParts, Path, Query, RawPathParams};
use http::request::Parts;
use http::{Method, Uri};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// Names and ids of the path. A text that cannot be a name is answered as not found; only a PUT that would make what it names,
/// as none of a schedule does, gets the reason.
pub(crate) struct Segments<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Segments<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(rejection) if parts.method == Method::PUT && !parts.uri.path().starts_with("/v1/schedules/") => {
                Err(Problem::new(Code::Malformed, rejection.body_text()))
            }
            Err(_) => Err(Problem::new(Code::NotFound, nothing_there(parts, state).await)),
        }
    }
}

/// What cannot be an id of a job or of a schedule is answered like an id that none has.
async fn nothing_there<S: Send + Sync>(parts: &mut Parts, state: &S) -> String {
    let parameters = RawPathParams::from_request_parts(parts, state).await.ok();
    let id = parameters.iter().flatten().find(|(name, _)| matches!(*name, "job" | "schedule"));
    match id.filter(|(_, text)| text.parse::<JobId>().is_err()) {
        Some((what, text)) => format!("there is no {what} `{}`", text.chars().take(80).collect::<String>()),
        None => "there is nothing of this name".to_owned(),
    }
}

/// The pairs of the query, in order; most calls have none.
pub(crate) fn pairs(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    if uri.query().is_none_or(str::is_empty) {
        return Ok(Vec::new());
    }
    let malformed = |_| Problem::new(Code::Malformed, "the query string cannot be read");
    Query::<Vec<(String, String)>>::try_from_uri(uri).map(|Query(pairs)| pairs).map_err(malformed)
}

/// The pairs of a query in which only these names may stand, each once.
pub(crate) fn known_pairs<const N: usize>(uri: &Uri, known: [&'static str; N]) -> Result<[Option<String>; N], Problem> {
    let mut found = [const { None }; N];
    for (name, value) in pairs(uri)? {
        let place = known.iter().position(|known| *known == name);
        let Some(slot) = place.and_then(|place| found.get_mut(place)) else {
            let name: String = name.chars().take(80).collect();
            let known = if N == 0 { "none".to_owned() } else { known.join(", ") };
            let detail = format!("the query parameter `{name}` is not known here; known: {known}");
            return Err(Problem::new(Code::Malformed, detail));
        };
        if slot.replace(value).is_some() {
            return Err(Problem::new(Code::Malformed, format!("the query parameter `{name}` comes twice")));
        }
    }
    Ok(found)
}

/// The only query parameter that a call has.
pub(crate) fn named<T: FromStr<Err: Display>>(uri: &Uri, name: &'static str) -> Result<Option<T>, Problem> {
    let [text] = known_pairs(uri, [name])?;
    parsed(name, text.as_deref())
}

/// Reads the value of a query parameter that may be absent.
pub(crate) fn parsed<T: FromStr<Err: Display>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    text.map(str::parse)
        .transpose()
        .map_err(|error| Problem::new(Code::Malformed, format!("the query parameter `{name}` cannot be read: {error}")))
}

/// A query parameter that says yes or no; absent means no.
pub(crate) fn flag(name: &str, value: Option<&str>) -> Result<bool, Problem> {
    match value {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => {
            Err(Problem::new(Code::Malformed, format!("the query parameter `{name}` must be `true` or `false`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_hold_known_names_once() {
        let read = |text: &'static str| {
            known_pairs(&Uri::from_static(text), ["a", "b"]).map_err(|problem| problem.detail().to_owned())
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read("/x"), Ok([None, None]));
        assert_eq!(read("/x?"), Ok([None, None]));
        assert_eq!(read("/x?b=1%202&a="), Ok([some(""), some("1 2")]));
        assert_eq!(read("/x?c=1"), Err("the query parameter `c` is not known here; known: a, b".to_owned()));
        assert_eq!(read("/x?a=1&a=1"), Err("the query parameter `a` comes twice".to_owned()));
        assert_eq!(
            pairs(&Uri::from_static("/x?p=1&p=2")).ok(),
            Some(vec![("p".to_owned(), "1".to_owned()), ("p".to_owned(), "2".to_owned())])
        );
    }
}
