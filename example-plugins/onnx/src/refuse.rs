//! The words of refusals that several parts share.

use analyte_sdk::Error;
use tract_onnx::prelude::TractError;

/// Longest cause that is passed on, in characters.
const LONGEST: usize = 400;

/// A refusal whose cause lies in tract: all of its chain of causes, on one line, cut where it is very long.
pub(crate) fn with_cause(code: &'static str, sentence: &str, cause: &TractError) -> Error {
    Error::new(code, format!("{sentence}: {}.", one_line(&format!("{cause:#}"))))
}

/// Text from a model file, fit for one line of a message.
pub(crate) fn one_line(text: &str) -> String {
    let mut line: String = text.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(LONGEST).is_some() {
        line.push('…');
    }
    line
}
