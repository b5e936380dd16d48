//! Bulk operations on memory in pieces.
//!
//! `memory.fill`, `memory.copy` and `memory.init` do in one instruction what may take a second: all of a memory of 4 GiB. They
//! burn fuel for each byte, but only before they begin, and nothing interrupts them. So each one whose length is not known to
//! be small becomes a call of a function that does the same in pieces, one after the other, with the checks of fuel between.
//! What it does is the same to the last byte: all bounds are checked before anything is written, and what overlaps is copied
//! from the end that is not yet written over.
//!
//! The functions come after all others of the module, so no index changes, and the names that a failure report shows stay.

use wasm_encoder::{BlockType, Encode as _, Function, InstructionSink, ValType};
use wasmparser::{BinaryReader, CodeSectionReader, Operator, Parser, Payload, TypeRef};

use super::sections::{number, section, sections};

/// The most that is done at once, in bytes: some 0.2 ms where the pages have not been used before.
const PIECE: u32 = 1 << 20;

const TYPES: u8 = 1;
const FUNCTIONS: u8 = 3;
const CODE: u8 = 10;
const CUSTOM: u8 = 0;

/// One operation, on what it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bulk {
    Fill { memory: u32 },
    Copy { to: u32, from: u32 },
    Init { memory: u32, data: u32 },
}

/// What of a module has to be known first.
#[derive(Default)]
struct Shape {
    /// The most that is done at once, in bytes.
    piece: u32,
    types: u32,
    functions: u32,
    /// Of each memory, whether its addresses have 64 bits.
    memories: Vec<bool>,
    /// The operations that are replaced; the functions in their place come in this order.
    replaced: Vec<Bulk>,
}

/// The module with its bulk operations in pieces; the same bytes where there is nothing to do.
pub(super) fn in_pieces(module: &[u8]) -> Result<Vec<u8>, String> {
    in_pieces_of(PIECE, module)
}

fn in_pieces_of(piece: u32, module: &[u8]) -> Result<Vec<u8>, String> {
    let shape = shape_of(piece, module).map_err(|error| error.to_string())?;
    if shape.replaced.is_empty() {
        return Ok(module.to_vec());
    }
    if shape.replaced.iter().any(|bulk| shape.is_wide(*bulk)) {
        return Err(
            "it works in bulk on a memory with addresses of 64 bits, which cannot be stopped meanwhile".to_owned()
        );
    }
    let added = shape.replaced.len();
    sections(BinaryReader::new(module, 0), |id, content| match id {
        TYPES => with_more(content, 1, |into| {
            let all = [ValType::I32; 3];
            into.push(0x60);
            all.as_slice().encode(into);
            into.push(0);
            Ok(())
        })
        .map(Some),
        FUNCTIONS => with_more(content, added, |into| {
            (0..added).for_each(|_| shape.types.encode(into));
            Ok(())
        })
        .map(Some),
        CODE => code(content, &shape).map(Some),
        CUSTOM => Ok(named(content, &shape)),
        _ => Ok(None),
    })
}

fn shape_of(piece: u32, module: &[u8]) -> Result<Shape, wasmparser::BinaryReaderError> {
    let mut shape = Shape { piece, ..Shape::default() };
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::TypeSection(types) => {
                for group in types {
                    shape.types += u32::try_from(group?.types().len()).unwrap_or(u32::MAX);
                }
            }
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    match import?.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => shape.functions += 1,
                        TypeRef::Memory(memory) => shape.memories.push(memory.memory64),
                        _ => {}
                    }
                }
            }
            Payload::FunctionSection(functions) => shape.functions += functions.count(),
            Payload::MemorySection(memories) => {
                for memory in memories {
                    shape.memories.push(memory?.memory64);
                }
            }
            Payload::CodeSectionEntry(body) => each(piece, &body, |bulk, _| {
                if !shape.replaced.contains(&bulk) {
                    shape.replaced.push(bulk);
                }
            })?,
            _ => {}
        }
    }
    Ok(shape)
}

/// Every operation of a function that is to be replaced, and the bytes that it takes.
fn each(
    piece: u32,
    body: &wasmparser::FunctionBody<'_>,
    mut found: impl FnMut(Bulk, std::ops::Range<usize>),
) -> Result<(), wasmparser::BinaryReaderError> {
    let mut operators = body.get_operators_reader()?;
    // The length is what was pushed last, so a constant stands directly before its operation.
    let mut small = false;
    while !operators.eof() {
        let (operator, at) = operators.read_with_offset()?;
        let bulk = match operator {
            Operator::MemoryFill { mem } => Some(Bulk::Fill { memory: mem }),
            Operator::MemoryCopy { dst_mem, src_mem } => Some(Bulk::Copy { to: dst_mem, from: src_mem }),
            Operator::MemoryInit { data_index, mem } => Some(Bulk::Init { memory: mem, data: data_index }),
            _ => None,
        };
        if let Some(bulk) = bulk.filter(|_| !small) {
            found(bulk, at..operators.original_position());
        }
        small = matches!(operator, Operator::I32Const { value } if value.cast_unsigned() <= piece);
    }
    Ok(())
}

