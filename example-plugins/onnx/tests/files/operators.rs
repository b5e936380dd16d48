//! The operators that this provider adds to tract's, against onnxruntime 1.32.0.

use crate::built::*;
use analyte_sdk::NewColumn;
use analyte_sdk::prelude::*;
use tract_onnx::pb::{AttributeProto, ModelProto};

/// One tree: x ≤ 0 goes to leaf 1, else to leaf 2. Weights are (leaf, class or target, weight).
fn tree(prefix: &str, votes: &[(i64, i64, f32)]) -> Vec<AttributeProto> {
    let name = |part: &str| format!("{prefix}_{part}");
    vec![
        ints("nodes_treeids", &[0, 0, 0]),
        ints("nodes_nodeids", &[0, 1, 2]),
        ints("nodes_featureids", &[0, 0, 0]),
        texts("nodes_modes", &["BRANCH_LEQ", "LEAF", "LEAF"]),
        floats("nodes_values", &[0.0, 0.0, 0.0]),
        ints("nodes_truenodeids", &[1, 0, 0]),
        ints("nodes_falsenodeids", &[2, 0, 0]),
        ints(&name("treeids"), &votes.iter().map(|_| 0).collect::<Vec<_>>()),
        ints(&name("nodeids"), &votes.iter().map(|(leaf, ..)| *leaf).collect::<Vec<_>>()),
        ints(&name("ids"), &votes.iter().map(|(_, target, _)| *target).collect::<Vec<_>>()),
        floats(&name("weights"), &votes.iter().map(|(.., weight)| *weight).collect::<Vec<_>>()),
    ]
}

fn classifier(classes: i64, votes: &[(i64, i64, f32)], post: &str, base: &[f32]) -> ModelProto {
    let mut attributes = tree("class", votes);
    attributes.push(ints("classlabels_int64s", &(10..10 + classes).collect::<Vec<_>>()));
    attributes.push(text("post_transform", post));
    if !base.is_empty() {
        attributes.push(floats("base_values", base));
    }
    model(
        vec![value("x", FLOAT, &[OPEN, 1])],
        vec![node("TreeEnsembleClassifier", &["x"], &["label", "p"], attributes)],
        vec![value("label", INT64, &[OPEN]), value("p", FLOAT, &[OPEN, classes])],
    )
}

/// Runs a model of one column on x = −1 and x = 1.
fn both_sides(model: &ModelProto) -> Table {
    run(model, Table::new([NewColumn::of("x", [-1.0_f32, 1.0])]).unwrap(), "{}").unwrap()
}

fn check_classes(model: &ModelProto, labels: [i64; 2], scores: [&[f32]; 2], case: &str) {
    let got = both_sides(model);
    assert_eq!(got.column::<i64>("label").unwrap().values(), labels, "{case}");
    for (row, scores) in scores.iter().enumerate() {
        for (class, expected) in scores.iter().enumerate() {
            let got = got.column::<f32>(&format!("p_{class}")).unwrap().get(row).unwrap();
            assert!((got - expected).abs() < 6e-5, "{case}: {got} is not {expected}");
        }
    }
}

#[test]
fn trees_of_two_classes() {
    let positive = [(1, 0, 0.3), (2, 0, 0.7)];
    let mixed = [(1, 0, -0.3), (2, 0, 0.7)];
    for (votes, post, base, scores) in [
        (positive, "NONE", &[][..], [[0.7, 0.3], [0.3, 0.7]]),
        (positive, "NONE", &[0.2], [[0.5, 0.5], [0.1, 0.9]]),
        (positive, "LOGISTIC", &[], [[0.4256, 0.5744], [0.3318, 0.6682]]),
        (positive, "LOGISTIC", &[0.2], [[0.3775, 0.6225], [0.2891, 0.7109]]),
        (positive, "SOFTMAX", &[], [[0.7, 0.3], [0.3, 0.7]]),
        (mixed, "NONE", &[], [[0.3, -0.3], [-0.7, 0.7]]),
        (mixed, "NONE", &[0.2], [[0.1, -0.1], [-0.9, 0.9]]),
        (mixed, "LOGISTIC", &[], [[0.5744, 0.4256], [0.3318, 0.6682]]),
        (mixed, "LOGISTIC", &[0.2], [[0.525, 0.475], [0.2891, 0.7109]]),
        (mixed, "SOFTMAX", &[], [[0.3, -0.3], [-0.7, 0.7]]),
    ] {
        let case = format!("{votes:?} {post} {base:?}");
        let [low, high] = &scores;
        check_classes(&classifier(2, &votes, post, base), [10, 11], [low, high], &case);
    }
}

