//! Result files of runs outside a component: each run has its own.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::Write as _;

use analyte_sdk::prelude::*;
use analyte_sdk::testing;

/// One number.
#[derive(Row, Debug, Clone, PartialEq)]
struct Number {
    value: f64,
}

/// Writes what it gets into a file, as often as it says.
struct Writer;

impl Model for Writer {
    const NAME: &str = "writer";
    type Input = Number;
    type Output = Number;
    type Parameters = ();

    fn describe(info: ModelInfo) -> ModelInfo {
        let example = |name: &str, value: f64| Example::new(name).input([Number { value }]).expect([Number { value }]);
        info.example(example("one", 1.0)).example(example("one more", 1.0))
    }

    fn run(request: Request<Self>) -> Result<Outcome<Number>> {
        let rows: Vec<Number> = request.rows()?.collect();
        for number in &rows {
            let mut file = ResultFile::create("value.txt", "text/plain")?;
            write!(file, "{}", number.value)?;
            file.finish()?;
        }
        Ok(rows.into_iter().collect())
    }
}

#[test]
fn each_example_has_its_own_files() {
    testing::check_examples::<Writer>().unwrap();
}

#[test]
fn a_run_may_write_what_the_one_before_wrote_and_nothing_twice() {
    let run = |values: &[f64]| {
        let rows = values.iter().map(|value| Number { value: *value });
        testing::run::<Writer>(Table::of_rows(rows).unwrap(), ())
    };
    run(&[1.0]).unwrap();
    run(&[2.0]).unwrap();
    assert_eq!(testing::recorded().files.get("value.txt").unwrap().bytes, b"2");
    assert_eq!(run(&[3.0, 4.0]).unwrap_err().code(), "file-exists");
}
