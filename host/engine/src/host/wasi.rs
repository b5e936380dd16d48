//! WASI 0.2: always there, and empty. No preopened folder, no environment, no arguments, no network, no name look-up;
//! stdout and stderr go to a bounded tail. Python, JavaScript and at times Rust components import all of it whether they
//! use it or not.

use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::random::{insecure, random};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{HostState, at_once};
use crate::tail::Tail;

/// Most random bytes of one call.
const RANDOM_BYTES: u64 = 64 << 10;

/// All of it. Random bytes are made one by one and need no room in the component, so they cost fuel like others that cross:
/// else a component could have the host make them for minutes between two yields.
pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    let length = |(length,): &(u64,)| usize::try_from(*length).unwrap_or(usize::MAX);
    // The version is wasmtime-wasi's own; a test says when it is another one.
    at_once(&mut linker.instance("wasi:random/random@0.2.12")?, "get-random-bytes", length, |store, (length,)| {
        Ok((random::Host::get_random_bytes(store.data_mut().wasi.random(), length)?,))
    })?;
    at_once(
        &mut linker.instance("wasi:random/insecure@0.2.12")?,
        "get-insecure-random-bytes",
        length,
        |store, (length,)| Ok((insecure::Host::get_insecure_random_bytes(store.data_mut().wasi.random(), length)?,)),
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

pub(super) fn empty(output: &Tail) -> WasiCtx {
    WasiCtxBuilder::new()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .max_random_size(RANDOM_BYTES)
        .stdout(output.clone())
        .stderr(output.clone())
        .build()
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    /// Else what is linked in its place would stand beside it, and the component be given the one that is free.
    #[test]
    fn random_bytes_are_found_where_wasmtime_has_them() {
        let engine = wasmtime::Engine::default();
        for (interface, function) in [("random", "get-random-bytes"), ("insecure", "get-insecure-random-bytes")] {
            let mut linker = Linker::<HostState>::new(&engine);
            wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI");
            let mut instance = linker.instance(&format!("wasi:random/{interface}@0.2.12")).expect("an instance");
            let twice = instance.func_wrap(function, |_, (_,): (u64,)| Ok((Vec::<u8>::new(),)));
            assert!(twice.is_err(), "{interface} is of another version");
        }
    }
}
