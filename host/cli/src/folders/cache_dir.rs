//! Where commands without a server keep compiled code: a folder of this user alone.
//!
//! Analyte runs compiled code as it is, so no other user may write there. A folder that another user owns or may write
//! to is refused.

use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::output::report::Report;

/// The folder, made where it is missing: `analyte` in `XDG_CACHE_HOME`, else in `~/.cache`. `None`: this user has no home.
pub(crate) fn per_user() -> Result<Option<PathBuf>> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let Some(parent) = absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache"))) else {
        return Ok(None);
    };
    let folder = parent.join("analyte");
    private(&folder)?;
    Ok(Some(folder))
}

/// Makes a folder that only this user may enter, or checks that no other user may write to the one that is there.
pub(crate) fn private(folder: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
    let found = std::fs::metadata(folder).with_context(|| format!("the folder {} cannot be read", folder.display()))?;
    if found.uid() != rustix::process::geteuid().as_raw() || found.mode() & 0o022 != 0 {
        return Err(Report::new(format!(
            "the folder {} belongs to another user, or other users may write to it",
            folder.display()
        ))
        .hint(format!(
            "code from there is run as it is, so only you may write to it: `chmod go-w {}`, or another folder",
            folder.display()
        ))
        .into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/b");
        private(&folder).unwrap();
        assert_eq!(std::fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
        private(&folder).unwrap();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert!(private(&folder).unwrap_err().to_string().contains("other users may write to it"));
    }
}