impl Shape {
    fn is_wide(&self, bulk: Bulk) -> bool {
        let wide = |memory: u32| self.memories.get(memory as usize).is_some_and(|wide| *wide);
        match bulk {
            Bulk::Fill { memory } | Bulk::Init { memory, .. } => wide(memory),
            Bulk::Copy { to, from } => wide(to) || wide(from),
        }
    }

    /// The function that takes the place of an operation.
    fn function_for(&self, bulk: Bulk) -> u32 {
        let at = self.replaced.iter().position(|one| *one == bulk).unwrap_or_default();
        self.functions + u32::try_from(at).unwrap_or(u32::MAX)
    }
}

/// A vector of a section with `more` items more, which `write` adds.
fn with_more(
    content: &[u8],
    more: usize,
    write: impl FnOnce(&mut Vec<u8>) -> Result<(), String>,
) -> Result<Vec<u8>, String> {
    let mut reader = BinaryReader::new(content, 0);
    let count = reader.read_var_u32().map_err(|error| error.to_string())?;
    let rest = content.get(reader.original_position()..).unwrap_or_default();
    let mut written = Vec::with_capacity(content.len() + 16 * more);
    number(count as usize + more, &mut written)?;
    written.extend_from_slice(rest);
    write(&mut written)?;
    Ok(written)
}

fn code(content: &[u8], shape: &Shape) -> Result<Vec<u8>, String> {
    let said = |error: wasmparser::BinaryReaderError| error.to_string();
    let bodies = CodeSectionReader::new(BinaryReader::new(content, 0)).map_err(said)?;
    let mut written = Vec::with_capacity(content.len() + 1_024);
    number(bodies.count() as usize + shape.replaced.len(), &mut written)?;
    for body in bodies {
        let body = body.map_err(said)?;
        let mut copied = Vec::new();
        let mut from = body.range().start;
        each(shape.piece, &body, |bulk, at| {
            copied.extend_from_slice(content.get(from..at.start).unwrap_or_default());
            InstructionSink::new(&mut copied).call(shape.function_for(bulk));
            from = at.end;
        })
        .map_err(said)?;
        copied.extend_from_slice(content.get(from..body.range().end).unwrap_or_default());
        section(&copied, &mut written)?;
    }
    for bulk in &shape.replaced {
        piecewise(*bulk, shape.piece).encode(&mut written);
    }
    Ok(written)
}

