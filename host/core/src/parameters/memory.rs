//! What a schema takes in memory once it is compiled, estimated before anything is compiled.
//!
//! The figures below lie above what schemas of several kinds take; `host/core/tests/schema_memory.rs` holds the estimate
//! against what is allocated. `tests/hostile/costing.rs` bounds the growth of a server that uses many schemas.

use regex_automata::nfa::thompson::{Compiler, Config};
use serde_json::Value;

use super::extent::Extent;

/// Bounds one compiled pattern, in bytes.
pub(super) const PATTERN_BYTES: usize = 65_536;
/// What any model's schema takes, in bytes.
pub(super) const LEAST: u64 = 1_024;
/// A subschema, in bytes.
const SUBSCHEMA: u64 = 1_024;
/// A pattern beside its automaton, in bytes.
const PATTERN: u64 = 8_192;
/// The regex engine keeps an automaton for each direction, and more made of them.
const AUTOMATA: u64 = 4;
/// A node of a map of values, in bytes; it holds 5 to 11 entries, a map of one too.
const NODE: u64 = 640;
/// A value without what it points to, in bytes.
const VALUE: u64 = 32;

/// Bytes of a schema of this extent.
pub(super) fn of(schema: &Value, extent: &Extent) -> u64 {
    let subschemas = extent.count.saturating_mul(SUBSCHEMA);
    let patterns = extent.patterns.saturating_mul(PATTERN).saturating_add(extent.pattern_bytes);
    // Values to compare with and defaults are kept beside the document, in lists that have room for as many again.
    of_value(schema).saturating_mul(4).saturating_add(subschemas).saturating_add(patterns)
}

/// Bytes of a compiled pattern. What does not compile, or only to more than is allowed, is for the compiler to refuse.
pub(super) fn of_pattern(pattern: &str) -> u64 {
    let Ok(pattern) = jsonschema_regex::to_rust_regex(pattern) else { return 0 };
    let bounded = Config::new().nfa_size_limit(Some(PATTERN_BYTES));
    let automaton = Compiler::new().configure(bounded).build(&pattern);
    let bytes = automaton.map_or(PATTERN_BYTES, |automaton| automaton.memory_usage());
    (bytes as u64).saturating_mul(AUTOMATA)
}

/// Bytes of a tree of values.
fn of_value(value: &Value) -> u64 {
    VALUE
        + match value {
            Value::String(text) => text.len() as u64,
            Value::Array(items) => items.iter().map(of_value).sum(),
            Value::Object(members) => {
                let nodes = if members.is_empty() { 0 } else { NODE * (1 + members.len() as u64 / 5) };
                nodes + members.iter().map(|(name, value)| name.len() as u64 + of_value(value)).sum::<u64>()
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}
