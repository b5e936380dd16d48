//! What this provider says of itself: the truth in mode `honest`, else one lie.

use std::hint::black_box;

use analyte_sdk::raw::analysis::{Capability, Cardinality, ModelInfo, ProviderInfo};
use analyte_sdk::raw::tables::{BaseType, BufferKind, Field};

use crate::costly;

/// The provider's description. Modes: `loop`, `trap`, `big-title`, `odd-capability`.
pub(crate) fn provider(mode: &str) -> ProviderInfo {
    match mode {
        "loop" => spin(),
        "trap" => trap(),
        _ => {}
    }
    let mut capabilities = vec![
        Capability::setting("greeting", "to see that a granted setting arrives"),
        Capability::secret("token", "to see that a granted secret arrives"),
    ];
    if mode == "odd-capability" {
        let (name, reason) = ("everything:/".to_owned(), "because".to_owned());
        capabilities.push(Capability { name, reason, extra: Vec::new() });
    }
    ProviderInfo {
        title: if mode == "big-title" { "t".repeat(5_000_000) } else { "Hostile".to_owned() },
        version: "1".to_owned(),
        description: "Misbehaves, one model for each way.".to_owned(),
        capabilities,
        extra: Vec::new(),
    }
}

/// The models. Modes: `models-loop`, `models-trap`, `no-models` those of [`lie`] and
/// those of [`costly`].
pub(crate) fn models(mode: &str) -> Vec<ModelInfo> {
    match mode {
        "models-loop" => spin(),
        "models-trap" => trap(),
        "no-models" => return Vec::new(),
        "many-models" => return (0..100_000).map(|number| ModelInfo::new(format!("model-{number}"))).collect(),
        _ => {}
    }
    let mut models = honest();
    if !costly::describe(mode, &mut models) {
        lie(mode, &mut models);
    }
    models
}

/// Falsifies the model `noop`, which comes first.
fn lie(mode: &str, models: &mut Vec<ModelInfo>) {
    let Some(noop) = models.first_mut() else { return };
    match mode {
        "duplicate-models" => {
            let twin = noop.clone();
            models.push(twin);
        }
        "duplicate-fields" => noop.input.fields.push(Field::of::<f64>("value")),
        "duplicate-output" => noop.output.fields.push(Field::of::<f64>("value")),
        "many-fields" => noop.input.fields = (0..20_000).map(|n| Field::of::<f64>(format!("f{n}"))).collect(),
        "kind-mismatch" => {
            noop.input.fields =
                vec![Field { base_type: BaseType::String, kind: BufferKind::Float64, ..Field::of::<f64>("value") }];
        }
        "bad-name" => noop.name = String::from("../no such/name"),
        "bad-field-name" => noop.input.fields = vec![Field::of::<f64>("n".repeat(10_000))],
        "big-description" => noop.description = "d".repeat(5_000_000),
        "remote-ref" => {
            noop.parameters_schema = String::from(r#"{"type":"object","$ref":"https://example.com/schema.json"}"#);
        }
        "file-ref" => noop.parameters_schema = String::from(r#"{"type":"object","$ref":"file:///etc/passwd"}"#),
        "recursive-ref" => noop.parameters_schema = String::from(r##"{"type":"object","$ref":"#"}"##),
        "deep-schema" => noop.parameters_schema = format!("{}{{}}{}", r#"{"items":"#.repeat(5_000), "}".repeat(5_000)),
        "big-schema" => noop.parameters_schema = format!(r#"{{"description":"{}"}}"#, "s".repeat(100_000)),
        "bad-json-schema" => {
            noop.parameters_schema = String::from(r#"{"type":"object","properties":{"x":{"type":"nonsense"}}}"#);
        }
        "not-json-schema" => noop.parameters_schema = String::from(r#"{"type":"#),
        "column-parameter" => noop.column_parameters = vec!["nowhere".to_owned()],
        "bad-example" => {
            if let Some(example) = noop.examples.first_mut() {
                example.input.row_count = 1_000;
            }
        }
        _ => {}
    }
}

/// Every model as it is.
fn honest() -> Vec<ModelInfo> {
    let value = || [Field::of::<f64>("value")];
    let optional = || [Field::of::<Option<f64>>("value")];
    let text = || [Field::of::<String>("text")];
    let report = || [Field::of::<String>("what"), Field::of::<String>("saw")];
    let model = |name: &str| ModelInfo::new(name).input_fields(optional());

    let mut models = vec![
        model("noop").output_fields(optional()).independent_rows().example(
            analyte_sdk::Example::new("as it was")
                .with("value", [Some(1.0), None])
                .expect_columns([analyte_sdk::NewColumn::of("value", [Some(1.0), None])]),
        ),
        ModelInfo::new("echo").takes_any_columns().adds_any_columns().cardinality(Cardinality::NToN),
        model("wrong-rows").output_fields(value()).cardinality(Cardinality::NToN),
        model("bad-offsets").output_fields(text()),
        model("bad-utf8").output_fields(text()),
        model("bad-bitmap").output_fields(optional()),
        model("missing-field").output_fields([Field::of::<f64>("value"), Field::of::<f64>("other")]),
        model("slow").output_fields(report()).parameters::<crate::resources::Slow>(),
    ];
    for name in [
        "bad-length",
        "wrong-kind",
        "extra-field",
        "duplicate-field",
        "null-in-required",
        "huge-output",
        "huge-claim",
        "spin",
        "chatter",
        "grow",
        "recurse",
        "panic",
        "unreachable",
    ] {
        models.push(model(name).output_fields(value()));
    }
    for name in [
        "sleep",
        "log-flood",
        "stderr-flood",
        "progress-flood",
        "many-files",
        "big-file",
        "bad-file-name",
        "error",
        "use-setting",
        "read-settings",
        "read-env",
        "read-dir",
        "connect",
        "lookup",
        "whoami",
    ] {
        models.push(model(name).output_fields(report()));
    }
    models
}

fn spin() {
    let mut turn = 0_u64;
    while black_box(turn) < u64::MAX {
        turn += 1;
    }
}

#[expect(clippy::panic, reason = "what this mode is for")]
fn trap() {
    panic!("this provider will not be described");
}
