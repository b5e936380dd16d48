//! How much memory this process may use: what the machine has, or less where a control group (cgroup, as containers and
//! services have) says so. Beyond the group's limit the kernel kills the process.
//!
//! A limit counts for a group and all within it, so the smallest from the process's own group upwards counts. In version 2 it is
//! `memory.max`, and `memory.high`, above which the kernel slows the group down; in version 1 `memory.limit_in_bytes`, and the
//! line `hierarchical_memory_limit` of `memory.stat`, which knows of groups that a container cannot see.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What the process itself takes, whatever it is asked to do: the store's cache of 128 MiB and its other parts, bytes.
const OWN: u64 = 192 << 20;
/// With less than this no run is worth while, bytes.
const LEAST_BUDGET: u64 = 64 << 20;

/// How much memory there is, and what says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// Bytes that this process may use at all.
    pub bytes: u64,
    /// The file of the control group whose limit it is; `None`: the machine has no more.
    pub limited_by: Option<PathBuf>,
}

impl Memory {
    /// Asks the system.
    pub(super) fn here() -> Self {
        let total = rustix::system::sysinfo();
        Self::below(Path::new("/"), (total.totalram as u64).saturating_mul(u64::from(total.mem_unit)))
    }

    /// The same for a system whose files are below a folder.
    fn below(root: &Path, machine: u64) -> Self {
        let smallest = limits(root).into_iter().filter(|(bytes, _)| *bytes < machine).min();
        match smallest {
            Some((bytes, file)) => Self { bytes, limited_by: Some(file) },
            None => Self { bytes: machine, limited_by: None },
        }
    }

    /// What runs and requests may use together: three quarters of what the process itself leaves, bytes; the rest is for what is
    /// not counted. `None`: it would be too little for any run.
    pub fn budget(&self) -> Option<u64> {
        Some(self.bytes.saturating_sub(OWN) / 4 * 3).filter(|budget| *budget >= LEAST_BUDGET)
    }

    /// The least memory that leaves a budget, bytes.
    pub fn least() -> u64 {
        OWN + LEAST_BUDGET / 3 * 4 + 4
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = self.bytes >> 20;
        match &self.limited_by {
            None => write!(f, "{mib} MiB, all of the machine's"),
            Some(file) => write!(f, "{mib} MiB, the limit of a control group ({})", file.display()),
        }
    }
}

/// Every limit of the groups that this process is in, with the file that says it.
fn limits(root: &Path) -> Vec<(u64, PathBuf)> {
    // No groups, or no /proc: no limits that could be seen.
    let text = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_default();
    let mounts: Vec<Mount> = text("proc/self/mountinfo").lines().filter_map(Mount::read).collect();
    let mut found = Vec::new();
    for line in text("proc/self/cgroup").lines() {
        // `NUMBER:CONTROLLERS:PATH`; of version 2 without controllers.
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let version = match controllers {
            "" => Version::Two,
            some if some.split(',').any(|controller| controller == "memory") => Version::One,
            _ => continue,
        };
        let Some((top, group)) = folder(&mounts, version, path) else { continue };
        let top = root.join(top.strip_prefix("/").unwrap_or(top));
        for ancestor in group.ancestors() {
            for file in version.files() {
                found.extend(limit(&top.join(ancestor).join(file)));
            }
        }
    }
    found
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

impl Version {
    fn files(self) -> &'static [&'static str] {
        match self {
            Self::One => &["memory.limit_in_bytes", "memory.stat"],
            Self::Two => &["memory.max", "memory.high"],
        }
    }
}

/// A line of `mountinfo` that is about control groups.
struct Mount {
    version: Version,
    /// The group that is at the top of what is mounted; a container's own, where it sees no others.
    group: PathBuf,
    at: PathBuf,
}

impl Mount {
    /// `ID PARENT DEVICE ROOT AT OPTIONS … - TYPE SOURCE OPTIONS`
    fn read(line: &str) -> Option<Self> {
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split(' ').skip(3);
        let (group, at) = (mount.next()?, mount.next()?);
        let mut system = system.split(' ');
        let (kind, options) = (system.next()?, system.nth(1)?);
        let version = match kind {
            "cgroup2" => Version::Two,
            "cgroup" if options.split(',').any(|option| option == "memory") => Version::One,
            _ => return None,
        };
        Some(Self { version, group: unescaped(group), at: unescaped(at) })
    }
}

/// Blanks and the like are written as `\040` there.
fn unescaped(text: &str) -> PathBuf {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(text.to_owned(), |text, (code, sign)| text.replace(code, sign))
        .into()
}

/// The folder at which groups of this version are seen, and below it that of the group with this path.
fn folder<'a>(mounts: &'a [Mount], version: Version, path: &'a str) -> Option<(&'a Path, &'a Path)> {
    let mut mounts = mounts.iter().filter(|mount| mount.version == version).peekable();
    // A group beyond what is mounted here: of the limits on the way to it only that of the topmost group can be seen.
    let otherwise = (mounts.peek()?.at.as_path(), Path::new(""));
    Some(
        mounts
            .find_map(|mount| Some((mount.at.as_path(), Path::new(path).strip_prefix(&mount.group).ok()?)))
            .unwrap_or(otherwise),
    )
}

