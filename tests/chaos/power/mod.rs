//! Power loss: what was acknowledged is there, whatever of the rest the disk had kept.
//!
//! A real server runs under load while a library records everything that it does to its disk (`tests/faults`).
//! Afterwards the power goes at many places of that record: the test puts the disk together as it may have been then
//! (`disk`), opens its store, and looks for everything that clients knew from the server by then (`check`).

#![expect(clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking; JSON values index to null")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use analyte_core::digest::Digest;

mod check;
mod disk;
mod journal;
mod load;

use check::Reference;
use disk::{Disk, Kept};
use journal::Journal;
use load::{Known, Noted, Notes};
use support::chance::Chance;
use support::faults::Faults;
use support::ok;
use support::server::{Home, Setup};

/// Places where the power goes, unless `ANALYTE_POWER_CUTS` says how many.
const CUTS: usize = 90;
/// Of them, the last ones are also given to a whole server.
const SERVERS: usize = 3;

/// What happened, and what clients know from the server.
struct Recorded {
    journal: Journal,
    noted: Vec<Noted>,
    reference: Reference,
    /// Name of the data directory in the folder that was looked at.
    data: String,
}

/// One run under load, for all tests.
fn recorded() -> &'static Recorded {
    static RECORDED: OnceLock<Recorded> = OnceLock::new();
    RECORDED.get_or_init(|| {
        let home = Home::new();
        let faults = Faults::under(&home, true);
        let server = home.start(&Setup { plugins: &["hostile"], variables: &faults.variables(), ..Setup::default() });
        let notes = Notes::new(&faults);
        notes.note(Known::Token { hash: Digest::of(server.http.token.as_bytes()) });
        load::drive(&server.http, &notes);
        let home = server.kill();
        let journal = Journal::read(ok(fs::read(faults.log()), "the log"));
        let data_dir = home.data_dir();
        let data = data_dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Recorded { journal, noted: notes.finish(), reference: check::reference(&data_dir), data }
    })
}

impl Recorded {
    fn known_by(&self, cut: u64) -> &[Noted] {
        &self.noted[..self.noted.partition_point(|(recorded, _)| *recorded <= cut)]
    }

    /// The disk as the running system saw it there.
    fn go_on(&self, disk: &mut Disk, done: &mut usize, cut: u64) {
        while let Some(record) = self.journal.records.get(*done).filter(|record| record.end <= cut) {
            disk.apply(record);
            disk.sync(record, &self.journal);
            *done += 1;
        }
    }
}

/// `ANALYTE_POWER_SEED` repeats the choices of an earlier run, as far as the load was the same.
fn seed() -> u64 {
    let given = std::env::var("ANALYTE_POWER_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(Chance::any_seed)
}

/// A folder in memory where there is one: each store that is opened syncs, and it is not this machine's disk that is tested.
fn scratch() -> tempfile::TempDir {
    ok(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()), "a temporary folder")
}

fn cuts() -> usize {
    std::env::var("ANALYTE_POWER_CUTS").ok().and_then(|cuts| cuts.parse().ok()).unwrap_or(CUTS)
}

fn fails_with(wrong: &[String], what: &str, folder: tempfile::TempDir) {
    if !wrong.is_empty() {
        let folder = folder.keep();
        panic!("{what}; the disk is kept in {}:\n{}", folder.display(), wrong.join("\n"));
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_loss() {
    let recorded = recorded();
    let seed = seed();
    let mut chance = Chance::new(seed);
    let last = recorded.journal.records.last().map_or(0, |record| record.end);
    // Any record is as likely as any other, however long.
    let cuts: BTreeSet<u64> = (0..cuts())
        .filter_map(|_| chance.one_of(&recorded.journal.records))
        .map(|record| record.end)
        .chain([last])
        .collect();
    let (mut disk, mut done) = (Disk::default(), 0);
    for (number, cut) in cuts.iter().enumerate() {
        recorded.go_on(&mut disk, &mut done, *cut);
        let kept = match chance.below(5) {
            0 => Kept::Nothing,
            1 => Kept::Everything,
            _ => Kept::Some,
        };
        let folder = scratch();
        disk.rebuild(&recorded.journal, kept, &mut chance, folder.path());
        let known = recorded.known_by(*cut);
        let what = format!("seed {seed}, power lost at {cut} of {last}, kept: {kept:?}, {} notes", known.len());
        if number + SERVERS >= cuts.len() {
            serve(recorded, &folder.path().join(&recorded.data), known, &what);
        }
        let wrong = check::complaints(&folder.path().join(&recorded.data), known, &recorded.reference);
        fails_with(&wrong, &what, folder);
    }
}

/// The same by a whole server: what clients knew by then is there, the server runs unfinished jobs, and a repeated
/// submission finds its job.
fn serve(recorded: &Recorded, data_dir: &Path, known: &[Noted], what: &str) {
    let home = Home::new();
    copy(data_dir, &home.data_dir());
    let server = home.start(&Setup { plugins: &["hostile"], ..Setup::default() });
    let http = &server.http;
    for (_, known) in known {
        let Known::Submitted { id, key, .. } = known else { continue };
        let job = http.get(&format!("/v1/jobs/{id}"));
        assert_eq!(job.status, 200, "{what}: {}", job.text());
        if let Some(key) = key {
            let round = ok(key.trim_start_matches("key-").parse(), "a round");
            let again = load::submit_keyed(http, key, &load::keyed(round).1);
            assert_eq!((again.status, again.json()["id"].as_str()), (200, Some(id.as_str())), "{what}");
        }
    }
    let model =
        recorded.reference.values().filter(|job| known.iter().any(|(_, known)| names(known, &job.id.to_string())));
    for job in model.filter(|job| job.status == analyte_core::job::Status::Completed) {
        support::eventually("the job to complete", || {
            let job = http.get(&format!("/v1/jobs/{}", job.id)).expect(200).json();
            (job["status"] == "completed").then_some(())
        });
    }
}

fn names(known: &Known, job: &str) -> bool {
    matches!(known, Known::Submitted { id, .. } if id == job)
}

fn copy(from: &Path, to: &Path) {
    ok(fs::create_dir_all(to), "a folder");
    ok(fs::set_permissions(to, std::os::unix::fs::PermissionsExt::from_mode(0o700)), "its mode");
    for entry in ok(fs::read_dir(from), "a folder") {
        let entry = ok(entry, "an entry");
        let target = to.join(entry.file_name());
        if ok(entry.file_type(), "its kind").is_dir() {
            copy(&entry.path(), &target);
        } else {
            ok(fs::copy(entry.path(), target), "a file");
        }
    }
}

/// The checks above can fail: on a disk that believes in no sync, what was acknowledged is missing.
#[test]
fn a_disk_that_ignores_syncs_is_noticed() {
    let recorded = recorded();
    let (mut disk, mut done) = (Disk::default(), 0);
    disk.ignores_syncs = true;
    let last = recorded.journal.records.last().map_or(0, |record| record.end);
    recorded.go_on(&mut disk, &mut done, last);
    let folder = scratch();
    disk.rebuild(&recorded.journal, Kept::Nothing, &mut Chance::new(1), folder.path());
    let wrong = check::complaints(&folder.path().join(&recorded.data), &recorded.noted, &recorded.reference);
    let missing = wrong.iter().filter(|wrong| wrong.ends_with("is missing")).count();
    assert!(missing >= recorded.reference.len(), "{wrong:?}");
}
