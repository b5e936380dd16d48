//! What a disk may hold after the power went.
//!
//! The model is stricter than any file system we know of:
//!
//! * What was written to a file is durable when a sync of that file, begun afterwards, has returned. `sync_file_range`
//!   makes nothing durable.
//! * Of what is not durable, each sector of 512 bytes holds what it held at some time since the last sync, each one at
//!   another time if need be: a page that was being written is torn. Two writes into one sector are never found the other
//!   way round, since the system keeps one page in memory for both. The length of a file goes its own way.
//! * A name (made, changed or removed) is durable when its directory was synced; a synced file is not thereby found under
//!   its name. A rename happens wholly or not at all, but may be seen under the new name while the old one is still there.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::journal::{Change, Journal, Record};
use support::chance::Chance;
use support::ok;

const SECTOR: usize = 512;
const PAGE: usize = 8 * SECTOR;

/// A file or directory that was made; numbers of the system are used again, these are not.
type Node = usize;

#[derive(Debug, Clone)]
enum Edit {
    Write { offset: usize, data: Range<usize> },
    Resize { length: usize },
}

#[derive(Debug, Clone, Default)]
struct File {
    durable: Vec<u8>,
    /// With the ends of their records.
    pending: Vec<(u64, Edit)>,
}

#[derive(Debug, Clone)]
struct Naming {
    end: u64,
    directory: Node,
    name: Vec<u8>,
    to: Option<Node>,
    /// The other half of a rename.
    twin: Option<u64>,
}

/// How much of what is not durable is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Nothing.
    Nothing,
    /// Everything, as after a crash of the program alone.
    Everything,
    /// Each piece as chance has it.
    Some,
}

/// A disk at one moment.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    /// The number that the system uses now.
    nodes: HashMap<u64, Node>,
    files: HashMap<Node, File>,
    directories: HashMap<Node, BTreeMap<Vec<u8>, Node>>,
    /// As the running system sees it.
    seen: HashMap<(Node, Vec<u8>), Node>,
    namings: Vec<Naming>,
    made: Node,
    root: Node,
    /// Believes in no sync: to show that the checks can fail.
    pub(crate) ignores_syncs: bool,
}

impl Disk {
    fn make(&mut self, number: u64, is_directory: bool) -> Node {
        self.made += 1;
        self.nodes.insert(number, self.made);
        if is_directory {
            self.directories.insert(self.made, BTreeMap::new());
        } else {
            self.files.insert(self.made, File::default());
        }
        self.made
    }

    /// Something without a record of its making was made by a child process; it is not looked at.
    fn node(&self, number: u64) -> Option<Node> {
        self.nodes.get(&number).copied()
    }

    fn name(&mut self, end: u64, directory: u64, name: &[u8], to: Option<Node>, twin: Option<u64>) {
        let Some(directory) = self.node(directory) else { return };
        match to {
            Some(node) => self.seen.insert((directory, name.to_vec()), node),
            None => self.seen.remove(&(directory, name.to_vec())),
        };
        self.namings.push(Naming { end, directory, name: name.to_vec(), to, twin });
    }

    /// Lets one more thing happen.
    pub(crate) fn apply(&mut self, record: &Record) {
        let end = record.end;
        match &record.change {
            Change::Root { directory } => self.root = self.make(*directory, true),
            Change::Make { node, is_directory, directory, name } => {
                let made = self.make(*node, *is_directory);
                self.name(end, *directory, name, Some(made), None);
            }
            Change::Write { file, offset, data } => {
                let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
                self.edit(end, *file, Edit::Write { offset, data: data.clone() });
            }
            Change::Resize { file, length } => {
                self.edit(end, *file, Edit::Resize { length: usize::try_from(*length).unwrap_or(usize::MAX) });
            }
            Change::Rename { from, to } => {
                let node = self.node(from.0).and_then(|directory| self.seen.get(&(directory, from.1.clone())).copied());
                let Some(node) = node else { return };
                // Both have this record's end, which no other record has: by it each finds the other.
                self.name(end, to.0, &to.1, Some(node), Some(end));
                self.name(end, from.0, &from.1, None, Some(end));
            }
            Change::Remove { directory, name } => self.name(end, *directory, name, None, None),
            Change::Link { node, directory, name } => {
                if let Some(node) = self.node(*node) {
                    self.name(end, *directory, name, Some(node), None);
                }
            }
            Change::Sync { .. } => {}
        }
    }

    fn edit(&mut self, end: u64, file: u64, edit: Edit) {
        if let Some(file) = self.node(file).and_then(|node| self.files.get_mut(&node)) {
            file.pending.push((end, edit));
        }
    }

