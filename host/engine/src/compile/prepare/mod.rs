//! Preparing a component for compilation, so that it can be stopped wherever it computes.
//!
//! Between two points where a component can be stopped lies what cannot be interrupted: one instruction or one call of the
//! runtime. Three kinds of them cost as much as the component has memory or data. Operations on memory in bulk are [done in
//! pieces](bulk). Strings that one inner component hands to another are transcoded by the runtime in one call, for which there
//! is no such way: such a component is [refused](strings). Data that is copied when a module begins [is bounded](segments).

mod bulk;
mod sections;
mod segments;
mod strings;

use analyte_core::limits::Limits;
use wasmparser::BinaryReader;

use sections::sections;
pub(crate) use strings::refuse_strings_between_components;

/// Part of the name of compiled code: another number where a component is prepared in another way.
pub(crate) const REVISION: u32 = 2;

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
