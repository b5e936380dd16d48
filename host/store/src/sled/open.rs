//! Opens a data directory: locks it, checks who wrote it, and learns by heart what the committer needs.

use std::fs::{DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::job::{Job, Status};
use analyte_core::names::Organisation;

use super::blobs::Blobs;
use super::envelope::{self, Find, Value};
use super::journal::Journal;
use super::keys::{self, Class};
use super::records::Records;
use super::work::{Leases, Work};
use super::{Options, broken, io_error, job_record};
use crate::{Result, StoreError};

/// The format this version writes. A higher one was written by a later version.
pub(super) const FORMAT: u32 = 1;
/// sled lets go of its file a moment after its last handle.
const PATIENCE: Duration = Duration::from_secs(10);

/// An open store.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) work: Work,
    db: sled::Db,
    /// sled's own file: it writes there and never syncs.
    file: File,
    #[cfg(test)]
    fault: super::Fault,
}

impl Opened {
    /// For readers.
    pub(super) fn tree(&self) -> sled::Tree {
        (*self.db).clone()
    }

    /// Makes durable what was applied to the tree.
    pub(super) fn make_durable(&self) -> Result<()> {
        #[cfg(test)]
        self.fault.check()?;
        self.db.flush().map_err(|error| broken("write to the disk", error))?;
        self.file.sync_data().map_err(|error| io_error("could not sync the store's file".to_owned(), error))
    }
}

/// Makes a directory that only its owner may enter, and makes it last.
pub(super) fn directory(path: &Path) -> Result<()> {
    let doing = || format!("could not make the directory {}", path.display());
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|error| io_error(doing(), error))?;
    match path.canonicalize() {
        Ok(path) => path.parent().map_or(Ok(()), sync_directory),
        Err(error) => Err(io_error(doing(), error)),
    }
}

fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| io_error(format!("could not sync the directory {}", path.display()), error))
}

/// Opens the store for the first time in this process; the directory is locked by the caller.
pub(super) fn first(options: &Options) -> Result<Opened> {
    directory(&options.path.join("blobs"))?;
    let blobs = Blobs::open(&options.path.join("blobs"), options.inline_bytes)?;
    open(options, &blobs)
}

/// Opens it anew after a failure.
pub(super) fn again(options: &Options, blobs: &Arc<Blobs>) -> Result<Opened> {
    open(options, blobs)
}

fn open(options: &Options, blobs: &Arc<Blobs>) -> Result<Opened> {
    let path = options.path.join("store");
    directory(&path)?;
    let db = database(&path, options.cache_bytes)?;
    let file =
        File::open(path.join("db")).map_err(|error| io_error("could not open the store's file".to_owned(), error))?;
    let mut records = Records::new((*db).clone());
    check_format(&db, &mut records)?;
    let reserved = records.find(keys::LEASES)?.and_then(|bytes| bytes.as_ref().try_into().ok()).map(u64::from_be_bytes);
    let journal = Journal::open(&records)?;
    let work = Work::new(records, Arc::clone(blobs), journal, Leases::from(reserved));
    let opened = Opened {
        work,
        db,
        file,
        #[cfg(test)]
        fault: options.fault.clone(),
    };
    opened.make_durable()?;
    sync_directory(&path)?;
    learn(opened)
}

fn database(path: &Path, cache_bytes: u64) -> Result<sled::Db> {
    let config = sled::Config::new()
        .path(path)
        .cache_capacity(cache_bytes)
        .mode(sled::Mode::HighThroughput)
        // The committer flushes; sled's own thread would only get in its way.
        .flush_every_ms(None);
    let deadline = Instant::now() + PATIENCE;
    loop {
        // sled asserts where a file is not what it wrote.
        let opened = std::panic::catch_unwind(AssertUnwindSafe(|| config.open()));
        match opened {
            Ok(Ok(db)) => return Ok(db),
            // The directory's lock is ours, so it can only be an earlier opening of this process.
            Ok(Err(sled::Error::Io(error))) if error.to_string().contains("lock") && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(Err(error)) => return Err(broken("open the store", error)),
            Err(_) => return Err(StoreError::Damaged { what: format!("the store in {}", path.display()) }),
        }
    }
}

