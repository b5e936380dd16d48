//! The four words that ThingWorx has for the state of a job. A cancelled job is a failed one.

use analyte_core::job::Status;

/// Every word, with the states that it stands for.
pub(super) const WORDS: [(&str, &[Status]); 4] = [
    ("WAITING", &[Status::Queued]),
    ("INPROCESS", &[Status::Running]),
    ("COMPLETED", &[Status::Completed]),
    ("FAILED", &[Status::Failed, Status::Cancelled]),
];

/// The word for a state.
pub(super) fn word(status: Status) -> &'static str {
    match status {
        Status::Queued => "WAITING",
        Status::Running => "INPROCESS",
        Status::Completed => "COMPLETED",
        Status::Failed | Status::Cancelled => "FAILED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_the_word_that_stands_for_it() {
        for status in Status::ALL {
            let words: Vec<_> = WORDS.iter().filter(|(_, states)| states.contains(&status)).collect();
            assert_eq!(words.iter().map(|(word, _)| *word).collect::<Vec<_>>(), [word(status)]);
        }
    }
}
