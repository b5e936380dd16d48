//! Each WebAssembly proposal, in a small component that uses it: it runs where the proposal is on, and is refused with the
//! proposal's name where it is off.

use std::sync::Arc;

use analyte_core::limits::Limits;
use analyte_engine::Engine;
use analyte_engine::proposals::PROPOSALS;

use super::appended::appended;
use super::{RUN, Reported, engine, limits, request, shown};
use support::snapshot::assert_snapshot;

/// What the start function of a module does under each proposal that is on; it traps where the result is wrong.
const ON: &[(&str, &str)] = &[
    ("mutable-globals", r#"(global (export "g") (mut i32) (i32.const 1)) (func $s (global.set 0 (i32.const 2)))"#),
    ("nontrapping-float-to-int-conversions", "(func $s (if (i32.trunc_sat_f32_s (f32.const nan)) (then unreachable)))"),
    ("sign-extension-ops", "(func $s (if (i32.ne (i32.extend8_s (i32.const 255)) (i32.const -1)) (then unreachable)))"),
    (
        "multi-value",
        "(func $two (result i32 i32) (i32.const 3) (i32.const 3)) (func $s (call $two) (i32.ne) (if (then unreachable)))",
    ),
    (
        "reference-types",
        "(table 1 funcref) (func $s (table.set 0 (i32.const 0) (ref.func $s))
            (if (ref.is_null (table.get 0 (i32.const 0))) (then unreachable))) (elem declare func $s)",
    ),
    (
        "bulk-memory",
        "(memory 1) (func $s (memory.fill (i32.const 0) (i32.const 7) (i32.const 9))
            (memory.copy (i32.const 100) (i32.const 0) (i32.const 9))
            (if (i32.ne (i32.load8_u (i32.const 108)) (i32.const 7)) (then unreachable)))",
    ),
    (
        "simd",
        "(func $s (if (i32.ne (i32x4.extract_lane 3 (i32x4.add (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)))
            (i32.const 8)) (then unreachable)))",
    ),
    (
        // An index out of range gives 0 in the deterministic form; processors differ.
        "relaxed-simd",
        "(func $s (if (i8x16.extract_lane_u 0 (i8x16.relaxed_swizzle (v128.const i8x16 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9)
            (v128.const i8x16 17 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0))) (then unreachable)))",
    ),
    (
        "extended-const",
        "(global i32 (i32.mul (i32.const 3) (i32.const 4)))
         (func $s (if (i32.ne (global.get 0) (i32.const 12)) (then unreachable)))",
    ),
    (
        // A hundred thousand frames would not fit on the stack.
        "tail-call",
        "(func $down (param i32) (if (i32.eqz (local.get 0)) (then (return)))
            (return_call $down (i32.sub (local.get 0) (i32.const 1))))
         (func $s (call $down (i32.const 100000)))",
    ),
    ("floats", "(func $s (if (f64.lt (f64.const 1) (f64.const 0)) (then unreachable)))"),
];