/// `(to, value or from, length)`: does what the operation does, in pieces.
fn piecewise(bulk: Bulk, piece: u32) -> Function {
    const TO: u32 = 0;
    const FROM: u32 = 1;
    const LENGTH: u32 = 2;
    let piece = piece.cast_signed();
    let mut function = Function::new([]);
    let mut code = function.instructions();
    let operation = |code: &mut InstructionSink<'_>| {
        match bulk {
            Bulk::Fill { memory } => code.memory_fill(memory),
            Bulk::Copy { to, from } => code.memory_copy(to, from),
            Bulk::Init { memory, data } => code.memory_init(memory, data),
        };
    };
    let whole = |code: &mut InstructionSink<'_>| {
        code.local_get(TO).local_get(FROM).local_get(LENGTH);
        operation(code);
        code.return_();
    };
    // At once where it is small.
    code.local_get(LENGTH).i32_const(piece).i32_le_u().if_(BlockType::Empty);
    whole(&mut code);
    code.end();
    // At once, too, where it is out of bounds: it writes nothing then, and fails as it always did.
    let outside = |code: &mut InstructionSink<'_>, start: u32, memory: u32| {
        code.local_get(start).i64_extend_i32_u().local_get(LENGTH).i64_extend_i32_u().i64_add();
        code.memory_size(memory).i64_extend_i32_u().i64_const(16).i64_shl().i64_gt_u();
        code.if_(BlockType::Empty);
        whole(code);
        code.end();
    };
    match bulk {
        Bulk::Fill { memory } => outside(&mut code, TO, memory),
        Bulk::Copy { to, from } => {
            outside(&mut code, TO, to);
            outside(&mut code, FROM, from);
        }
        Bulk::Init { memory, data } => {
            outside(&mut code, TO, memory);
            // How long the data is, and whether it was dropped, only the operation knows: nothing of its end is copied. An
            // end beyond 32 bits is beyond any data.
            code.local_get(FROM).local_get(LENGTH).i32_add().local_get(FROM).i32_lt_u().if_(BlockType::Empty);
            whole(&mut code);
            code.end();
            code.i32_const(0).local_get(FROM).local_get(LENGTH).i32_add().i32_const(0).memory_init(memory, data);
        }
    }
    let add = |code: &mut InstructionSink<'_>, local: u32| {
        code.local_get(local).i32_const(piece).i32_add().local_set(local);
    };
    let shorten = |code: &mut InstructionSink<'_>| {
        code.local_get(LENGTH).i32_const(piece).i32_sub().local_set(LENGTH);
    };
    let again = |code: &mut InstructionSink<'_>| {
        code.local_get(LENGTH).i32_const(piece).i32_gt_u().br_if(0);
    };
    if matches!(bulk, Bulk::Copy { .. }) {
        // From the end where it moves up, so that nothing is written over before it was copied.
        code.local_get(TO).local_get(FROM).i32_gt_u().if_(BlockType::Empty).loop_(BlockType::Empty);
        shorten(&mut code);
        code.local_get(TO).local_get(LENGTH).i32_add().local_get(FROM).local_get(LENGTH).i32_add().i32_const(piece);
        operation(&mut code);
        again(&mut code);
        code.end();
        whole(&mut code);
        code.end();
    }
    code.loop_(BlockType::Empty);
    code.local_get(TO).local_get(FROM).i32_const(piece);
    operation(&mut code);
    add(&mut code, TO);
    if !matches!(bulk, Bulk::Fill { .. }) {
        add(&mut code, FROM);
    }
    shorten(&mut code);
    again(&mut code);
    code.end();
    whole(&mut code);
    code.end();
    function
}

/// A custom section with the names of the functions that came to it; `None` where it stays as it is, as does one that nobody
/// can read.
fn named(content: &[u8], shape: &Shape) -> Option<Vec<u8>> {
    let mut reader = BinaryReader::new(content, 0);
    let name = reader.read_string().ok()?;
    let data = content.get(reader.original_position()..)?;
    if name.starts_with("metadata.code.") {
        // Hints by the place in a function, and places have moved: none are better than wrong ones.
        let mut empty = Vec::new();
        "moved".encode(&mut empty);
        return Some(empty);
    }
    if name != "name" {
        return None;
    }
    let mut written = Vec::new();
    name.encode(&mut written);
    let mut reader = BinaryReader::new(data, 0);
    while !reader.eof() {
        let id = reader.read_u8().ok()?;
        let size = reader.read_var_u32().ok()?;
        let names = reader.read_bytes(size as usize).ok()?;
        written.push(id);
        // Those of functions.
        if id == 1 {
            let names = with_more(names, shape.replaced.len(), |into| {
                for bulk in &shape.replaced {
                    shape.function_for(*bulk).encode(into);
                    bulk.name().encode(into);
                }
                Ok(())
            });
            section(&names.ok()?, &mut written).ok()?;
        } else {
            section(names, &mut written).ok()?;
        }
    }
    Some(written)
}

impl Bulk {
    /// What a failure report calls the function in its place.
    fn name(self) -> &'static str {
        match self {
            Self::Fill { .. } => "memory.fill",
            Self::Copy { .. } => "memory.copy",
            Self::Init { .. } => "memory.init",
        }
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use wasmtime::{Engine, Instance, Module, Store, Trap};

    use super::*;

