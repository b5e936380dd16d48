//! One process at a time.

use super::*;

#[test]
fn the_lock_file_of_a_process_that_is_gone_is_no_obstacle() {
    let directory = TempDir::new().unwrap();
    // No process has the highest number that there can be.
    std::fs::write(directory.path().join("lock"), format!("{}\n", i32::MAX)).unwrap();
    let store = open(directory.path());
    let named = std::fs::read_to_string(directory.path().join("lock")).unwrap();
    assert_eq!(named, format!("{}\n", std::process::id()));
    drop(store);
    std::fs::write(directory.path().join("lock"), "what no process writes, and longer than a number").unwrap();
    open(directory.path());
}

#[test]
fn the_holder_of_the_lock_is_named_even_without_a_number() {
    let directory = TempDir::new().unwrap();
    let _store = open(directory.path());
    std::fs::write(directory.path().join("lock"), "").unwrap();
    let refused = SledStore::open(Options::new(directory.path())).unwrap_err().to_string();
    assert_eq!(refused, format!("the data directory {} is in use by another process", directory.path().display()));
}