fn check_format(db: &sled::Db, records: &mut Records) -> Result<()> {
    let Some(found) = records.find(keys::FORMAT)? else {
        // Written at once, and before anything else: a store without it is an empty one.
        db.insert(keys::FORMAT, &FORMAT.to_be_bytes()).map_err(|error| broken("write to the disk", error))?;
        return Ok(());
    };
    match found.as_ref().try_into().map(u32::from_be_bytes) {
        Ok(FORMAT) => Ok(()),
        Ok(found) if found > FORMAT => Err(StoreError::NewerFormat { found, known: FORMAT }),
        Ok(_) | Err(_) => Err(StoreError::Damaged { what: "the record of the store's format".to_owned() }),
    }
}

/// Fills everything that follows from the tree.
fn learn(mut opened: Opened) -> Result<Opened> {
    let work = &mut opened.work;
    let mut live = Vec::new();
    let mut ended = Vec::new();
    for entry in work.records.scan(&[keys::STATE]) {
        let (key, _) = entry?;
        match of_state(&key) {
            Some((organisation, Class::Live, id)) => live.push((organisation, id)),
            Some((organisation, class, _)) => ended.push((organisation, class)),
            None => {}
        }
    }
    for (organisation, class) in ended {
        match class {
            Class::Live => {}
            Class::Completed => work.found_ended(&organisation, Status::Completed),
            Class::Failed => work.found_ended(&organisation, Status::Failed),
            Class::Cancelled => work.found_ended(&organisation, Status::Cancelled),
        }
    }
    let mut references = Vec::new();
    for entry in work.records.scan(&[keys::REFERENCE]) {
        let (key, value) = entry?;
        if let (Some((digest, pinned)), Ok(bytes)) = (keys::of_reference(&key), value.as_ref().try_into()) {
            references.push((digest, u64::from_be_bytes(bytes), pinned));
        }
    }
    for (digest, bytes, pinned) in &references {
        work.references.found(*digest, *bytes, *pinned);
    }
    for place in live {
        let (organisation, id) = &place;
        let read = job_record::read_starts(&work.records, organisation, *id)
            .and_then(|starts| Ok(job_record::read(&work.records, organisation, *id)?.map(|job| (job, starts))));
        match read {
            Ok(Some((job, starts))) => work.found_live(&Arc::<Job>::new(job), starts),
            Ok(None) => {}
            Err(StoreError::Damaged { what }) => work.put_job_aside(&place, &what)?,
            Err(error) => return Err(error),
        }
    }
    for (digest, _, pinned) in references {
        if pinned && !work.pinned.contains_key(&digest) {
            work.drop_reference(digest, &keys::Owner::Pinned)?;
        }
    }
    let mut aside = 0;
    for entry in work.records.scan(&[keys::QUARANTINE]) {
        entry?;
        aside += 1;
    }
    learn_catalogue(work)?;
    work.quarantined += aside;
    for digest in work.blobs.list()? {
        if !work.references.has(digest) {
            work.blobs.remove(digest);
        }
    }
    Ok(opened)
}

fn of_state(key: &[u8]) -> Option<(Organisation, Class, analyte_core::names::JobId)> {
    let (organisation, rest) = keys::split_organisation(key)?;
    Some((organisation, Class::from_byte(*rest.first()?)?, keys::id_at_end(rest)?))
}

fn learn_catalogue(work: &mut Work) -> Result<()> {
    for letter in [keys::PROVIDER, keys::MODEL, keys::TOKEN] {
        let found = work.records.scan(&[letter]).map(|entry| entry.map(|(key, _)| key)).collect::<Result<Vec<_>>>()?;
        for key in found {
            match learn_one(work, letter, &key) {
                Err(StoreError::Damaged { what } | StoreError::Missing(what)) => work.quarantine(&key, &what)?,
                other => other?,
            }
        }
    }
    Ok(())
}

fn learn_one(work: &mut Work, letter: u8, key: &[u8]) -> Result<()> {
    let bytes = match envelope::read(&work.records, key)? {
        None => return Ok(()),
        Some(Value::Here(bytes)) => envelope::owned(bytes),
        Some(Value::Elsewhere(content)) => work.blobs.get_blocking(&content)?,
    };
    let catalogue = &mut work.catalogue;
    match letter {
        keys::PROVIDER => {
            let record: crate::ProviderRecord = envelope::parse(key, &bytes)?;
            catalogue.providers.insert(record.name.clone(), Arc::new(record));
        }
        keys::MODEL => {
            let record: crate::ModelRecord = envelope::parse(key, &bytes)?;
            catalogue.models.insert((record.provider.clone(), record.name.clone()), Arc::new(record));
        }
        _ => {
            let record: crate::TokenRecord = envelope::parse(key, &bytes)?;
            catalogue.tokens.insert(record.id.clone(), Arc::new(record));
        }
    }
    Ok(())
}
