//! How many cores this process may use: those of the machine, or fewer where it is bound to some of them or a control group gives
//! it less time. The standard library counts all of that; here it is found out which of them it was.

use std::fmt;

/// How many cores there are, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cores {
    /// At least 1; parts of a core are not counted.
    pub count: usize,
    bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Machine,
    /// The process may run on some cores only (`taskset`, a cpuset, `AllowedCPUs=`).
    Allowed,
    /// A control group gives it less time than its cores have.
    Quota,
}

impl Cores {
    /// Asks the system.
    pub(super) fn here() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let allowed = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).and_then(listed);
        let online = std::fs::read_to_string("/sys/devices/system/cpu/online").ok().as_deref().and_then(listed);
        Self::of(std::thread::available_parallelism().map_or(1, usize::from), allowed, online)
    }

    /// `None`: the system does not say.
    fn of(count: usize, allowed: Option<usize>, online: Option<usize>) -> Self {
        let bound = if allowed.is_some_and(|allowed| count < allowed) {
            Bound::Quota
        } else if online.is_some_and(|online| count < online) {
            Bound::Allowed
        } else {
            Bound::Machine
        };
        Self { count, bound }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.bound {
            Bound::Machine => "all of the machine's",
            Bound::Allowed => "those of the machine's that it may run on",
            Bound::Quota => "the processor time that a control group gives",
        };
        write!(f, "{}, {why}", self.count)
    }
}

/// How many a list like `0-3,8` names.
fn listed(text: &str) -> Option<usize> {
    text.trim().split(',').try_fold(0, |sum, part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        Some(sum + last.checked_sub(first)? + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_counted() {
        let counted = ["0", "0-3", "0-3,8\n", " 1,3,5-6", "", "3-1", "x"].map(listed);
        assert_eq!(counted, [Some(1), Some(4), Some(5), Some(4), None, None, None]);
    }

    #[test]
    fn it_is_said_what_bounds_them() {
        let said = |count, allowed, online| Cores::of(count, allowed, online).to_string();
        assert_eq!(said(8, Some(8), Some(8)), "8, all of the machine's");
        assert_eq!(said(2, Some(2), Some(8)), "2, those of the machine's that it may run on");
        assert_eq!(said(1, Some(2), Some(8)), "1, the processor time that a control group gives");
        assert_eq!(said(4, None, None), "4, all of the machine's");
    }
}
