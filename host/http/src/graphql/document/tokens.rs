//! The tokens of a document and how deep its brackets nest, counted without parsing it: the parser takes memory for each token,
//! and goes down with each bracket.

use analyte_core::limits::Limits;

use crate::graphql::fault::{Fault, Name};

/// Refuses a document of too many tokens, or of brackets that nest too deep.
pub(super) fn check(text: &str, limits: &Limits) -> Result<(), Fault> {
    let most = limits.graphql_tokens;
    // Selections stand in braces, the arguments of the innermost one in parentheses, and values in those.
    let deepest = limits.graphql_depth.saturating_add(limits.json_depth).saturating_add(1);
    let (mut tokens, mut depth) = (0_u64, 0_u64);
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match first {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => continue,
            b'#' => {
                rest = after
                    .iter()
                    .position(|byte| matches!(byte, b'\n' | b'\r'))
                    .and_then(|end| after.get(end..))
                    .unwrap_or(&[]);
                continue;
            }
            b'"' => rest = behind_text(after),
            b'{' | b'[' | b'(' => {
                depth += 1;
                if depth > deepest {
                    let message = format!(
                        "the document nests deeper than {deepest} brackets (limits graphql_depth and json_depth)"
                    );
                    return Err(Fault::new(Name::CapacityExceeded, message));
                }
            }
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            byte if is_word(*byte) => {
                let end = after.iter().position(|byte| !is_word(*byte)).unwrap_or(after.len());
                rest = after.get(end..).unwrap_or(&[]);
            }
            _ => {}
        }
        tokens += 1;
        if tokens > most {
            let message = format!(
                "the document has more than {most} tokens (limit graphql_tokens); put what is large into its variables"
            );
            return Err(Fault::new(Name::CapacityExceeded, message));
        }
    }
    Ok(())
}

/// Letters, digits and what stands within numbers.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'-')
}

/// What comes after a text, whose first quotation mark was read.
fn behind_text(text: &[u8]) -> &[u8] {
    if let Some(mut block) = text.strip_prefix(b"\"\"") {
        loop {
            if let Some(after) = block.strip_prefix(b"\\\"\"\"") {
                block = after;
            } else if let Some(after) = block.strip_prefix(b"\"\"\"") {
                return after;
            } else {
                match block.split_first() {
                    Some((_, after)) => block = after,
                    None => return block,
                }
            }
        }
    }
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'\\' => after.get(1..).unwrap_or(&[]),
            b'"' | b'\n' => return after,
            _ => after,
        };
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> Option<String> {
        let limits = Limits { graphql_tokens: 8, graphql_depth: 2, json_depth: 1, ..Limits::default() };
        check(text, &limits).err().map(|fault| fault.message)
    }

    #[test]
    fn texts_and_comments_are_one_token_and_none() {
        for fine in [
            "",
            "{a b c d e f}",
            "# { { { { {\n{a}",
            r#"{a(b: "{ \" { [ ( { { x x x x x x x")}"#,
            "{a(b: \"\"\"{ \\\"\"\" { { { {\" x x x x x x\"\"\")}",
            "{a(b: -1.5e+3)}",
            "{...F}",
        ] {
            assert_eq!(refused(fine), None, "{fine}");
        }
        let tokens = "the document has more than 8 tokens (limit graphql_tokens); put what is large into its variables";
        assert_eq!(refused("{a b c d e f g}").as_deref(), Some(tokens));
        assert_eq!(refused("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}").as_deref(), Some(tokens));
        let deep = "the document nests deeper than 4 brackets (limits graphql_depth and json_depth)";
        assert_eq!(refused("{{{[(").as_deref(), Some(deep));
        assert_eq!(refused("{{{["), None);
    }
}
