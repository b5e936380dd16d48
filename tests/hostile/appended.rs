//! A component with a hand-made one in it, which is made with every instance of it.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::fs;

use support::plugins::plugin;

/// The plugin of this name, with a component, as text, behind all that it has.
pub(crate) fn appended(name: &str, text: &str) -> Vec<u8> {
    appended_to(fs::read(plugin(name)).expect("the component"), text)
}

/// This component, with one as text behind all that it has.
pub(crate) fn appended_to(mut bytes: Vec<u8>, text: &str) -> Vec<u8> {
    let inner = wat::parse_str(text).expect("a component as text");
    let index = components(&bytes);
    // A section with the component, and one that makes an instance of it, which imports nothing.
    bytes.push(4);
    bytes.extend(leb(inner.len()));
    bytes.extend(inner);
    let instance = [vec![1, 0], leb(index), vec![0]].concat();
    bytes.push(5);
    bytes.extend(leb(instance.len()));
    bytes.extend(instance);
    bytes
}

/// How many components stand in this one.
fn components(bytes: &[u8]) -> usize {
    let mut rest = &bytes[8..];
    let mut count = 0;
    while let Some((kind, after)) = rest.split_first() {
        count += usize::from(*kind == 4);
        let (mut size, mut shift, mut at) = (0, 0, 0);
        loop {
            let byte = after[at];
            size |= usize::from(byte & 0x7f) << shift;
            (shift, at) = (shift + 7, at + 1);
            if byte < 0x80 {
                break;
            }
        }
        rest = &after[at + size..];
    }
    count
}

/// A number as WebAssembly writes it.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
