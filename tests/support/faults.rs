//! A server whose disk is recorded or broken: `tests/faults` put under it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use super::server::Home;
use super::{ok, repository};

/// What stands between a server and its disk. Keeps the log and the control file, outside of the server's own folder.
pub struct Faults {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
    control: File,
}

/// Which calls fail, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Failing {
    /// Data is written, a file is made longer.
    pub write: i64,
    /// A file or directory is synced.
    pub sync: i64,
    /// A name is made.
    pub create: i64,
    /// A file that is there is opened for writing.
    pub open: i64,
    /// A name is removed, a file is made shorter.
    pub remove: i64,
    /// Bytes of free space; `None`: without end.
    pub room: Option<i64>,
}

/// `EIO`.
pub const IO_ERROR: i64 = 5;
/// `ENOSPC`.
pub const NO_SPACE: i64 = 28;
/// `EROFS`.
pub const READ_ONLY: i64 = 30;

impl Failing {
    /// As on a disk that can only be read. There is nothing to be synced on it, which succeeds.
    pub fn read_only() -> Self {
        Self { write: READ_ONLY, create: READ_ONLY, open: READ_ONLY, remove: READ_ONLY, ..Self::default() }
    }

    /// As on a disk without any free space, not even in the files that are there.
    pub fn full() -> Self {
        Self { write: NO_SPACE, create: NO_SPACE, ..Self::default() }
    }
}

impl Faults {
    /// For a server in this home: everything below the data directory's parent is looked at. `record`: into a log.
    pub fn under(home: &Home, record: bool) -> Self {
        let folder = ok(tempfile::tempdir(), "a temporary folder");
        let data_dir = home.data_dir();
        let watched = ok(fs::canonicalize(data_dir.parent().unwrap_or(&data_dir)), "the server's folder");
        let path = folder.path().join("control");
        let control = ok(File::options().write(true).read(true).create_new(true).open(&path), "the control file");
        let mut variables = vec![
            ("LD_PRELOAD", library().display().to_string()),
            ("FAULTS_DIRECTORY", watched.display().to_string()),
            ("FAULTS_CONTROL", path.display().to_string()),
        ];
        if record {
            variables.push(("FAULTS_LOG", folder.path().join("log").display().to_string()));
        }
        let faults = Self { folder, variables, control };
        faults.set(Failing::default());
        faults
    }

    /// For the server's environment.
    pub fn variables(&self) -> Vec<(&str, &str)> {
        self.variables.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Lets calls fail from now on.
    pub fn set(&self, failing: Failing) {
        let Failing { write, sync, create, open, remove, room } = failing;
        for (at, number) in (0..).step_by(8).zip([write, sync, create, open, remove, room.unwrap_or(-1)]) {
            ok(self.control.write_all_at(&number.to_le_bytes(), at), "the control file");
        }
        // As long as all of its numbers.
        if ok(self.control.metadata(), "the control file").len() < 64 {
            ok(self.control.write_all_at(&[0; 16], 48), "the control file");
        }
    }

    /// How many calls were let fail.
    pub fn failed(&self) -> i64 {
        let mut number = [0; 8];
        ok(self.control.read_exact_at(&mut number, 48), "the control file");
        i64::from_le_bytes(number)
    }

    /// The log.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Length of the log now: what is said now happened before that place.
    pub fn recorded(&self) -> u64 {
        ok(fs::metadata(self.log()), "the log").len()
    }
}

/// The library, built once per run of the tests.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // A target folder of its own: that of the tests may be locked by the cargo that runs them.
        let folder = super::target().join("faults");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--package", "analyte-faults", "--target-dir"])
            .arg(&folder)
            .current_dir(repository())
            // Flags that are meant for the tests themselves.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output();
        let built = ok(built, "building analyte-faults");
        assert!(built.status.success(), "analyte-faults was not built:\n{}", String::from_utf8_lossy(&built.stderr));
        folder.join("debug/libanalyte_faults.so")
    })
}
