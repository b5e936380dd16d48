//! The layout of the one tree: a letter for what it is, then the organisation, then the rest.
//!
//! Names cannot contain a zero byte, so it ends them; free text carries its length. Job ids stand last in every index
//! and sort by creation, so that a scan from the end gives the newest first. A provider of one organisation is named as
//! `organisation/name`, a shared one by its name alone.
//!
//! | letter | key | value |
//! | --- | --- | --- |
//! | `a` | organisation, job | a live job, as last written whole, with its small contents |
//! | `l` | organisation, job | the starts since then, or how many steps there were |
//! | `n` | organisation, job, number | what one step changed of a job of several tasks |
//! | `j` | organisation, job | a job that ended, in the same way |
//! | `s` | organisation, class, job | of a job that ended, when that was |
//! | `p` | organisation, provider, model, job | nothing |
//! | `t` | organisation, tag, value, job | nothing |
//! | `k` | organisation, hash of an idempotency key | the request's digest and the job |
//! | `y` | organisation, job | the hash of its idempotency key |
//! | `c` | organisation, job, digest | bytes of a content that is neither a blob nor within the job's record |
//! | `b` | digest, owner | length of the blob |
//! | `e` | last position | a block of the journal |
//! | `v` | organisation, job, id of its last event | a block of what a run reported |
//! | `f` | organisation, repository, path | the record of a file |
//! | `g` | organisation, repository, path, digest | bytes of a small file |
//! | `D` | organisation, kind, id | a document |
//! | `P` `M` `O` `T` | provider · provider, model · organisation · token | the record |
//! | `S` | organisation, schedule | what it is |
//! | `u` | organisation, schedule | its revision, and what changes with each firing |
//! | `h` | organisation, schedule, number | an entry of its history |
//! | `d` | organisation, schedule, digest | bytes of a content of its template that is no blob |
//! | `w` | organisation, job | the outbox of a job with webhooks |
//! | `i` | organisation, job | nothing: something of the outbox waits to be delivered |
//! | `q` | the key it had | a record that could not be read |
//! | `m` | name | facts about the store |
//! | `x` | another key, number | a further piece of that key's value |

use analyte_core::digest::Digest;
use analyte_core::job::Status;
use analyte_core::job::event::EventId;
use analyte_core::names::{JobId, ModelName, Organisation, ProviderKey, ProviderName, ScheduleId};

use crate::DocumentKind;

/// Where a job is found.
pub(crate) type Place = (Organisation, JobId);

pub(crate) const LIVE: u8 = b'a';
const JOB: u8 = b'j';
const STEP: u8 = b'n';
pub(crate) const STARTS: u8 = b'l';
pub(crate) const STATE: u8 = b's';
const MODEL_INDEX: u8 = b'p';
const TAG_INDEX: u8 = b't';
pub(crate) const IDEMPOTENCY: u8 = b'k';
const JOB_IDEMPOTENCY: u8 = b'y';
const CONTENT: u8 = b'c';
pub(crate) const REFERENCE: u8 = b'b';
pub(crate) const JOURNAL: u8 = b'e';
pub(crate) const RUN_EVENTS: u8 = b'v';
pub(crate) const FILE: u8 = b'f';
const FILE_BYTES: u8 = b'g';
pub(crate) const DOCUMENT: u8 = b'D';
pub(crate) const PROVIDER: u8 = b'P';
pub(crate) const MODEL: u8 = b'M';
pub(crate) const ORGANISATION: u8 = b'O';
pub(crate) const TOKEN: u8 = b'T';
pub(crate) const SCHEDULE: u8 = b'S';
pub(crate) const SCHEDULE_STATE: u8 = b'u';
pub(crate) const FIRING: u8 = b'h';
const SCHEDULE_CONTENT: u8 = b'd';
pub(crate) const OUTBOX: u8 = b'w';
pub(crate) const UNDELIVERED: u8 = b'i';
pub(crate) const QUARANTINE: u8 = b'q';
const PIECE: u8 = b'x';

