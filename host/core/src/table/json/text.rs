//! JSON kept as text: its depth, its validity, its compact form.

use serde::Deserialize as _;
use serde::de::IgnoredAny;

use crate::base_type::BaseType;

/// Whether arrays and objects nest deeper than `most` levels. The text need not be valid.
pub(crate) fn deeper_than(text: &str, most: u64) -> bool {
    let mut depth = 0_u64;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => loop {
                match bytes.next() {
                    Some(b'\\') => drop(bytes.next()),
                    Some(b'"') | None => break,
                    Some(_) => {}
                }
            },
            b'[' | b'{' => {
                depth += 1;
                if depth > most {
                    return true;
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// Says what is wrong with a text that should be one JSON value of at most `depth` levels.
pub(crate) fn check(text: &str, depth: u64) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_str(text);
    // Skipping a value does not recurse, so depth is no danger before it is measured.
    IgnoredAny::deserialize(&mut reader).and_then(|_| reader.end()).map_err(|error| format!("not JSON: {error}"))?;
    if deeper_than(text, depth) {
        return Err(format!("JSON nested deeper than {depth} levels"));
    }
    Ok(())
}

/// The same for a value of this base type: a LOCATION is an object.
pub(crate) fn check_as(base_type: BaseType, text: &str, depth: u64) -> Result<(), String> {
    check(text, depth)?;
    if base_type == BaseType::Location && !text.trim_start().starts_with('{') {
        return Err("a LOCATION is an object with latitude and longitude".to_owned());
    }
    Ok(())
}

/// Appends a valid JSON text without the white space between its tokens.
pub(crate) fn compact_into(text: &str, out: &mut Vec<u8>) {
    let mut quoted = false;
    let mut escaped = false;
    out.extend(text.bytes().filter(|byte| {
        if quoted {
            quoted = escaped || *byte != b'"';
            escaped = !escaped && *byte == b'\\';
            return true;
        }
        quoted = *byte == b'"';
        !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let mut out = Vec::new();
        compact_into("{ \"a b\" :\t[1 , \"\\\" }\\\\\" ],\n\"c\": \"\\\\\" }", &mut out);
        assert_eq!(String::from_utf8(out).as_deref(), Ok(r#"{"a b":[1,"\" }\\"],"c":"\\"}"#));
    }

    #[test]
    fn depth_is_counted_outside_strings() {
        assert!(!deeper_than(r#"[["[[[[\"[[[["]]"#, 2));
        assert!(deeper_than("[[[", 2));
        assert!(check(&"[".repeat(100_000), 64).is_err());
        assert!(check(&("[".repeat(65) + &"]".repeat(65)), 64).is_err());
        assert!(check(&("[".repeat(64) + &"]".repeat(64)), 64).is_ok());
    }
}
