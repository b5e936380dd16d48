//! WASI 0.2: always there, and empty. No preopened folder, no environment, no arguments, no network, no name look-up;
//! stdout and stderr go to a bounded tail. Python, JavaScript and at times Rust components import all of it whether they
//! use it or not.

use wasmtime_wasi::{WasiCtx, WasiCtxBuilder};

use crate::tail::Tail;

pub(super) fn empty(output: &Tail) -> WasiCtx {
    WasiCtxBuilder::new()
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .stdout(output.clone())
        .stderr(output.clone())
        .build()
}
