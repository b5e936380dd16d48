//! Models whose rows are independent, or said to be.
//!
//! `copy` gives every column as it came. `rows` doubles a number, tells for each row how many rows its instance was given, and
//! does one thing more, chosen by the parameter `deed`: at the row with the value `at`, or where that is not said, in
//! every instance.

mod deeds;

use analyte_sdk::prelude::*;
use analyte_sdk::raw::analysis::{AnalysisError, Outcome as RawOutcome, ProviderInfo, Request as RawRequest};
use analyte_sdk::raw::provider::Guest;
use analyte_sdk::raw::tables::Field;
use analyte_sdk::{info_of, run_model};

pub use deeds::Deed;

/// What comes in.
#[derive(Row, Debug)]
pub struct Number {
    /// The number.
    pub value: Option<f64>,
}

/// What comes out.
#[derive(Row, Debug)]
pub struct Doubled {
    /// Twice the number.
    pub value: Option<f64>,
    /// How many rows there were.
    pub seen: i64,
}

/// What a run does.
#[parameters]
pub struct Options {
    /// What to do beside doubling.
    #[parameter(default = Deed::Nothing)]
    pub deed: Deed,
    /// At which value.
    pub at: Option<f64>,
    /// How much or how often.
    #[parameter(default = 0)]
    pub number: u64,
}

/// The model that does something.
#[derive(Debug)]
pub struct Rows;

impl Model for Rows {
    const NAME: &str = "rows";
    const DESCRIPTION: &str = "Doubles, and says how many rows there were.";
    type Input = Number;
    type Output = Doubled;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        info.independent_rows().adds_numeric_columns()
    }

    fn run(request: Request<Self>) -> Result<Outcome<Doubled>> {
        let seen = i64::try_from(request.table.rows())?;
        let value = request.table.column::<f64>("value")?;
        let doubled = || value.iter().map(|value| Doubled { value: value.map(|value| value * 2.0), seen }).collect();
        let place = match request.parameters.at {
            None => Some(0),
            Some(at) => value.iter().position(|value| value == Some(at)),
        };
        match place {
            Some(place) => deeds::run(&request.parameters, &value, place, doubled()),
            None => Ok(doubled()),
        }
    }
}

/// The provider.
#[derive(Debug)]
pub struct Provider;

impl Guest for Provider {
    fn describe() -> ProviderInfo {
        ProviderInfo {
            title: "Rows".to_owned(),
            version: "1".to_owned(),
            description: "Rows that stand for themselves, or not.".to_owned(),
            capabilities: Vec::new(),
            extra: Vec::new(),
        }
    }
    fn models() -> Vec<ModelInfo> {
        let copy = ModelInfo::new("copy").takes_any_columns().adds_any_columns().independent_rows();
        vec![copy, info_of::<Rows>()]
    }
    fn inspect_model(model: String, _: String) -> Result<ModelInfo, AnalysisError> {
        Err(Error::new("no-model-files", format!("There is no way to run `{model}`.")).into())
    }
    fn run(request: RawRequest) -> Result<RawOutcome, AnalysisError> {
        match request.model.as_str() {
            "copy" => Ok(copy(request)),
            _ => Ok(run_model::<Rows>(request)?),
        }
    }
}

/// Every column as it is.
fn copy(request: RawRequest) -> RawOutcome {
    let added = request.input.columns.iter().map(|column| Field {
        name: column.name.clone(),
        base_type: column.base_type,
        kind: column.kind,
        nullable: true,
        description: String::new(),
        extra: Vec::new(),
    });
    RawOutcome { added: added.collect(), output: request.input, warnings: Vec::new(), extra: Vec::new() }
}

#[cfg(target_family = "wasm")]
analyte_sdk::raw::provider_plugin::export!(Provider with_types_in analyte_sdk::raw::provider_plugin);
