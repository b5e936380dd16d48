//! Components that are refused, each for what it would cost, and components that come and go.

use serde_json::json;

use super::Attack;
use super::arena::Arena;
use crate::costing::images;
use crate::lying;
use crate::stopping::guest::{for_ever, guest};
use crate::stopping::{two, write};
use support::http::{Answer, Http};
use support::ok;

/// What a component can say of itself that costs far more than its bytes, or is not true; one of them each time.
const MODES: [&str; 16] = [
    "many-patterns",
    "much-data",
    "long-pattern",
    "deep-unevaluated",
    "empty-examples",
    "examples-everywhere",
    "boolean-examples",
    "wide-example",
    "many-words",
    "trap",
    "models-trap",
    "big-title",
    "many-models",
    "deep-schema",
    "big-description",
    "remote-ref",
];

fn install(http: &Http, name: &str, component: &[u8]) -> Answer {
    http.put(&format!("/v1/providers/{name}"), "application/wasm", component)
}

/// Installs a component that is a single model.
fn publish(http: &Http, component: &[u8]) -> Answer {
    http.put("/v1/providers/crowds/models/guest", "application/wasm", component)
}

pub(super) fn attacks(_: &Arena) -> Vec<Attack> {
    let describing = [write(64 << 10), for_ever("(drop (call $now))")].map(|body| guest(&body, ""));
    let strings = two("string", "string-encoding=utf8", "string-encoding=utf16");
    let unfit = [
        "(core module $m (memory 1) (memory 1)) (core instance (instantiate $m))".to_owned(),
        format!("(core module $m (memory 1)) {}", "(core instance (instantiate $m))".repeat(21)),
        "(core module $m (table 10000000 funcref)) (core instance (instantiate $m))".to_owned(),
        format!("(core module $m {}) (core instance (instantiate $m))", "(global i32 (i32.const 0))".repeat(100_000)),
    ]
    .map(|text| {
        let text = format!("(component {text} (instance $i) (export \"analyte:plugin/model@0.1.0\" (instance $i)))");
        ok(wat::parse_str(&text), "a component")
    });
    // Its code takes 8 MB: what of it stays is seen soon.
    let large = with_image(8);
    // Bytes that begin like a component and are none.
    let mut upload = b"\0asm\x0d\0\x01\0".to_vec();
    upload.resize(30_000_000, 1);
    vec![
        Attack::new("components never say what they are", move |arena, _| {
            for component in &describing {
                refused(&publish(&arena.client(), component), "a component");
            }
        }),
        Attack::new("strings between inner components", move |arena, _| {
            refused(&publish(&arena.client(), &strings), "strings");
        }),
        Attack::new("components that do not fit into the pool", move |arena, _| {
            for component in &unfit {
                refused(&publish(&arena.client(), component), "an unfit component");
            }
        }),
        Attack::slow("descriptions that stand for far more", |arena, round| {
            let mode = MODES[round as usize % MODES.len()];
            refused(&install(&arena.client(), "costly", &lying(mode)), mode);
        }),
        Attack::slow("images of memory of 128 MB in a few kilobytes", |arena, round| {
            // Not the same each time, so that nothing of the last one is of use.
            let count = if round % 4 == 0 { 20 } else { 8 };
            refused(&install(&arena.client(), "images", &images(count, 16)), "images");
        }),
        Attack::new("four refused uploads of 30 MB at once", move |arena, _| {
            for answer in arena.at_once(4, |http, at| install(http, &format!("upload-{at}"), &upload)) {
                // Where it does not fit beside the others it may come again later.
                assert!([422, 429, 503].contains(&answer.status), "{}", answer.text());
            }
        }),
        Attack::new("models are installed, used, replaced and removed", move |arena, round| {
            let http = arena.client();
            let name = format!("guest-{round}");
            for at in [round, u32::MAX - round] {
                // Other bytes each time: an unknown section with a number in it.
                let mut component = large.clone();
                component.extend([0, 6, 1, b'n']);
                component.extend(at.to_le_bytes());
                let path = format!("/v1/providers/{name}/models/guest");
                let answer = http.put(&path, "application/wasm", &component);
                assert!([200, 201].contains(&answer.status), "{}", answer.text());
                http.post(&format!("{path}/execute"), &json!({"input": []})).expect(200);
            }
            http.delete(&format!("/v1/providers/{name}")).expect(204);
        }),
    ]
}

/// A model that does nothing, with a module beside it whose memory begins as an image of this many megabytes.
fn with_image(megabytes: usize) -> Vec<u8> {
    let last = (megabytes << 20) - 8;
    let module = format!(r#"(module (memory 1024) (data (i32.const 0) "\01") (data (i32.const {last}) "\01"))"#);
    let module = ok(wat::parse_str(&module), "a module");
    // Its section: the number of one for modules, its length in LEB128, and the module as it is.
    let mut section = vec![1];
    let mut length = module.len();
    while length >= 0x80 {
        section.push(0x80 | ok(u8::try_from(length & 0x7f), "seven bits"));
        length >>= 7;
    }
    section.push(ok(u8::try_from(length), "seven bits"));
    section.extend(module);
    [guest("", ""), section].concat()
}

fn refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 422, "{what}: {}", answer.text());
    assert_eq!(answer.json()["code"], "invalid-component", "{what}: {}", answer.text());
}
