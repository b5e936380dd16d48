//! Makes sled's directory, and clears up what sled left half made when the process or the power went.
//!
//! sled 0.34.7 writes `conf` at its first opening and never syncs it, and opens nothing where that is damaged; so the
//! directory is made under another name, made to last, and only then gets its own. With every opening it writes a
//! snapshot as `snap.….generating`; at the next opening it takes every file whose name begins so for a finished one,
//! finds it damaged if it was not, and again opens nothing.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::Result;
use crate::sled::disk::directory::{make_directory, sync_directory};
use crate::sled::disk::errors::{broken, io_error};
use crate::sled::disk::space::Disk;
use crate::sled::open::database::database;
use crate::sled::options::Options;

/// Its name until it is whole.
const HALF: &str = "store.new";

/// Makes it where there is none.
pub(crate) fn create(path: &Path, options: &Options, disk: &Disk) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let doing = |error: io::Error| io_error(format!("could not make the directory {}", path.display()), error);
    let half = options.path.join(HALF);
    match std::fs::remove_dir_all(&half) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(doing(error)),
        _ => {}
    }
    make_directory(&half)?;
    let db = database(&half, options.cache_bytes, disk)?;
    db.flush().map_err(|error| broken("write to the disk", error))?;
    drop(db);
    for name in ["db", "conf"] {
        File::open(half.join(name)).and_then(|file| file.sync_all()).map_err(doing)?;
    }
    sync_directory(&half)?;
    std::fs::rename(&half, path).map_err(doing)?;
    sync_directory(&options.path)
}
