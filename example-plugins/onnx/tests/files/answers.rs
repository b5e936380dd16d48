//! The models in `models/` answer as onnxruntime did when they were made.

use std::path::{Path, PathBuf};

use analyte_sdk::prelude::*;
use analyte_sdk::{FileModels as _, FileRequest, Kind, ModelFile, testing};
use onnx::OnnxFiles;

/// |got − expected| ≤ this × max(1, |expected|).
const TOLERANCE: f64 = 1e-5;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(name)
}

fn publish(name: &str) -> ModelInfo {
    testing::set_model_file(name, "application/octet-stream", std::fs::read(path(&format!("{name}.onnx"))).unwrap());
    OnnxFiles::inspect(name, ModelFile::open().unwrap()).unwrap()
}

/// The columns of a file, as text.
fn columns(file: &str) -> Vec<(String, Vec<String>)> {
    let mut reader = csv::Reader::from_path(path(file)).unwrap();
    let mut columns: Vec<(String, Vec<String>)> =
        reader.headers().unwrap().iter().map(|name| (name.to_owned(), Vec::new())).collect();
    for record in reader.records() {
        for (column, cell) in columns.iter_mut().zip(&record.unwrap()) {
            column.1.push(cell.to_owned());
        }
    }
    columns
}

fn floats(cells: &[String]) -> Vec<f32> {
    cells.iter().map(|cell| cell.parse().unwrap()).collect()
}

/// The input, over and over, until it has this number of rows.
fn input(name: &str, rows: usize) -> Table {
    let column = |(name, cells): (String, Vec<String>)| {
        let cells: Vec<f32> = floats(&cells).into_iter().cycle().take(rows).collect();
        NewColumn::of(name, cells).nullable(true)
    };
    Table::new(columns(&format!("{name}.input.csv")).into_iter().map(column)).unwrap()
}

fn run(name: &str, table: Table) -> Table {
    let file = ModelFile::open().unwrap();
    let request = FileRequest { name: name.to_owned(), file, table, parameters: "{}".to_owned() };
    OnnxFiles::run(request).unwrap().into_table().unwrap()
}

fn check(name: &str, rows: usize) {
    let got = run(name, input(name, rows));
    let expected = columns(&format!("{name}.expected.csv"));
    assert_eq!(got.rows(), rows);
    let names: Vec<&str> = got.column_types().map(|column| column.name).collect();
    assert_eq!(names, expected.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    for (column, expected) in got.column_types().zip(&expected) {
        let expected = expected.1.iter().cycle().take(rows);
        match column.kind {
            Kind::Float32 => {
                let got = got.column::<f32>(column.name).unwrap();
                for (row, (got, expected)) in got.values().iter().zip(expected).enumerate() {
                    let (got, expected) = (f64::from(*got), expected.parse::<f64>().unwrap());
                    let off = (got - expected).abs();
                    assert!(
                        off <= TOLERANCE * expected.abs().max(1.0),
                        "{} {row}: {got} is not {expected}",
                        column.name
                    );
                }
            }
            Kind::Int64 => {
                let got: Vec<String> =
                    got.column::<i64>(column.name).unwrap().values().iter().map(i64::to_string).collect();
                assert!(got.iter().eq(expected), "{}", column.name);
            }
            Kind::Utf8 => {
                let column = got.column::<String>(column.name).unwrap();
                assert!(column.iter().flatten().eq(expected.map(String::as_str)), "{}", column.name());
            }
            other => panic!("{} is {other:?}", column.name),
        }
    }
}

/// Fields as `name kind`.
fn shown(fields: &[analyte_sdk::Field]) -> Vec<String> {
    fields.iter().map(|field| format!("{} {:?}", field.name, field.kind).replace("BufferKind::", "")).collect()
}

#[test]
fn gradient_boosting_on_diabetes() {
    let info = publish("diabetes");
    let inputs = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"].map(|name| format!("{name} Float32"));
    assert_eq!(shown(&info.input.fields), inputs);
    assert_eq!(shown(&info.output.fields), ["progression Float32"]);
    assert_eq!(info.description, "Disease progression after one year. An ONNX model, made by skl2onnx 1.20.0.");
    for rows in [80, 1, 0, 255, 256, 257, 1000] {
        check("diabetes", rows);
    }
}

#[test]
fn neural_network_on_digits() {
    let info = publish("digits");
    assert_eq!(info.input.fields.len(), 64);
    assert_eq!(info.input.fields[9].name, "pixel_1_1");
    let mut outputs = vec!["label Int64".to_owned()];
    outputs.extend((0..10).map(|label| format!("probabilities_{label} Float32")));
    assert_eq!(shown(&info.output.fields), outputs);
    for rows in [100, 1, 0, 300] {
        check("digits", rows);
    }
}

#[test]
fn scaled_logistic_regression_with_text_labels_on_iris() {
    let info = publish("iris");
    assert_eq!(shown(&info.input.fields), ["X_0 Float32", "X_1 Float32", "X_2 Float32", "X_3 Float32"]);
    let outputs = ["label Utf8", "probabilities_0 Float32", "probabilities_1 Float32", "probabilities_2 Float32"]
        .map(str::to_owned);
    assert_eq!(shown(&info.output.fields), outputs);
    for rows in [60, 1, 0, 300] {
        check("iris", rows);
    }
}

#[test]
fn forest_of_two_classes_on_tumours() {
    let info = publish("tumours");
    assert_eq!(info.input.fields[0].name, "mean radius");
    let outputs = ["label Utf8", "probabilities_benign Float32", "probabilities_malignant Float32"];
    assert_eq!(shown(&info.output.fields), outputs);
    for rows in [80, 1, 0, 300] {
        check("tumours", rows);
    }
}
