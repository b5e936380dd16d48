//! What is refused, with which code, in which words.

use crate::built::*;
use analyte_sdk::NewColumn;
use analyte_sdk::prelude::*;
use tract_onnx::pb::ModelProto;

fn relu(input: (i32, &[i64]), output: (i32, &[i64])) -> ModelProto {
    one(input, "Relu", vec![], output)
}

/// The whole refusal.
fn refused(model: &ModelProto) -> String {
    inspect(model).unwrap_err().to_string()
}

#[test]
fn files_that_are_no_model() {
    let expected =
        "not-onnx: The file is not an ONNX model, or is cut short; export the model to ONNX and publish that file.";
    let whole = prost::Message::encode_to_vec(&relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2])));
    assert!(publish(whole.clone()).is_ok());
    let cut = whole.split_at(whole.len() / 2).0.to_vec();
    for bytes in [Vec::new(), b"PK\x03\x04 a zip".to_vec(), b"{\"json\": true}".to_vec(), vec![0xff; 4096], cut] {
        assert_eq!(publish(bytes).unwrap_err().to_string(), expected);
    }
}

/// Bytes changed at random are refused or accepted, but do not end the process.
#[test]
fn damaged_files_are_answered() {
    let tree = include_bytes!("../../models/iris.onnx");
    let (mut accepted, mut refused) = (0, 0);
    for place in (0..tree.len()).step_by(7) {
        let mut bytes = tree.to_vec();
        bytes.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 0x55);
        match publish(bytes) {
            Ok(_) => accepted += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
}

#[test]
fn values_that_are_no_columns() {
    let zipped = model(
        vec![value("x", FLOAT, &[OPEN, 2])],
        vec![node("Identity", &["x"], &["p"], vec![]), node("ZipMap", &["p"], &["probabilities"], vec![])],
        vec![map("probabilities")],
    );
    assert_eq!(
        refused(&zipped),
        "not-a-tensor: `probabilities` is a sequence or a map, which is no column; export the classifier with \
         `options={\"zipmap\": False}`, so that its probabilities are a tensor."
    );
    let sequence =
        model(vec![map("x")], vec![node("Identity", &["x"], &["y"], vec![])], vec![value("y", FLOAT, &[OPEN])]);
    assert_eq!(
        refused(&sequence),
        "not-a-tensor: `x` is a sequence or a map, which is no column; export the model so that all its inputs and \
         outputs are tensors."
    );
    assert_eq!(
        refused(&relu((FLOAT, &[OPEN, 3, 8, 8]), (FLOAT, &[OPEN, 3, 8, 8]))),
        "unsupported-shape: The input `x` has the shape [?, 3, 8, 8], and a table needs [rows] or [rows, columns]; \
         reshape it inside the model, so that each row is one case."
    );
    assert_eq!(
        refused(&relu((FLOAT, &[OPEN, OPEN]), (FLOAT, &[OPEN, OPEN]))),
        "unsupported-shape: The input `x` has the shape [?, ?], and a table needs [rows] or [rows, columns]; reshape it \
         inside the model, so that each row is one case."
    );
    assert_eq!(
        refused(&relu((UINT8, &[OPEN, 2]), (UINT8, &[OPEN, 2]))),
        "unsupported-type: `x` has elements of type UINT8, which no column holds; export it with float, double, int32, \
         int64, bool or string."
    );
    let stretched = one((FLOAT, &[OPEN, 2]), "Unsqueeze", vec![ints("axes", &[1])], (FLOAT, &[OPEN, 1, 2]));
    let mut stretched = stretched;
    stretched.opset_import.iter_mut().for_each(|set| set.version = 11);
    assert_eq!(
        refused(&stretched),
        "unsupported-shape: The output `y` has the shape [rows, 1, 2], and a table needs [rows] or [rows, columns]; \
         reshape it inside the model, so that each row is one case."
    );
    let total = one((FLOAT, &[OPEN, 2]), "ReduceMax", vec![ints("axes", &[0]), int("keepdims", 1)], (FLOAT, &[1, 2]));
    assert_eq!(
        refused(&total),
        "unsupported-shape: The output `y` has the shape [1, 2], and a table needs [rows] or [rows, columns]; reshape it \
         inside the model, so that each row is one case."
    );
    let nothing = model(
        vec![],
        vec![node("Constant", &[], &["y"], vec![floats("value_floats", &[1.0])])],
        vec![value("y", FLOAT, &[1])],
    );
    assert_eq!(
        refused(&nothing),
        "unsupported-shape: The model takes no input, so that there is nothing to run it on."
    );
}

#[test]
fn sizes_out_of_bounds() {
    assert_eq!(
        refused(&relu((FLOAT, &[OPEN, 10_001]), (FLOAT, &[OPEN, 10_001]))),
        "too-many-fields: `x` has 10001 columns, and at most 10000 are taken."
    );
    assert_eq!(
        refused(&relu((FLOAT, &[OPEN, i64::MAX]), (FLOAT, &[OPEN, i64::MAX]))),
        "too-many-fields: `x` has 9223372036854775807 columns, and at most 10000 are taken."
    );
    let two = model(
        vec![value("a", FLOAT, &[OPEN, 6_000]), value("b", FLOAT, &[OPEN, 6_000])],
        vec![node("Add", &["a", "b"], &["y"], vec![])],
        vec![value("y", FLOAT, &[OPEN, 6_000])],
    );
    assert_eq!(refused(&two), "too-many-fields: The model has 12000 columns on one side, and at most 10000 are taken.");
    assert_eq!(
        refused(&relu((FLOAT, &[8, 2]), (FLOAT, &[8, 2]))),
        "fixed-batch: Input `x` takes exactly 8 rows at once; export the model with a dynamic batch dimension (in \
         PyTorch: `dynamic_axes={\"x\": {0: \"batch\"}}`)."
    );
    let mixed = model(
        vec![value("a", FLOAT, &[OPEN, 2]), value("b", FLOAT, &[1, 2])],
        vec![node("Add", &["a", "b"], &["y"], vec![])],
        vec![value("y", FLOAT, &[OPEN, 2])],
    );
    assert_eq!(
        refused(&mixed),
        "fixed-batch: Some inputs of the model take any number of rows and others just one; export it with one dynamic \
         batch dimension for all."
    );
}

#[test]
fn operators_that_are_not_computed() {
    let mut own = relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2]));
    own.graph.as_mut().unwrap().node.iter_mut().for_each(|node| "acme".clone_into(&mut node.domain));
    let svm = one((FLOAT, &[OPEN, 2]), "SVMRegressor", vec![], (FLOAT, &[OPEN, 1]));
    for (model, named) in [(svm, "SVMRegressor"), (own, "acme.Relu")] {
        assert_eq!(
            refused(&model),
            format!(
                "unsupported-operator: The model uses operators that this provider does not compute: {named}; export it \
                 without them, for instance by doing that step before the model."
            )
        );
    }
}

