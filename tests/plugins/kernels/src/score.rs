//! A score between 0 and 1 of each row's four numbers.

use analyte_sdk::prelude::*;

/// What is scored.
#[derive(Row, Debug, Clone, Copy)]
pub struct Reading {
    /// How hot it is.
    #[row(unit = "°C")]
    pub temperature: f64,
    /// How much it shakes.
    #[row(unit = "mm/s")]
    pub vibration: f64,
    /// How hard it is pressed.
    #[row(unit = "bar")]
    pub pressure: f64,
    /// How fast it turns.
    #[row(unit = "1/min")]
    pub speed: f64,
}

/// What comes of it.
#[derive(Row, Debug)]
pub struct Scored {
    /// From 0 to 1; more is worse.
    pub score: f64,
}

/// The score: an S-shaped function of a weighted sum. Of the S-shaped functions it is the one made of basic operations
/// alone, so that every machine gives the same bits.
pub fn score(temperature: f64, vibration: f64, pressure: f64, speed: f64) -> f64 {
    let sum =
        0.035 * (temperature - 65.0) + 0.6 * (vibration - 2.8) - 0.2 * (pressure - 6.0) + 0.0004 * (speed - 1500.0);
    0.5 + 0.5 * sum / (1.0 + sum * sum).sqrt()
}

/// The model.
#[derive(Debug)]
pub struct ScoreModel;

impl Model for ScoreModel {
    const NAME: &str = "score";
    const DESCRIPTION: &str = "Scores each row.";
    type Input = Reading;
    type Output = Scored;
    type Parameters = ();

    fn describe(info: ModelInfo) -> ModelInfo {
        info.independent_rows().example(
            Example::new("as usual")
                .input([Reading { temperature: 65.0, vibration: 2.8, pressure: 6.0, speed: 1500.0 }])
                .expect([Scored { score: 0.5 }]),
        )
    }

    fn run(request: Request<Self>) -> Result<Outcome<Scored>> {
        let scored = |row: Reading| Scored { score: score(row.temperature, row.vibration, row.pressure, row.speed) };
        Ok(request.rows()?.map(scored).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_example_holds() -> Result<()> {
        analyte_sdk::testing::check_examples::<ScoreModel>()
    }
}
