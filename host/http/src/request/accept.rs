//! The `Accept` header: what a client can read, parsed in one way for every surface.
//!
//! A surface says which of its formats a media range covers, what it answers to a client that names none, and what it does
//! when nothing fits. Which of several formats is the best is the same everywhere, and is decided here. An unreadable
//! quality counts as 1, so parsing never fails.

/// Most ranges of an `Accept` that are looked at; those beyond are passed over. Browsers send about ten, and the server
/// does not read thousands with care: this happens before it knows who calls.
pub(crate) const RANGES: usize = 32;

/// One element of an `Accept` header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MediaRange {
    /// As it was sent, with its parameters, without white space around it.
    pub(crate) text: String,
    /// `type/subtype` in small letters, without parameters. Empty where the client sent parameters only; that covers nothing.
    pub(crate) media_type: String,
    /// How much it names.
    pub(crate) specificity: Specificity,
    /// The parameter `q` in thousandths, from 0 (not accepted) to 1000.
    pub(crate) quality: u16,
}

/// How much a media range names; the more, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Specificity {
    /// `*/*`, or the lone `*` of some old clients.
    Anything,
    /// `type/*`.
    Type,
    /// `type/subtype`.
    Subtype,
}

/// The ranges of these header lines, in their order, [`RANGES`] at most. Empty elements are none.
pub(crate) fn parse<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<MediaRange> {
    let elements = lines.into_iter().flat_map(|line| line.split(',')).map(str::trim);
    elements.filter(|text| !text.is_empty()).take(RANGES).map(MediaRange::parse).collect()
}

/// The best of the formats that these ranges cover: the one of the highest quality, among equals of the more specific
/// range, then of the range that comes first, then the first that this range covers. The most specific range about a format
/// says whether it is accepted at all. `None` where no format is.
pub(crate) fn best<F: Copy + PartialEq + 'static>(
    ranges: &[MediaRange],
    covered: impl Fn(&MediaRange) -> &'static [F],
) -> Option<F> {
    let ranges: Vec<(&MediaRange, &'static [F])> = ranges.iter().map(|range| (range, covered(range))).collect();
    let accepted = |format: &F| {
        let about = ranges.iter().filter(|(_, formats)| formats.contains(format));
        about.max_by_key(|(range, _)| range.specificity).is_some_and(|(range, _)| range.quality > 0)
    };
    let mut best: Option<(&MediaRange, F)> = None;
    for (range, formats) in &ranges {
        let Some(format) = formats.iter().copied().find(accepted) else { continue };
        let rank = |range: &MediaRange| (range.quality, range.specificity);
        if best.is_none_or(|(other, _)| rank(range) > rank(other)) {
            best = Some((range, format));
        }
    }
    best.map(|(_, format)| format)
}

impl MediaRange {
    fn parse(text: &str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut parameters = parts.filter_map(|parameter| parameter.split_once('='));
        let quality = parameters.rfind(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
        let specificity = match media_type.as_str() {
            "*/*" | "*" => Specificity::Anything,
            name if name.ends_with("/*") => Specificity::Type,
            _ => Specificity::Subtype,
        };
        Self {
            text: text.to_owned(),
            media_type,
            specificity,
            quality: quality.map_or(1000, |(_, value)| thousandths(value.trim())),
        }
    }
}

/// A quality as thousandths; what is not a number from 0 to 1 counts as 1.
fn thousandths(text: &str) -> u16 {
    match text.parse::<f32>() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
        Ok(quality) if (0.0..=1.0).contains(&quality) => (quality * 1000.0).round() as u16,
        _ => 1000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_ranges_in_their_order() {
        use Specificity::{Anything, Subtype, Type};
        let read = |text: &str| {
            let ranges = parse(text.lines()).into_iter();
            ranges.map(|range| (range.media_type, range.specificity, range.quality)).collect::<Vec<_>>()
        };
        for (lines, expected) in [
            ("", vec![]),
            ("\n , ,", vec![]),
            ("*/*\n*", vec![("*/*", Anything, 1000), ("*", Anything, 1000)]),
            ("Text/*;q=0.25 , image/*", vec![("text/*", Type, 250), ("image/*", Type, 1000)]),
            ("APPLICATION/JSON ; charset=utf-8; Q = 0.5", vec![("application/json", Subtype, 500)]),
            ("a/b;q=0\nc/d;q=1.000", vec![("a/b", Subtype, 0), ("c/d", Subtype, 1000)]),
            // What is no quality counts as 1; of several the last counts.
            ("a/b;q=x, a/b;q=2, a/b;q=-1, a/b;q", vec![("a/b", Subtype, 1000); 4]),
            ("a/b;q=0.1;q=0.2", vec![("a/b", Subtype, 200)]),
            // Parameters of nothing are an element, and cover nothing.
            (";q=0.5", vec![("", Subtype, 500)]),
            ("nonsense", vec![("nonsense", Subtype, 1000)]),
            (&format!("{}\nc/d", "a/b,".repeat(RANGES)), vec![("a/b", Subtype, 1000); RANGES]),
        ] {
            let expected: Vec<_> =
                expected.into_iter().map(|(name, how, quality)| (name.to_owned(), how, quality)).collect();
            assert_eq!(read(lines), expected, "{lines:?}");
        }
        let kept: Vec<_> =
            parse([" application/json; layout=\"columns\" "]).into_iter().map(|range| range.text).collect();
        assert_eq!(kept, ["application/json; layout=\"columns\""]);
    }

    #[test]
    fn the_best_format_is_of_the_highest_quality_then_the_most_specific_then_the_first() {
        let covered = |range: &MediaRange| -> &'static [u8] {
            match range.media_type.as_str() {
                "*/*" => &[1, 2, 3],
                "a/*" => &[1, 2],
                "a/1" => &[1],
                "a/2" => &[2],
                "b/3" => &[3],
                _ => &[],
            }
        };
        for (line, expected) in [
            ("", None),
            ("*/*", Some(1)),
            ("b/3, a/2", Some(3)),
            ("b/3;q=0.8, a/2;q=0.9", Some(2)),
            ("*/*, b/3", Some(3)),
            ("a/*, */*", Some(1)),
            ("a/1;q=0, a/*", Some(2)),
            ("a/*;q=0, */*", Some(3)),
            ("a/1;q=0.001, */*;q=0", Some(1)),
            ("*/*;q=0", None),
            ("c/4, ;q=1", None),
        ] {
            assert_eq!(best(&parse([line]), covered), expected, "{line}");
        }
    }
}
