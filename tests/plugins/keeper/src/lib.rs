//! A provider that keeps between its runs whatever it can: a count, memory, handles of result files.
//!
//! It has one model, `keeper`, whose parameter `deed` says what a run does. Each run gives one row: how many runs this
//! instance has begun, and what the run saw.

mod deeds;

use std::sync::atomic::{AtomicI64, Ordering};

use analyte_sdk::prelude::*;
use analyte_sdk::{FileModels, FileRequest, ModelFile};

/// Runs that this instance has begun.
static COUNT: AtomicI64 = AtomicI64::new(0);

/// A number that nobody looks at.
#[derive(Row, Debug)]
pub struct Number {
    /// The number.
    pub value: Option<f64>,
}

/// What a run tells.
#[derive(Row, Debug)]
pub struct Seen {
    /// Runs that this instance has begun, this one included.
    pub count: i64,
    /// What it saw.
    pub saw: String,
}

/// What a run does.
#[parameters]
pub struct Options {
    /// What to do.
    #[parameter(default = Deed::Count)]
    pub deed: Deed,
    /// How much or how often, or where a reading begins.
    #[parameter(default = 0)]
    pub number: u64,
    /// How much to read at once.
    #[parameter(default = 0)]
    pub length: u32,
}

/// What a run can do.
#[parameters]
pub enum Deed {
    /// Nothing but count.
    Count,
    /// Says what the host says of the job.
    Who,
    /// Reports an error, after writing its count to stderr.
    Error,
    /// Gives one row too many.
    TwoRows,
    /// Panics, after counting.
    Panic,
    /// Works for ever.
    Spin,
    /// Works `number` rounds.
    Work,
    /// Keeps `number` bytes more.
    Grow,
    /// Asks for a setting that nobody granted, and does not mind.
    Ask,
    /// Writes `number` lines of a kilobyte to the log.
    Log,
    /// Reports progress `number` times, `number` being said in each message.
    Progress,
    /// Makes `number` files, writes to each and keeps its handle, unfinished.
    Leave,
    /// Makes the first file anew, and writes to it between trying what it kept of earlier ones.
    Resume,
    /// Reads `length` bytes of the model's file from `number`.
    Read,
}

/// The model.
#[derive(Debug)]
pub struct Keeper;

impl Model for Keeper {
    const NAME: &str = "keeper";
    const DESCRIPTION: &str = "Keeps what it can between runs.";
    type Input = Number;
    type Output = Seen;
    type Parameters = Options;

    fn describe(info: ModelInfo) -> ModelInfo {
        info.cardinality(Cardinality::NToOne)
    }

    fn run(request: Request<Self>) -> Result<Outcome<Seen>> {
        let count = COUNT.fetch_add(1, Ordering::Relaxed) + 1;
        let rows = if matches!(request.parameters.deed, Deed::TwoRows) { 2 } else { 1 };
        let saw = deeds::run(&request.parameters, count)?;
        Ok((0..rows).map(|_| Seen { count, saw: saw.clone() }).collect())
    }
}

/// Model files of any kind: looked at whole, and run as `keeper`.
#[derive(Debug)]
pub struct AnyFile;

impl FileModels for AnyFile {
    fn inspect(name: &str, _: ModelFile) -> Result<ModelInfo> {
        let read = deeds::read(0, u32::MAX);
        Ok(ModelInfo::new(name).describe(read).cardinality(Cardinality::NToOne))
    }
    fn run(_: FileRequest) -> Result<Outcome> {
        Err(Error::new("not-run", "Model files are only looked at here."))
    }
}

analyte_sdk::provider! { title: "Keeper", models: [Keeper], files: AnyFile }
