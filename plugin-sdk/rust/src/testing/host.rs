//! Stands in for the host outside a component: keeps what a model reports, gives what a test has set.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::take;

use crate::log::Level;
use crate::raw::model_files;
use crate::raw::result_files::FileError;

/// What a run reported to the host, on this thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Recorded {
    /// Lines of the log.
    pub log: Vec<(Level, String)>,
    /// Reports of progress.
    pub progress: Vec<(f64, String)>,
    /// Finished result files, by name; where several runs wrote one of the same name, that of the last.
    pub files: BTreeMap<String, RecordedFile>,
}

/// A finished result file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordedFile {
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

#[derive(Default)]
struct Given {
    settings: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    model_file: Option<(model_files::ModelFile, Vec<u8>)>,
}

thread_local! {
    static RECORDED: RefCell<Recorded> = RefCell::default();
    static GIVEN: RefCell<Given> = RefCell::default();
    /// Names of the result files that the run has finished. Each run has its own files.
    static FINISHED: RefCell<BTreeSet<String>> = RefCell::default();
}

/// A run begins: it has written nothing yet.
pub(crate) fn begin_run() {
    FINISHED.with_borrow_mut(BTreeSet::clear);
}

/// What was recorded since the last call.
pub fn recorded() -> Recorded {
    RECORDED.with_borrow_mut(take)
}

/// Grants a setting.
pub fn set_setting(name: &str, value: &str) {
    GIVEN.with_borrow_mut(|given| given.settings.insert(name.to_owned(), value.to_owned()));
}

/// Grants a secret.
pub fn set_secret(name: &str, value: &str) {
    GIVEN.with_borrow_mut(|given| given.secrets.insert(name.to_owned(), value.to_owned()));
}

/// Gives the model a file. Its digest is left empty.
pub fn set_model_file(name: &str, media_type: &str, bytes: Vec<u8>) {
    let info = model_files::ModelFile {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size: bytes.len() as u64,
        digest: String::new(),
        extra: Vec::new(),
    };
    GIVEN.with_borrow_mut(|given| given.model_file = Some((info, bytes)));
}

pub(crate) fn job_id() -> String {
    String::new()
}
pub(crate) fn task_name() -> String {
    String::new()
}
pub(crate) fn attempt() -> u32 {
    1
}
pub(crate) fn session() -> Option<String> {
    None
}
pub(crate) fn fuel_left() -> u64 {
    u64::MAX
}
pub(crate) fn time_left() -> u64 {
    u64::MAX
}
pub(crate) fn progress(fraction: f64, message: &str) {
    RECORDED.with_borrow_mut(|recorded| recorded.progress.push((fraction, message.to_owned())));
}
pub(crate) fn write_log(level: Level, message: &str) {
    RECORDED.with_borrow_mut(|recorded| recorded.log.push((level, message.to_owned())));
}
pub(crate) fn setting(name: &str) -> Option<String> {
    GIVEN.with_borrow(|given| given.settings.get(name).cloned())
}
pub(crate) fn secret(name: &str) -> Option<String> {
    GIVEN.with_borrow(|given| given.secrets.get(name).cloned())
}
pub(crate) fn model_file() -> Option<model_files::ModelFile> {
    GIVEN.with_borrow(|given| given.model_file.as_ref().map(|(info, _)| info.clone()))
}
pub(crate) fn read_model_file(offset: u64, length: u32) -> Vec<u8> {
    GIVEN.with_borrow(|given| {
        let bytes = given.model_file.as_ref().map_or(&[][..], |(_, bytes)| bytes);
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        rest.iter().take(length as usize).copied().collect()
    })
}

#[derive(Debug)]
pub(crate) struct ResultFile {
    name: String,
    content: RefCell<RecordedFile>,
}

impl ResultFile {
    #[expect(clippy::unnecessary_wraps, reason = "as the host's own")]
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), FileError> {
        self.content.borrow_mut().bytes.extend_from_slice(bytes);
        Ok(())
    }
}

pub(crate) fn create_file(name: &str, media_type: &str) -> Result<ResultFile, FileError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if name.len() > 128 || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.bytes().all(good) {
        return Err(FileError::InvalidName(format!("`{name}` is not a valid file name")));
    }
    if FINISHED.with_borrow(|finished| finished.contains(name)) {
        return Err(FileError::Exists(format!("there is a result file `{name}` already")));
    }
    let content = RecordedFile { media_type: media_type.to_owned(), bytes: Vec::new() };
    Ok(ResultFile { name: name.to_owned(), content: RefCell::new(content) })
}

#[expect(clippy::unnecessary_wraps, reason = "as the host's own")]
pub(crate) fn finish_file(file: ResultFile) -> Result<(), FileError> {
    FINISHED.with_borrow_mut(|finished| finished.insert(file.name.clone()));
    RECORDED.with_borrow_mut(|recorded| recorded.files.insert(file.name, file.content.into_inner()));
    Ok(())
}
