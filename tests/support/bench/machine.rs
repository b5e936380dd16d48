//! Where it was measured, with what, and what the server takes of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::repository;

/// Prints machine, system and versions.
pub fn print() {
    let (cores, processor, memory) = (cores(), processor(), member("/proc/meminfo", "MemTotal"));
    let system = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    println!("Machine: {cores} cores, {processor}; memory {memory}; Linux {}.", system.trim());
    let build = if cfg!(debug_assertions) { "not optimised" } else { "optimised" };
    let (own, compiler, sandbox) = (env!("CARGO_PKG_VERSION"), compiler(), locked("wasmtime"));
    println!("Versions: analyte {own}, {build}; {compiler}; wasmtime {sandbox}.");
}

/// How many cores this program may use; 0 where the system does not say.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
}

/// What the processor calls itself; `unknown` where the system does not say.
pub fn processor() -> String {
    member("/proc/cpuinfo", "model name")
}

/// What stands behind a name in a file of the system.
fn member(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_once(':').map_or("unknown", |(_, value)| value.trim()).to_owned()
}

/// The compiler that this repository is built with.
fn compiler() -> String {
    let said = Command::new("rustc").arg("--version").current_dir(repository()).output();
    said.map_or_else(|_| "rustc unknown".to_owned(), |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// The version of a library in the lock file.
fn locked(library: &str) -> String {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).unwrap_or_default();
    let mut after = lock.lines().skip_while(|line| *line != format!("name = \"{library}\""));
    let version = after.nth(1).and_then(|line| line.strip_prefix("version = "));
    version.map_or_else(|| "unknown".to_owned(), |version| version.trim_matches('"').to_owned())
}

/// Resident memory of a process, in MiB.
pub fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// Sizes of all files below a folder, in MiB.
pub fn size(folder: &Path) -> u64 {
    bytes(folder) >> 20
}

fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.filter_map(Result::ok).map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => bytes(&entry.path()),
        _ => entry.metadata().map_or(0, |metadata| metadata.len()),
    });
    sizes.sum()
}
