//! Components by hand: a model whose `describe` and `run` do what a test says, in the text form of WebAssembly.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use super::super::support::repository;

/// A component with these bodies; what they may call stands in `guest.wat`.
pub(crate) fn guest(describe: &str, run: &str) -> Vec<u8> {
    let text = include_str!("guest.wat").replace("DESCRIBE", describe).replace("RUN", run);
    let mut module = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
    let mut resolve = Resolve::default();
    resolve.push_path(repository().join("wit/0.1.0")).expect("the contract");
    let wasi = resolve.push_str(Path::new("wasi.wit"), include_str!("wasi.wit")).expect("WASI");
    let world = resolve.select_world(&[wasi], Some("guest")).expect("the world");
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("it fits");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

/// Something done over and over, for ever.
pub(crate) fn for_ever(what: &str) -> String {
    format!("(loop $again {what} (br $again))")
}
