//! What a process and its folder hold, as Linux says.

use std::fs;
use std::path::Path;

use super::ok;

/// A figure in bytes of `/proc/PROCESS/status`, for instance `VmRSS:`.
pub fn status(process: u32, name: &str) -> u64 {
    let text = ok(fs::read_to_string(format!("/proc/{process}/status")), "the status of the process");
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    ok(line.trim().trim_end_matches(" kB").parse::<u64>(), name) * 1_024
}

/// Memory that the process has for itself or shares, in bytes.
pub fn resident(process: u32) -> u64 {
    status(process, "VmRSS:")
}

/// The most that [`resident`] was since [`forget_peak`].
pub fn peak(process: u32) -> u64 {
    status(process, "VmHWM:")
}

/// From now on its peak is that of what follows.
pub fn forget_peak(process: u32) {
    ok(fs::write(format!("/proc/{process}/clear_refs"), "5"), "forgetting the peak");
}

/// Open handles: files, connections and whatever else has a number.
pub fn handles(process: u32) -> usize {
    entries(&format!("/proc/{process}/fd"))
}

/// Threads.
pub fn threads(process: u32) -> usize {
    entries(&format!("/proc/{process}/task"))
}

fn entries(folder: &str) -> usize {
    ok(fs::read_dir(folder), folder).count()
}

/// Bytes of all files below a folder; 0 where there is none.
pub fn size_of(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(data) if data.is_dir() => size_of(&entry.path()),
        Ok(data) => data.len(),
        // Removed meanwhile.
        Err(_) => 0,
    };
    entries.filter_map(Result::ok).map(size).sum()
}
