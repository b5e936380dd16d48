//! Files of organisations.

use super::catalogue::ranges;
use super::{
    Bytes, FileRecord, LARGE, Model, NewContent, Organisation, Purpose, Step, Store, bytes_of, organisation, said, same,
};
use crate::conformance::records::file_of;
use crate::{FileKept, FilesRoom};

const REPOSITORIES: [&str; 2] = ["system", "system2"];
/// Some begin like others, and like a repository's name.
const PATHS: [&str; 6] = ["a", "a/b", "a/c", "ab", "b", "2/a"];

fn place(of: usize, path: usize) -> (Organisation, String, String) {
    (organisation(of), REPOSITORIES[path / PATHS.len() % 2].to_owned(), PATHS[path % PATHS.len()].to_owned())
}

/// Few, none and many; the last ones are also those of result files.
fn bytes(number: usize) -> Bytes {
    match number {
        0 => Bytes::new(),
        1 | 2 => bytes_of(&format!("a file {number}"), 30 * number),
        3 => bytes_of("a large file", LARGE + 1),
        _ => bytes_of("file", LARGE),
    }
}

impl Model {
    fn has(&self, of: &Organisation) -> FilesRoom {
        let mine = self.files.values().filter(|file| file.organisation == *of);
        mine.fold(FilesRoom { files: 0, bytes: 0 }, |has, file| FilesRoom {
            files: has.files + 1,
            bytes: has.bytes + file.content.bytes,
        })
    }

    pub(super) async fn file(&mut self, store: &dyn Store, step: Step) -> Result<(), String> {
        match step {
            Step::PutFile { organisation, path, bytes: number, staged, most } => {
                let most = FilesRoom { files: most.0, bytes: most.1 };
                self.put_file(store, place(organisation, path), bytes(number), staged, most).await
            }
            Step::RemoveFile { organisation, path } => {
                let place = place(organisation, path);
                let old = self.files.remove(&place);
                let got = said(store.remove_file(&place.0, &place.1, &place.2).await)?;
                same("remove_file", &got, &old.is_some())?;
                match old {
                    Some(old) => same("a removed file", &said(store.file_range(&old, 0..9).await)?, &None),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    async fn put_file(
        &mut self,
        store: &dyn Store,
        place: (Organisation, String, String),
        bytes: Bytes,
        staged: bool,
        most: FilesRoom,
    ) -> Result<(), String> {
        let file = file_of(&place.0, &place.2, self.keep(&bytes), self.now);
        let record = FileRecord { repository: place.1.clone(), ..file };
        let content = if staged {
            let mut writer = said(store.content_writer(Purpose::Upload).await)?;
            said(writer.write(bytes.clone()).await)?;
            let staged = said(writer.finish().await)?;
            for (range, part) in ranges(&bytes) {
                same("part of what was staged", &said(store.staged_range(&staged, range).await)?, &part)?;
            }
            NewContent::Staged(staged)
        } else {
            NewContent::Bytes(bytes)
        };
        let has = self.has(&place.0);
        let old = self.files.insert(place.clone(), record.clone());
        let then = self.has(&place.0);
        let full = then.files > most.files || then.bytes > most.bytes;
        let expected = match (&old, full) {
            (_, true) => FileKept::Full(has),
            (Some(_), false) => FileKept::Replaced,
            (None, false) => FileKept::New,
        };
        same("put_file", &said(store.put_file(record.clone(), content, most).await)?, &expected)?;
        match old {
            None if full => {
                self.files.remove(&place);
            }
            Some(old) if full => {
                self.files.insert(place, old);
            }
            Some(old) if old.content != record.content => {
                same("a replaced file", &said(store.file_range(&old, 0..9).await)?, &None)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) async fn check_files(&self, store: &dyn Store) -> Result<(), String> {
        for (of, repository) in (0..3).flat_map(|of| REPOSITORIES.map(|repository| (organisation(of), repository))) {
            for prefix in ["", "a", "a/", "2", "x"] {
                let here = |file: &&FileRecord| {
                    file.organisation == of && file.repository == repository && file.path.starts_with(prefix)
                };
                let expected: Vec<_> = self.files.values().filter(here).collect();
                let mut got: Vec<std::sync::Arc<FileRecord>> = Vec::new();
                loop {
                    let after = got.last().map(|file| file.path.clone());
                    let more = said(store.files(&of, repository, prefix, after.as_deref(), 2).await)?;
                    if more.is_empty() {
                        break;
                    }
                    got.extend(more);
                }
                same("files", &got.iter().map(|file| &**file).collect(), &expected)?;
            }
            for path in PATHS {
                let expected = self.files.get(&(of.clone(), repository.to_owned(), path.to_owned()));
                let got = said(store.file(&of, repository, path).await)?;
                same("file", &got.as_deref(), &expected)?;
                let Some(file) = expected else { continue };
                for (range, part) in ranges(&self.bytes[&file.content.digest]) {
                    same("part of a file", &said(store.file_range(file, range).await)?, &Some(part))?;
                }
            }
        }
        Ok(())
    }
}
