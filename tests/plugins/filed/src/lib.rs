//! Models that lie in files: `{"inputs": ["a", "b"], "weights": [2, -1]}` is one that computes 2a − b of each row.
//!
//! `bias` (0) is added, `output` (`sum`) names the result, `version` is the model's. The plugin refuses any other file:
//! `not-a-model` where it cannot be read, `weights` where its weights are not as many as its inputs. `results` makes it
//! answer all sums as one row (`"one"`), or each twice (`"double"`, which breaks the cardinality that it claims). A row
//! in which an input is missing has no sum. One model is built in: `count`, the number of rows.

use analyte_sdk::prelude::*;
use analyte_sdk::{Cardinality, Field, FileModels, FileRequest, ModelFile};
use serde::Deserialize;

/// What a file says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weighted {
    inputs: Vec<String>,
    weights: Vec<f64>,
    #[serde(default)]
    bias: f64,
    #[serde(default = "sum")]
    output: String,
    #[serde(default)]
    version: String,
    #[serde(default)]
    results: Results,
}

#[derive(Debug, PartialEq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Results {
    #[default]
    Each,
    One,
    Double,
}

fn sum() -> String {
    "sum".to_owned()
}

fn read(file: ModelFile) -> Result<Weighted> {
    let weighted: Weighted = analyte_sdk::serde_json::from_reader(std::io::BufReader::new(file))
        .map_err(|error| Error::new("not-a-model", format!("The file is not a weighted sum: {error}.")))?;
    let (inputs, weights) = (weighted.inputs.len(), weighted.weights.len());
    if inputs == 0 || inputs != weights {
        let message = format!("There are {inputs} inputs and {weights} weights; each input needs one.");
        return Err(Error::new("weights", message).detail("inputs", inputs).detail("weights", weights));
    }
    Ok(weighted)
}

/// Weighted sums.
#[derive(Debug)]
pub struct Sums;

impl FileModels for Sums {
    fn inspect(name: &str, file: ModelFile) -> Result<ModelInfo> {
        let weighted = read(file)?;
        let inputs = weighted.inputs.iter().map(|name| Field::of::<Option<f64>>(name).describe("A number."));
        let info = ModelInfo::new(name)
            .describe("A weighted sum.")
            .version(weighted.version)
            .input_fields(inputs)
            .output_fields([Field::of::<Option<f64>>(weighted.output)]);
        Ok(match weighted.results {
            Results::Each => info.independent_rows(),
            Results::One => info.cardinality(Cardinality::NToOne),
            Results::Double => info.cardinality(Cardinality::NToN),
        })
    }

    fn run(request: FileRequest) -> Result<Outcome> {
        let Weighted { inputs, weights, bias, output, results, .. } = read(request.file)?;
        let mut sums = vec![Some(bias); request.table.rows()];
        for (name, weight) in inputs.iter().zip(&weights) {
            for (sum, value) in sums.iter_mut().zip(request.table.numeric(name)?.iter()) {
                *sum = sum.zip(value).map(|(sum, value)| sum + weight * value);
            }
        }
        let sums: Vec<Option<f64>> = match results {
            Results::Each => sums,
            Results::One => vec![sums.into_iter().sum()],
            Results::Double => sums.into_iter().flat_map(|sum| [sum, sum]).collect(),
        };
        Ok(Outcome::from_columns([NewColumn::of(output, sums)]))
    }
}

/// How many.
#[derive(Row, Debug)]
pub struct Counted {
    /// The number of rows.
    pub count: i64,
}

/// The built-in model.
#[derive(Debug)]
pub struct Count;

impl Model for Count {
    const NAME: &str = "count";
    const DESCRIPTION: &str = "Counts rows.";
    type Input = ();
    type Output = Counted;
    type Parameters = ();

    fn describe(info: ModelInfo) -> ModelInfo {
        info.takes_any_columns().cardinality(Cardinality::NToOne)
    }

    fn run(request: Request<Self>) -> Result<Outcome<Counted>> {
        Ok([Counted { count: i64::try_from(request.table.rows())? }].into_iter().collect())
    }
}

analyte_sdk::provider! {
    title: "Models in files",
    description: "Weighted sums, each in a file of its own.",
    models: [Count],
    files: Sums,
}

#[cfg(test)]
mod tests {
    use analyte_sdk::testing::set_model_file;

    use super::*;

    fn of(json: &str) -> Result<Weighted> {
        set_model_file("m", "application/json", json.into());
        read(ModelFile::open().ok_or_else(|| Error::new("no-file", "There is no file."))?)
    }

    #[test]
    fn files_are_read_or_refused_with_a_reason() {
        let refused = |json| of(json).map_err(|error| error.to_string());
        assert_eq!(
            of(r#"{"inputs": ["a"], "weights": [2.5]}"#),
            Ok(Weighted {
                inputs: vec!["a".to_owned()],
                weights: vec![2.5],
                bias: 0.0,
                output: sum(),
                version: String::new(),
                results: Results::Each,
            })
        );
        assert_eq!(
            refused(r#"{"inputs": ["a"], "weights": []}"#),
            Err("weights: There are 1 inputs and 0 weights; each input needs one.".to_owned())
        );
        assert_eq!(
            refused("PK"),
            Err("not-a-model: The file is not a weighted sum: expected value at line 1 column 1.".to_owned())
        );
    }
}
