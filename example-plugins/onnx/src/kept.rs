//! Within a stateful session the instance keeps its memory, and so the models it has made ready: the next call for the
//! same file starts at once. Outside a session every call has an instance of its own, and nothing is kept.

use std::sync::{Arc, Mutex, PoisonError};

use analyte_sdk::{ModelFile, Result, job};

use crate::file;
use crate::plan::Plan;

/// Models kept ready in one session. All of them share the instance's memory.
const MOST_KEPT: usize = 4;

static KEPT: Mutex<Kept> = Mutex::new(Kept::new());

/// The model of this file, ready to run.
pub fn plan(file: ModelFile) -> Result<Arc<Plan>> {
    if job::session().is_none() {
        return ready(file);
    }
    let digest = file.digest().to_owned();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.get_or(&digest, || ready(file))
}

fn ready(file: ModelFile) -> Result<Arc<Plan>> {
    let (proto, _) = file::read(file)?;
    Ok(Arc::new(Plan::of(&proto)?))
}

/// Plans by digest, the one used last at the end.
#[derive(Debug)]
struct Kept<P = Plan>(Vec<(String, Arc<P>)>);

impl<P> Kept<P> {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn get_or(&mut self, digest: &str, make: impl FnOnce() -> Result<Arc<P>>) -> Result<Arc<P>> {
        let plan = if let Some(place) = self.0.iter().position(|(of, _)| of == digest) {
            self.0.remove(place).1
        } else {
            // The oldest goes first, so that its memory is free for the new one.
            if self.0.len() >= MOST_KEPT {
                self.0.remove(0);
            }
            make()?
        };
        self.0.push((digest.to_owned(), Arc::clone(&plan)));
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_sdk::Error;

    use super::*;

    /// Which of these digests had to be made anew.
    fn made(digests: &str) -> String {
        let mut kept: Kept<char> = Kept::new();
        let mut made = String::new();
        for digest in digests.chars() {
            let plan = kept.get_or(&digest.to_string(), || {
                made.push(digest);
                Ok(Arc::new(digest))
            });
            assert_eq!(*plan.unwrap(), digest);
        }
        made
    }

    #[test]
    fn the_four_used_last_are_kept() {
        for (asked, expected) in
            [("aaa", "a"), ("abcdabcd", "abcd"), ("abcdeabcde", "abcdeabcde"), ("abcdaebcd", "abcdebcd")]
        {
            assert_eq!(made(asked), expected, "{asked}");
        }
    }

    #[test]
    fn what_fails_is_not_kept() {
        let mut kept: Kept<()> = Kept::new();
        let failed = kept.get_or("a", || Err(Error::new("not-onnx", "")));
        assert_eq!(failed.unwrap_err().code(), "not-onnx");
        assert!(kept.get_or("a", || Ok(Arc::new(()))).is_ok());
    }
}
