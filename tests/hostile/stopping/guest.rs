//! Components by hand, whose functions do what a test says, in the text form of WebAssembly.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use support::repository;

use super::super::appended::appended_to;

/// What they may call, and what all have.
const PARTS: &str = include_str!("guest.wat");

/// A model component with these bodies.
pub(crate) fn guest(describe: &str, run: &str) -> Vec<u8> {
    model(StringEncoding::UTF8, describe, run, "")
}

/// The same, with its texts in this encoding, and more functions.
pub(super) fn model(encoding: StringEncoding, describe: &str, run: &str, more: &str) -> Vec<u8> {
    let exports = include_str!("model.wat").replace("DESCRIBE", describe).replace("RUN", run).replace("MORE", more);
    component(encoding, "guest", &exports)
}

/// A provider with these bodies.
pub(super) fn provider(models: &str, inspect: &str) -> Vec<u8> {
    let exports = include_str!("provider.wat").replace("MODELS", models).replace("INSPECT", inspect);
    component(StringEncoding::UTF8, "provider-guest", &exports)
}

fn component(encoding: StringEncoding, world: &str, exports: &str) -> Vec<u8> {
    let text = format!("(module {PARTS}\n{exports})");
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut resolve = Resolve::default();
    resolve.push_path(repository().join("wit/0.1.0")).expect("the contract");
    let wasi = resolve.push_str(Path::new("wasi.wit"), include_str!("wasi.wit")).expect("WASI");
    let world = resolve.select_world(&[wasi], Some(world)).expect("the world");
    wit_component::embed_component_metadata(&mut module, &resolve, world, encoding).expect("it fits");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

/// A model component with this number of further memories.
pub(super) fn with_memories(count: usize) -> Vec<u8> {
    let instances = "(core instance (instantiate $m))".repeat(count);
    appended_to(guest("", ""), &format!("(component (core module $m (memory 1)) {instances})"))
}

/// Something done over and over, for ever.
pub(crate) fn for_ever(what: &str) -> String {
    format!("(loop $again {what} (br $again))")
}