/// Which version wrote the store.
pub(crate) const FORMAT: &[u8] = b"mformat";
/// From which format it is being brought to that one, until all of it is.
pub(crate) const MIGRATING: &[u8] = b"mmigrating";
/// What it calls itself.
pub(crate) const WRITER: &[u8] = b"mwriter";
/// Every lease below this number may have been given out.
pub(crate) const LEASES: &[u8] = b"mleases";

/// How many numbers were given to schedules.
pub(crate) const SCHEDULES: &[u8] = b"mschedules";

/// Jobs that have not ended share one class, so that a claim moves nothing. They have a place of their own, which is
/// their index: a job is one entry less as long as it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Class {
    Live = 0,
    Completed = 1,
    Failed = 2,
    Cancelled = 3,
}

impl Class {
    pub(crate) const ALL: [Self; 4] = [Self::Live, Self::Completed, Self::Failed, Self::Cancelled];

    pub(crate) fn of(status: Status) -> Self {
        match status {
            Status::Queued | Status::Running => Self::Live,
            Status::Completed => Self::Completed,
            Status::Failed => Self::Failed,
            Status::Cancelled => Self::Cancelled,
        }
    }

    pub(crate) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as u8 == byte)
    }
}

fn key(letter: u8, organisation: &Organisation) -> Vec<u8> {
    let mut key = Vec::with_capacity(64);
    key.push(letter);
    name(&mut key, organisation.as_str());
    key
}

pub(crate) fn name(key: &mut Vec<u8>, name: &str) {
    key.extend_from_slice(name.as_bytes());
    key.push(0);
}

/// No name contains the `/` between the two.
pub(crate) fn provider_name(key: &mut Vec<u8>, provider: &ProviderKey) {
    if let Some(organisation) = &provider.organisation {
        key.extend_from_slice(organisation.as_str().as_bytes());
        key.push(b'/');
    }
    name(key, provider.name.as_str());
}

fn text(key: &mut Vec<u8>, text: &str) {
    // Callers bound texts far below 4 GiB.
    key.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    key.extend_from_slice(text.as_bytes());
}

/// The prefix, with the job's id at its end.
pub(crate) fn with_id(mut prefix: Vec<u8>, id: JobId) -> Vec<u8> {
    prefix.extend_from_slice(id.0.as_bytes());
    prefix
}

/// Jobs that ended.
pub(crate) fn ended_jobs(organisation: &Organisation) -> Vec<u8> {
    key(JOB, organisation)
}

pub(crate) fn live_jobs(organisation: &Organisation) -> Vec<u8> {
    key(LIVE, organisation)
}

/// The record of a job of this class.
pub(crate) fn job(organisation: &Organisation, class: Class, id: JobId) -> Vec<u8> {
    let jobs = if class == Class::Live { live_jobs(organisation) } else { ended_jobs(organisation) };
    with_id(jobs, id)
}

