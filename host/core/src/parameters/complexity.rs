//! How complex a schema is once its references are followed.
//!
//! References let a few kilobytes stand for 2^60 subschemas, or for a schema within itself without end. Both are refused
//! here, so that compiling and validating stay within bounds that the schema's size alone would not give. So are more
//! patterns than a schema of parameters needs, since each may compile to a thousand times its length; those that are few
//! enough are measured, in a second walk.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::extent::Extent;
use super::memory;
use crate::table::problem::clip;

/// Most subschemas, each counted as often as it is referred to.
const MOST_SUBSCHEMAS: u64 = 10_000;
/// Most patterns, each counted as often as it is referred to.
const MOST_PATTERNS: u64 = 64;
/// Longest pattern, in bytes: what is made of a pattern before it is compiled takes up to 2,000 times as much.
const PATTERN_LENGTH: usize = 4_096;
/// `uniqueItems` costs as much as this number of subschemas: numbers that differ little all hash alike.
const UNIQUE_COST: u64 = 64;
/// `unevaluatedProperties` and `unevaluatedItems` have what stands beside them judged anew.
const UNEVALUATED: u64 = 3;
/// Deepest nesting with references followed.
const DEEPEST: u32 = 128;

/// What the schema comes to; or why that is too much.
pub(super) fn check(root: &Value) -> Result<Extent, String> {
    let extent = Walk::of(root, false)?;
    if extent.count > MOST_SUBSCHEMAS {
        return Err(format!("the schema has more than {MOST_SUBSCHEMAS} subschemas once its references are followed"));
    }
    if extent.patterns > MOST_PATTERNS {
        return Err(format!("the schema has more than {MOST_PATTERNS} patterns once its references are followed"));
    }
    if extent.patterns == 0 { Ok(extent) } else { Walk::of(root, true) }
}

/// A walk through a schema.
struct Walk<'s> {
    root: &'s Value,
    /// Whether patterns are measured: only where they are known to be few.
    measuring: bool,
    anchors: HashMap<&'s str, &'s Value>,
    /// Of the targets of references; `None` while it is being found.
    done: HashMap<*const Value, Option<Extent>>,
}

/// What the members of a schema hold.
fn is_map_of_schemas(keyword: &str) -> bool {
    matches!(keyword, "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas")
}
fn is_data(keyword: &str) -> bool {
    matches!(keyword, "const" | "enum" | "default" | "examples")
}

impl<'s> Walk<'s> {
    fn of(root: &'s Value, measuring: bool) -> Result<Extent, String> {
        let mut walk = Self { root, measuring, anchors: HashMap::new(), done: HashMap::new() };
        walk.find_anchors(root, 0)?;
        walk.schema(root, 0)
    }

    /// A long list of alternatives is looked through one by one, so length counts.
    fn pattern(&self, pattern: &str) -> Result<Extent, String> {
        if pattern.len() > PATTERN_LENGTH {
            let (shown, has) = (clip(pattern, 50), pattern.len());
            return Err(format!("the pattern \"{shown}\" has {has} bytes; {PATTERN_LENGTH} are allowed"));
        }
        let pattern_bytes = if self.measuring { memory::of_pattern(pattern) } else { 0 };
        Ok(Extent { patterns: 1, pattern_bytes, names: pattern.len() as u64, ..Extent::default() })
    }

