//! Rebuilds in memory, when the store opens, what the committer needs and what follows from the records.
//!
//! What cannot be read is put aside, or mended where the rest says how; that is written like everything else, and
//! durable before anything is answered.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::digest::Digest;
use analyte_core::job::Status;
use analyte_core::names::Organisation;

use crate::sled::format::envelope::{self, Value};
use crate::sled::format::job_record::Since;
use crate::sled::format::keys::{self, Class, Place};
use crate::sled::format::{document_record, file_record, job_record, references};
use crate::sled::state::State;
use crate::sled::state::registry::named;
use crate::{FilesRoom, Result, StoreError};

/// Fills everything that follows from the tree.
pub(crate) fn rebuild(state: &mut State) -> Result<()> {
    let mut aside = 0;
    for entry in state.records.scan(&[keys::QUARANTINE]) {
        entry?;
        aside += 1;
    }
    state.quarantined = aside;
    let blobs: HashMap<Digest, u64> = state.blobs.list()?.into_iter().collect();
    let pinned = rebuild_references(state, &blobs)?;
    for place in rebuild_states(state)? {
        rebuild_live(state, &place)?;
    }
    for digest in pinned {
        if !state.pinned.contains_key(&digest) {
            state.drop_reference(digest, &references::Owner::Pinned)?;
        }
    }
    rebuild_catalogue(state)?;
    rebuild_files(state)?;
    rebuild_documents(state)?;
    rebuild_schedules(state)?;
    rebuild_outboxes(state)?;
    for digest in blobs.into_keys() {
        if !state.references.has(digest) {
            state.blobs.remove(digest);
        }
    }
    Ok(())
}

