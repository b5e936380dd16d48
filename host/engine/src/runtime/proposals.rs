//! Every WebAssembly proposal that the compiler knows, on or off, with the reason.
//!
//! On is what compilers of today emit for components, and what costs nothing beside it. Off is the rest: what no language
//! needs here, what cannot be bounded like the others, and what is not finished. The list says each one, so that an upgrade of
//! wasmtime changes nothing on its own: a test fails when a proposal is not in it. What builds on another stands behind it.

use wasmparser::{Validator, WasmFeatures};

/// One proposal, or several that make sense together only.
pub struct Proposal {
    /// As its authors name it.
    pub name: &'static str,
    /// As the compiler knows it; several flags for one that comes in parts.
    pub features: WasmFeatures,
    /// Whether components may use it.
    pub on: bool,
    /// Why it is on; where it is off: what it is, and how to build without it where that is known.
    pub reason: &'static str,
}

const fn on(name: &'static str, features: WasmFeatures, reason: &'static str) -> Proposal {
    Proposal { name, features, on: true, reason }
}

const fn off(name: &'static str, features: WasmFeatures, reason: &'static str) -> Proposal {
    Proposal { name, features, on: false, reason }
}

/// All of them.
pub const PROPOSALS: &[Proposal] = &[
    on("component-model", WasmFeatures::COMPONENT_MODEL, "what Analyte runs"),
    on("mutable-globals", WasmFeatures::MUTABLE_GLOBAL, "every compiler emits it"),
    on("nontrapping-float-to-int-conversions", WasmFeatures::SATURATING_FLOAT_TO_INT, "Rust's and clang's default"),
    on("sign-extension-ops", WasmFeatures::SIGN_EXTENSION, "Rust's and clang's default"),
    on("multi-value", WasmFeatures::MULTI_VALUE, "Rust's and clang's default"),
    on("reference-types", WasmFeatures::REFERENCE_TYPES, "Rust's and clang's default; long indices of tables"),
    on("bulk-memory", WasmFeatures::BULK_MEMORY, "Rust's and clang's default; charged by what it moves"),
    on("simd", WasmFeatures::SIMD, "numerical libraries are built with it"),
    on("relaxed-simd", WasmFeatures::RELAXED_SIMD, "numerical libraries may use it; deterministic here"),
    on(
        "extended-const",
        WasmFeatures::EXTENDED_CONST,
        "linked libraries place their data with it, those of Python too",
    ),
    on("tail-call", WasmFeatures::TAIL_CALL, "clang's musttail; a called function is charged like any other"),
    // A component made of several is joined by modules that see the memory of both sides.
    on("multi-memory", WasmFeatures::MULTI_MEMORY, "wasmtime joins components with it; modules: limit module_memories"),
    on("floats", WasmFeatures::FLOATS, "no proposal; a part of WebAssembly that can be switched off"),
    off("memory64", WasmFeatures::MEMORY64, "64-bit memories; build for wasm32"),
    off("threads", WasmFeatures::THREADS, "shared memory and atomics; build without `-pthread` or `+atomics`"),
    off(
        "exception-handling",
        WasmFeatures::EXCEPTIONS,
        "exceptions of the machine; build C++ with `-fno-exceptions`, C without setjmp, Rust with `panic = \"abort\"`",
    ),
    off(
        "exception-handling (legacy)",
        WasmFeatures::LEGACY_EXCEPTIONS,
        "exceptions of the machine; build C++ with `-fno-exceptions`, C without setjmp, Rust with `panic = \"abort\"`",
    ),
    off("function-references", WasmFeatures::FUNCTION_REFERENCES, "typed references to functions; build without them"),
    off(
        "gc",
        WasmFeatures::GC.union(WasmFeatures::GC_TYPES),
        "objects that the host collects; use a compiler that brings its own memory management",
    ),
    off("custom-page-sizes", WasmFeatures::CUSTOM_PAGE_SIZES, "memories of small pages; build with the usual ones"),
    off("wide-arithmetic", WasmFeatures::WIDE_ARITHMETIC, "128-bit arithmetic; build without `+wide-arithmetic`"),
    off("memory-control", WasmFeatures::MEMORY_CONTROL, "not finished"),
    off("stack-switching", WasmFeatures::STACK_SWITCHING, "not finished; build without it"),
    off("shared-everything-threads", WasmFeatures::SHARED_EVERYTHING_THREADS, "not finished; build without threads"),
    off("custom-descriptors", WasmFeatures::CUSTOM_DESCRIPTORS, "not finished"),
    off("compact-import-section", WasmFeatures::COMPACT_IMPORTS, "not finished; write imports in the usual form"),
    off(
        "component-model-async",
        WasmFeatures::CM_ASYNC,
        "asynchronous functions, streams and futures; the contract is of WASI 0.2, so build for wasm32-wasip2",
    ),
    off("component-model-async-stackful", WasmFeatures::CM_ASYNC_STACKFUL, "a part of component-model-async"),
    off("component-model-more-async-builtins", WasmFeatures::CM_MORE_ASYNC_BUILTINS, "a part of component-model-async"),
    off("component-model-threading", WasmFeatures::CM_THREADING, "threads of components; not finished"),
    off("component-model-error-context", WasmFeatures::CM_ERROR_CONTEXT, "a part of component-model-async"),
    off("component-model-gc", WasmFeatures::CM_GC, "not finished"),
    off("component-model-values", WasmFeatures::CM_VALUES, "not finished"),
    off("component-model-nested-names", WasmFeatures::CM_NESTED_NAMES, "not finished"),
    off("component-model-fixed-length-lists", WasmFeatures::CM_FIXED_LENGTH_LISTS, "not finished; use tuples or lists"),
    off("component-model-map", WasmFeatures::CM_MAP, "not finished; use lists of pairs"),
    off("component-model-memory64", WasmFeatures::CM64, "64-bit memories; build for wasm32"),
    off("component-model-implements", WasmFeatures::CM_IMPLEMENTS, "not finished"),
    off("component-model-canonical-names", WasmFeatures::CM_CANON_NAMES, "not finished"),
];

