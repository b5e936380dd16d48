//! In which format a client wants its answer: `Accept`, in the header or, where there is none, in the query string.
//!
//! No `Accept` at all means a page for people, as documented; it can be set to mean JSON. `*/*` is what programs send that
//! did not think about it, so it means JSON (our reading: browsers name `text/html` first). How the header is read, and which
//! of several formats is the best, says [`crate::request::accept`].

use http::Uri;
use http::header::{ACCEPT, HeaderMap};

use super::options::DefaultAccept;
use super::query_string;
use crate::problem;
use crate::request::accept::{self, MediaRange, Specificity};

/// A format of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AnswerFormat {
    /// `application/json`.
    Json,
    /// `text/xml`.
    Xml,
    /// `text/csv`.
    Csv,
    /// `text/html`.
    Html,
}

/// A format of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalFormat {
    /// One sentence.
    Text,
    /// A page with that sentence.
    Html,
    /// `application/problem+json`, for those who ask for it.
    Problem,
}

/// What a client accepts.
#[derive(Debug, Clone)]
pub(super) struct Accept {
    ranges: Vec<MediaRange>,
    default: DefaultAccept,
}

impl Accept {
    /// Of this request.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap, default: DefaultAccept) -> Self {
        let header: Vec<_> =
            headers.get_all(ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let mut ranges = accept::parse(header.iter().map(|line| &**line));
        if ranges.is_empty() {
            ranges = accept::parse(query_string::values(uri, "Accept").iter().map(String::as_str));
        }
        Self { ranges, default }
    }

    /// The format of an answer; `None` where the client accepts nothing that is offered.
    pub(super) fn format(&self) -> Option<AnswerFormat> {
        if self.ranges.is_empty() {
            return Some(match self.default {
                DefaultAccept::Html => AnswerFormat::Html,
                DefaultAccept::Json => AnswerFormat::Json,
            });
        }
        // Who reads problems only reads JSON.
        accept::best(&self.ranges, covered).or_else(|| self.wants_problems().then_some(AnswerFormat::Json))
    }

    /// The format of a refusal. There always is one: a client that cannot read it still sees the status.
    pub(super) fn refusal_format(&self) -> RefusalFormat {
        if self.wants_problems() {
            return RefusalFormat::Problem;
        }
        if self.format() == Some(AnswerFormat::Html) { RefusalFormat::Html } else { RefusalFormat::Text }
    }

    /// Whether a page is asked for by name, as browsers do.
    pub(super) fn names_html(&self) -> bool {
        self.ranges
            .iter()
            .any(|range| range.specificity == Specificity::Subtype && covered(range) == [AnswerFormat::Html])
    }

    fn wants_problems(&self) -> bool {
        self.ranges.iter().any(|range| range.media_type == problem::MEDIA_TYPE && range.quality > 0)
    }
}

