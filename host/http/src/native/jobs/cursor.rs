//! Where a list goes on, as a word that clients hand back and need not understand.

use analyte_core::codes::Code;
use analyte_core::names::JobId;

use crate::problem::Problem;

/// The word for going on after this job.
pub(crate) fn write(after: JobId) -> String {
    after.to_string().replace('-', "")
}

/// Reads the word.
pub(crate) fn read(text: &str) -> Result<JobId, Problem> {
    let known = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = if known { text.parse().ok() } else { None };
    id.ok_or_else(|| Problem::new(Code::Malformed, "`cursor` is not one that a list has answered"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let id: JobId = "0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b".parse().unwrap();
        assert_eq!(write(id), "0197a3b25c1d7e8f9a0b1c2d3e4f5a6b");
        assert_eq!(read(&write(id)).unwrap(), id);
        for bad in ["", "x", "0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b", "0197a3b25c1d7e8f9a0b1c2d3e4f5a6g"] {
            assert_eq!(read(bad).unwrap_err().code(), Code::Malformed, "{bad}");
        }
    }
}
