//! Lines into the job's log. What is beyond the log's upper size is counted, not kept.
//!
//! ```
//! use analyte_sdk::log;
//!
//! let dropped = 3;
//! log::info(format!("{dropped} rows dropped"));
//! ```

use crate::host;
pub use crate::raw::log::Level;

/// Writes a line.
pub fn write(level: Level, message: impl AsRef<str>) {
    host::write_log(level, message.as_ref());
}

/// For a person who looks for a defect, in every detail.
pub fn trace(message: impl AsRef<str>) {
    write(Level::Trace, message);
}

/// For a person who looks for a defect.
pub fn debug(message: impl AsRef<str>) {
    write(Level::Debug, message);
}

/// What happens.
pub fn info(message: impl AsRef<str>) {
    write(Level::Info, message);
}

/// What a reader should look at.
pub fn warn(message: impl AsRef<str>) {
    write(Level::Warn, message);
}

/// What went wrong.
pub fn error(message: impl AsRef<str>) {
    write(Level::Error, message);
}