/// What is wrong with a component that is not valid here, where the cause is a proposal that is off. Tried out rather than
/// read from the error's text: which one, switched on, would make the component valid?
pub(crate) fn missing(component: &[u8]) -> Option<&'static Proposal> {
    let valid = |features| Validator::new_with_features(features).validate_all(component).is_ok();
    let of = |on| PROPOSALS.iter().filter(move |proposal| proposal.on == on);
    let now = of(true).fold(WasmFeatures::empty(), |all, proposal| all | proposal.features);
    let every = of(false).fold(now, |all, proposal| all | proposal.features);
    if valid(now) || !valid(every) {
        return None;
    }
    of(false)
        .find(|proposal| valid(now | proposal.features))
        // It takes several: the last that it cannot do without, since those that build on others stand behind them.
        .or_else(|| of(false).rev().find(|proposal| !valid(every - proposal.features)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An upgrade of wasmtime brings proposals; whether each is on is then to be decided here.
    #[test]
    fn every_proposal_is_in_the_list_once() {
        let mut seen = WasmFeatures::empty();
        for proposal in PROPOSALS {
            assert!((seen & proposal.features).is_empty(), "{} is there twice", proposal.name);
            assert!(!proposal.reason.is_empty(), "{}", proposal.name);
            seen |= proposal.features;
        }
        let forgotten: Vec<&str> = (WasmFeatures::all() - seen).iter_names().map(|(name, _)| name).collect();
        assert_eq!(forgotten, Vec::<&str>::new());
    }

    #[test]
    fn what_is_broken_in_any_case_is_no_matter_of_proposals() {
        assert!(missing(b"\0asm\x0d\0\x01\0").is_none());
        assert!(missing(b"\0asm\x0d\0\x01").is_none());
    }
}