#[test]
fn trees_of_three_classes() {
    let votes = [(1, 0, 0.3), (1, 1, 0.3), (2, 2, -0.7), (2, 1, 0.1)];
    let base = &[0.1, 0.2, 0.3][..];
    for (post, base, labels, scores) in [
        ("NONE", &[][..], [10, 11], [[0.3, 0.3, 0.0], [0.0, 0.1, -0.7]]),
        ("NONE", base, [11, 11], [[0.4, 0.5, 0.3], [0.1, 0.3, -0.4]]),
        ("LOGISTIC", &[], [10, 11], [[0.5744, 0.5744, 0.5], [0.5, 0.525, 0.3318]]),
        ("LOGISTIC", base, [11, 11], [[0.5987, 0.6225, 0.5744], [0.525, 0.5744, 0.4013]]),
        ("SOFTMAX", &[], [10, 11], [[0.3649, 0.3649, 0.2703], [0.3844, 0.4248, 0.1909]]),
        ("SOFTMAX", base, [11, 11], [[0.3322, 0.3672, 0.3006], [0.3536, 0.4319, 0.2145]]),
    ] {
        let [low, high] = &scores;
        check_classes(&classifier(3, &votes, post, base), labels, [low, high], &format!("{post} {base:?}"));
    }
}

/// onnxruntime answers these with labels that are none, or with the same label for every row.
#[test]
fn forms_of_two_classes_without_a_clear_meaning_are_refused() {
    let both = [(1, 0, 0.7), (1, 1, 0.3), (2, 0, 0.4), (2, 1, 0.6)];
    let second = [(1, 1, 0.3), (2, 1, 0.7)];
    let first = [(1, 0, 0.3), (2, 0, 0.7)];
    for (votes, base) in [(&both[..], &[][..]), (&second, &[]), (&first, &[0.1, 0.2])] {
        let refusal = inspect(&classifier(2, votes, "NONE", base)).unwrap_err();
        assert_eq!(refusal.code(), "cannot-prepare");
        assert!(refusal.message().contains("two classes must give one score"), "{refusal}");
    }
}

/// Trees that are none: they would never end, or lead outside.
#[test]
fn broken_trees_are_refused() {
    let good = || {
        let mut attributes = tree("target", &[(1, 0, 1.0), (2, 0, 2.0)]);
        attributes.push(int("n_targets", 1));
        attributes
    };
    let regressor = |change: Option<AttributeProto>| {
        let mut attributes = good();
        if let Some(change) = change {
            attributes.retain(|attribute| attribute.name != change.name);
            attributes.push(change);
        }
        one((FLOAT, &[OPEN, 1]), "TreeEnsembleRegressor", attributes, (FLOAT, &[OPEN, 1]))
    };
    assert_eq!(both_sides(&regressor(None)).column::<f32>("y").unwrap().values(), [1.0, 2.0]);
    let changes = vec![
        (ints("nodes_truenodeids", &[0, 0, 0]), "nodes that no root leads to"),
        (ints("nodes_truenodeids", &[2, 0, 0]), "a node with two parents"),
        (ints("nodes_truenodeids", &[9, 0, 0]), "tree 0 has no node 9"),
        (ints("nodes_featureids", &[7, 0, 0]), "the trees use 8 features of 1"),
        (ints("nodes_featureids", &[-1, 0, 0]), "a feature below zero"),
        (ints("nodes_nodeids", &[0, 1, 1]), "two nodes of one tree have the same number"),
        (ints("target_ids", &[0, 5]), "no such target"),
        (ints("target_nodeids", &[1, 77]), "tree 0 has no node 77"),
        (floats("nodes_values", &[0.0]), "nodes_values has 1 values, and 3 are needed"),
        (texts("nodes_modes", &["BRANCH_UP", "LEAF", "LEAF"]), "the node mode BRANCH_UP is not known"),
        (int("n_targets", 1 << 40), "a tree ensemble with 1099511627776 targets"),
        (text("post_transform", "PROBIT"), "the post-transform PROBIT"),
    ];
    for (change, said) in changes {
        let refusal = inspect(&regressor(Some(change))).unwrap_err();
        assert!(["cannot-prepare", "cannot-run"].contains(&refusal.code()), "{refusal}");
        assert!(refusal.message().contains(said), "{refusal} does not say: {said}");
    }
}

