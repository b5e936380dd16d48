//! A provider whose models compute: what the benchmark `goals` measures, in a component and, from this same source,
//! natively.
//!
//! Each kernel makes its own data from fixed seeds and gives a checksum, so that a run is known to have computed what the
//! others did, bit by bit, and nothing but a number crosses. `score` is a small model of an ordinary kind, `nothing` the
//! least that there can be.

pub mod hash;
pub mod matrix_product;
pub mod normal_equations;
pub mod score;

mod seeded;

use analyte_sdk::prelude::*;

/// What a kernel takes.
#[parameters]
pub struct Size {
    /// How much to do: rows and columns of a matrix, or rounds.
    #[parameter(default = 1)]
    pub size: u32,
}

/// What a kernel gives.
#[derive(Row, Debug)]
pub struct Checksum {
    /// Of all that it computed.
    pub checksum: i64,
}

/// Makes a model of a kernel.
macro_rules! kernel {
    ($model:ident, $name:literal, $run:path, $description:literal) => {
        #[doc = $description]
        #[derive(Debug)]
        pub struct $model;

        impl Model for $model {
            const NAME: &str = $name;
            const DESCRIPTION: &str = $description;
            type Input = ();
            type Output = Checksum;
            type Parameters = Size;

            fn run(request: Request<Self>) -> Result<Outcome<Checksum>> {
                let checksum = $run(request.parameters.size).cast_signed();
                Ok([Checksum { checksum }].into_iter().collect())
            }
        }
    };
}

kernel!(MatrixProduct, "matrix-product", matrix_product::run, "Multiplies two square matrices of `size` rows.");
kernel!(
    NormalEquations,
    "normal-equations",
    normal_equations::run,
    "Fits a linear regression of 16 columns to each of `size` windows of 5,000 rows."
);
kernel!(Hash, "hash", hash::run, "Hashes a mebibyte `size` times with XXH64.");

/// Nothing in, nothing out.
#[derive(Debug)]
pub struct Nothing;

impl Model for Nothing {
    const NAME: &str = "nothing";
    const DESCRIPTION: &str = "Does nothing.";
    type Input = ();
    type Output = ();
    type Parameters = ();

    fn run(_: Request<Self>) -> Result<Outcome> {
        Ok(Outcome::from_columns([]))
    }
}

analyte_sdk::provider! {
    title: "Kernels",
    description: "Computes, to be measured.",
    models: [score::ScoreModel, Nothing, MatrixProduct, NormalEquations, Hash]
}
