//! Which format a table is sent in, and which one is wanted back.

use analyte_core::codes::Code;
use analyte_core::table::format::Format;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::accept::{self, MediaRange};
use crate::problem::Problem;

/// What is offered, for messages.
const OFFERED: &str =
    "application/json, application/json; layout=columns, text/csv and application/vnd.apache.arrow.stream";

/// The format of a body that holds a table; a body without a type is taken as JSON.
pub(crate) fn content_format(headers: &HeaderMap) -> Result<Format, Problem> {
    refuse_compressed(headers)?;
    let given = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    format_of(given.as_deref())
}

/// The format of a media type; JSON where there is none.
pub(crate) fn format_of(media_type: Option<&str>) -> Result<Format, Problem> {
    let Some(given) = media_type else { return Ok(Format::Json) };
    Format::of_media_type(given).ok_or_else(|| {
        let given: String = given.chars().take(100).collect();
        Problem::new(Code::UnsupportedMediaType, format!("a table is taken as {OFFERED}, not as `{given}`"))
    })
}

/// Refuses a body that says that it is compressed: it would be read as nonsense.
pub(crate) fn refuse_compressed(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType, "bodies are taken as they are, without a Content-Encoding"))
}

/// Refuses a body that says that it is something else than JSON.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    refuse_compressed(headers)?;
    match content_format(headers) {
        Ok(Format::Json | Format::JsonColumns) => Ok(()),
        Ok(Format::Csv | Format::Arrow) | Err(_) => {
            Err(Problem::new(Code::UnsupportedMediaType, "this call takes a body of type application/json"))
        }
    }
}

/// The format in which the client wants a table, as [`accept::best`] has it; JSON where it names none.
pub(crate) fn accepted_format(headers: &HeaderMap) -> Result<Format, Problem> {
    let lines: Result<Vec<&str>, _> = headers.get_all(ACCEPT).iter().map(HeaderValue::to_str).collect();
    let lines = lines.map_err(|_| Problem::new(Code::Malformed, "the Accept header cannot be read"))?;
    let ranges = accept::parse(lines);
    if ranges.is_empty() {
        return Ok(Format::Json);
    }
    accept::best(&ranges, covered).ok_or_else(|| {
        Problem::new(Code::UnsupportedMediaType, format!("a table is answered as {OFFERED}"))
            .status(StatusCode::NOT_ACCEPTABLE)
    })
}

/// The formats that a media range covers, the usual one first.
fn covered(range: &MediaRange) -> &'static [Format] {
    match range.media_type.as_str() {
        "*/*" | "*" => &[Format::Json, Format::JsonColumns, Format::Csv, Format::Arrow],
        "application/*" => &[Format::Json, Format::JsonColumns, Format::Arrow],
        "text/*" => &[Format::Csv],
        _ => match Format::of_media_type(&range.text) {
            // `application/json` says nothing against its other layout, but asks for the usual one.
            Some(Format::Json) => &[Format::Json],
            Some(Format::JsonColumns) => &[Format::JsonColumns],
            Some(Format::Csv) => &[Format::Csv],
            Some(Format::Arrow) => &[Format::Arrow],
            None => &[],
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use super::*;
    use crate::request::accept::RANGES;

    fn accepted(text: &'static str) -> Result<Format, (Code, StatusCode)> {
        use axum::response::IntoResponse as _;
        accepted_format(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(text))]))
            .map_err(|problem| (problem.code(), problem.into_response().status()))
    }

    #[test]
    fn the_best_of_what_is_accepted_is_answered() {
        let cases = [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("*", Format::Json),
            ("application/*", Format::Json),
            ("text/*", Format::Csv),
            ("application/json", Format::Json),
            ("APPLICATION/JSON; charset=utf-8", Format::Json),
            ("application/json; layout=columns", Format::JsonColumns),
            ("application/json;layout=\"columns\";q=0.5", Format::JsonColumns),
            ("text/csv", Format::Csv),
            ("application/vnd.apache.arrow.stream", Format::Arrow),
            ("text/html, text/csv;q=0.3, */*;q=0.1", Format::Csv),
            ("*/*, text/csv", Format::Csv),
            ("text/csv, application/json", Format::Csv),
            ("text/csv;q=0.8, application/json;q=0.9", Format::Json),
            ("application/json;q=0, */*", Format::JsonColumns),
            ("application/json;q=0, application/json;layout=columns;q=0, */*", Format::Csv),
            ("image/png, */*;q=0.01", Format::Json),
            ("text/csv;q=nonsense", Format::Csv),
        ];
        for (text, format) in cases {
            assert_eq!(accepted(text), Ok(format), "{text}");
        }
    }

    #[test]
    fn nothing_on_offer_is_406() {
        for text in ["text/html", "application/json;q=0", "*/*;q=0", "image/*", "application/xml, text/html", ";q=1"] {
            assert_eq!(accepted(text), Err((Code::UnsupportedMediaType, StatusCode::NOT_ACCEPTABLE)), "{text}");
        }
    }

    #[test]
    fn only_the_first_ranges_count() {
        let of = |lines: &[&[&str]]| {
            let line = |ranges: &&[&str]| (ACCEPT, HeaderValue::from_str(&ranges.join(",")).unwrap());
            accepted_format(&lines.iter().map(line).collect()).map_err(|problem| problem.code())
        };
        // The last that counts decides; those after it would decide otherwise, be it in the same line or another.
        let mut many = vec!["*;q=0.5"; RANGES];
        many.splice(RANGES - 1.., ["text/csv;q=0.9"]);
        many.resize(16_000, "application/vnd.apache.arrow.stream");
        many.push("text/csv;q=0");
        let (first, rest) = many.split_at(RANGES);
        assert_eq!(of(&[first]), Ok(Format::Csv));
        assert_eq!(of(&[&many]), of(&[first]));
        assert_eq!(of(&[first, rest]), of(&[first]));
        assert_eq!(of(&[&many[1..]]), Ok(Format::Arrow), "one less before them, and one more counts");
        let stars = vec!["*"; 16_000];
        assert_eq!(of(&[&stars]), of(&[&stars[..RANGES]]));
        // What is empty is no range.
        let late = [vec![""; 16_000], vec!["text/csv"]].concat();
        assert_eq!(of(&[&late]), Ok(Format::Csv));
    }

    #[test]
    fn a_body_is_read_by_its_type() {
        let read = |text: &'static str| {
            content_format(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(text))]))
                .map_err(|problem| problem.code())
        };
        assert_eq!(read("application/json; charset=utf-8"), Ok(Format::Json));
        assert_eq!(read("Text/CSV"), Ok(Format::Csv));
        assert_eq!(read("application/vnd.apache.arrow.stream"), Ok(Format::Arrow));
        assert_eq!(read("application/xml"), Err(Code::UnsupportedMediaType));
        assert_eq!(read(""), Err(Code::UnsupportedMediaType));
        assert_eq!(content_format(&HeaderMap::new()).ok(), Some(Format::Json));
    }

    #[test]
    fn a_compressed_body_is_refused_by_name() {
        let read = |text: &'static str| {
            let headers = HeaderMap::from_iter([(CONTENT_ENCODING, HeaderValue::from_static(text))]);
            (require_json(&headers).map_err(|problem| problem.code()), content_format(&headers).is_ok())
        };
        assert_eq!(read("identity"), (Ok(()), true));
        for text in ["gzip", "identity, gzip", ""] {
            assert_eq!(read(text), (Err(Code::UnsupportedMediaType), false), "{text}");
        }
    }
}
