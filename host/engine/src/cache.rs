//! Compiled code on disk, so that a component is compiled once.
//!
//! A file's name is the component's digest, a hash of everything that makes compiled code incompatible (version of
//! wasmtime, its settings, how components are prepared) and the target. A file is written under a temporary name, synced and renamed, so it is whole
//! or not there. Only the compiler of this server writes here: a precompiled file from a user is never accepted.

use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use analyte_core::digest::Digest;

/// The folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    suffix: String,
    /// Counts temporary files, so that no two are of one name.
    written: AtomicU64,
}

/// Temporary files older than this belong to no compiler that still runs.
const STALE: Duration = Duration::from_secs(3_600);

impl Cache {
    /// Opens the folder, making it where missing, and removes what a crash left half written.
    pub(crate) fn open(folder: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        crate::prepare::REVISION.hash(&mut hasher);
        let suffix = format!("{:016x}-{}.cwasm", hasher.finish(), std::env::consts::ARCH);
        let cache = Self { folder: folder.to_owned(), suffix, written: AtomicU64::new(0) };
        cache.sweep()?;
        Ok(cache)
    }

    /// Another process may compile into the same folder right now, so only old leftovers go.
    fn sweep(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let path = entry.path();
            let temporary = path.extension().is_some_and(|extension| extension == "wasm" || extension == "code");
            let old = || {
                entry
                    .metadata()
                    .and_then(|data| data.modified())
                    .is_ok_and(|at| at.elapsed().is_ok_and(|age| age > STALE))
            };
            if temporary && old() {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Where the compiled code of a component lies or will lie.
    pub(crate) fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{}", digest.hex(), self.suffix))
    }

    /// A name beside it, for writing; another one at every call.
    pub(crate) fn temporary(&self, digest: &Digest, what: &str) -> PathBuf {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        self.folder.join(format!("{}-{}-{number}.{what}", digest.hex(), std::process::id()))
    }

    /// Makes a written file the compiled code of this component.
    pub(crate) fn admit(&self, written: &Path, digest: &Digest) -> io::Result<PathBuf> {
        File::open(written)?.sync_all()?;
        let path = self.path(digest);
        fs::rename(written, &path)?;
        File::open(&self.folder)?.sync_all()?;
        Ok(path)
    }
}

/// FNV-1a: the standard library's hasher may change between releases, and these names must not.
struct Fnv(u64);

impl std::hash::Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
