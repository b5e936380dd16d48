//! Runs that are asked for at once and do their worst: by host calls, by instructions, by traps, by lies about results.

use serde_json::{Value, json};

use super::Attack;
use super::arena::{Arena, execute};
use crate::stopping::guest::{for_ever, guest};
use crate::stopping::{with_stderr, write};

/// A time limit that some of them would overrun, in milliseconds.
fn soon() -> Value {
    json!({"timeout_ms": 100, "fuel": 1_000_000_000_000_u64})
}

/// Grows its memory to 8 MiB with 4 MiB of text in it, and does this for ever.
fn with_text(then: &str) -> String {
    format!(
        "(call $grow (i32.const 8388608)) (memory.fill (i32.const 65536) (i32.const 97) (i32.const 4194304)) {}",
        for_ever(then)
    )
}

/// Models made by hand: what each does, and how it ends.
fn by_hand() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let one = "(call $stderr-write (global.get $own) (i32.const 65536) (i32.const 65536) (i32.const 64))";
    let straight =
        format!("(call $grow (i32.const 131072)) (global.set $own (call $stderr)) {}", for_ever(&one.repeat(20_000)));
    let name = "(global.set $own (call $network)) (loop $again \
         (call $resolve (global.get $own) (i32.const 65536) (i32.const 4194304) (i32.const 64)) (br $again))";
    let waits = format!(
        "(global.set $own (call $subscribe (i64.const 0))) (call $grow (i32.const 8388608)) (local.set 0 (i32.const 5000000)) \
         (loop $each (i32.store (local.get 0) (global.get $own)) (local.set 0 (i32.add (local.get 0) (i32.const 4))) \
         (br_if $each (i32.lt_u (local.get 0) (i32.const 8000000)))) {}",
        for_ever("(call $poll (i32.const 5000000) (i32.const 9000) (i32.const 64))")
    );
    let bulk = |what: &str| format!("(call $grow (i32.const 500000000)) {}", for_ever(what));
    vec![
        ("stderr-16m", "16 MiB to stderr in a call", write(16 << 20), "output-too-large"),
        ("stderr-64k", "64 KiB to stderr in a loop", write(64 << 10), "timeout"),
        (
            "zeroes",
            "64 KiB of zeroes to stderr in a loop",
            with_stderr(65_536, "(call $stderr-zeroes (global.get $own) (i64.const 65536) (i32.const 64))"),
            "timeout",
        ),
        ("straight", "20,000 calls in a row without a loop between", straight, "timeout"),
        ("name", "names of 4 MiB to be resolved in a loop", with_text(name), "timeout"),
        (
            "log",
            "log lines of 4 MiB in a loop",
            with_text("(call $log (i32.const 2) (i32.const 65536) (i32.const 4063232))"),
            "timeout",
        ),
        (
            "progress",
            "progress with 4 MiB of text in a loop",
            with_text("(call $progress (f64.const 0.5) (i32.const 65536) (i32.const 4063232))"),
            "timeout",
        ),
        (
            "settings",
            "settings with names of 4 MiB in a loop",
            with_text("(call $setting (i32.const 65536) (i32.const 4063232) (i32.const 64))"),
            "timeout",
        ),
        ("waits", "9,000 waits polled in a loop", waits, "timeout"),
        (
            "fill",
            "memory.fill of 476 MiB in a loop",
            bulk("(memory.fill (i32.const 65536) (i32.const 7) (i32.const 499000000))"),
            "timeout",
        ),
        (
            "copy",
            "memory.copy of 476 MiB in a loop",
            bulk("(memory.copy (i32.const 8) (i32.const 0) (i32.const 499000000))"),
            "timeout",
        ),
    ]
}

/// Installs the models made by hand, and says how to attack with them.
pub(super) fn attacks(arena: &Arena) -> Vec<Attack> {
    let install = |name: &str, run: &str| {
        let path = format!("/v1/providers/hostile/models/{name}");
        arena.server.http.put(&path, "application/wasm", &guest("", run)).expect(201);
    };
    let mut attacks = Vec::new();
    for (name, what, run, code) in by_hand() {
        install(name, &run);
        attacks.push(Attack::new(what, move |arena, _| arena.fails(name, &soon(), code)));
    }
    // Short where it is given no row.
    install(
        "turns",
        "(if (i64.gt_u (local.get 2) (i64.const 0)) (then (call $grow (i32.const 4128768)) (loop $again \
         (call $log (i32.const 2) (i32.const 65536) (i32.const 4063232)) (br $again))))",
    );
    attacks.push(Attack::new("a trusted component turns, four at once", |arena, _| {
        let http = arena.client();
        for _ in 0..16 {
            http.post("/v1/providers/hostile/models/turns/execute", &json!({"input": []})).expect(200);
        }
        arena.at_once(4, |http, _| execute(http, "turns", &soon()).expect(422));
    }));
    attacks.push(Attack::new("traps: panic, unreachable, stack, memory", |arena, _| {
        let small = json!({"memory_bytes": 64 << 20});
        for (model, code) in
            [("panic", "trap"), ("unreachable", "trap"), ("recurse", "stack-overflow"), ("grow", "out-of-memory")]
        {
            arena.fails(model, &small, code);
        }
    }));
    attacks.push(Attack::new("lies about results, and too much of one", |arena, _| {
        for model in ["bad-length", "bad-offsets", "bad-utf8", "bad-bitmap", "wrong-kind", "huge-claim", "wrong-rows"] {
            arena.fails(model, &json!({}), "invalid-result");
        }
        arena.fails("huge-output", &json!({"fuel": 1_000_000_000_000_u64}), "output-too-large");
    }));
    attacks.push(Attack::new("a loop that ends with its client", |arena, _| {
        // Eight that hang up as soon as they have asked.
        for _ in 0..8 {
            let path = "/v1/providers/hostile/models/spin/execute";
            let body = r#"{"input":[{"value":1}],"limits":{"timeout_ms":3600000}}"#;
            let mut raw = support::raw::Raw::connect(&arena.crowd);
            let head = support::raw::head(&arena.crowd, "POST", path);
            raw.send(format!("{head}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()));
        }
    }));
    attacks
}
