//! In which form a client wants its answer: `Accept`, in the header or, where there is none, in the query string.
//!
//! No `Accept` at all means a page for people, as documented; it can be set to mean JSON. `*/*` is what programs send that
//! did not think about it, so it means JSON (our reading: browsers name `text/html` first). Of several forms the one of the
//! highest quality is taken, among equals the more specific one, then the one named first. Only the first [`RANGES`] are
//! looked at: this is asked before it is known who calls.

use http::Uri;
use http::header::{ACCEPT, HeaderMap};

use super::options::DefaultAccept;
use super::query_string;
use crate::problem;
use crate::request::negotiate::{RANGES, thousandths};

/// A form of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `application/json`.
    Json,
    /// `text/xml`.
    Xml,
    /// `text/csv`.
    Csv,
    /// `text/html`.
    Html,
}

/// A form of refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RefusalForm {
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
    /// At most [`RANGES`].
    ranges: Vec<Range>,
    default: DefaultAccept,
}

/// One element of the list.
#[derive(Debug, Clone, Copy)]
struct Range {
    covers: &'static [Form],
    problem: bool,
    /// 0 = `*/*`, 1 = `type/*`, 2 = a type.
    specific: u8,
    /// Thousandths.
    quality: u16,
}

impl Accept {
    /// Of this request.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap, default: DefaultAccept) -> Self {
        let header: Vec<_> =
            headers.get_all(ACCEPT).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        let mut ranges: Vec<Range> =
            header.iter().flat_map(|value| value.split(',')).filter_map(Range::parse).take(RANGES).collect();
        if ranges.is_empty() {
            let repeated = query_string::values(uri, "Accept");
            let named = repeated.iter().flat_map(|value| value.split(','));
            ranges = named.filter_map(Range::parse).take(RANGES).collect();
        }
        Self { ranges, default }
    }

    /// The form of an answer; `None` where the client accepts nothing that is offered.
    pub(super) fn form(&self) -> Option<Form> {
        if self.ranges.is_empty() {
            return Some(match self.default {
                DefaultAccept::Html => Form::Html,
                DefaultAccept::Json => Form::Json,
            });
        }
        let mut best: Option<(&Range, Form)> = None;
        for range in &self.ranges {
            let Some(form) = range.covers.iter().copied().find(|form| self.quality(*form) > 0) else { continue };
            if best.is_none_or(|(other, _)| (range.quality, range.specific) > (other.quality, other.specific)) {
                best = Some((range, form));
            }
        }
        // Who reads problems only reads JSON.
        best.map(|(_, form)| form).or_else(|| self.wants_problems().then_some(Form::Json))
    }

    /// The form of a refusal. There always is one: a client that cannot read it still sees the status.
    pub(super) fn refusal_form(&self) -> RefusalForm {
        if self.wants_problems() {
            return RefusalForm::Problem;
        }
        if self.form() == Some(Form::Html) { RefusalForm::Html } else { RefusalForm::Text }
    }

    /// Whether a page is asked for by name, as browsers do.
    pub(super) fn names_html(&self) -> bool {
        self.ranges.iter().any(|range| range.specific == 2 && range.covers == [Form::Html])
    }

    fn wants_problems(&self) -> bool {
        self.ranges.iter().any(|range| range.problem && range.quality > 0)
    }

    /// What the most specific range says of a form, in thousandths.
    fn quality(&self, form: Form) -> u16 {
        let about = self.ranges.iter().filter(|range| range.covers.contains(&form));
        about.max_by_key(|range| range.specific).map_or(0, |range| range.quality)
    }
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        if essence.is_empty() {
            return None;
        }
        let mut quality = 1000;
        for parameter in parts {
            if let Some((name, value)) = parameter.split_once('=')
                && name.trim().eq_ignore_ascii_case("q")
            {
                quality = thousandths(value.trim());
            }
        }
        let (covers, specific): (&'static [Form], u8) = match essence.as_str() {
            "*/*" | "*" => (&[Form::Json, Form::Html, Form::Xml, Form::Csv], 0),
            "application/*" => (&[Form::Json, Form::Xml], 1),
            "text/*" => (&[Form::Html, Form::Csv, Form::Xml], 1),
            // Sent by clients that then read plain JSON.
            "application/json" | "application/json-compressed" => (&[Form::Json], 2),
            "text/xml" | "application/xml" => (&[Form::Xml], 2),
            "text/csv" => (&[Form::Csv], 2),
            "text/html" | "application/xhtml+xml" => (&[Form::Html], 2),
            _ => (&[], 2),
        };
        Some(Self { covers, problem: essence == problem::MEDIA_TYPE, specific, quality })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

    use http::HeaderValue;

    use super::*;

    fn accept(address: &'static str, header: Option<&'static str>) -> Accept {
        let headers = header.map(|text| (ACCEPT, HeaderValue::from_static(text)));
        Accept::of(&Uri::from_static(address), &HeaderMap::from_iter(headers), DefaultAccept::Html)
    }

    #[test]
    fn the_best_of_what_is_accepted_is_answered() {
        for (text, form) in [
            ("", Some(Form::Html)),
            ("*/*", Some(Form::Json)),
            ("application/*", Some(Form::Json)),
            ("text/*", Some(Form::Html)),
            ("application/json", Some(Form::Json)),
            ("Application/JSON; charset=utf-8", Some(Form::Json)),
            ("application/json-compressed", Some(Form::Json)),
            ("text/xml", Some(Form::Xml)),
            ("application/xml", Some(Form::Xml)),
            ("text/csv", Some(Form::Csv)),
            ("text/html", Some(Form::Html)),
            // What browsers send.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", Some(Form::Html)),
            // What jQuery sends.
            ("application/json, text/javascript, */*; q=0.01", Some(Form::Json)),
            ("text/csv;q=0.8, application/json;q=0.9", Some(Form::Json)),
            ("*/*, text/csv", Some(Form::Csv)),
            ("application/json;q=0, */*", Some(Form::Html)),
            ("application/problem+json", Some(Form::Json)),
            ("text/csv, application/problem+json", Some(Form::Csv)),
            ("image/png", None),
            ("application/json;q=0", None),
            ("*/*;q=0", None),
        ] {
            assert_eq!(accept("/x", Some(text)).form(), form, "{text}");
        }
    }

    #[test]
    fn only_the_first_ranges_count() {
        let form = |accept: &Accept| (accept.form(), accept.refusal_form(), accept.names_html());
        let of = |lines: &[&[&str]]| {
            let line = |ranges: &&[&str]| (ACCEPT, HeaderValue::from_str(&ranges.join(",")).unwrap());
            form(&Accept::of(&Uri::from_static("/x"), &lines.iter().map(line).collect(), DefaultAccept::Html))
        };
        // The last that counts decides; those after it would decide otherwise, be it in the same line or another.
        let mut many = vec!["*;q=0.5"; RANGES];
        many.splice(RANGES - 1.., ["text/csv;q=0.9"]);
        many.resize(16_000, "text/html");
        many.extend(["text/csv;q=0", "application/problem+json"]);
        let (first, rest) = many.split_at(RANGES);
        let expected = (Some(Form::Csv), RefusalForm::Text, false);
        assert_eq!(of(&[first]), expected);
        assert_eq!(of(&[&many]), expected);
        assert_eq!(of(&[first, rest]), expected);
        let one_more = (Some(Form::Html), RefusalForm::Html, true);
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
        assert_eq!(form(&Accept::of(&address.parse().unwrap(), &HeaderMap::new(), DefaultAccept::Html)), expected);
    }

    #[test]
    fn the_header_wins_over_the_query_string() {
        let repeated = "/x?Accept=text%2Fcsv";
        assert_eq!(accept(repeated, None).form(), Some(Form::Csv));
        assert_eq!(accept(repeated, Some("application/json")).form(), Some(Form::Json));
        assert_eq!(accept("/x", None).form(), Some(Form::Html));
        let json = Accept::of(&Uri::from_static("/x"), &HeaderMap::new(), DefaultAccept::Json);
        assert_eq!((json.form(), json.refusal_form()), (Some(Form::Json), RefusalForm::Text));
    }

    #[test]
    fn refusals_are_text_unless_a_page_or_a_problem_is_wanted() {
        for (text, form) in [
            (None, RefusalForm::Html),
            (Some("text/html"), RefusalForm::Html),
            (Some("application/json"), RefusalForm::Text),
            (Some("text/csv"), RefusalForm::Text),
            (Some("image/png"), RefusalForm::Text),
            (Some("*/*"), RefusalForm::Text),
            (Some("application/json, application/problem+json"), RefusalForm::Problem),
            (Some("text/html, application/problem+json;q=0"), RefusalForm::Html),
        ] {
            assert_eq!(accept("/x", text).refusal_form(), form, "{text:?}");
        }
    }
}
