//! The data directory of a server: its owner's alone.

use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::cache_dir;
use crate::output::report;

/// Where everything is kept unless something else is said.
pub(crate) const USUAL: &str = "analyte-data";
/// The administrator's token, made at the first start.
pub(crate) const ADMIN_TOKEN: &str = "admin-token";
/// Compiled code.
const COMPILED: &str = "compiled";

/// Makes the directory with mode 0700, or checks the one that is there; answers the folder in it for compiled code.
pub(crate) fn prepare(path: &Path) -> Result<PathBuf> {
    // The folders in whose hands the names of those lie that are about to be made; and that of the directory itself where it
    // is there already: who made it may not have synced it.
    let existed = path.exists();
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let mut parents: Vec<PathBuf> = missing.filter_map(Path::parent).map(Path::to_owned).collect();
    parents.extend(path.parent().filter(|_| existed).map(Path::to_owned));
    cache_dir::private(path)?;
    for parent in parents {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { &parent };
        let synced = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
        match synced {
            Err(error) if existed && error.kind() == io::ErrorKind::PermissionDenied => report::warning(&format!(
                "the folder {} may not be opened, so it could not be synced: a loss of power before the system writes it may \
                 lose the data directory that was made in it",
                parent.display()
            )),
            synced => synced.with_context(|| format!("the folder {} cannot be synced", parent.display()))?,
        }
    }
    if std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o077 != 0) {
        report::warning(&format!(
            "others may look into the data directory {0}; `chmod 700 {0}` ends that",
            path.display()
        ));
    }
    let compiled = path.join(COMPILED);
    cache_dir::private(&compiled)?;
    Ok(compiled)
}

/// Writes the administrator's token so that only the owner can read it, whole or not at all, and makes it last.
pub(crate) fn write_admin_token(directory: &Path, secret: &str) -> io::Result<()> {
    let path = directory.join(ADMIN_TOKEN);
    let temporary = directory.join(format!(".{ADMIN_TOKEN}.new"));
    // Left over by a start that was interrupted.
    match std::fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    file.write_all(format!("{secret}\n").as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, &path)?;
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_token_is_the_owners_alone() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("data");
        assert_eq!(prepare(&directory).unwrap(), directory.join("compiled"));
        std::fs::write(directory.join(".admin-token.new"), "left over").unwrap();
        for secret in ["first", "second"] {
            write_admin_token(&directory, secret).unwrap();
            let path = directory.join(ADMIN_TOKEN);
            assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{secret}\n"));
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        }
        assert_eq!(std::fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    }
}
