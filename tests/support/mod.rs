//! What the end-to-end tests share: plugins built once, the binary run as a person runs it, a real server process, and a
//! small HTTP client.
//!
//! Nothing here sleeps for a guessed time: it waits for a condition until a deadline, and says what it saw when that passes.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    reason = "tests and benchmarks fail by panicking; JSON values index to null"
)]
#![expect(clippy::print_stdout, reason = "benchmarks print what they measure")]
#![expect(clippy::return_self_not_must_use, reason = "what a check gives back may be left alone")]
#![expect(missing_docs, reason = "only the tests beside it use this")]

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub mod bench;
pub mod binary;
pub mod chance;
pub mod faults;
pub mod history;
pub mod http;
pub mod lent_code;
pub mod plugins;
pub mod probe;
pub mod process;
pub mod raw;
pub mod receiver;
pub mod sandbox;
pub mod server;
pub mod snapshot;

/// Longest wait for anything in a test; a busy machine of two cores compiles meanwhile.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository is there")
}

/// The folder of this build, which cargo names `target` where nothing else is asked for: tests lie in its `debug/deps`.
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    test.ancestors().nth(3).expect("a test lies in TARGET/PROFILE/deps").to_owned()
}

/// A folder for what tests write, which goes with the build.
pub fn temporary() -> PathBuf {
    let folder = target().join("tmp");
    ok(std::fs::create_dir_all(&folder), "the folder for what tests write");
    folder
}

/// Asks until there is an answer, or fails after [`PATIENCE`] with what was waited for.
pub fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    eventually_within(PATIENCE, what, ask)
}

/// Asks until there is an answer, or fails after this long with what was waited for.
pub fn eventually_within<T>(patience: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited {patience:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// The value, or a test failure that shows the error.
pub fn ok<T, E: Debug>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error:?}"))
}
