//! Whole visible output, held against a file in `tests/snapshots`.

use std::fs;

use super::{ok, repository};

/// Compares a text with the file of this name. `UPDATE_SNAPSHOTS=1` writes the file instead; the change is then reviewed
/// like any other.
pub fn assert_snapshot(name: &str, text: &str) {
    let path = repository().join("tests/snapshots").join(name);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        ok(fs::create_dir_all(path.with_file_name("")), "the folder of snapshots");
        ok(fs::write(&path, text), "writing the snapshot");
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} differs; UPDATE_SNAPSHOTS=1 writes it anew.\n--- kept\n{kept}\n--- now\n{text}",
        path.display()
    );
}

/// Puts `PLACEHOLDER` where a line that begins like this goes on with something that differs from build to build.
pub fn mask_line(text: &str, begins: &str, placeholder: &str) -> String {
    let masked = |line: &str| {
        if line.starts_with(begins) { format!("{begins}{placeholder}\n") } else { format!("{line}\n") }
    };
    text.lines().map(masked).collect::<Vec<_>>().concat()
}
