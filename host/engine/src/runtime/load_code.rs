//! Loading compiled code: mapped from its file, so that its memory is shared and can be taken back by the kernel; read into
//! memory of its own where the file system lets nothing be run from it (`noexec`).

use std::io;
use std::path::Path;

use rustix::fs::{StatVfsMountFlags, statvfs};
use wasmtime::component::Component;

/// How files of compiled code are loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Loading {
    Mapped,
    Read,
}

impl Loading {
    /// How those in this folder can be loaded; says so where it is not the usual way.
    pub(crate) fn from(folder: &Path) -> io::Result<Self> {
        let noexec = statvfs(folder)?.f_flag.contains(StatVfsMountFlags::NOEXEC);
        if !noexec {
            return Ok(Self::Mapped);
        }
        tracing::info!(
            folder = %folder.display(),
            "nothing may be run from this file system (noexec), so compiled code is read into memory of its own"
        );
        Ok(Self::Read)
    }

    /// The component whose code this server's compiler wrote into the file.
    pub(crate) fn load(self, engine: &wasmtime::Engine, file: &Path) -> wasmtime::Result<Component> {
        match self {
            Self::Mapped => trusted::from_file(engine, file),
            Self::Read => trusted::from_code(engine, &std::fs::read(file)?),
        }
    }
}

/// The component whose code this process's compiler just made.
pub(crate) fn fresh(engine: &wasmtime::Engine, code: &[u8]) -> wasmtime::Result<Component> {
    trusted::from_code(engine, code)
}

/// Has wasmtime take bytes for compiled code, which is `unsafe`. The other `unsafe` code of this crate is in `lift_lower`, and is
/// about types and layouts of values.
mod trusted {
    #![expect(
        unsafe_code,
        reason = "wasmtime runs compiled code as it is, so it must come from wasmtime's own compiler: callers pass what \
                  this server's compiler just made, or what it put into a folder that only this server writes to"
    )]

    use std::path::Path;

    use wasmtime::component::Component;

    pub(super) fn from_file(engine: &wasmtime::Engine, path: &Path) -> wasmtime::Result<Component> {
        // SAFETY: see the module.
        unsafe { Component::deserialize_file(engine, path) }
    }

    pub(super) fn from_code(engine: &wasmtime::Engine, code: &[u8]) -> wasmtime::Result<Component> {
        // SAFETY: see the module.
        unsafe { Component::deserialize(engine, code) }
    }
}
