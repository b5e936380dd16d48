//! Compiled code of plugins, kept from one server to the next, so that not each has to make it anew. No figure holds the
//! time that takes.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::ok;
use crate::plugins::plugin;
use crate::server::{Home, Server, Setup};

/// Where it is kept.
pub fn folder() -> PathBuf {
    let folder = crate::temporary().join("compiled");
    ok(fs::create_dir_all(&folder), "a folder for compiled code");
    folder
}

/// Starts a server with a new data directory.
pub fn start(setup: &Setup<'_>) -> Server {
    let home = Home::new();
    let target = home.data_dir().join("compiled");
    ok(DirBuilder::new().recursive(true).mode(0o700).create(&target), "a data directory");
    copy(&folder(), &target);
    let server = home.start(setup);
    keep(&server);
    server
}

/// Starts one with these limits and then installs a plugin, which may be so large that compiling it takes long.
pub fn start_with(limits: &str, name: &str) -> Server {
    let config = format!("[limits]\ncompile_seconds = 600\n{limits}");
    let server = start(&Setup { config: &config, ..Setup::default() });
    let component = ok(fs::read(plugin(name)), "the component");
    server.http.put(&format!("/v1/providers/{name}"), "application/wasm", &component).expect(201);
    keep(&server);
    server
}

/// Keeps what a server has compiled.
fn keep(server: &Server) {
    copy(&server.data_dir().join("compiled"), &folder());
}

/// Copies the compiled code that is not there yet, each file as a whole.
fn copy(from: &Path, to: &Path) {
    for entry in ok(fs::read_dir(from), "a folder").filter_map(Result::ok) {
        let target = to.join(entry.file_name());
        if target.extension().is_some_and(|extension| extension == "cwasm") && !target.exists() {
            let part = to.join(format!("{}.part", std::process::id()));
            ok(fs::copy(entry.path(), &part), "copying compiled code");
            ok(fs::rename(part, target), "naming compiled code");
        }
    }
}
