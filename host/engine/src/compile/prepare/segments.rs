//! Data that is copied into a memory when a component begins.
//!
//! Most data is part of an image of its memory, which the system puts there page by page when it is used: however large it is,
//! it costs nothing at the beginning. wasmtime makes such an image where the memory is the module's own, all places are
//! constants within it, and what is between them is not much larger than the data. Elsewhere it copies each segment in one
//! go when a module begins, and nothing interrupts that. So there a segment may have `segment_bytes` at most.

use std::collections::HashMap;

use analyte_core::limits::Limits;
use wasmparser::{Data, DataKind, MemoryType, Operator, Parser, Payload, TypeRef};

/// Images up to this size are made however little data is in them, in bytes: wasmtime's default.
const ALWAYS: u64 = 16 << 20;
/// Of WebAssembly, in bytes.
const PAGE: u64 = 1 << 16;

/// What of a module says whether it has images of its memories.
#[derive(Default)]
struct Module {
    imported: usize,
    memories: Vec<MemoryType>,
    /// The largest active segment, in bytes.
    largest: u64,
    /// A segment is in the memory of another module, at a place that is computed, or outside of its memory.
    elsewhere: bool,
    /// By memory.
    extents: HashMap<u32, Extent>,
}

/// Where the data of a memory lies.
struct Extent {
    from: u64,
    to: u64,
    bytes: u64,
}

/// An error that names the limit where a core module has a larger segment that is copied in one go.
pub(super) fn refuse_large(module: &[u8], limits: &Limits) -> Result<(), String> {
    let found = look(module).map_err(|error| error.to_string())?;
    let (largest, most) = (found.largest, limits.segment_bytes);
    if largest <= most || found.is_an_image() {
        return Ok(());
    }
    Err(format!(
        "a piece of its data has {largest} bytes and has to be copied when it begins; {most} are allowed (limit \
         segment_bytes): put it at a constant place in a memory of its own module, or split it"
    ))
}

fn look(module: &[u8]) -> Result<Module, wasmparser::BinaryReaderError> {
    let mut found = Module::default();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    if let TypeRef::Memory(memory) = import?.ty {
                        found.memories.push(memory);
                    }
                }
                found.imported = found.memories.len();
            }
            Payload::MemorySection(memories) => {
                for memory in memories {
                    found.memories.push(memory?);
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments {
                    found.segment(&segment?)?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

impl Module {
    fn segment(&mut self, segment: &Data<'_>) -> Result<(), wasmparser::BinaryReaderError> {
        let DataKind::Active { memory_index, offset_expr } = &segment.kind else { return Ok(()) };
        let length = segment.data.len() as u64;
        self.largest = self.largest.max(length);
        let mut place = offset_expr.get_operators_reader();
        let from = match (place.read()?, place.read()?) {
            (Operator::I32Const { value }, Operator::End) => Some(u64::from(value.cast_unsigned())),
            _ => None,
        };
        let at = *memory_index as usize;
        let size = self.memories.get(at).map_or(0, |memory| memory.initial.saturating_mul(PAGE));
        let to = from.map(|from| from.saturating_add(length)).filter(|to| *to <= size && at >= self.imported);
        let (Some(from), Some(to)) = (from, to) else {
            self.elsewhere = true;
            return Ok(());
        };
        if length > 0 {
            let extent = self.extents.entry(*memory_index).or_insert(Extent { from, to, bytes: 0 });
            extent.from = extent.from.min(from);
            extent.to = extent.to.max(to);
            extent.bytes = extent.bytes.saturating_add(length);
        }
        Ok(())
    }

    fn is_an_image(&self) -> bool {
        let dense = |extent: &Extent| {
            let size = extent.to.saturating_sub(extent.from);
            size < ALWAYS || size < extent.bytes.saturating_mul(2)
        };
        !self.elsewhere && self.extents.values().all(dense)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    fn refused(text: &str) -> bool {
        let text = text.replace("DATA", &format!("\"{}\"", "x".repeat(101)));
        let module = wat::parse_str(text).expect("a module");
        refuse_large(&module, &Limits { segment_bytes: 100, ..Limits::default() }).is_err()
    }

    #[test]
    fn what_is_copied_in_one_go_is_bounded_and_what_is_an_image_is_not() {
        for image in [
            "(module (memory 1) (data (i32.const 8) DATA))",
            "(module (memory 1) (data (i32.const 65435) DATA))",
            "(module (memory 200) (data (i32.const 0) DATA) (data (i32.const 13107000) \"far, but not too far\"))",
            // It is copied by `memory.init`, in pieces.
            "(module (memory 1) (data DATA))",
            "(module)",
        ] {
            assert!(!refused(image), "{image}");
        }
        for copied in [
            "(module (import \"\" \"m\" (memory 1)) (data (i32.const 8) DATA))",
            "(module (memory 1) (global $at i32 (i32.const 8)) (data (global.get $at) DATA))",
            "(module (memory 1) (data (i32.add (i32.const 8) (i32.const 8)) DATA))",
            "(module (memory 1) (data (i32.const 65436) DATA))",
            "(module (memory 1000) (data (i32.const 0) DATA) (data (i32.const 65000000) \"far\"))",
            "(module (import \"\" \"m\" (memory 1)) (data (i32.const 0) \"short\") (data (i32.const 8) DATA))",
        ] {
            assert!(refused(copied), "{copied}");
        }
    }

    #[test]
    fn short_data_may_be_anywhere() {
        let module = wat::parse_str("(module (import \"\" \"m\" (memory 1)) (data (i32.const 8) \"short\"))");
        assert_eq!(refuse_large(&module.expect("a module"), &Limits::default()), Ok(()));
    }
}
