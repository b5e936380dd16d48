//! Modules and components as rows of sections: read, changed, written again.

use wasmparser::BinaryReader;

/// The header of modules and components: four bytes of magic and four of version.
const HEADER: usize = 8;

/// Copies a module or component section by section; `change` gives the new content of a section, `None` to leave it as it is.
pub(super) fn sections(
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
pub(super) fn section(content: &[u8], into: &mut Vec<u8>) -> Result<(), String> {
    number(content.len(), into)?;
    into.extend_from_slice(content);
    Ok(())
}

/// A number as modules have them, LEB128.
pub(super) fn number(value: usize, into: &mut Vec<u8>) -> Result<(), String> {
    use wasm_encoder::Encode as _;
    u32::try_from(value).map_err(|_| "the component is too large".to_owned())?.encode(into);
    Ok(())
}
