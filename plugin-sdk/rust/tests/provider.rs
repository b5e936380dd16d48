//! A provider made by the macro, run as a host runs it.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use analyte_sdk::prelude::*;
use analyte_sdk::raw::analysis::{AnalysisError, Request as RawRequest};
use analyte_sdk::raw::provider::Guest as _;
use analyte_sdk::raw::tables::Rest;
use analyte_sdk::testing::{self, Recorded, RecordedFile};
use analyte_sdk::{Field, FileModels, FileRequest, ModelFile};

#[derive(Row, Debug, PartialEq)]
struct Number {
    /// A number.
    value: f64,
}

/// What to add.
#[parameters]
struct Options {
    /// The column to add to.
    #[parameter(column, rename = "to")]
    target: String,
    /// How much.
    #[parameter(default = 1.0)]
    step: f64,
    /// How to round.
    rounding: Option<Rounding>,
}

#[parameters]
#[derive(Debug, PartialEq)]
enum Rounding {
    ToNearest,
    Up,
}

struct Add;

impl Model for Add {
    const NAME: &str = "add";
    const DESCRIPTION: &str = "Adds.";
    type Input = ();
    type Output = Number;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        info.takes_numeric_columns().adds_any_columns().version("7").cardinality(Cardinality::NToN).example(
            Example::new("one")
                .with("x", [1.0])
                .parameters(json!({ "to": "x" }))
                .expect_columns([NewColumn::of("value", [2.0]), NewColumn::of("was", [1.0])]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Number>> {
        let Options { target, step, rounding } = request.parameters;
        let column = request.table.numeric(&target)?;
        job::progress(0.5, "halfway");
        log::info(format!("adding {step}"));
        let round = |value: f64| match rounding {
            None => value,
            Some(Rounding::ToNearest) => value.round(),
            Some(Rounding::Up) => value.ceil(),
        };
        let sums: Outcome<Number> = column.values().iter().map(|value| Number { value: round(value + step) }).collect();
        Ok(sums.add_column(NewColumn::from_slice::<f64>("was", column.values())).warn("Sums are sums."))
    }
}

/// Declares one column and makes another.
struct Liar;

impl Model for Liar {
    const NAME: &str = "liar";
    type Input = Number;
    type Output = Number;
    type Parameters = ();
    fn run(_: Request<Self>) -> Result<Outcome<Number>> {
        Ok(Outcome::from_columns([NewColumn::of("other", [1.0])]))
    }
}

/// Models that are files of one number, which they add.
struct Offsets;

impl FileModels for Offsets {
    fn inspect(name: &str, file: ModelFile) -> Result<ModelInfo> {
        let number = || [Field::of::<f64>("value")];
        let info = ModelInfo::new(name).describe(format!("{}, {} bytes", file.media_type(), file.size()));
        Ok(info.input_fields(number()).output_fields(number()).independent_rows())
    }
    fn run(mut request: FileRequest) -> Result<Outcome> {
        let mut text = String::new();
        request.file.read_to_string(&mut text)?;
        let offset: f64 = text.trim().parse()?;
        let sums =
            request.table.column::<f64>("value")?.values().iter().map(|value| value + offset).collect::<Vec<_>>();
        Ok(Outcome::from_columns([NewColumn::from_slice::<f64>("value", &sums)]))
    }
}

analyte_sdk::provider! {
    title: "Sums",
    description: "Adds numbers.",
    version: "3.1",
    capabilities: [Capability::setting("unit", "for labels")],
    models: [Add, Liar],
    files: Offsets,
}

fn request(model: &str, column: NewColumn, parameters: &str) -> RawRequest {
    RawRequest {
        model: model.to_owned(),
        input: Table::new([column]).unwrap().into_raw(),
        parameters: parameters.to_owned(),
        extra: Vec::new(),
    }
}

#[test]
fn it_says_what_it_is() {
    let info = AnalyteProvider::describe();
    assert_eq!((info.title.as_str(), info.version.as_str()), ("Sums", "3.1"));
    assert_eq!(info.description, "Adds numbers.");
    let capabilities: Vec<_> = info.capabilities.iter().map(|asked| asked.name.as_str()).collect();
    assert_eq!(capabilities, ["settings:unit"]);

    let models = AnalyteProvider::models();
    let names: Vec<_> = models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!(names, ["add", "liar"]);
    let add = models.first().unwrap();
    assert_eq!((add.input.rest, add.output.rest, add.version.as_str()), (Rest::Numeric, Rest::Any, "7"));
    assert_eq!(add.column_parameters, ["to"]);
    let schema: analyte_sdk::serde_json::Value = analyte_sdk::serde_json::from_str(&add.parameters_schema).unwrap();
    assert_eq!(schema.pointer("/properties/step/default"), Some(&json!(1.0)));
    assert_eq!(schema.pointer("/properties/to/description"), Some(&json!("The column to add to.")));
    assert_eq!(schema.pointer("/required"), Some(&json!(["to"])));
    assert_eq!(schema.pointer("/additionalProperties"), Some(&json!(false)));
    assert_eq!(schema.pointer("/$defs/Rounding/enum"), Some(&json!(["to-nearest", "up"])));
}

#[test]
fn it_runs_its_models() {
    let parameters = r#"{"to":"x","step":0.25,"rounding":"up"}"#;
    let outcome = AnalyteProvider::run(request("add", NewColumn::of("x", [1.0, 2.0]), parameters)).unwrap();
    assert_eq!(outcome.warnings, ["Sums are sums."]);
    assert_eq!(outcome.added.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ["was"]);
    let table = Table::try_from(outcome.output).unwrap();
    let rows: Vec<Number> = table.read().unwrap().collect();
    assert_eq!(rows, [Number { value: 2.0 }, Number { value: 3.0 }]);
    assert_eq!(table.column::<f64>("was").unwrap().values(), [1.0, 2.0]);

    let recorded = testing::recorded();
    let log = vec![(log::Level::Info, "adding 0.25".to_owned())];
    let progress = vec![(0.5, "halfway".to_owned())];
    assert_eq!(recorded, Recorded { log, progress, ..Recorded::default() });
    testing::check_examples::<Add>().unwrap();
    assert_eq!(testing::check_examples::<Liar>().unwrap_err().code(), "no-examples");
}

#[test]
fn it_refuses_what_it_cannot_do() {
    let code = |model: &str, parameters: &str| -> String {
        let error: AnalysisError =
            AnalyteProvider::run(request(model, NewColumn::of("x", [1.0]), parameters)).unwrap_err();
        error.code
    };
    assert_eq!(code("nothing", "{}"), "unknown-model");
    assert_eq!(code("liar", "{}"), "wrong-columns");
    assert_eq!(code("add", "{}"), "invalid-parameters");
    assert_eq!(code("add", r#"{"to":"x","more":1}"#), "invalid-parameters");
    assert_eq!(code("add", r#"{"to":"y"}"#), "no-such-column");
    let no_file = AnalyteProvider::inspect_model("m".to_owned(), "text/plain".to_owned()).unwrap_err();
    assert_eq!(no_file.code, "no-model-file");
}

#[test]
fn it_runs_models_that_are_files() {
    testing::set_model_file("ten", "text/plain", b"10\n".to_vec());
    let info = AnalyteProvider::inspect_model("ten".to_owned(), "text/plain".to_owned()).unwrap();
    assert_eq!((info.name.as_str(), info.description.as_str()), ("ten", "text/plain, 3 bytes"));
    let outcome = AnalyteProvider::run(request("ten", NewColumn::of("value", [1.0, 2.0]), "{}")).unwrap();
    let table = Table::try_from(outcome.output).unwrap();
    assert_eq!(table.column::<f64>("value").unwrap().values(), [11.0, 12.0]);

    let mut file = ModelFile::open().unwrap();
    let mut last = String::new();
    assert_eq!(file.seek(SeekFrom::End(-2)).unwrap(), 1);
    file.read_to_string(&mut last).unwrap();
    assert_eq!((last.as_str(), file.stream_position().unwrap()), ("0\n", 3));
    assert!(file.seek(SeekFrom::Current(-4)).is_err());
}

#[test]
fn result_files_are_written_whole_or_not_at_all() {
    let content: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut file = ResultFile::create("numbers.bin", "application/octet-stream").unwrap();
    for piece in content.chunks(70_001) {
        let (small, large) = piece.split_at(7);
        file.write_all(small).unwrap();
        file.write_all(large).unwrap();
    }
    file.finish().unwrap();
    ResultFile::create("dropped.txt", "text/plain").unwrap().write_all(b"gone").unwrap();
    let twice = ResultFile::create("numbers.bin", "text/plain").unwrap_err();
    assert_eq!(twice.code(), "file-exists");
    assert_eq!(ResultFile::create("../up", "text/plain").unwrap_err().code(), "file-name");

    let files = testing::recorded().files;
    let wanted = RecordedFile { media_type: "application/octet-stream".to_owned(), bytes: content };
    assert_eq!(files.into_iter().collect::<Vec<_>>(), [("numbers.bin".to_owned(), wanted)]);
}

#[test]
fn settings_are_those_that_were_granted() {
    assert_eq!(settings::get("unit"), None);
    testing::set_setting("unit", "kg");
    testing::set_secret("key", "open");
    assert_eq!((settings::get("unit").as_deref(), settings::secret("key").as_deref()), (Some("kg"), Some("open")));
    assert_eq!(settings::secret("unit"), None);
}