#[test]
fn files_that_are_not_whole() {
    let mut external = relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2]));
    let mut tensor = weights("w", &[2], &[]);
    tensor.data_location = Some(1);
    external.graph.as_mut().unwrap().initializer.push(tensor);
    assert_eq!(
        refused(&external),
        "external-data: The weights `w` lie in a second file; save the model with all its data in one (in Python: \
         `onnx.save(model, path, save_as_external_data=False)`)."
    );
    let mut loose = relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2]));
    loose.graph.as_mut().unwrap().output = vec![value("z", FLOAT, &[OPEN, 2])];
    assert_eq!(refused(&loose), "broken-graph: Nothing in the model makes its output `z`; export the model again.");
    let lost = model(
        vec![value("x", FLOAT, &[OPEN, 2])],
        vec![node("Add", &["x", "gone"], &["y"], vec![])],
        vec![value("y", FLOAT, &[OPEN, 2])],
    );
    assert_eq!(inspect(&lost).unwrap_err().code(), "cannot-prepare");
}

#[test]
fn names_that_do_not_fit() {
    let relu = || relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2]));
    for (key, given, expected) in [
        (
            "feature_names",
            "a,b",
            "bad-metadata: The metadata `feature_names` is not a JSON array of texts, such as [\"a\", \"b\"].",
        ),
        (
            "class_labels",
            "[true]",
            "bad-metadata: The metadata `class_labels` is not a JSON array of texts, such as [\"a\", \"b\"].",
        ),
        (
            "output_names",
            "[\"a\"]",
            "bad-metadata: The metadata `output_names` has 1 names for 2 columns; write one for each, in the order of the columns.",
        ),
        (
            "feature_names",
            "[\"a\", \"a\"]",
            "bad-name: The column name `a` is there twice; name all columns by the metadata `feature_names`.",
        ),
        (
            "feature_names",
            "[\"\", \"a\"]",
            "bad-name: The column name `` is empty; name all columns by the metadata `feature_names`.",
        ),
        (
            "output_names",
            "[\"a\", \"b\\nc\"]",
            "bad-name: The column name `b c` has control characters; name all columns by the metadata `output_names`.",
        ),
    ] {
        assert_eq!(refused(&with(relu(), key, given)), expected);
    }
}

/// A mean over the batch is no business of one row.
#[test]
fn rows_that_depend_on_each_other() {
    let centred = model(
        vec![value("x", FLOAT, &[OPEN, 2])],
        vec![
            node("ReduceMean", &["x"], &["mean"], vec![ints("axes", &[0]), int("keepdims", 1)]),
            node("Sub", &["x", "mean"], &["y"], vec![]),
        ],
        vec![value("y", FLOAT, &[OPEN, 2])],
    );
    assert_eq!(
        refused(&centred),
        "rows-not-independent: A row's result depends on the other rows of its batch, and rows must stand for \
         themselves; export the model for inference, without steps across the batch."
    );
}

#[test]
fn rows_without_a_value() {
    let relu = relu((FLOAT, &[OPEN, 2]), (FLOAT, &[OPEN, 2]));
    let table = || {
        Table::new([NewColumn::of("x_0", [Some(1.0_f32), None]), NewColumn::of("x_1", [2.0_f32, -3.0]).nullable(true)])
            .unwrap()
    };
    let refusal = run(&relu, table(), "{}").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "missing-value: Row 1 of column `x_0` has no value; fill it in, or for numbers set the parameter `missing` to \
         `nan` if the model was made for that."
    );
    let same = one((FLOAT, &[OPEN, 2]), "Neg", vec![], (FLOAT, &[OPEN, 2]));
    let answered = run(&same, table(), r#"{"missing": "nan"}"#).unwrap();
    let first = answered.column::<f32>("y_0").unwrap();
    assert_eq!(first.values().first(), Some(&-1.0));
    assert!(first.values().last().unwrap().is_nan());
    assert_eq!(answered.column::<f32>("y_1").unwrap().values(), [-2.0, 3.0]);
}
