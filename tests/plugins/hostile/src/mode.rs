//! How `describe` and `models` misbehave: a marker in the component's bytes that a test patches.
//!
//! The marker is 48 bytes: `ANALYTE-HOSTILE-MODE:` (21 bytes) and the mode's name, filled up to 27 bytes with dots. It
//! occurs once in a built component.

use std::hint::black_box;

/// What the marker begins with.
const PREFIX: usize = "ANALYTE-HOSTILE-MODE:".len();

#[used]
static MARKER: [u8; 48] = *b"ANALYTE-HOSTILE-MODE:honest.....................";

/// The mode's name.
pub(crate) fn mode() -> &'static str {
    // The compiler must not know what the marker holds.
    let marker = black_box(&MARKER);
    let name = marker.get(PREFIX..).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default();
    name.trim_end_matches('.')
}
