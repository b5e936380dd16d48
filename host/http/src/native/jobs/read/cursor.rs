//! Where a list goes on, as a word that clients hand back and need not understand.

use analyte_core::codes::Code;
use analyte_core::names::JobId;
use analyte_jobs::GoOn;

use crate::problem::Problem;

/// Before the number of jobs to skip; no digit of an id.
const SKIP: char = 's';

/// The word for going on there.
pub(crate) fn write(go_on: GoOn) -> String {
    match go_on {
        GoOn::After(job) => job.to_string().replace('-', ""),
        GoOn::Skip(jobs) => format!("{SKIP}{jobs}"),
    }
}

/// Reads the word.
pub(crate) fn read(text: &str) -> Result<GoOn, Problem> {
    let go_on = match text.strip_prefix(SKIP) {
        Some(jobs) => number(jobs).map(GoOn::Skip),
        None => id(text).map(GoOn::After),
    };
    go_on.ok_or_else(unknown)
}

/// Reads the word of a list that is always in the order of submission.
pub(crate) fn read_after(text: &str) -> Result<JobId, Problem> {
    id(text).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::new(Code::Malformed, "`cursor` is not one that a list has answered")
}

fn number(digits: &str) -> Option<u64> {
    let written = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    if written { digits.parse().ok() } else { None }
}

fn id(text: &str) -> Option<JobId> {
    let written = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if written { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_cursor_comes_back() {
        let job: JobId = "0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b".parse().unwrap();
        for (go_on, word) in [
            (GoOn::After(job), "0197a3b25c1d7e8f9a0b1c2d3e4f5a6b"),
            (GoOn::Skip(1), "s1"),
            (GoOn::Skip(u64::MAX), "s18446744073709551615"),
        ] {
            assert_eq!(write(go_on), word);
            assert_eq!(read(word).unwrap(), go_on);
        }
        assert_eq!(read_after("0197a3b25c1d7e8f9a0b1c2d3e4f5a6b").unwrap(), job);
        let long = format!("s{}0", u64::MAX);
        let id = "0197a3b2-5c1d-7e8f-9a0b-1c2d3e4f5a6b";
        for bad in ["", "x", id, "0197a3b25c1d7e8f9a0b1c2d3e4f5a6g", "s", "s0", "s01", "s+1", "s-1", &long] {
            assert_eq!(read(bad).unwrap_err().code(), Code::Malformed, "{bad}");
        }
        assert_eq!(read_after("s1").unwrap_err().code(), Code::Malformed);
    }
}
