//! What a compiled schema is said to take, held against what it takes: every allocation of this process is counted.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]
#![expect(clippy::print_stdout, reason = "shows the figures")]

use std::alloc::System;
use std::sync::atomic::{AtomicI64, Ordering};

use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::parameters::ParametersSchema;
use serde_json::{Map, Value, json};

/// Bytes that are allocated now.
static ALLOCATED: AtomicI64 = AtomicI64::new(0);

mod counting {
    #![expect(unsafe_code, reason = "an allocator is unsafe by its trait")]

    use std::alloc::{GlobalAlloc, Layout};

    use super::{ALLOCATED, Ordering, System};

    struct Counting;

    #[global_allocator]
    static COUNTING: Counting = Counting;

    fn count(bytes: usize) -> i64 {
        i64::try_from(bytes).unwrap_or(i64::MAX)
    }

    // SAFETY: all is left to the system's allocator.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            ALLOCATED.fetch_add(count(layout.size()), Ordering::Relaxed);
            // SAFETY: as the caller promises.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
            ALLOCATED.fetch_sub(count(layout.size()), Ordering::Relaxed);
            // SAFETY: as the caller promises.
            unsafe { System.dealloc(at, layout) }
        }
    }
}

/// The estimate is at least what is taken, and at most this many times as much.
const AT_MOST: u64 = 20;

/// Schemas of every kind that takes memory, by what they are.
fn schemas() -> Vec<(&'static str, Value)> {
    let properties = |count: usize, each: fn(usize) -> Value| {
        let members: Map<String, Value> = (0..count).map(|at| (format!("p{at}"), each(at))).collect();
        json!({"type": "object", "properties": members})
    };
    let mut nested = json!({"type": "integer"});
    for _ in 0..12 {
        nested = json!({"type": "object", "properties": {"a": nested}, "required": ["a"]});
    }
    vec![
        ("one number", properties(1, |_| json!({"type": "number"}))),
        (
            "20 described numbers",
            properties(20, |_| json!({"type": "number", "minimum": 0, "default": 1, "description": "a number"})),
        ),
        ("500 booleans", properties(500, |_| json!(true))),
        ("60 short patterns", properties(60, |at| json!({"type": "string", "pattern": format!("^[a-z]+{at}$")}))),
        (
            "60 long patterns",
            properties(60, |at| json!({"type": "string", "pattern": format!("^[a-z]{{1,300}}{at}$")})),
        ),
        (
            "letters of all scripts",
            properties(10, |at| json!({"type": "string", "pattern": format!("^\\p{{L}}+{at}$")})),
        ),
        (
            "an enumeration of texts",
            properties(1, |_| json!({"enum": (0..2_000).map(|at| format!("value {at}")).collect::<Vec<_>>()})),
        ),
        ("an enumeration of numbers", properties(1, |_| json!({"enum": (0..5_000).collect::<Vec<_>>()}))),
        ("small objects to compare with", properties(50, |at| json!({"const": {"a": at, "b": {"c": [at]}}}))),
        ("nested objects", nested),
        (
            "alternatives",
            properties(
                30,
                |at| json!({"anyOf": [{"type": "string", "maxLength": at}, {"type": "null"}, {"not": {"const": at}}]}),
            ),
        ),
        ("arrays", properties(30, |_| json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true}))),
    ]
}

fn compiled(schema: &Value) -> ParametersSchema {
    let document = Document::of(schema).expect("a document");
    ParametersSchema::compile(Some(&document), &[], &Limits::default()).expect("a schema")
}

#[test]
fn a_schema_takes_what_it_is_said_to_take() {
    // What the library makes once for all.
    let _first = compiled(&json!({"type": "object", "properties": {"a": {"pattern": "^a+$"}}}));
    let mut wrong = Vec::new();
    for (what, schema) in schemas() {
        let before = ALLOCATED.load(Ordering::Relaxed);
        let held = compiled(&schema);
        let compiled_bytes = ALLOCATED.load(Ordering::Relaxed) - before;
        // Using it makes more: what the patterns' engines keep.
        for text in ["", "abc1", "value 7", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz59"] {
            let given = schema["properties"]
                .as_object()
                .map(|all| all.keys().map(|name| (name.clone(), json!(text))).collect());
            let _ = held.check(given.unwrap_or_default(), None);
        }
        let used_bytes = ALLOCATED.load(Ordering::Relaxed) - before;
        let (takes, said) = (u64::try_from(compiled_bytes.max(used_bytes)).expect("more"), held.memory_bytes());
        println!("{what}: {compiled_bytes} bytes compiled, {used_bytes} used, {said} said");
        if takes > said || said > takes.saturating_mul(AT_MOST) {
            wrong.push(what);
        }
    }
    assert_eq!(wrong, [""; 0]);
}
