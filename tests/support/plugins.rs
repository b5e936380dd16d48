//! Plugins, each built once per run of the tests by the binary's own `build`.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::{binary, ok, repository};

/// Folders of the sources, by name.
const SOURCES: [(&str, &str); 10] = [
    ("statistics", "example-plugins/statistics"),
    ("filed", "tests/plugins/filed"),
    ("forecast", "example-plugins/forecast"),
    ("hostile", "tests/plugins/hostile"),
    ("keeper", "tests/plugins/keeper"),
    ("kernels", "tests/plugins/kernels"),
    ("onnx", "example-plugins/onnx"),
    ("robust-outliers", "example-plugins/robust-outliers"),
    ("rows", "tests/plugins/rows"),
    ("scale", "tests/plugins/scale"),
];

/// The component of this plugin.
pub fn plugin(name: &str) -> PathBuf {
    static BUILT: OnceLock<Mutex<HashMap<String, PathBuf>>> = OnceLock::new();
    let mut built = BUILT.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    built.entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

fn build(name: &str) -> PathBuf {
    let source = SOURCES.iter().find(|(known, _)| *known == name).map(|(_, folder)| repository().join(folder));
    let source = source.unwrap_or_else(|| panic!("there is no plugin {name}"));
    let folder = target();
    // Several test binaries may run at once. cargo locks the folder, too, but would say so on stderr.
    let lock = ok(File::create(folder.join("tests.lock")), "the lock file");
    ok(lock.lock(), "waiting for the lock");
    let built = binary::command()
        .arg("build")
        .arg(&source)
        .arg("--target-dir")
        .arg(&folder)
        // Flags that are meant for the tests themselves.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .output();
    let built = ok(built, "analyte build");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{name} was not built:\n{said}");
    let stdout = String::from_utf8_lossy(&built.stdout);
    PathBuf::from(stdout.lines().last().unwrap_or_else(|| panic!("`build` said no path:\n{said}")))
}

/// A target folder of the plugins' own, beside that of the tests.
fn target() -> PathBuf {
    let folder = super::target().join("plugins");
    ok(fs::create_dir_all(&folder), "the folder for plugins");
    folder
}
