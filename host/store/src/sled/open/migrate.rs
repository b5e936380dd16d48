//! Brings a store that an older version wrote to the format of this one, step by step.
//!
//! The store says first that it is of the new format, and from which one it comes, so that from then on a version that
//! does not know what is in it refuses it. A step may be cut short at any point, and is begun again at the next
//! opening: what it did already it finds done. When all of it is durable, nothing is said of the old format any more.
//!
//! | format | what is new |
//! | --- | --- |
//! | 1 | |
//! | 2 | what runs report (`v`), which an older version would leave behind when it removes the job; checksums of references and
//! idempotency keys; who wrote the store |
//! | 3 | providers of one organisation (`P`, `M` and their references), which an older version would take for shared ones;
//! files (`f`, `g`), which it would leave behind; organisations (`O`); sessions, whose jobs it would run side by side |
//! | 4 | live jobs in a place of their own (`a`), and small contents within jobs' records, neither of which an older version
//! would find |
//! | 5 | tasks whose input is made of the results of others, whose jobs an older version would take for damaged; tasks with
//! limits of their own, which it would not see; documents (`D`), which it would leave behind |

use analyte_core::job::Status;

use crate::sled::disk::errors::broken;
use crate::sled::format::envelope::{self, Find};
use crate::sled::format::keys::{self, Class};
use crate::{Result, StoreError};

/// The format this version writes. A higher one was written by a later version.
pub(crate) const FORMAT: u32 = 5;
/// Records written at a time.
const PORTION: usize = 1_024;
/// Bytes of records written at a time.
const PORTION_BYTES: usize = 8 << 20;
/// This version.
const WRITER: &str = env!("CARGO_PKG_VERSION");

/// From one format to the next.
type Step = fn(&sled::Tree) -> Result<()>;

/// The first one leads from format 1 to format 2. What formats 3 and 5 add lies beside what was there, or within new jobs;
/// what was there stays as it is.
const STEPS: [Step; FORMAT as usize - 1] = [to_2, |_| Ok(()), to_4, |_| Ok(())];

/// Gives the values of few bytes that had none a checksum. One that has it is longer, and left as it is.
fn to_2(tree: &sled::Tree) -> Result<()> {
    for (letter, length) in [(keys::IDEMPOTENCY, 48), (keys::REFERENCE, 8)] {
        let mut from = vec![letter];
        loop {
            let portion = tree.range(from.clone()..vec![letter + 1]).take(PORTION).collect::<sled::Result<Vec<_>>>();
            let portion = portion.map_err(|error| broken("read records", error))?;
            let Some((last, _)) = portion.last() else { break };
            from = last.to_vec();
            from.push(0);
            let mut batch = sled::Batch::default();
            for (key, value) in portion.iter().filter(|(_, value)| value.len() == length) {
                batch.insert(key, envelope::short(value));
            }
            write_all(tree, batch)?;
        }
    }
    Ok(())
}

/// Brings live jobs to their own place. All else stays as it is: contents that have entries of their own are read from
/// these. A job that cannot be read, or that is not what its entry says, is left where it is, to be put aside when the
/// state is rebuilt.
fn to_4(tree: &sled::Tree) -> Result<()> {
    let mut from = vec![keys::STATE];
    loop {
        let portion = tree.range(from.clone()..vec![keys::STATE + 1]).take(PORTION).collect::<sled::Result<Vec<_>>>();
        let portion = portion.map_err(|error| broken("read records", error))?;
        let Some((last, _)) = portion.last() else { return Ok(()) };
        from = last.to_vec();
        from.push(0);
        let (mut batch, mut bytes) = (sled::Batch::default(), 0);
        for (entry, _) in &portion {
            let Some(((organisation, id), Class::Live)) = keys::of_state(entry) else { continue };
            let before = keys::job(&organisation, Class::Completed, id);
            let Some(head) = tree.find(&before)? else { continue };
            let record = match envelope::open_here(tree, &before, head.clone()) {
                Ok(record) => record,
                Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            if !serde_json::from_slice::<State>(&record).is_ok_and(|job| !job.status.ended()) {
                continue;
            }
            for number in 0..envelope::pieces(&head) {
                batch.remove(keys::piece(&before, number));
            }
            for (key, value) in envelope::entries(keys::job(&organisation, Class::Live, id), &record) {
                batch.insert(key, value);
            }
            batch.remove(before);
            batch.remove(entry);
            bytes += record.len();
            if bytes >= PORTION_BYTES {
                write_all(tree, std::mem::take(&mut batch))?;
                bytes = 0;
            }
        }
        write_all(tree, batch)?;
    }
}

/// What has to be known of a job.
#[derive(serde::Deserialize)]
struct State {
    status: Status,
}

fn write_all(tree: &sled::Tree, batch: sled::Batch) -> Result<()> {
    tree.apply_batch(batch).map_err(|error| broken("write records", error))
}

/// Checks who wrote the store, and brings it to this format. `sync` makes durable what was written.
pub(crate) fn migrate(tree: &sled::Tree, sync: impl Fn() -> Result<()>) -> Result<()> {
    match found(tree)? {
        // Written at once, and before anything else: a store without it is an empty one.
        None => {
            tree.insert(keys::FORMAT, &FORMAT.to_be_bytes()).map_err(|error| broken("write to the disk", error))?;
            sync()?;
        }
        Some(found) => step_by_step(tree, found, &sync)?,
    }
    if tree.find(keys::WRITER)?.as_deref() != Some(WRITER.as_bytes()) {
        tree.insert(keys::WRITER, WRITER).map_err(|error| broken("write to the disk", error))?;
    }
    Ok(())
}

/// From which format the store is to be brought to this one, `FORMAT` where it is of this one; `None` where it is
/// empty.
fn found(tree: &sled::Tree) -> Result<Option<u32>> {
    let Some(found) = number(tree, keys::FORMAT)? else { return Ok(None) };
    if found > FORMAT {
        let writer = tree.find(keys::WRITER)?;
        let writer = writer.and_then(|writer| String::from_utf8(writer.to_vec()).ok());
        return Err(StoreError::NewerFormat {
            found,
            known: FORMAT,
            writer: writer.unwrap_or_else(|| "its number is not recorded".to_owned()),
        });
    }
    Ok(Some(number(tree, keys::MIGRATING)?.unwrap_or(found)))
}

/// The number of a format.
fn number(tree: &sled::Tree, key: &[u8]) -> Result<Option<u32>> {
    let Some(number) = tree.find(key)? else { return Ok(None) };
    match number.as_ref().try_into().map(u32::from_be_bytes) {
        Ok(0) | Err(_) => Err(StoreError::Damaged { what: "the record of the store's format".to_owned() }),
        Ok(number) => Ok(Some(number)),
    }
}

fn step_by_step(tree: &sled::Tree, found: u32, sync: &impl Fn() -> Result<()>) -> Result<()> {
    if found >= FORMAT {
        return Ok(());
    }
    let mut said = sled::Batch::default();
    said.insert(keys::FORMAT, &FORMAT.to_be_bytes());
    said.insert(keys::MIGRATING, &found.to_be_bytes());
    write_all(tree, said)?;
    sync()?;
    for (from, step) in (1_u32..).zip(STEPS).filter(|(from, _)| *from >= found) {
        tracing::info!(from, to = from + 1, "the store is brought to the format of this version");
        step(tree)?;
    }
    sync()?;
    tree.remove(keys::MIGRATING).map_err(|error| broken("write to the disk", error))?;
    sync()
}
