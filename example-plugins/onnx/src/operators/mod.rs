//! Operators that tract lacks, or that it computes otherwise than onnxruntime; each a file.

// In tests that lint is off anyway.
#![cfg_attr(not(test), expect(clippy::wildcard_imports, reason = "what tract's macros need is most of it"))]

mod label_encoder;
mod scaler;
mod tree_classifier;
mod tree_regressor;
mod trees;

use std::sync::OnceLock;

use tract_onnx::Onnx;
use tract_onnx::model::OnnxOpRegister;

/// Reads ONNX, with the operators of this folder.
pub(crate) fn onnx() -> &'static Onnx {
    static ONNX: OnceLock<Onnx> = OnceLock::new();
    ONNX.get_or_init(|| {
        let mut onnx = tract_onnx::onnx().with_ignore_value_info(true);
        onnx.op_register.insert("LabelEncoder", label_encoder::read);
        onnx.op_register.insert("Scaler", scaler::read);
        onnx.op_register.insert("TreeEnsembleClassifier", tree_classifier::read);
        onnx.op_register.insert("TreeEnsembleRegressor", tree_regressor::read);
        onnx
    })
}

/// All operators that can be computed, by name.
pub(crate) fn known() -> &'static std::collections::HashMap<String, impl Sized> {
    let OnnxOpRegister(known) = &onnx().op_register;
    known
}