/// One change of a live job of several tasks since it was last written whole.
pub(crate) fn step(organisation: &Organisation, id: JobId, number: u32) -> Vec<u8> {
    let mut key = with_id(key(STEP, organisation), id);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn starts(organisation: &Organisation, id: JobId) -> Vec<u8> {
    with_id(key(STARTS, organisation), id)
}

/// The index of a class: live jobs have none but their records.
pub(crate) fn states(organisation: &Organisation, class: Class) -> Vec<u8> {
    if class == Class::Live {
        return live_jobs(organisation);
    }
    old_states(organisation, class)
}

/// The same as it was until format 3, when live jobs had entries there too.
pub(crate) fn old_states(organisation: &Organisation, class: Class) -> Vec<u8> {
    let mut key = key(STATE, organisation);
    key.push(class as u8);
    key
}

/// The index by provider and model; these stand next, each ended by a zero byte.
pub(crate) fn all_models(organisation: &Organisation) -> Vec<u8> {
    key(MODEL_INDEX, organisation)
}

/// The same, of one provider.
pub(crate) fn provider_jobs(organisation: &Organisation, provider: &ProviderName) -> Vec<u8> {
    let mut key = all_models(organisation);
    name(&mut key, provider.as_str());
    key
}

pub(crate) fn model_jobs(organisation: &Organisation, provider: &ProviderName, model: &ModelName) -> Vec<u8> {
    let mut key = provider_jobs(organisation, provider);
    name(&mut key, model.as_str());
    key
}

pub(crate) fn tag_jobs(organisation: &Organisation, tag: &str, value: &str) -> Vec<u8> {
    let mut key = key(TAG_INDEX, organisation);
    text(&mut key, tag);
    text(&mut key, value);
    key
}

/// The client's own text may have any length; its hash does not.
pub(crate) fn idempotency(organisation: &Organisation, given: &str) -> Vec<u8> {
    idempotency_of(organisation, Digest::of(given.as_bytes()).as_bytes())
}

pub(crate) fn idempotency_of(organisation: &Organisation, hash: &[u8]) -> Vec<u8> {
    let mut key = key(IDEMPOTENCY, organisation);
    key.extend_from_slice(hash);
    key
}

pub(crate) fn job_idempotency(organisation: &Organisation, id: JobId) -> Vec<u8> {
    with_id(key(JOB_IDEMPOTENCY, organisation), id)
}

pub(crate) fn content(organisation: &Organisation, id: JobId, digest: Digest) -> Vec<u8> {
    let mut key = with_id(key(CONTENT, organisation), id);
    key.extend_from_slice(digest.as_bytes());
    key
}

pub(crate) fn journal(last: u64) -> Vec<u8> {
    let mut key = vec![JOURNAL];
    key.extend_from_slice(&last.to_be_bytes());
    key
}

/// The position at the end of a journal key.
pub(crate) fn of_journal(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(1..)?.try_into().ok()?))
}

/// All that the runs of a job reported.
pub(crate) fn run_events_of(organisation: &Organisation, id: JobId) -> Vec<u8> {
    with_id(key(RUN_EVENTS, organisation), id)
}

pub(crate) fn run_events(organisation: &Organisation, id: JobId, last: EventId) -> Vec<u8> {
    let mut key = run_events_of(organisation, id);
    key.extend_from_slice(&last.0.to_be_bytes());
    key
}

/// The id at the end of such a key.
pub(crate) fn of_run_events(key: &[u8]) -> Option<EventId> {
    let (_, last) = key.split_last_chunk::<8>()?;
    Some(EventId(u64::from_be_bytes(*last)))
}

pub(crate) fn provider(provider: &ProviderKey) -> Vec<u8> {
    let mut key = vec![PROVIDER];
    provider_name(&mut key, provider);
    key
}

pub(crate) fn model(provider: &ProviderKey, model: &ModelName) -> Vec<u8> {
    let mut key = vec![MODEL];
    provider_name(&mut key, provider);
    name(&mut key, model.as_str());
    key
}

pub(crate) fn organisation(organisation: &Organisation) -> Vec<u8> {
    key(ORGANISATION, organisation)
}

/// A repository's name has a length of its own, since it is no type of its own; the path ends the key.
pub(crate) fn place_of_file(key: &mut Vec<u8>, organisation: &Organisation, repository: &str, path: &str) {
    name(key, organisation.as_str());
    text(key, repository);
    key.extend_from_slice(path.as_bytes());
}

/// Files of a repository whose path begins so, or the one of just this path.
/// Ids of one kind sort by their numbers.
pub(crate) fn document(organisation: &Organisation, kind: DocumentKind, id: u64) -> Vec<u8> {
    let mut key = key(DOCUMENT, organisation);
    name(&mut key, kind.as_str());
    key.extend_from_slice(&id.to_be_bytes());
    key
}

pub(crate) fn file(organisation: &Organisation, repository: &str, path: &str) -> Vec<u8> {
    let mut key = vec![FILE];
    place_of_file(&mut key, organisation, repository, path);
    key
}

pub(crate) fn file_bytes(organisation: &Organisation, repository: &str, path: &str, digest: Digest) -> Vec<u8> {
    let mut key = vec![FILE_BYTES];
    place_of_file(&mut key, organisation, repository, path);
    key.extend_from_slice(digest.as_bytes());
    key
}

