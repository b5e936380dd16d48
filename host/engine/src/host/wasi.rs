//! WASI 0.2: always there, and empty. No preopened folder, no environment, no arguments, no network, no name look-up;
//! stdout and stderr go to a bounded tail. Python, JavaScript and at times Rust components import all of it whether they
//! use it or not.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;
use wasmtime_wasi::p2::bindings::random::{insecure, random};
use wasmtime_wasi::random::{DEFAULT_MAX_SIZE, WasiRandomCtx};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use super::{HostState, charge};
use crate::host::stderr_tail::StderrTail;
use crate::lift_lower::Buffer;
use crate::schedule::step;

/// Random bytes that are made at once.
const PIECE: u64 = 64 << 10;

/// All of it. What a call can cost is bounded by what it carries, but for one: random bytes are made one by one and need no
/// room in the component, so they cost fuel like others that cross, and are made in pieces with pauses between them.
pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    // The version is wasmtime-wasi's own; a test says when it is another one.
    linker.instance("wasi:random/random@0.2.12")?.func_wrap_async(
        "get-random-bytes",
        |mut store: StoreContextMut<'_, HostState>, (length,): (u64,)| {
            Box::new(async move { Ok((in_pieces(&mut store, length, random::Host::get_random_bytes).await?,)) })
        },
    )?;
    linker.instance("wasi:random/insecure@0.2.12")?.func_wrap_async(
        "get-insecure-random-bytes",
        |mut store: StoreContextMut<'_, HostState>, (length,): (u64,)| {
            Box::new(
                async move { Ok((in_pieces(&mut store, length, insecure::Host::get_insecure_random_bytes).await?,)) },
            )
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

async fn in_pieces(
    store: &mut StoreContextMut<'_, HostState>,
    length: u64,
    make: fn(&mut WasiRandomCtx, u64) -> wasmtime::Result<Vec<u8>>,
) -> wasmtime::Result<Buffer<Vec<u8>>> {
    if length > DEFAULT_MAX_SIZE {
        // It is refused, in wasmtime's own words.
        return make(store.data_mut().wasi.random(), length).map(Buffer);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length)?);
    while (bytes.len() as u64) < length {
        step::breathe().await;
        let piece = (length - bytes.len() as u64).min(PIECE);
        charge(store, usize::try_from(piece).unwrap_or(usize::MAX))?;
        bytes.extend(make(store.data_mut().wasi.random(), piece)?);
    }
    Ok(Buffer(bytes))
}

pub(super) fn empty(output: &StderrTail) -> WasiCtx {
    WasiCtxBuilder::new()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
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
