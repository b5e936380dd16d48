//! Runs ONNX model files: each file that is published becomes a model of its own.
//!
//! The way of a file: [`file`] reads it and refuses what this provider cannot run; [`names`] and [`signature`] say which
//! fields it takes and gives; [`plan`] makes it ready with tract; [`trial`] runs it once before it is accepted; [`run`]
//! sends tables through it; [`kept`] keeps ready ones within a stateful session. README.md says the same for users.
//!
//! How it fails: whatever is refused is an analysis error with a stable code and one sentence. A file made to break
//! tract may still make it panic, which the host reports as a trap.

pub mod file;
pub mod kept;
pub mod names;
pub mod operators;
pub mod plan;
pub mod run;
pub mod signature;
pub mod trial;

mod element;
mod refuse;
mod tensors;
mod text_labels;

use analyte_sdk::prelude::*;
use analyte_sdk::{FileModels, FileRequest, ModelFile, Parameters as _};

use crate::plan::Plan;
use crate::run::Options;

/// What this provider does with a model file.
#[derive(Debug)]
pub struct OnnxFiles;

impl FileModels for OnnxFiles {
    fn inspect(name: &str, file: ModelFile) -> Result<ModelInfo> {
        let (proto, described) = file::read(file)?;
        let plan = Plan::of(&proto)?;
        trial::run(&plan)?;
        let info = ModelInfo::new(name)
            .describe(described.text)
            .version(described.version)
            .input_fields(plan.signature.input_fields())
            .output_fields(plan.signature.output_fields())
            .independent_rows();
        Ok(if plan.signature.takes_floats() { info.parameters::<Options>() } else { info })
    }

    fn run(request: FileRequest) -> Result<Outcome> {
        let options = Options::parse(&request.parameters)?;
        let plan = kept::plan(request.file)?;
        run::run(&plan, &request.table, &options)
    }
}

analyte_sdk::provider! {
    title: "ONNX models",
    description: "Runs ONNX model files on tables: one row of the table is one row of the model's batch.",
    models: [],
    files: OnnxFiles,
}
