//! Compiled code of plugins, which servers of tests lend one another: each has a data folder of its own, and to compile the same
//! plugin for each of them took a good part of the time of all tests.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use analyte_core::digest::Digest;

use super::{ok, temporary};

/// Where it lies between the servers.
fn folder() -> PathBuf {
    temporary().join("lent-code")
}

/// Puts into a data folder what there is of the compiled code of these components.
pub fn lend(components: &[PathBuf], data_dir: &Path) {
    let compiled = data_dir.join("compiled");
    for path in of(components, &folder()) {
        ok(DirBuilder::new().recursive(true).mode(0o700).create(&compiled), "the folder for compiled code");
        link(&path, &compiled);
    }
}

/// Takes from a data folder what was compiled of these components.
pub fn take(components: &[PathBuf], data_dir: &Path) {
    ok(fs::create_dir_all(folder()), "the folder for lent code");
    for path in of(components, &data_dir.join("compiled")) {
        link(&path, &folder());
    }
}

/// The files in a folder that are compiled code of these components, by whatever compiler: a server looks only for its own.
fn of(components: &[PathBuf], folder: &Path) -> Vec<PathBuf> {
    let digest = |path: &PathBuf| Digest::of(&ok(fs::read(path), "a component")).hex();
    let digests: Vec<String> = components.iter().map(digest).collect();
    // Where nothing was compiled yet there is no such folder.
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let compiled = paths.filter(|path| path.extension().is_some_and(|end| end == "cwasm"));
    let whose = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| digests.iter().any(|digest| name.starts_with(digest.as_str())))
    };
    compiled.filter(whose).collect()
}

/// The same file in another folder; servers never change one. Another test may have put it there already, and a server may
/// have removed it meanwhile.
fn link(path: &Path, folder: &Path) {
    let Some(name) = path.file_name() else { return };
    let there = folder.join(name);
    let put = match fs::hard_link(path, &there) {
        // Temporary folders may lie on another file system. Whole under another name first: another test may look for it.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            let partial = ok(tempfile::NamedTempFile::new_in(folder), "a temporary file");
            fs::copy(path, partial.path()).and_then(|_| partial.persist(&there).map(drop).map_err(|error| error.error))
        }
        other => other,
    };
    let passed_over =
        |error: &io::Error| matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound);
    assert!(put.as_ref().err().is_none_or(passed_over), "{}: {put:?}", path.display());
}
