//! WASI 0.2: always there, and empty. No preopened folder, no environment, no arguments, no network, no name look-up;
//! stdout and stderr go to a bounded tail. Python, JavaScript and at times Rust components import all of it whether they
//! use it or not.

use analyte_core::limits::Limits;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::p2::bindings::random::{insecure, random};
use wasmtime_wasi::random::{DEFAULT_MAX_SIZE, WasiRandomCtx};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

use crate::host::charge::{charge, charge_calls};
use crate::host::stderr_tail::StderrTail;
use crate::lift_lower::Buffer;
use crate::schedule::step;

/// Packages all of whose interfaces a component may import.
pub(super) const PACKAGES: &[&str] =
    &["wasi:cli", "wasi:clocks", "wasi:random", "wasi:io", "wasi:filesystem", "wasi:sockets"];

/// What the versions that a component may import begin with; a number follows.
pub(super) const VERSIONS: &str = "0.2.";

/// The version that wasmtime-wasi links; a test says when it is another one.
const LINKED: &str = "0.2.12";

/// Random bytes that are made at once.
const PIECE: u64 = 64 << 10;

/// WASI of one instance.
pub(crate) struct Wasi {
    ctx: WasiCtx,
    pub(crate) output: StderrTail,
    /// Calls that were answered since the guest last paid.
    unpaid: u64,
}

impl Wasi {
    /// Empty.
    pub(crate) fn new(limits: &Limits) -> Self {
        let output = StderrTail::new(limits.stderr_bytes);
        let ctx = WasiCtxBuilder::new()
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .stdout(output.clone())
            .stderr(output.clone())
            .build();
        Self { ctx, output, unpaid: 0 }
    }

    /// What each of wasmtime's functions looks at: a call is answered.
    pub(crate) fn view<'a>(&'a mut self, resources: &'a mut ResourceTable) -> WasiCtxView<'a> {
        self.unpaid += 1;
        WasiCtxView { ctx: &mut self.ctx, table: resources }
    }
}

/// Has the guest pay for what was answered since it last paid.
pub(crate) fn pay<T: 'static>(
    store: &mut StoreContextMut<'_, T>,
    find: fn(&mut T) -> &mut Wasi,
) -> wasmtime::Result<()> {
    let wasi = find(store.data_mut());
    let calls = std::mem::take(&mut wasi.unpaid);
    if calls == 0 {
        return Ok(());
    }
    let bytes = wasi.output.take_count();
    charge_calls(store, calls, bytes)
}

/// All of it. What a call can cost is bounded by what it carries, but for one: random bytes are made one by one and need no
/// room in the component, so they cost fuel like others that cross, and are made in pieces with pauses between them.
pub(super) fn link<T: WasiView + 'static>(
    linker: &mut Linker<T>,
    find: fn(&mut T) -> &mut Wasi,
) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    linker.instance(&format!("wasi:random/random@{LINKED}"))?.func_wrap_async(
        "get-random-bytes",
        move |mut store: StoreContextMut<'_, T>, (length,): (u64,)| {
            Box::new(async move { Ok((in_pieces(&mut store, find, length, random::Host::get_random_bytes).await?,)) })
        },
    )?;
    linker.instance(&format!("wasi:random/insecure@{LINKED}"))?.func_wrap_async(
        "get-insecure-random-bytes",
        move |mut store: StoreContextMut<'_, T>, (length,): (u64,)| {
            Box::new(async move {
                Ok((in_pieces(&mut store, find, length, insecure::Host::get_insecure_random_bytes).await?,))
            })
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

async fn in_pieces<T: Send + 'static>(
    store: &mut StoreContextMut<'_, T>,
    find: fn(&mut T) -> &mut Wasi,
    length: u64,
    make: fn(&mut WasiRandomCtx, u64) -> wasmtime::Result<Vec<u8>>,
) -> wasmtime::Result<Buffer<Vec<u8>>> {
    if length > DEFAULT_MAX_SIZE {
        // It is refused, in wasmtime's own words.
        return make(find(store.data_mut()).ctx.random(), length).map(Buffer);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length)?);
    while (bytes.len() as u64) < length {
        step::breathe().await;
        let piece = (length - bytes.len() as u64).min(PIECE);
        charge(store, usize::try_from(piece).unwrap_or(usize::MAX))?;
        bytes.extend(make(find(store.data_mut()).ctx.random(), piece)?);
    }
    Ok(Buffer(bytes))
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::host::HostState;

    /// Else what is linked in its place would stand beside it, and the component be given the one that is free.
    #[test]
    fn random_bytes_are_found_where_wasmtime_has_them() {
        let engine = wasmtime::Engine::default();
        for (interface, function) in [("random", "get-random-bytes"), ("insecure", "get-insecure-random-bytes")] {
            let mut linker = Linker::<HostState>::new(&engine);
            wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("WASI");
            let mut instance = linker.instance(&format!("wasi:random/{interface}@{LINKED}")).expect("an instance");
            let twice = instance.func_wrap(function, |_, (_,): (u64,)| Ok((Vec::<u8>::new(),)));
            assert!(twice.is_err(), "{interface} is of another version");
        }
    }
}