    /// Anchors may stand anywhere; one that stands in data only finds what no reference leads to.
    fn find_anchors(&mut self, value: &'s Value, depth: u32) -> Result<(), String> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        match value {
            Value::Object(members) => {
                if let Some(Value::String(anchor)) = members.get("$anchor")
                    && self.anchors.insert(anchor, value).is_some()
                {
                    return Err(format!("`$anchor` \"{}\" is given twice", clip(anchor, 100)));
                }
                members.values().try_for_each(|member| self.find_anchors(member, depth + 1))
            }
            Value::Array(items) => items.iter().try_for_each(|item| self.find_anchors(item, depth + 1)),
            _ => Ok(()),
        }
    }

    fn schema(&mut self, value: &'s Value, depth: u32) -> Result<Extent, String> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        match value {
            Value::Object(members) => self.members(members, value, depth),
            Value::Array(items) => self.all(items.iter(), depth),
            Value::Bool(_) => Ok(Extent { count: 1, ..Extent::default() }),
            _ => Ok(Extent::default()),
        }
    }

    fn all(&mut self, schemas: impl Iterator<Item = &'s Value>, depth: u32) -> Result<Extent, String> {
        let mut extent = Extent::default();
        for schema in schemas {
            extent = extent.over(self.schema(schema, depth + 1)?);
        }
        Ok(extent)
    }

    fn members(&mut self, members: &'s Map<String, Value>, value: &'s Value, depth: u32) -> Result<Extent, String> {
        let mut extent = Extent { count: 1, ..Extent::default() };
        for (keyword, member) in members {
            let below = match (keyword.as_str(), member) {
                ("$ref", Value::String(target)) => self.target(target, depth)?,
                ("$dynamicRef" | "$dynamicAnchor" | "$recursiveRef" | "$recursiveAnchor" | "$vocabulary", _) => {
                    return Err(format!("`{keyword}` is not taken in a schema of parameters; use `$ref`"));
                }
                ("$id" | "$schema", _) if !std::ptr::eq(value, self.root) => {
                    return Err(format!("`{keyword}` is taken at the top of the schema only"));
                }
                ("enum" | "required", Value::Array(names)) => Extent { names: names.len() as u64, ..Extent::default() },
                ("dependentRequired", Value::Object(lists)) => {
                    let names = lists.values().filter_map(Value::as_array).map(|names| names.len() as u64).sum();
                    Extent { names, ..Extent::default() }
                }
                (keyword, _) if is_data(keyword) => continue,
                ("pattern", Value::String(pattern)) => self.pattern(pattern)?,
                ("uniqueItems", Value::Bool(true)) => Extent { names: UNIQUE_COST, ..Extent::default() },
                // Where they are referred to is where they are measured.
                ("$defs" | "definitions", Value::Object(_)) if self.measuring => continue,
                (keyword, Value::Object(schemas)) if is_map_of_schemas(keyword) => {
                    let all = self.all(schemas.values(), depth + 1)?;
                    match keyword {
                        // Nothing is matched with them but where they are referred to.
                        "$defs" | "definitions" => Extent { patterns: 0, names: 0, ..all },
                        "patternProperties" => {
                            let mut extent = all;
                            for pattern in schemas.keys() {
                                extent = extent.over(self.pattern(pattern)?);
                            }
                            extent
                        }
                        _ => all,
                    }
                }
                (_, member) => self.schema(member, depth + 1)?,
            };
            extent = extent.over(below);
        }
        let unevaluated =
            ["unevaluatedProperties", "unevaluatedItems"].iter().filter(|word| members.contains_key(**word));
        Ok(unevaluated.fold(extent, |extent, _| extent.times(UNEVALUATED)))
    }

    fn target(&mut self, reference: &'s str, depth: u32) -> Result<Extent, String> {
        let shown = clip(reference, 100);
        let fragment = reference
            .strip_prefix('#')
            .ok_or_else(|| format!("`$ref` \"{shown}\" leads out of the document; only `#…` is taken"))?;
        let found = if fragment.is_empty() || fragment.starts_with('/') {
            self.root.pointer(&percent_decoded(fragment))
        } else {
            self.anchors.get(fragment).copied()
        };
        let target = found.ok_or_else(|| format!("`$ref` \"{shown}\" leads nowhere"))?;
        match self.done.get(&std::ptr::from_ref(target)) {
            Some(Some(extent)) if depth + extent.height > DEEPEST => return Err(too_deep()),
            Some(Some(extent)) => return Ok(*extent),
            Some(None) => {
                return Err(format!("`$ref` \"{shown}\" leads back to itself; recursive schemas are not taken"));
            }
            None => {}
        }
        self.done.insert(target, None);
        let extent = self.schema(target, depth + 1)?;
        self.done.insert(target, Some(extent));
        Ok(extent)
    }
}

fn too_deep() -> String {
    format!("the schema is nested deeper than {DEEPEST} levels once its references are followed")
}

/// A fragment as a pointer; what is not percent-encoded UTF-8 stays as it is and leads nowhere.
fn percent_decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| *first == b'%');
        let code = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| fragment.to_owned())
}
