//! What a file is, where its uploader did not say.

/// By the end of a name, in small letters.
const KNOWN: [(&str, &str); 8] = [
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("json", "application/json"),
    ("onnx", "application/onnx"),
    ("pmml", "application/xml"),
    ("txt", "text/plain"),
    ("wasm", WASM),
    ("xml", "application/xml"),
];
/// A component.
pub(crate) const WASM: &str = "application/wasm";
/// Bytes of any kind.
const ANY: &str = "application/octet-stream";
/// Longest media type that is kept.
const LONGEST: usize = 255;

/// The media type of a file of this name: as it was given, unless that says nothing.
pub(crate) fn of(name: &str, given: Option<&str>) -> String {
    let given = given.map(str::trim).filter(|given| is_one(given) && !given.eq_ignore_ascii_case(ANY));
    given.unwrap_or_else(|| by_name(name)).to_owned()
}

fn by_name(name: &str) -> &'static str {
    let Some((_, end)) = name.rsplit_once('.') else { return ANY };
    KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(end)).map_or(ANY, |(_, media_type)| media_type)
}

/// Whether a text may stand in a header, and looks like a media type.
fn is_one(text: &str) -> bool {
    text.contains('/') && text.len() <= LONGEST && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_counts_if_it_says_something() {
        for (name, given, expected) in [
            ("m.onnx", None, "application/onnx"),
            ("m.ONNX", Some("application/octet-stream"), "application/onnx"),
            ("m.wasm", None, "application/wasm"),
            ("m", None, "application/octet-stream"),
            (".json", None, "application/json"),
            ("m.tar.gz", None, "application/octet-stream"),
            ("m.json", Some("text/plain; charset=utf-8"), "text/plain; charset=utf-8"),
            ("m.json", Some(""), "application/json"),
            ("m.json", Some("nonsense"), "application/json"),
            ("m.json", Some("text/x\r\nset-cookie: a"), "application/json"),
        ] {
            assert_eq!(of(name, given), expected, "{name} {given:?}");
        }
    }
}
