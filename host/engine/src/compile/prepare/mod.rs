//! Preparing a component for compilation, so that it can be stopped wherever it computes.
//!
//! Between two points where a component can be stopped lies what cannot be interrupted: one instruction or one call of the
//! runtime. Three kinds of them cost as much as the component has memory or data. Operations on memory in bulk are [done in
//! pieces](bulk). Strings that one inner component hands to another are transcoded by the runtime in one call, for which there
//! is no such way: such a component is [refused](strings). Data that is copied when a module begins [is bounded](segments).

mod bulk;
mod segments;
mod strings;

use analyte_core::limits::Limits;
use wasmparser::BinaryReader;

pub(crate) use strings::refuse_strings_between_components;

/// Part of the name of compiled code: another number where a component is prepared in another way.
pub(crate) const REVISION: u32 = 2;

/// The header of modules and components: four bytes of magic and four of version.
const HEADER: usize = 8;
/// Where a component's core modules and inner components are.
const CORE_MODULE: u8 = 1;
const COMPONENT: u8 = 4;

/// The component with its bulk operations done in pieces; everything else is as it was, byte by byte.
pub(crate) fn prepare(component: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
    let reader = BinaryReader::new(component, 0);
    sections(reader, |id, content| match id {
        CORE_MODULE => {
            segments::refuse_large(content, limits)?;
            bulk::in_pieces(content).map(Some)
        }
        COMPONENT => prepare(content, limits).map(Some),
        _ => Ok(None),
    })
}

/// Copies a module or component section by section; `change` gives the new content of a section, `None` to leave it as it is.
fn sections(
    mut reader: BinaryReader<'_>,
    mut change: impl FnMut(u8, &[u8]) -> Result<Option<Vec<u8>>, String>,
) -> Result<Vec<u8>, String> {
    let said = |error: wasmparser::BinaryReaderError| error.to_string();
    let mut written = reader.read_bytes(HEADER).map_err(said)?.to_vec();
    while !reader.eof() {
        let id = reader.read_u8().map_err(said)?;
        let size = reader.read_var_u32().map_err(said)?;
        let content = reader.read_bytes(size as usize).map_err(said)?;
        written.push(id);
        match change(id, content)? {
            Some(changed) => section(&changed, &mut written)?,
            None => section(content, &mut written)?,
        }
    }
    Ok(written)
}

/// A section's or function's size and content.
fn section(content: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
    number(content.len(), into)?;
    into.extend_from_slice(content);
    Ok(())
}

/// A number as modules have them, LEB128.
fn number(value: usize, into: &mut Vec<u8>) -> Result<(), String> {
    use wasm_encoder::Encode as _;
    u32::try_from(value).map_err(|_| "the component is too large".to_owned())?.encode(into);
    Ok(())
}
