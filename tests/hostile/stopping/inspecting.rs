//! A provider that does its worst while it says what its models are, or what a model file is.

use analyte_engine::request::ModelFile;

use super::guest::provider;
use super::*;

const ATTACKS: [(&str, &str); 4] = [
    ("stderr", "the run took longer than 1s (limit timeout_ms)"),
    ("16 MB to stderr", "one call of the component handed the host more than 4194304 bytes (limit transfer_bytes)"),
    ("computing", "the run took longer than 1s (limit timeout_ms)"),
    ("fill", "the run took longer than 1s (limit timeout_ms)"),
];

fn attack(what: &str) -> String {
    match what {
        "stderr" => write(64 << 10),
        "16 MB to stderr" => write(16_000_000),
        "computing" => for_ever(""),
        _ => format!(
            "(call $grow (i32.const 500000000)) {}",
            for_ever("(memory.fill (i32.const 65536) (i32.const 7) (i32.const 499000000))")
        ),
    }
}

fn brief() -> Limits {
    Limits { describe_ms: 1_000, describe_fuel: u64::MAX / 2, memory_budget_bytes: 8 << 30, ..limits() }
}

#[tokio::test(flavor = "multi_thread")]
async fn inspecting_a_model_file() {
    for (what, ends) in ATTACKS {
        let (engine, _folder) = engine(brief());
        let (component, _) = engine.install(provider("", &attack(what)).into()).await.expect("installed");
        let file = || ModelFile::in_memory("model", "application/octet-stream", vec![7; 1_000].into());
        let asked = Instant::now();
        // Twice at once: it would take both threads.
        let (one, two) = tokio::join!(component.inspect_model(None, file()), component.inspect_model(None, file()));
        let took = asked.elapsed();
        for refused in [one, two] {
            assert_eq!(
                refused.expect_err("refused").message,
                format!("the component's `inspect-model` failed: {ends}"),
                "{what}"
            );
        }
        // One that is not waited for is stopped.
        let abandoned = component.clone();
        let inspecting = tokio::spawn(async move { abandoned.inspect_model(None, file()).await });
        eventually("it to begin", || (engine.budget().reserved() > 0 || inspecting.is_finished()).then_some(()));
        let asked = Instant::now();
        inspecting.abort();
        eventually("it to be gone", || (engine.budget().reserved() == 0).then_some(()));
        let longest = engine.longest_step();
        println!("{what}: ended after {took:?} of 1 s; stopped within {:?}; longest step {longest:?}", asked.elapsed());
        assert!(took < Duration::from_secs(10) && longest <= STEP, "{what}: {took:?}, {longest:?} without a pause");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn saying_what_the_models_are() {
    for (what, ends) in ATTACKS {
        let (engine, _folder) = engine(brief());
        let refused = engine.install(provider(&attack(what), "").into()).await.err().expect("refused");
        assert_eq!(refused.message, format!("the component's `describe` or `models` failed: {ends}"), "{what}");
        let longest = engine.longest_step();
        println!("{what}: longest step {longest:?}");
        assert!(longest <= STEP, "{what}: {longest:?} without a pause");
    }
}

/// What it says is as long as it may be, in the encoding that takes longest to read and in the shortest pieces.
#[tokio::test(flavor = "multi_thread")]
async fn saying_as_much_as_there_may_be() {
    // A list of models, all zeroes: each is refused for its empty name, after all were read.
    let many = "(call $grow (i32.const 67108864)) (i32.store (i32.const 8192) (i32.const 65536)) \
                (i32.store (i32.const 8196) (i32.const MODELS))";
    let (engine, _folder) = engine(brief());
    for (models, said) in [
        (20_000, "the provider offers 20000 models; 1000 are allowed (limit models)"),
        (
            100_000,
            "the component's `describe` or `models` failed: what the component handed over was larger than 8388608 bytes (limit \
             describe_bytes)",
        ),
    ] {
        let many = many.replace("MODELS", &models.to_string());
        let refused = engine.install(provider(&many, "").into()).await.err().expect("refused");
        assert_eq!(refused.message, said);
        println!("{models} models: longest step {:?}", engine.longest_step());
        assert!(engine.longest_step() <= STEP, "{:?}", engine.longest_step());
    }
    // The description of one model in UTF-16, as long as an answer may be.
    let long = "(call $grow (i32.const 67108864)) (i32.store (i32.const 1032) (i32.const 65536)) \
                (i32.store (i32.const 1036) (i32.const 4100000))";
    let bytes = guest::model(wit_component::StringEncoding::UTF16, long, "", "");
    let refused = engine.install(bytes.into()).await.err().expect("refused");
    assert!(
        refused.message.contains("description_bytes") || refused.message.contains("model name"),
        "{}",
        refused.message
    );
    println!("a text of 8 MB in UTF-16: longest step {:?}", engine.longest_step());
    assert!(engine.longest_step() <= STEP, "{:?}", engine.longest_step());
}