fn with_schedule(mut prefix: Vec<u8>, id: ScheduleId) -> Vec<u8> {
    prefix.extend_from_slice(id.0.as_bytes());
    prefix
}

/// The schedules of an organisation.
pub(crate) fn schedules(organisation: &Organisation) -> Vec<u8> {
    key(SCHEDULE, organisation)
}

pub(crate) fn schedule(organisation: &Organisation, id: ScheduleId) -> Vec<u8> {
    with_schedule(schedules(organisation), id)
}

pub(crate) fn schedule_state(organisation: &Organisation, id: ScheduleId) -> Vec<u8> {
    with_schedule(key(SCHEDULE_STATE, organisation), id)
}

/// The history of a schedule.
pub(crate) fn firings(organisation: &Organisation, id: ScheduleId) -> Vec<u8> {
    with_schedule(key(FIRING, organisation), id)
}

pub(crate) fn firing(organisation: &Organisation, id: ScheduleId, number: u64) -> Vec<u8> {
    let mut key = firings(organisation, id);
    key.extend_from_slice(&number.to_be_bytes());
    key
}

pub(crate) fn schedule_content(organisation: &Organisation, id: ScheduleId, digest: Digest) -> Vec<u8> {
    let mut key = with_schedule(key(SCHEDULE_CONTENT, organisation), id);
    key.extend_from_slice(digest.as_bytes());
    key
}

/// The schedule whose record or state has this key.
pub(crate) fn of_schedule(key: &[u8]) -> Option<(Organisation, ScheduleId)> {
    let (organisation, id) = split_organisation(key)?;
    Some((organisation, ScheduleId(uuid::Uuid::from_bytes(id.try_into().ok()?))))
}

pub(crate) fn outbox(organisation: &Organisation, id: JobId) -> Vec<u8> {
    with_id(key(OUTBOX, organisation), id)
}

/// Says that something of a job's outbox waits to be delivered.
pub(crate) fn undelivered(organisation: &Organisation, id: JobId) -> Vec<u8> {
    with_id(key(UNDELIVERED, organisation), id)
}

pub(crate) fn token(id: &str) -> Vec<u8> {
    let mut key = vec![TOKEN];
    key.extend_from_slice(id.as_bytes());
    key
}

pub(crate) fn quarantine(key: &[u8]) -> Vec<u8> {
    let mut aside = vec![QUARANTINE];
    aside.extend_from_slice(key);
    aside
}

pub(crate) fn piece(key: &[u8], number: u16) -> Vec<u8> {
    let mut piece = vec![PIECE];
    piece.extend_from_slice(key);
    piece.extend_from_slice(&number.to_be_bytes());
    piece
}

/// The job and class of an entry of the index by class.
pub(crate) fn of_state(key: &[u8]) -> Option<((Organisation, JobId), Class)> {
    let (organisation, rest) = split_organisation(key)?;
    let (class, id) = rest.split_first()?;
    // Neither more nor less than an id.
    let id = id_at_end(id).filter(|_| id.len() == 16)?;
    Some(((organisation, id), Class::from_byte(*class)?))
}

/// The job id at the end of an index key.
pub(crate) fn id_at_end(key: &[u8]) -> Option<JobId> {
    let (_, id) = key.split_last_chunk::<16>()?;
    Some(JobId(uuid::Uuid::from_bytes(*id)))
}

/// The organisation after the letter, and what follows it.
pub(crate) fn split_organisation(key: &[u8]) -> Option<(Organisation, &[u8])> {
    let rest = key.get(1..)?;
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (name, rest) = rest.split_at_checked(end)?;
    Some((Organisation::new(std::str::from_utf8(name).ok()?).ok()?, rest.get(1..)?))
}

/// The name between a prefix and the next zero byte.
pub(crate) fn name_after<'a>(key: &'a [u8], prefix: &[u8]) -> Option<&'a [u8]> {
    key.strip_prefix(prefix)?.split(|byte| *byte == 0).next()
}