/// Counts ended jobs, and says which live.
fn rebuild_states(state: &mut State) -> Result<Vec<Place>> {
    let mut live = Vec::new();
    let mut odd = Vec::new();
    for entry in state.records.scan(&[keys::LIVE]) {
        let (key, _) = entry?;
        match of_record(&key) {
            Some(place) => live.push(place),
            None => odd.push((key, None)),
        }
    }
    let mut ended = Vec::new();
    for entry in state.records.scan(&[keys::STATE]) {
        let (key, value) = entry?;
        match keys::of_state(&key) {
            Some(((organisation, _), class)) if class != Class::Live && value.len() == 8 => {
                ended.push((organisation, class));
            }
            found => odd.push((key, found)),
        }
    }
    for (organisation, class) in ended {
        found_ended(state, &organisation, class);
    }
    for (key, found) in odd {
        let read = found.as_ref().map(|((organisation, id), _)| job_record::read(&state.records, organisation, *id));
        match (found, read) {
            // Of a job that was damaged when the store was brought to format 4: the damage is the job's.
            (Some((place, Class::Live)), Some(Err(StoreError::Damaged { what }))) => {
                state.put_job_aside(&place, &what)?;
                state.records.remove(key.to_vec());
            }
            (Some((_, class)), Some(Ok(Some(job)))) if Class::of(job.status) == class && class != Class::Live => {
                state.quarantine(&key, "an index entry")?;
                // The job itself says when it ended.
                state.state_entry(&job);
                found_ended(state, &job.organisation, class);
            }
            (_, Some(Err(error))) if !matches!(error, StoreError::Damaged { .. }) => return Err(error),
            _ => state.quarantine(&key, "an entry of no job")?,
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

fn found_ended(state: &mut State, organisation: &Organisation, class: Class) {
    match class {
        Class::Live => {}
        Class::Completed => state.found_ended(organisation, Status::Completed),
        Class::Failed => state.found_ended(organisation, Status::Failed),
        Class::Cancelled => state.found_ended(organisation, Status::Cancelled),
    }
}

fn rebuild_live(state: &mut State, place: &Place) -> Result<()> {
    let (organisation, id) = place;
    let read = job_record::read_since(&state.records, organisation, *id)
        .and_then(|since| Ok(job_record::read(&state.records, organisation, *id)?.map(|job| (job, since))));
    match read {
        Ok(Some((job, since))) => state.found_live(&Arc::new(job), since),
        // It was there a moment ago, and only the committer writes.
        Ok(None) => {}
        Err(StoreError::Damaged { what }) => match state.mend_job(place, &what)? {
            Some(job) => state.found_live(&Arc::new(job), Since::default()),
            None => state.put_job_aside(place, &what)?,
        },
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Notes which owner keeps which blob; says which of them unfinished jobs pin.
fn rebuild_references(state: &mut State, blobs: &HashMap<Digest, u64>) -> Result<Vec<Digest>> {
    let mut odd = Vec::new();
    let mut found = Vec::new();
    for entry in state.records.scan(&[keys::REFERENCE]) {
        let (key, value) = entry?;
        match (references::of_reference(&key), references::length_in(&key, &value)) {
            (Some((digest, pinned)), Ok(bytes)) => found.push((digest, bytes, pinned)),
            (place, _) => odd.push((key, place)),
        }
    }
    for (key, place) in odd {
        state.quarantine(&key, "a reference to a blob")?;
        // The key says whose it is, and the file how long it is.
        if let Some((digest, pinned)) = place
            && let Some(bytes) = blobs.get(&digest)
        {
            state.records.set(key.to_vec(), envelope::short(&bytes.to_be_bytes()));
            found.push((digest, *bytes, pinned));
        }
    }
    for (digest, bytes, pinned) in &found {
        state.references.found(*digest, *bytes, *pinned);
    }
    Ok(found.into_iter().filter(|(.., pinned)| *pinned).map(|(digest, ..)| digest).collect())
}

fn rebuild_catalogue(state: &mut State) -> Result<()> {
    for letter in [keys::PROVIDER, keys::MODEL, keys::ORGANISATION, keys::TOKEN] {
        let found = state.records.scan(&[letter]).map(|entry| entry.map(|(key, _)| key)).collect::<Result<Vec<_>>>()?;
        for key in found {
            match rebuild_one(state, letter, &key) {
                Err(StoreError::Damaged { what } | StoreError::Missing(what)) => state.quarantine(&key, &what)?,
                other => other?,
            }
        }
    }
    Ok(())
}

fn rebuild_one(state: &mut State, letter: u8, key: &[u8]) -> Result<()> {
    let bytes = match envelope::read(&state.records, key)? {
        None => return Ok(()),
        Some(Value::Here(bytes)) => envelope::owned(bytes),
        Some(Value::Elsewhere(content)) => state.blobs.get_blocking(&content)?,
    };
    // What a key says and what its record says go together: one of them finds it, the other says whose it is.
    let same = |expected: Vec<u8>| {
        let what = || format!("the record under `{}`", key.escape_ascii());
        if expected == key { Ok(()) } else { Err(StoreError::Damaged { what: what() }) }
    };
    let registry = &mut state.registry;
    match letter {
        keys::PROVIDER => {
            let record: crate::ProviderRecord = envelope::parse(key, &bytes)?;
            same(keys::provider(&record.key()))?;
            registry.providers.insert(named(&record.key()), Arc::new(record));
        }
        keys::MODEL => {
            let record: crate::ModelRecord = envelope::parse(key, &bytes)?;
            let provider = record.provider_key();
            same(keys::model(&provider, &record.name))?;
            registry.models.insert((named(&provider), record.name.clone()), Arc::new(record));
        }
        keys::ORGANISATION => {
            let record: crate::OrganisationRecord = envelope::parse(key, &bytes)?;
            same(keys::organisation(&record.name))?;
            registry.organisations.insert(record.name.clone(), Arc::new(record));
        }
        _ => {
            let record: crate::TokenRecord = envelope::parse(key, &bytes)?;
            same(keys::token(&record.id))?;
            registry.tokens.insert(record.id.clone(), Arc::new(record));
        }
    }
    Ok(())
}

/// Counts what there is when the store opens.
fn rebuild_schedules(state: &mut State) -> Result<()> {
    let found =
        state.records.scan(&[keys::SCHEDULE]).map(|entry| entry.map(|(key, _)| key)).collect::<Result<Vec<_>>>()?;
    for key in found {
        match keys::of_schedule(&key) {
            Some((organisation, _)) => *state.schedules.entry(organisation).or_default() += 1,
            None => state.quarantine(&key, "a record of no schedule")?,
        }
    }
    Ok(())
}

/// Notes what waits to be delivered. Looks at no other outbox.
fn rebuild_outboxes(state: &mut State) -> Result<()> {
    let found =
        state.records.scan(&[keys::UNDELIVERED]).map(|entry| entry.map(|(key, _)| key)).collect::<Result<Vec<_>>>()?;
    for key in found {
        match of_record(&key) {
            Some(place) => state.found_outbox(&place)?,
            None => state.quarantine(&key, "an entry of no outbox")?,
        }
    }
    Ok(())
}

/// Sums up what there is when the store opens. What cannot be read is put aside.
fn rebuild_files(state: &mut State) -> Result<()> {
    let mut found = Vec::new();
    let mut damaged = Vec::new();
    for entry in state.records.scan(&[keys::FILE]) {
        let (key, head) = entry?;
        match file_record::read(&state.records, &key, head) {
            Ok(record) => found.push((record.organisation, record.content.bytes)),
            Err(StoreError::Damaged { what }) => damaged.push((key, what)),
            Err(error) => return Err(error),
        }
    }
    for (organisation, bytes) in found {
        let has = state.files.entry(organisation).or_insert(FilesRoom { files: 0, bytes: 0 });
        has.files += 1;
        has.bytes += bytes;
    }
    for (key, what) in damaged {
        state.quarantine(&key, &what)?;
    }
    Ok(())
}

/// The same for documents.
fn rebuild_documents(state: &mut State) -> Result<()> {
    let mut damaged = Vec::new();
    for entry in state.records.scan(&[keys::DOCUMENT]) {
        let (key, head) = entry?;
        match document_record::read(&state.records, &key, head) {
            Ok(record) => {
                let has = state.documents.entry(record.organisation.clone()).or_default();
                *has = has.with(record.bytes());
            }
            Err(StoreError::Damaged { what }) => damaged.push((key, what)),
            Err(error) => return Err(error),
        }
    }
    for (key, what) in damaged {
        state.quarantine(&key, &what)?;
    }
    Ok(())
}
