//! The one door to the host's functions: inside a component the contract's own, outside one what [`crate::testing`] holds.

#[cfg(target_family = "wasm")]
mod component {
    use crate::log::Level;
    use crate::raw::{job, log, model_files, result_files, settings};

    pub(crate) use job::{attempt, fuel_left, job_id, session, task_name, time_left};
    pub(crate) use model_files::{info as model_file, read as read_model_file};
    pub(crate) use result_files::ResultFile;
    pub(crate) use settings::{get as setting, secret};

    /// The most of a message that leaves the component, in bytes. A host takes some megabytes in one call, and keeps less.
    const MESSAGE: usize = 1024 * 1024;

    fn cut(message: &str) -> &str {
        message.get(..message.floor_char_boundary(MESSAGE)).unwrap_or(message)
    }

    pub(crate) fn write_log(level: Level, message: &str) {
        log::write(level, cut(message));
    }
    pub(crate) fn progress(fraction: f64, message: &str) {
        job::progress(fraction, cut(message));
    }
    pub(crate) fn create_file(name: &str, media_type: &str) -> Result<ResultFile, result_files::FileError> {
        result_files::create(name, media_type)
    }
    pub(crate) fn finish_file(file: ResultFile) -> Result<(), result_files::FileError> {
        ResultFile::finish(file)
    }
}

#[cfg(not(target_family = "wasm"))]
pub(crate) use crate::testing::host::*;
#[cfg(target_family = "wasm")]
pub(crate) use component::*;
