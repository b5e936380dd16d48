//! Strings between inner components.
//!
//! Where a component is made of several that call one another, wasmtime copies what they hand over. Lists and records are
//! copied by code that burns fuel and pauses like the components themselves. A string is transcoded by the runtime in a single
//! call, however long it is: 100 MB of UTF-16 take seconds, in which nothing can stop it. So such a component is refused.
//!
//! What is looked at is the compiled code: it has a function for each way of transcoding that the component needs, and none
//! where it needs none. Strings that go to the host or come from it do not count, so a component out of one piece, which is
//! what the tools for Rust, Python and JavaScript make, is never refused.

use object::{Object as _, ObjectSymbol as _};

/// How such a function is called. What a component calls its own functions stands behind `wasm[…]::function[…]::`.
const PREFIX: &str = "component-trampolines[";
const TRANSCODES: &str = "-component-transcode-";

/// An error that says so where the compiled component hands strings from one inner component to another.
pub(crate) fn refuse_strings_between_components(code: &[u8]) -> Result<(), String> {
    let file = object::File::parse(code).map_err(|error| format!("compiled code cannot be read: {error}"))?;
    let names = file.symbols().filter_map(|symbol| symbol.name().ok());
    let mut encodings = names.filter_map(|name| name.strip_prefix(PREFIX)?.split_once(TRANSCODES));
    match encodings.next() {
        None => Ok(()),
        Some((_, encodings)) => {
            let kind = encodings.split("-m").next().unwrap_or(encodings);
            Err(format!(
                "it is made of components that hand strings to one another ({kind}), which cannot be stopped while they do; \
                 hand over lists of bytes instead, or build it as one component"
            ))
        }
    }
}