#[test]
fn trees_with_every_test_and_aggregate() {
    let answer = |mode: &str, aggregate: &str, missing: i64| {
        let mut attributes = tree("target", &[(1, 0, 1.0), (2, 0, 2.0)]);
        attributes.retain(|attribute| attribute.name != "nodes_modes");
        attributes.push(texts("nodes_modes", &[mode, "LEAF", "LEAF"]));
        attributes.push(ints("nodes_missing_value_tracks_true", &[missing, 0, 0]));
        attributes.push(int("n_targets", 1));
        attributes.push(text("aggregate_function", aggregate));
        attributes.push(floats("base_values", &[10.0]));
        let model = one((FLOAT, &[OPEN, 1]), "TreeEnsembleRegressor", attributes, (FLOAT, &[OPEN, 1]));
        let table = Table::new([NewColumn::of("x", [-1.0_f32, 0.0, 1.0, f32::NAN])]).unwrap();
        run(&model, table, "{}").unwrap().column::<f32>("y").unwrap().values().to_vec()
    };
    for (mode, expected) in [
        ("BRANCH_LEQ", [11.0, 11.0, 12.0, 12.0]),
        ("BRANCH_LT", [11.0, 12.0, 12.0, 12.0]),
        ("BRANCH_GTE", [12.0, 11.0, 11.0, 12.0]),
        ("BRANCH_GT", [12.0, 12.0, 11.0, 12.0]),
        ("BRANCH_EQ", [12.0, 11.0, 12.0, 12.0]),
        ("BRANCH_NEQ", [11.0, 12.0, 11.0, 11.0]),
    ] {
        assert_eq!(answer(mode, "SUM", 0), expected, "{mode}");
    }
    for aggregate in ["SUM", "AVERAGE", "MIN", "MAX"] {
        assert_eq!(answer("BRANCH_LEQ", aggregate, 1), [11.0, 11.0, 12.0, 11.0], "{aggregate}");
    }
}

#[test]
fn labels_are_encoded() {
    let encoder = one(
        (STRING, &[OPEN]),
        "LabelEncoder",
        vec![texts("keys_strings", &["a", "b"]), ints("values_int64s", &[1, 2]), int("default_int64", -7)],
        (INT64, &[OPEN]),
    );
    let got = run(&encoder, Table::new([NewColumn::of("x", ["b", "c", "a"])]).unwrap(), "{}").unwrap();
    assert_eq!(got, Table::new([NewColumn::of("y", [2_i64, -7, 1])]).unwrap());

    let back = one(
        (FLOAT, &[OPEN, 1]),
        "LabelEncoder",
        vec![floats("keys_floats", &[0.0, f32::NAN]), texts("values_strings", &["none", "not"])],
        (STRING, &[OPEN, 1]),
    );
    let got = run(&back, Table::new([NewColumn::of("x", [-0.0_f32, f32::NAN, 3.0])]).unwrap(), "{}").unwrap();
    assert_eq!(got, Table::new([NewColumn::of("y", ["none", "not", "_Unused"])]).unwrap());
}

#[test]
fn columns_are_scaled() {
    let scaler = one(
        (FLOAT, &[OPEN, 2]),
        "Scaler",
        vec![floats("offset", &[1.0, 2.0]), floats("scale", &[10.0, 0.5])],
        (FLOAT, &[OPEN, 2]),
    );
    let table = Table::new([NewColumn::of("x_0", [3.0_f32]), NewColumn::of("x_1", [4.0_f32])]).unwrap();
    let expected = Table::new([NewColumn::of("y_0", [20.0_f32]), NewColumn::of("y_1", [1.0_f32])]).unwrap();
    assert_eq!(run(&scaler, table, "{}").unwrap(), expected);
    let short = one(
        (FLOAT, &[OPEN, 3]),
        "Scaler",
        vec![floats("offset", &[1.0, 2.0]), floats("scale", &[1.0])],
        (FLOAT, &[OPEN, 3]),
    );
    assert_eq!(inspect(&short).unwrap_err().code(), "cannot-prepare");
}