/// The formats that a media range covers, the usual one first.
fn covered(range: &MediaRange) -> &'static [AnswerFormat] {
    match range.media_type.as_str() {
        "*/*" | "*" => &[AnswerFormat::Json, AnswerFormat::Html, AnswerFormat::Xml, AnswerFormat::Csv],
        "application/*" => &[AnswerFormat::Json, AnswerFormat::Xml],
        "text/*" => &[AnswerFormat::Html, AnswerFormat::Csv, AnswerFormat::Xml],
        // Sent by clients that then read plain JSON.
        "application/json" | "application/json-compressed" => &[AnswerFormat::Json],
        "text/xml" | "application/xml" => &[AnswerFormat::Xml],
        "text/csv" => &[AnswerFormat::Csv],
        "text/html" | "application/xhtml+xml" => &[AnswerFormat::Html],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use http::HeaderValue;

    use super::*;
    use crate::request::accept::RANGES;

    fn accept(address: &'static str, header: Option<&'static str>) -> Accept {
        let headers = header.map(|text| (ACCEPT, HeaderValue::from_static(text)));
        Accept::of(&Uri::from_static(address), &HeaderMap::from_iter(headers), DefaultAccept::Html)
    }

    #[test]
    fn the_best_of_what_is_accepted_is_answered() {
        for (text, format) in [
            ("", Some(AnswerFormat::Html)),
            ("*/*", Some(AnswerFormat::Json)),
            ("application/*", Some(AnswerFormat::Json)),
            ("text/*", Some(AnswerFormat::Html)),
            ("application/json", Some(AnswerFormat::Json)),
            ("Application/JSON; charset=utf-8", Some(AnswerFormat::Json)),
            ("application/json-compressed", Some(AnswerFormat::Json)),
            ("text/xml", Some(AnswerFormat::Xml)),
            ("application/xml", Some(AnswerFormat::Xml)),
            ("text/csv", Some(AnswerFormat::Csv)),
            ("text/html", Some(AnswerFormat::Html)),
            // What browsers send.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", Some(AnswerFormat::Html)),
            // What jQuery sends.
            ("application/json, text/javascript, */*; q=0.01", Some(AnswerFormat::Json)),
            ("text/csv;q=0.8, application/json;q=0.9", Some(AnswerFormat::Json)),
            ("*/*, text/csv", Some(AnswerFormat::Csv)),
            ("application/json;q=0, */*", Some(AnswerFormat::Html)),
            ("application/problem+json", Some(AnswerFormat::Json)),
            ("text/csv, application/problem+json", Some(AnswerFormat::Csv)),
            ("image/png", None),
            (";q=1", None),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
        ] {
            assert_eq!(accept("/x", Some(text)).format(), format, "{text}");
        }
    }

    #[test]
    fn only_the_first_ranges_count() {
        let formats = |accept: &Accept| (accept.format(), accept.refusal_format(), accept.names_html());
        let of = |lines: &[&[&str]]| {
            let line = |ranges: &&[&str]| (ACCEPT, HeaderValue::from_str(&ranges.join(",")).unwrap());
            formats(&Accept::of(&Uri::from_static("/x"), &lines.iter().map(line).collect(), DefaultAccept::Html))
        };
        // The last that counts decides; those after it would decide otherwise, be it in the same line or another.
        let mut many = vec!["*;q=0.5"; RANGES];
        many.splice(RANGES - 1.., ["text/csv;q=0.9"]);
        many.resize(16_000, "text/html");
        many.extend(["text/csv;q=0", "application/problem+json"]);
        let (first, rest) = many.split_at(RANGES);
        let expected = (Some(AnswerFormat::Csv), RefusalFormat::Text, false);
        assert_eq!(of(&[first]), expected);
        assert_eq!(of(&[&many]), expected);
        assert_eq!(of(&[first, rest]), expected);
        let one_more = (Some(AnswerFormat::Html), RefusalFormat::Html, true);
        assert_eq!(of(&[&many[1..]]), one_more, "one less before them, and one more counts");
        let stars = vec!["*"; 16_000];
        assert_eq!(of(&[&stars]), of(&[&stars[..RANGES]]));
        let mut refused = vec!["*;q=0"; 16_000];
        refused.push("text/csv");
        assert_eq!(of(&[&refused]), of(&[&refused[..RANGES]]));
        // What is empty is no range.
        let late = [vec![""; 16_000], vec!["text/csv"]].concat();
        assert_eq!(of(&[&late]), expected);
        // An address takes less than a header.
        let address = format!("/x?Accept={}", many[..5_000].join(","));
        assert_eq!(formats(&Accept::of(&address.parse().unwrap(), &HeaderMap::new(), DefaultAccept::Html)), expected);
    }

    #[test]
    fn the_header_wins_over_the_query_string() {
        let repeated = "/x?Accept=text%2Fcsv";
        assert_eq!(accept(repeated, None).format(), Some(AnswerFormat::Csv));
        assert_eq!(accept(repeated, Some("application/json")).format(), Some(AnswerFormat::Json));
        assert_eq!(accept("/x", None).format(), Some(AnswerFormat::Html));
        let json = Accept::of(&Uri::from_static("/x"), &HeaderMap::new(), DefaultAccept::Json);
        assert_eq!((json.format(), json.refusal_format()), (Some(AnswerFormat::Json), RefusalFormat::Text));
    }

    #[test]
    fn refusals_are_text_unless_a_page_or_a_problem_is_wanted() {
        for (text, format) in [
            (None, RefusalFormat::Html),
            (Some("text/html"), RefusalFormat::Html),
            (Some("application/json"), RefusalFormat::Text),
            (Some("text/csv"), RefusalFormat::Text),
            (Some("image/png"), RefusalFormat::Text),
            (Some("*/*"), RefusalFormat::Text),
            (Some("application/json, application/problem+json"), RefusalFormat::Problem),
            (Some("text/html, application/problem+json;q=0"), RefusalFormat::Html),
        ] {
            assert_eq!(accept("/x", text).refusal_format(), format, "{text:?}");
        }
    }
}
