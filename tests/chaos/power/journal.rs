//! The recorder's log, read again. `tests/faults/src/record.rs` says how it lies in the file.

use std::ops::Range;

use support::ok;

/// What happened, and to what. Numbers are inodes.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// This is the directory that was looked at.
    Root { directory: u64 },
    /// A file or directory was made.
    Make { node: u64, is_directory: bool, directory: u64, name: Vec<u8> },
    /// Data was written; where it lies in the log.
    Write { file: u64, offset: u64, data: Range<usize> },
    /// A file got this length.
    Resize { file: u64, length: u64 },
    /// What happened to this file or directory before that place in the log is durable.
    Sync { node: u64, before: u64 },
    /// A file got another name.
    Rename { from: (u64, Vec<u8>), to: (u64, Vec<u8>) },
    /// A name was removed.
    Remove { directory: u64, name: Vec<u8> },
    /// A file got one more name.
    Link { node: u64, directory: u64, name: Vec<u8> },
}

/// One record.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Where it ends in the log.
    pub(crate) end: u64,
    pub(crate) change: Change,
}

/// All records.
pub(crate) struct Journal {
    pub(crate) bytes: Vec<u8>,
    pub(crate) records: Vec<Record>,
}

impl Journal {
    /// Reads all of them; the last one may be unfinished where its writer was killed.
    pub(crate) fn read(bytes: Vec<u8>) -> Self {
        let mut records = Vec::new();
        let mut at = 0;
        while let Some((change, end)) = record(&bytes, at) {
            records.push(Record { end: end as u64, change });
            at = end;
        }
        Self { bytes, records }
    }
}

fn record(bytes: &[u8], at: usize) -> Option<(Change, usize)> {
    let number = |index: usize| {
        let bytes = bytes.get(at + 8 * index..at + 8 * index + 8)?;
        Some(u64::from_le_bytes(ok(bytes.try_into(), "eight bytes")))
    };
    let length = |index: usize| number(index).and_then(|length| usize::try_from(length).ok());
    let name = at + 64..at + 64 + length(5)?;
    let old_name = name.end..name.end + length(6)?;
    let data = old_name.end..old_name.end + length(7)?;
    let end = data.end;
    if end > bytes.len() {
        return None;
    }
    let text = |range: Range<usize>| bytes.get(range).map(<[u8]>::to_vec);
    let (node, directory, old_directory, place) = (number(1)?, number(2)?, number(3)?, number(4)?);
    let change = match number(0)? {
        0 => Change::Root { directory: node },
        kind @ (1 | 2) => Change::Make { node, is_directory: kind == 2, directory, name: text(name)? },
        3 => Change::Write { file: node, offset: place, data },
        4 => Change::Resize { file: node, length: place },
        5 => Change::Sync { node, before: place },
        6 => Change::Rename { from: (old_directory, text(old_name)?), to: (directory, text(name)?) },
        7 => Change::Remove { directory, name: text(name)? },
        8 => Change::Link { node, directory, name: text(name)? },
        kind => panic!("the log has a record of kind {kind} at {at}"),
    };
    Some((change, end))
}
