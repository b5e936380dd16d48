//! Compiled code on disk, so that a component is compiled once.
//!
//! A file's name is the component's digest, a hash of everything that makes compiled code incompatible (version of
//! wasmtime, its settings, how components are prepared) and the target. A file is written under a temporary name, synced and renamed, so it is whole
//! or not there. Only the compiler of this server writes here: a precompiled file from a user is never accepted.
//!
//! Code that is held is there for as long as it is held: by a component in memory, or by what compiles it. Code that is
//! held no more goes at once unless its component is installed, so what was refused leaves nothing behind. What a crash
//! left goes when the cache learns what is installed; before that, as for commands without a server, all code stays.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::hash::{Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use analyte_core::digest::Digest;
use parking_lot::Mutex;

/// The folder.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    suffix: String,
    /// Counts temporary files, so that no two are of one name.
    written: AtomicU64,
    uses: Mutex<Uses>,
}

/// Whose code is needed.
#[derive(Debug, Default)]
struct Uses {
    /// Components whose code stays although nothing holds it; `None`: that of all.
    installed: Option<HashSet<Digest>>,
    /// How many hold the code of a component.
    held: HashMap<Digest, usize>,
}

impl Uses {
    fn needs(&self, digest: &Digest) -> bool {
        self.held.contains_key(digest) || self.installed.as_ref().is_none_or(|installed| installed.contains(digest))
    }
}

/// Holds the code of one component; let go of when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    cache: Arc<Cache>,
    digest: Digest,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut uses = self.cache.uses.lock();
        if let Some(count) = uses.held.get_mut(&self.digest) {
            *count -= 1;
            if *count == 0 {
                uses.held.remove(&self.digest);
            }
        }
        let needed = uses.needs(&self.digest);
        drop(uses);
        if !needed {
            self.cache.clone().remove_later(self.digest);
        }
    }
}

/// A file that is removed when dropped, unless it was moved away.
#[derive(Debug)]
pub(crate) struct Temporary(PathBuf);

impl Temporary {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Gone already where all went well.
        let _ = fs::remove_file(&self.0);
    }
}

/// Temporary files older than this belong to no compiler that still runs.
const STALE: Duration = Duration::from_secs(3_600);

impl Cache {
    /// Opens the folder, making it where missing, and removes what a crash left half written.
    pub(crate) fn open(folder: &Path, engine: &wasmtime::Engine) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
        engine.precompile_compatibility_hash().hash(&mut hasher);
        crate::compile::prepare::REVISION.hash(&mut hasher);
        let suffix = format!("{:016x}-{}.cwasm", hasher.finish(), std::env::consts::ARCH);
        let cache = Self { folder: folder.to_owned(), suffix, written: AtomicU64::new(0), uses: Mutex::default() };
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
    pub(crate) fn temporary(&self, digest: &Digest, what: &str) -> Temporary {
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        Temporary(self.folder.join(format!("{}-{}-{number}.{what}", digest.hex(), std::process::id())))
    }

    /// Holds the code of a component, which may be missing yet.
    pub(crate) fn hold(self: &Arc<Self>, digest: Digest) -> Held {
        *self.uses.lock().held.entry(digest).or_default() += 1;
        Held { cache: self.clone(), digest }
    }

    /// A component is installed: its code stays when nothing holds it.
    pub(crate) fn keep(&self, digest: Digest) {
        if let Some(installed) = &mut self.uses.lock().installed {
            installed.insert(digest);
        }
    }

    /// A component is installed no more: its code goes when nothing holds it.
    pub(crate) fn let_go(self: &Arc<Self>, digest: &Digest) {
        let mut uses = self.uses.lock();
        if let Some(installed) = &mut uses.installed {
            installed.remove(digest);
        }
        let needed = uses.needs(digest);
        drop(uses);
        if !needed {
            self.clone().remove_later(*digest);
        }
    }

    /// Only these are installed. Removes all other code that nothing holds, that of other versions of the compiler, and
    /// what other processes left: no other one may use the folder meanwhile. Reads a folder, so not for a runtime's thread.
    pub(crate) fn keep_only(&self, installed: HashSet<Digest>) -> io::Result<()> {
        let mut uses = self.uses.lock();
        uses.installed = Some(installed);
        let own = format!("-{}-", std::process::id());
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let Some(digest) = name.split('-').next().and_then(|hex| format!("sha256:{hex}").parse().ok()) else {
                continue;
            };
            let stays = match path.extension().and_then(|extension| extension.to_str()) {
                Some("cwasm") => path == self.path(&digest) && uses.needs(&digest),
                Some("wasm" | "code") => name.contains(&own),
                _ => true,
            };
            if !stays {
                fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// Removes the code of a component that nothing needs, beside what the caller does: a large file takes its time.
    fn remove_later(self: Arc<Self>, digest: Digest) {
        let remove = move || {
            let uses = self.uses.lock();
            if uses.needs(&digest) {
                return;
            }
            match fs::remove_file(self.path(&digest)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::warn!(%digest, %error, "compiled code that nobody needs cannot be removed");
                }
                _ => {}
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn code_stays_for_as_long_as_something_needs_it() {
        let folder = tempfile::tempdir().unwrap();
        let engine = wasmtime::Engine::default();
        let cache = Arc::new(Cache::open(folder.path(), &engine).unwrap());
        let [installed, refused, stranger] = ["a", "b", "c"].map(|text| Digest::of(text.as_bytes()));
        let write = |digest: &Digest| fs::write(cache.path(digest), "code").unwrap();
        let there = || [installed, refused, stranger].map(|digest| cache.path(&digest).exists());
        for digest in [installed, refused, stranger] {
            write(&digest);
        }
        // Nothing is known of what is installed: all stays.
        drop(cache.hold(refused));
        assert_eq!(there(), [true, true, true]);
        let other = folder.path().join(format!("{}-0123456789abcdef-other.cwasm", installed.hex()));
        let left = cache.folder.join(format!("{}-1-7.code", refused.hex()));
        let own = cache.temporary(&refused, "code");
        let foreign = folder.path().join("notes.txt");
        for path in [&other, &left, own.path(), &foreign] {
            fs::write(path, "something").unwrap();
        }
        let held = cache.hold(refused);
        cache.keep_only(HashSet::from([installed])).unwrap();
        assert_eq!(there(), [true, true, false]);
        assert_eq!([&other, &left, own.path(), &foreign].map(Path::exists), [false, false, true, true]);
        let path = own.path().to_owned();
        drop(own);
        assert!(!path.exists());
        let again = cache.hold(refused);
        drop(held);
        assert_eq!(there(), [true, true, false]);
        drop(again);
        assert_eq!(there(), [true, false, false]);
        // One that is installed meanwhile stays, until it is removed.
        write(&refused);
        let held = cache.hold(refused);
        cache.keep(refused);
        drop(held);
        assert_eq!(there(), [true, true, false]);
        let held = cache.hold(refused);
        cache.let_go(&refused);
        assert_eq!(there(), [true, true, false]);
        drop(held);
        cache.let_go(&installed);
        assert_eq!(there(), [false, false, false]);
    }
}