/// The limit in a file; `None` where there is no such file, or no limit.
fn limit(file: &Path) -> Option<(u64, PathBuf)> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(file = %file.display(), %error, "a limit of memory cannot be read and is passed over");
            return None;
        }
    };
    let said = if file.ends_with("memory.stat") {
        text.lines().find_map(|line| line.strip_prefix("hierarchical_memory_limit "))?
    } else {
        text.as_str()
    };
    match said.trim() {
        "max" => None,
        number => match number.parse() {
            Ok(bytes) => Some((bytes, file.to_owned())),
            Err(error) => {
                tracing::warn!(file = %file.display(), %error, "a limit of memory cannot be read and is passed over");
                None
            }
        },
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const MACHINE: u64 = 16 << 30;
    const MIB: u64 = 1 << 20;

    /// What is found in a system with these files.
    fn found(files: &[(&str, &str)]) -> (u64, Option<String>) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let memory = Memory::below(root.path(), MACHINE);
        let file = memory.limited_by.map(|file| file.strip_prefix(root.path()).unwrap().display().to_string());
        (memory.bytes / MIB, file)
    }

    const V2: (&str, &str) =
        ("proc/self/mountinfo", "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");

    #[test]
    fn without_groups_it_is_the_machines() {
        assert_eq!(found(&[]), (16_384, None));
        // Groups, but none that counts memory.
        let cpu = "33 24 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
        assert_eq!(found(&[("proc/self/mountinfo", cpu), ("proc/self/cgroup", "2:cpu:/a\n")]), (16_384, None));
    }

    #[test]
    fn a_container_of_version_2_has_the_limit_at_the_top_of_what_it_sees() {
        let group = ("proc/self/cgroup", "0::/\n");
        let max = "sys/fs/cgroup/memory.max";
        assert_eq!(found(&[V2, group, (max, "1610612736\n")]), (1_536, Some(max.to_owned())));
        assert_eq!(found(&[V2, group, (max, "max\n")]), (16_384, None));
        // More than the machine has is no limit.
        assert_eq!(found(&[V2, group, (max, "99999999999\n")]), (16_384, None));
        assert_eq!(found(&[V2, group, (max, "lots\n")]), (16_384, None));
        assert_eq!(found(&[V2, group, (max, "")]), (16_384, None));
    }

    #[test]
    fn the_smallest_limit_on_the_way_up_counts() {
        let group = ("proc/self/cgroup", "0::/system.slice/analyte.service\n");
        let own = "sys/fs/cgroup/system.slice/analyte.service";
        let (max, high) = (format!("{own}/memory.max"), format!("{own}/memory.high"));
        let slice = "sys/fs/cgroup/system.slice/memory.max";
        assert_eq!(found(&[V2, group, (&max, "max"), (slice, "1073741824")]), (1_024, Some(slice.to_owned())));
        assert_eq!(found(&[V2, group, (&max, "536870912"), (slice, "1073741824")]), (512, Some(max.clone())));
        assert_eq!(found(&[V2, group, (&max, "536870912"), (&high, "268435456")]), (256, Some(high)));
    }

    #[test]
    fn version_1_says_it_in_other_files() {
        let mount = "36 25 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n\
                     42 25 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";
        let mounts = ("proc/self/mountinfo", mount);
        let group = ("proc/self/cgroup", "4:memory:/a/b\n1:name=systemd:/\n0::/\n");
        let (own, above) =
            ("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "sys/fs/cgroup/memory/a/memory.limit_in_bytes");
        let unlimited = "9223372036854771712\n";
        assert_eq!(found(&[mounts, group, (own, unlimited), (above, unlimited)]), (16_384, None));
        assert_eq!(found(&[mounts, group, (own, unlimited), (above, "2147483648")]), (2_048, Some(above.to_owned())));
        let stat = "sys/fs/cgroup/memory/a/b/memory.stat";
        assert_eq!(
            found(&[mounts, group, (own, unlimited), (stat, "cache 1\nhierarchical_memory_limit 1073741824\n")]),
            (1_024, Some(stat.to_owned()))
        );
    }

    #[test]
    fn a_container_of_version_1_sees_its_own_group_at_the_top() {
        let mount = "36 25 0:31 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
        let limit = "sys/fs/cgroup/memory/memory.limit_in_bytes";
        for group in ["4:memory:/docker/abc\n", "4:memory:/somewhere/else\n", "4:memory:/../..\n"] {
            let files = [("proc/self/mountinfo", mount), ("proc/self/cgroup", group), (limit, "805306368")];
            assert_eq!(found(&files), (768, Some(limit.to_owned())), "{group}");
        }
    }

    #[test]
    fn garbage_is_passed_over() {
        let max = ("sys/fs/cgroup/memory.max", "1073741824");
        let garbage = ("proc/self/cgroup", "\n0\n0:\nx:y\n\u{0}\n0::/\n");
        assert_eq!(found(&[V2, garbage, max]).0, 1_024);
        let mounts = format!("- - -\n1 2 3\n{}a - b - c\n", V2.1);
        assert_eq!(found(&[("proc/self/mountinfo", &mounts), ("proc/self/cgroup", "0::/\n"), max]).0, 1_024);
        let blank = "30 24 0:26 / /a\\040b rw - cgroup2 cgroup2 rw\n";
        let files = [("proc/self/mountinfo", blank), ("proc/self/cgroup", "0::/"), ("a b/memory.max", "1073741824")];
        assert_eq!(found(&files).0, 1_024);
    }

    #[test]
    fn the_budget_leaves_room_for_the_process_itself() {
        let budget = |mib: u64| Memory { bytes: mib * MIB, limited_by: None }.budget().map(|bytes| bytes / MIB);
        assert_eq!(
            [24_000, 1_536, 512, 278, 256, 0].map(budget),
            [Some(17_856), Some(1_008), Some(240), Some(64), None, None]
        );
        assert!(Memory { bytes: Memory::least(), limited_by: None }.budget().is_some());
    }
}
