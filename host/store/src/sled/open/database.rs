//! Opens sled's own database.

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::sled::disk::errors::{broken, io_error};
use crate::sled::disk::space::Disk;
use crate::{Result, StoreError};

/// sled lets go of its file a moment after its last handle.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the database in `path`, and waits for an earlier opening of this process to let go of it.
pub(crate) fn database(path: &Path, cache_bytes: u64, disk: &Disk) -> Result<sled::Db> {
    remove_half_snapshots(path)?;
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
            // Also where it could not write.
            Err(_) => {
                disk.probe()?;
                return Err(StoreError::Damaged { what: format!("the store in {}", path.display()) });
            }
        }
    }
}

/// Removes a snapshot that an earlier opening did not finish. What it was to say is in the log.
fn remove_half_snapshots(path: &Path) -> Result<()> {
    let remove = || {
        for entry in std::fs::read_dir(path)? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "generating") {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    };
    remove().map_err(|error| io_error(format!("could not clear up {}", path.display()), error))
}