/// What stands in a component under each proposal that is off.
const OFF: &[(&str, &str)] = &[
    ("memory64", "(core module (memory i64 1))"),
    ("threads", "(core module (memory 1 1 shared))"),
    ("exception-handling", "(core module (tag) (func (throw 0)))"),
    ("exception-handling (legacy)", "(core module (func try catch_all end))"),
    ("function-references", "(core module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))"),
    ("gc", "(core module (type $t (struct)) (func (drop (struct.new $t))))"),
    ("gc", "(core module (table 1 externref))"),
    ("custom-page-sizes", "(core module (memory 1 (pagesize 1)))"),
    (
        "wide-arithmetic",
        "(core module (func (param i64 i64 i64 i64) (result i64 i64)
            (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
    ),
    ("memory-control", "(core module (memory 1) (func (memory.discard (i32.const 0) (i32.const 0))))"),
    ("stack-switching", "(core module (type $f (func)) (type $c (cont $f)))"),
    ("shared-everything-threads", "(core module (global (shared i32) (i32.const 0)))"),
    ("component-model-async", "(type (future u32))"),
    (
        "component-model-async-stackful",
        r#"(core module $m (func (export "f"))) (core instance $i (instantiate $m))
           (func async (canon lift (core func $i "f") async))"#,
    ),
    ("component-model-more-async-builtins", "(type $s (stream u8)) (core func (canon stream.cancel-read $s async))"),
    ("component-model-threading", "(core func (canon thread.index))"),
    ("component-model-error-context", "(core func (canon error-context.drop))"),
    ("component-model-values", r#"(import "v" (value $v u32)) (export "w" (value $v))"#),
    ("component-model-nested-names", r#"(import "a:b:c/d" (func))"#),
    ("component-model-fixed-length-lists", "(type (list u8 4))"),
    ("component-model-map", "(type (map string u32))"),
    (
        "component-model-memory64",
        r#"(core module $m (memory (export "m") i64 1) (func (export "f") (param i64 i64))
            (func (export "r") (param i64 i64 i64 i64) (result i64) unreachable))
           (core instance $i (instantiate $m))
           (func (param "s" string) (canon lift (core func $i "f") (memory $i "m") (realloc (func $i "r"))))"#,
    ),
];

/// Those that no text could be found for that the tools of these tests read.
const WITHOUT_TEXT: &[&str] = &[
    "custom-descriptors",
    "compact-import-section",
    "component-model-gc",
    "component-model-implements",
    "component-model-canonical-names",
];

/// Used by every component, and by components that are made of several.
const EVERYWHERE: &[&str] = &["component-model", "multi-memory"];

#[test]
fn every_proposal_has_a_component() {
    for proposal in PROPOSALS {
        let examples = if proposal.on { ON } else { OFF };
        let tried = examples.iter().any(|(name, _)| *name == proposal.name);
        let other = if proposal.on { EVERYWHERE } else { WITHOUT_TEXT };
        assert_ne!(tried, other.contains(&proposal.name), "{}", proposal.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_runs() {
    let (engine, _folder) = engine(limits());
    let mut modules = String::new();
    for (number, (name, module)) in ON.iter().enumerate() {
        // A function that traps is named in the report.
        let module = module.replace("$s", &format!("${name}"));
        modules.push_str(&format!("(core module {module} (start ${name})) (core instance (instantiate {number}))"));
    }
    runs(&engine, &format!("(component {modules})")).await;
}

/// Two components of one plugin hand each other strings and lists: wasmtime joins them by a module with the memories of both.
#[tokio::test(flavor = "multi_thread")]
async fn components_made_of_several_run() {
    let (engine, _folder) = engine(limits());
    let mut pairs = String::new();
    // Strings are another matter: see `stopping.rs`.
    for encoding in ["string-encoding=utf8", "string-encoding=utf16", "string-encoding=latin1+utf16"] {
        let pair = include_str!("joined.wat").replace("ENCODING", encoding).replace("TYPE", "(list u8)");
        let name = pairs.len();
        let pair = pair.replacen("(component", &format!("(component $pair{name}"), 1);
        pairs.push_str(&format!("{pair} (instance (instantiate $pair{name}))"));
    }
    runs(&engine, &format!("(component {pairs})")).await;
}

/// A plugin with this component in it runs.
async fn runs(engine: &Engine, text: &str) {
    let (component, description) = engine.install(appended("scale", text).into()).await.expect("installed");
    let model = Arc::new(description.models.into_iter().next().expect("its model"));
    let report = component.run(request(&model, r#"[{"value":1.5}]"#, RUN, &Arc::new(Reported::default()))).await;
    assert_eq!(shown(&report), "    value\n    3.0\n");
}

/// An endless chain of tail calls neither grows the stack nor passes a loop, and ends like any other run.
#[tokio::test(flavor = "multi_thread")]
async fn endless_tail_calls_use_up_their_fuel() {
    let (engine, _folder) = engine(Limits { describe_fuel: 100_000_000, ..limits() });
    let text = "(component (core module (func $s (return_call $s)) (start $s)) (core instance (instantiate 0)))";
    let refused = engine.install(appended("scale", text).into()).await.err().expect("it never ends");
    assert_eq!(
        refused.message,
        "the component's `describe` failed: the run used up its 100000000 units of fuel (limit fuel)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_off_is_refused_by_its_name() {
    let (engine, _folder) = engine(limits());
    let mut page = String::new();
    for (name, text) in OFF {
        let text = format!(
            "(component (component {text}) (instance $i) (export \"analyte:plugin/model@0.1.0\" (instance $i)))"
        );
        let bytes = wat::parse_str(&text).expect(name);
        let refused = engine.install(bytes.into()).await.err().expect("refused");
        page.push_str(&format!("{name}\n    {}: {}\n", refused.code, refused.message));
        page.extend(refused.causes.iter().map(|cause| format!("    because: {cause}\n")));
        assert!(refused.message.contains(&format!("proposal `{name}`, which is switched off")), "{name}: {refused:?}");
    }
    assert_snapshot("proposals.txt", &page);
}