    /// Makes durable what a sync covers.
    pub(crate) fn sync(&mut self, record: &Record, journal: &Journal) {
        let Change::Sync { node, before } = record.change else { return };
        let Some(node) = self.node(node).filter(|_| !self.ignores_syncs) else { return };
        if let Some(file) = self.files.get_mut(&node) {
            let covered = file.pending.partition_point(|(end, _)| *end <= before);
            for (_, edit) in file.pending.drain(..covered) {
                match edit {
                    Edit::Write { offset, data } => {
                        let data = journal.bytes.get(data).unwrap_or_default();
                        let needed = offset + data.len();
                        if file.durable.len() < needed {
                            file.durable.resize(needed, 0);
                        }
                        file.durable[offset..needed].copy_from_slice(data);
                    }
                    Edit::Resize { length } => file.durable.resize(length, 0),
                }
            }
            return;
        }
        let covered = |naming: &Naming| naming.directory == node && naming.end <= before;
        // Where the old name is durably gone, the new one is durably there, in whatever directory that is.
        let moved: Vec<u64> = self
            .namings
            .iter()
            .filter(|naming| covered(naming) && naming.to.is_none())
            .filter_map(|naming| naming.twin)
            .collect();
        let (durable, pending): (Vec<_>, Vec<_>) = std::mem::take(&mut self.namings)
            .into_iter()
            .partition(|naming| covered(naming) || naming.twin.is_some_and(|twin| moved.contains(&twin)));
        self.namings = pending;
        for naming in durable {
            // What was not covered, and came before what now is durable, is past.
            let past = |other: &Naming| {
                other.directory == naming.directory && other.name == naming.name && other.end < naming.end
            };
            self.namings.retain(|other| !past(other));
            name_in(&mut self.directories, &naming);
        }
    }

    /// Writes what may be found after the power went now into an empty folder.
    pub(crate) fn rebuild(&self, journal: &Journal, kept: Kept, chance: &mut Chance, to: &Path) {
        let mut directories = self.directories.clone();
        let mut renamed = HashMap::new();
        for naming in &self.namings {
            let mut draw = || match kept {
                Kept::Nothing => false,
                Kept::Everything => true,
                Kept::Some => chance.percent(50),
            };
            let is_kept = match naming.twin {
                // Where the new name is durable already, the old one goes its own way.
                Some(twin) => *renamed.entry(twin).or_insert_with(draw),
                None => draw(),
            };
            if is_kept {
                name_in(&mut directories, naming);
            }
        }
        self.write(journal, &directories, self.root, kept, chance, to);
    }

    fn write(
        &self,
        journal: &Journal,
        directories: &HashMap<Node, BTreeMap<Vec<u8>, Node>>,
        directory: Node,
        kept: Kept,
        chance: &mut Chance,
        to: &Path,
    ) {
        for (name, node) in directories.get(&directory).into_iter().flatten() {
            let path = to.join(std::ffi::OsStr::from_bytes(name));
            if let Some(file) = self.files.get(node) {
                ok(fs::write(&path, file.after(journal, kept, chance)), "a rebuilt file");
            } else {
                ok(fs::create_dir(&path), "a rebuilt directory");
                self.write(journal, directories, *node, kept, chance, &path);
            }
        }
    }
}

fn name_in(directories: &mut HashMap<Node, BTreeMap<Vec<u8>, Node>>, naming: &Naming) {
    let directory = directories.entry(naming.directory).or_default();
    match naming.to {
        Some(node) => directory.insert(naming.name.clone(), node),
        None => directory.remove(&naming.name),
    };
}

impl File {
    /// What may be found of it.
    fn after(&self, journal: &Journal, kept: Kept, chance: &mut Chance) -> Vec<u8> {
        let mut content = self.durable.clone();
        let mut lengths = vec![content.len()];
        // Which edits touch which page, in order.
        let mut pages: BTreeMap<usize, Vec<&Edit>> = BTreeMap::new();
        for (_, edit) in &self.pending {
            let length = lengths.last().copied().unwrap_or(0);
            let (touched, now) = match edit {
                Edit::Write { offset, data } => (*offset..offset + data.len(), length.max(offset + data.len())),
                Edit::Resize { length: now } => (*now..length, *now),
            };
            for page in touched.start / PAGE..touched.end.div_ceil(PAGE) {
                pages.entry(page).or_default().push(edit);
            }
            lengths.push(now);
        }
        let choose = |most: usize, chance: &mut Chance| match kept {
            Kept::Nothing => 0,
            Kept::Everything => most,
            Kept::Some => match chance.below(3) {
                0 => 0,
                1 => most,
                _ => usize::try_from(chance.below(most as u64 + 1)).unwrap_or(most),
            },
        };
        let longest = lengths.iter().copied().max().unwrap_or(0);
        content.resize(longest, 0);
        for (page, edits) in pages {
            let whole = choose(edits.len(), chance);
            let torn = kept == Kept::Some && chance.percent(25);
            for sector in 0..PAGE / SECTOR {
                let happened = if torn { choose(edits.len(), chance) } else { whole };
                let start = page * PAGE + sector * SECTOR;
                let end = (start + SECTOR).min(longest);
                for edit in edits.iter().take(happened) {
                    edit.happen(start..end, &mut content, journal);
                }
            }
        }
        let length = lengths[choose(lengths.len() - 1, chance)];
        content.truncate(length);
        content
    }
}

impl Edit {
    /// Happens to these bytes only.
    fn happen(&self, to: Range<usize>, content: &mut [u8], journal: &Journal) {
        match self {
            Self::Write { offset, data } => {
                let (start, end) = (to.start.max(*offset), to.end.min(offset + data.len()));
                if start < end {
                    let from = data.start + start - offset..data.start + end - offset;
                    content[start..end].copy_from_slice(&journal.bytes[from]);
                }
            }
            Self::Resize { length } => {
                let start = to.start.max(*length);
                if start < to.end {
                    content[start..to.end].fill(0);
                }
            }
        }
    }
}
