//! A single model as a component of its own: multiplies a column by a factor.

use analyte_sdk::prelude::*;

/// One number, in and out.
#[derive(Row, Debug, PartialEq)]
pub struct Number {
    /// The number.
    pub value: Option<f64>,
}

/// What to multiply by.
#[parameters]
pub struct Options {
    /// The factor.
    #[parameter(default = 2.0)]
    pub factor: f64,
}

/// The model.
#[derive(Debug)]
pub struct Scale;

impl Model for Scale {
    const NAME: &str = "scale";
    const DESCRIPTION: &str = "Multiplies each value by a factor. A missing value stays missing.";
    type Input = Number;
    type Output = Number;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        info.version("1.0.0").independent_rows().example(
            Example::new("tripled")
                .input([Number { value: Some(1.5) }, Number { value: None }])
                .parameters(Options { factor: 3.0 })
                .expect([Number { value: Some(4.5) }, Number { value: None }]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Number>> {
        let Options { factor } = request.parameters;
        Ok(request.rows()?.map(|row| Number { value: row.value.map(|value| value * factor) }).collect())
    }
}

analyte_sdk::model!(Scale);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_example_holds() -> Result<()> {
        analyte_sdk::testing::check_examples::<Scale>()
    }
}
