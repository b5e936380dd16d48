//! Brings a store that an older version wrote to the format of this one, step by step.
//!
//! A step may be cut short at any point, and is begun again at the next opening: what it did already it finds done. Only
//! when all of it is durable does the record of the format say so. So a store is always of one format or of the next one,
//! and a version that does not know what is in it refuses it.
//!
//! | format | what is new |
//! | --- | --- |
//! | 1 | |
//! | 2 | what runs tell (`v`), which an older version would leave behind when it removes the job; checksums of references and
//! idempotency keys; who wrote the store |
//! | 3 | providers of one organisation (`P`, `M` and their references), which an older version would take for shared ones;
//! files (`f`, `g`), which it would leave behind; organisations (`O`); sessions, whose jobs it would run side by side |
//! | 4 | live jobs in a place of their own (`a`), and small contents within jobs' records, neither of which an older version
//! would find |

use super::broken;
use super::envelope::{self, Find};
use super::keys::{self, Class};
use crate::{Result, StoreError};

/// The format this version writes. A higher one was written by a later version.
pub(super) const FORMAT: u32 = 4;
/// Records written at a time.
const PORTION: usize = 1_024;
/// This version.
const WRITER: &str = env!("CARGO_PKG_VERSION");

/// From one format to the next.
type Step = fn(&sled::Tree) -> Result<()>;

/// The first one leads from format 1 to format 2. What format 3 adds lies beside what was there, which stays as it is.
const STEPS: [Step; FORMAT as usize - 1] = [to_2, |_| Ok(()), to_4];

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
            tree.apply_batch(batch).map_err(|error| broken("write records", error))?;
        }
    }
    Ok(())
}

/// Brings live jobs to their own place. All else stays as it is: contents that have entries of their own are read from
/// these. A job that cannot be read is left where it is, with its entry, for whoever puts it aside.
fn to_4(tree: &sled::Tree) -> Result<()> {
    let mut from = vec![keys::STATE];
    loop {
        let portion = tree.range(from.clone()..vec![keys::STATE + 1]).take(PORTION).collect::<sled::Result<Vec<_>>>();
        let portion = portion.map_err(|error| broken("read records", error))?;
        let Some((last, _)) = portion.last() else { return Ok(()) };
        from = last.to_vec();
        from.push(0);
        let mut batch = sled::Batch::default();
        for (entry, _) in &portion {
            let Some(((organisation, id), Class::Live)) = keys::of_state(entry) else { continue };
            let before = keys::job(&organisation, Class::Completed, id);
            let Some(head) = tree.find(&before)? else { continue };
            let record = match envelope::open_here(tree, &before, head.clone()) {
                Ok(record) => record,
                Err(StoreError::Damaged { .. }) => continue,
                Err(error) => return Err(error),
            };
            for number in 0..envelope::pieces(&head) {
                batch.remove(keys::piece(&before, number));
            }
            for (key, value) in envelope::entries(keys::job(&organisation, Class::Live, id), &record) {
                batch.insert(key, value);
            }
            batch.remove(before);
            batch.remove(entry);
        }
        tree.apply_batch(batch).map_err(|error| broken("write records", error))?;
    }
}

/// Checks who wrote the store, and brings it to this format. `sync` makes durable what was written.
pub(super) fn migrate(tree: &sled::Tree, sync: impl Fn() -> Result<()>) -> Result<()> {
    match found(tree)? {
        // Written at once, and before anything else: a store without it is an empty one.
        None => write(tree, FORMAT, &sync)?,
        Some(found) => step_by_step(tree, found, &STEPS, &sync)?,
    }
    if tree.find(keys::WRITER)?.as_deref() != Some(WRITER.as_bytes()) {
        tree.insert(keys::WRITER, WRITER).map_err(|error| broken("write to the disk", error))?;
    }
    Ok(())
}

fn found(tree: &sled::Tree) -> Result<Option<u32>> {
    let Some(found) = tree.find(keys::FORMAT)? else { return Ok(None) };
    match found.as_ref().try_into().map(u32::from_be_bytes) {
        Ok(0) | Err(_) => Err(StoreError::Damaged { what: "the record of the store's format".to_owned() }),
        Ok(found) if found > FORMAT => {
            let writer = tree.find(keys::WRITER)?;
            let writer = writer.and_then(|writer| String::from_utf8(writer.to_vec()).ok());
            Err(StoreError::NewerFormat {
                found,
                known: FORMAT,
                writer: writer.unwrap_or_else(|| "its number is not told".to_owned()),
            })
        }
        Ok(found) => Ok(Some(found)),
    }
}

fn step_by_step(tree: &sled::Tree, found: u32, steps: &[Step], sync: &impl Fn() -> Result<()>) -> Result<()> {
    for (from, step) in (1_u32..).zip(steps).filter(|(from, _)| *from >= found) {
        tracing::info!(from, to = from + 1, "the store is brought to the format of this version");
        step(tree)?;
        sync()?;
        write(tree, from + 1, sync)?;
    }
    Ok(())
}

fn write(tree: &sled::Tree, format: u32, sync: &impl Fn() -> Result<()>) -> Result<()> {
    tree.insert(keys::FORMAT, &format.to_be_bytes()).map_err(|error| broken("write to the disk", error))?;
    sync()
}