    const MODULE: &str = r#"(module
        (import "host" "memory" (memory $other 1))
        (memory $memory 2 3)
        (data $data "0123456789abcdefghijklmnopqrstuvwxyz")
        (func $unused)
        (func $fill (export "fill") (param i32 i32 i32) (memory.fill $memory (local.get 0) (local.get 1) (local.get 2)))
        (func (export "copy") (param i32 i32 i32) (memory.copy $memory $memory (local.get 0) (local.get 1) (local.get 2)))
        (func (export "in") (param i32 i32 i32) (memory.copy $memory $other (local.get 0) (local.get 1) (local.get 2)))
        (func (export "out") (param i32 i32 i32) (memory.copy $other $memory (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param i32 i32 i32) (memory.init $memory $data (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (param i32 i32 i32) (data.drop $data))
        (func (export "grow") (param i32 i32 i32) (drop (memory.grow $memory (i32.const 1))))
        (func (export "small") (memory.fill $memory (i32.const 0) (i32.const 7) (i32.const 3)))
        (export "memory" (memory $memory)))"#;

    fn module() -> Vec<u8> {
        wat::parse_str(MODULE).expect("a module")
    }

    /// An instance whose memories are filled with something to see.
    fn instance(engine: &Engine, module: &[u8]) -> (Store<()>, Instance, wasmtime::Memory) {
        let module = Module::new(engine, module).expect("it compiles");
        let mut store = Store::new(engine, ());
        let other = wasmtime::Memory::new(&mut store, wasmtime::MemoryType::new(1, None)).expect("a memory");
        let instance = Instance::new(&mut store, &module, &[other.into()]).expect("an instance");
        let memory = instance.get_memory(&mut store, "memory").expect("its memory");
        for (memory, step) in [(memory, 7_u8), (other, 11)] {
            let mut value = 0_u8;
            for byte in memory.data_mut(&mut store) {
                *byte = value;
                value = value.wrapping_add(step);
            }
        }
        (store, instance, other)
    }

    /// One call and what can be seen of it: a trap, and both memories.
    type Seen = (Option<Trap>, Vec<u8>, Vec<u8>);

    fn seen(engine: &Engine, module: &[u8], calls: &[(&str, (u32, u32, u32))]) -> Vec<Seen> {
        let (mut store, instance, other) = instance(engine, module);
        let call = |(name, given): &(&str, (u32, u32, u32))| {
            let function = instance.get_typed_func::<(u32, u32, u32), ()>(&mut store, name).expect("the function");
            let failed = function.call(&mut store, *given).err();
            let trap = failed.map(|error| *error.downcast_ref::<Trap>().expect("a trap"));
            let memory = instance.get_memory(&mut store, "memory").expect("its memory");
            (trap, memory.data(&store).to_vec(), other.data(&store).to_vec())
        };
        calls.iter().map(call).collect()
    }

    /// Places and lengths near what there is to run into: nothing, the ends of data and memories, the end of all addresses.
    fn number() -> impl Strategy<Value = u32> {
        let edge = proptest::sample::select(vec![0, 36, 1 << 16, 2 << 16, 3 << 16, u32::MAX]);
        let near = (edge, 0..60_u32, any::<bool>())
            .prop_map(|(edge, far, up)| if up { edge.saturating_add(far) } else { edge.saturating_sub(far) });
        prop_oneof![4 => near, 2 => 0..200_000_u32, 1 => any::<u32>()]
    }

    #[test]
    fn nobody_can_tell_an_operation_in_pieces_from_a_whole_one() {
        let engine = Engine::default();
        let plain = module();
        let call = (
            prop_oneof![
                3 => Just("fill"), 6 => Just("copy"), 3 => Just("in"), 3 => Just("out"), 4 => Just("init"), 1 => Just("drop"),
                1 => Just("grow")
            ],
            (number(), number(), number()),
        );
        let some = proptest::collection::vec(call, 1..6);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
        runner
            .run(&(some, prop_oneof![Just(7_u32), Just(64), Just(1_000), Just(40_000)]), |(calls, piece)| {
                let pieces = in_pieces_of(piece, &plain).expect("it can be read");
                prop_assert_eq!(seen(&engine, &pieces, &calls), seen(&engine, &plain, &calls));
                Ok(())
            })
            .expect("no difference");
    }

    #[test]
    fn what_is_small_or_absent_stays_and_names_go_on() {
        let small =
            wat::parse_str("(module (memory 1) (func (memory.fill (i32.const 0) (i32.const 7) (i32.const 3))))");
        let small = small.expect("a module");
        assert_eq!(in_pieces(&small), Ok(small.clone()));
        let pieces = in_pieces(&module()).expect("it can be read");
        let (mut store, instance, _) = instance(&Engine::default(), &pieces);
        let fill = instance.get_typed_func::<(u32, u32, u32), ()>(&mut store, "fill").expect("the function");
        let error = fill.call(&mut store, (u32::MAX, 0, 1 << 21)).expect_err("it is out of bounds");
        let trace = error.downcast_ref::<wasmtime::WasmBacktrace>().expect("a backtrace");
        let names: Vec<_> = trace.frames().iter().map(|frame| frame.func_name()).collect();
        assert_eq!(names, [Some("memory.fill"), Some("fill")]);
    }

    #[test]
    fn a_memory_of_64_bits_is_refused() {
        let wide = "(module (memory i64 1) (func (param i64) (memory.fill (i64.const 0) (i32.const 7) (local.get 0))))";
        assert_eq!(
            in_pieces(&wat::parse_str(wide).expect("a module")),
            Err("it works in bulk on a memory with addresses of 64 bits, which cannot be stopped meanwhile".to_owned())
        );
    }
}
