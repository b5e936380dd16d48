//! Learns by heart, when the store opens, what the committer needs and what follows from the records.
//!
//! What cannot be read is put aside, or mended where the rest says how; that is written like everything else, and durable
//! before anything is answered.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Status;
use analyte_core::names::Organisation;

use super::envelope::{self, Value};
use super::keys::{self, Class};
use super::work::{Place, Work, named};
use super::{content, files, job_record};
use crate::{Result, StoreError};

/// Fills everything that follows from the tree.
pub(super) fn learn(work: &mut Work) -> Result<()> {
    let mut aside = 0;
    for entry in work.records.scan(&[keys::QUARANTINE]) {
        entry?;
        aside += 1;
    }
    work.quarantined = aside;
    let blobs: HashMap<Digest, u64> = work.blobs.list()?.into_iter().collect();
    let pinned = learn_references(work, &blobs)?;
    for place in learn_states(work)? {
        learn_live(work, &place)?;
    }
    for digest in pinned {
        if !work.pinned.contains_key(&digest) {
            work.drop_reference(digest, &keys::Owner::Pinned)?;
        }
    }
    learn_catalogue(work)?;
    files::learn(work)?;
    for digest in blobs.into_keys() {
        if !work.references.has(digest) {
            work.blobs.remove(digest);
        }
    }
    Ok(())
}

/// Counts ended jobs, and says which live.
fn learn_states(work: &mut Work) -> Result<Vec<Place>> {
    let mut live = Vec::new();
    let mut odd = Vec::new();
    for entry in work.records.scan(&[keys::LIVE]) {
        let (key, _) = entry?;
        match of_record(&key) {
            Some(place) => live.push(place),
            None => odd.push((key, None)),
        }
    }
    let mut ended = Vec::new();
    for entry in work.records.scan(&[keys::STATE]) {
        let (key, value) = entry?;
        match keys::of_state(&key) {
            Some(((organisation, _), class)) if class != Class::Live && value.len() == 8 => {
                ended.push((organisation, class));
            }
            found => odd.push((key, found)),
        }
    }
    for (organisation, class) in ended {
        found_ended(work, &organisation, class);
    }
    for (key, found) in odd {
        let read = found.as_ref().map(|((organisation, id), _)| job_record::read(&work.records, organisation, *id));
        match (found, read) {
            // Of a job that was damaged when the store was brought to format 4: the damage is the job's.
            (Some((place, Class::Live)), Some(Err(StoreError::Damaged { what }))) => {
                work.put_job_aside(&place, &what)?;
                work.records.remove(key.to_vec());
            }
            (Some((_, class)), Some(Ok(Some(job)))) if Class::of(job.status) == class && class != Class::Live => {
                work.quarantine(&key, "an index entry")?;
                // The job itself says when it ended.
                work.state_entry(&job);
                found_ended(work, &job.organisation, class);
            }
            (_, Some(Err(error))) if !matches!(error, StoreError::Damaged { .. }) => return Err(error),
            _ => work.quarantine(&key, "an entry of no job")?,
        }
    }
    Ok(live)
}

/// The job whose record has this key, if it is the key of one.
fn of_record(key: &[u8]) -> Option<Place> {
    let (organisation, id) = keys::split_organisation(key)?;
    // Neither more nor less than an id.
    Some((organisation, keys::id_at_end(id).filter(|_| id.len() == 16)?))
}

fn found_ended(work: &mut Work, organisation: &Organisation, class: Class) {
    match class {
        Class::Live => {}
        Class::Completed => work.found_ended(organisation, Status::Completed),
        Class::Failed => work.found_ended(organisation, Status::Failed),
        Class::Cancelled => work.found_ended(organisation, Status::Cancelled),
    }
}

fn learn_live(work: &mut Work, place: &Place) -> Result<()> {
    let (organisation, id) = place;
    let read = job_record::read_starts(&work.records, organisation, *id)
        .and_then(|starts| Ok(job_record::read(&work.records, organisation, *id)?.map(|job| (job, starts))));
    match read {
        Ok(Some((job, starts))) => work.found_live(&Arc::new(job), starts),
        // It was there a moment ago, and nobody else writes.
        Ok(None) => {}
        Err(StoreError::Damaged { what }) => match work.mend_job(place, &what)? {
            Some(job) => work.found_live(&Arc::new(job), Vec::new()),
            None => work.put_job_aside(place, &what)?,
        },
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Who keeps which blob; says which of them unfinished jobs pin.
fn learn_references(work: &mut Work, blobs: &HashMap<Digest, u64>) -> Result<Vec<Digest>> {
    let mut odd = Vec::new();
    let mut found = Vec::new();
    for entry in work.records.scan(&[keys::REFERENCE]) {
        let (key, value) = entry?;
        match (keys::of_reference(&key), content::length_in(&key, &value)) {
            (Some((digest, pinned)), Ok(bytes)) => found.push((digest, bytes, pinned)),
            (place, _) => odd.push((key, place)),
        }
    }
    for (key, place) in odd {
        work.quarantine(&key, "a reference to a blob")?;
        // The key says whose it is, and the file how long it is.
        if let Some((digest, pinned)) = place
            && let Some(bytes) = blobs.get(&digest)
        {
            work.records.set(key.to_vec(), envelope::short(&bytes.to_be_bytes()));
            found.push((digest, *bytes, pinned));
        }
    }
    for (digest, bytes, pinned) in &found {
        work.references.found(*digest, *bytes, *pinned);
    }
    Ok(found.into_iter().filter(|(.., pinned)| *pinned).map(|(digest, ..)| digest).collect())
}

fn learn_catalogue(work: &mut Work) -> Result<()> {
    for letter in [keys::PROVIDER, keys::MODEL, keys::ORGANISATION, keys::TOKEN] {
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
    // What a key says and what its record says go together: one of them finds it, the other says whose it is.
    let same = |expected: Vec<u8>| {
        let what = || format!("the record under `{}`", key.escape_ascii());
        if expected == key { Ok(()) } else { Err(StoreError::Damaged { what: what() }) }
    };
    let catalogue = &mut work.catalogue;
    match letter {
        keys::PROVIDER => {
            let record: crate::ProviderRecord = envelope::parse(key, &bytes)?;
            same(keys::provider(&record.key()))?;
            catalogue.providers.insert(named(&record.key()), Arc::new(record));
        }
        keys::MODEL => {
            let record: crate::ModelRecord = envelope::parse(key, &bytes)?;
            let provider = record.provider_key();
            same(keys::model(&provider, &record.name))?;
            catalogue.models.insert((named(&provider), record.name.clone()), Arc::new(record));
        }
        keys::ORGANISATION => {
            let record: crate::OrganisationRecord = envelope::parse(key, &bytes)?;
            same(keys::organisation(&record.name))?;
            catalogue.organisations.insert(record.name.clone(), Arc::new(record));
        }
        _ => {
            let record: crate::TokenRecord = envelope::parse(key, &bytes)?;
            same(keys::token(&record.id))?;
            catalogue.tokens.insert(record.id.clone(), Arc::new(record));
        }
    }
    Ok(())
}
