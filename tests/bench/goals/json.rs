//! Reading JSON rows into columns, against the least that a reader of JSON can do.

use analyte_core::base_type::BaseType;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::format::{Format, read};
use bytes::Bytes;
use serde::de::IgnoredAny;

use crate::clock::ProcessorTime;
use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::rounds::{Rounds, milliseconds, ratio};
use support::chance::Chance;
use support::ok;

const COLUMNS: usize = 8;

const NOTE: &str = "processor time for the same bytes in memory, read by core into columns as the server does for a \
    model that declares eight NUMBER fields, and by `serde_json::from_slice::<IgnoredAny>`, which checks the grammar \
    and keeps nothing; by turns, on one thread, ratios those of each round. The body is `{\"rows\":[{…},…]}`. \
    Short numbers have up to three digits before and two after the point; full ones 17 digits, as random floats print.";

/// Two kinds of numbers.
pub(crate) fn measure(asked: &Asked) -> Report {
    let rows = asked.pick(1_000, 125_000);
    let mut chance = Chance::new(10);
    let short = body(rows, || {
        let number = chance.below(100_000);
        format!("{}.{:02}", number / 100, number % 100)
    });
    let mut chance = Chance::new(11);
    let full = body(rows, || format!("{}", (chance.number() >> 11) as f64 / (1_u64 << 53) as f64 * 1_000.0));
    let kinds = [("short", short), ("full-precision", full)];
    let lines = kinds.map(|(kind, body)| {
        let (mut own, mut least, mut slower) = (Rounds::default(), Rounds::default(), Rounds::default());
        for _ in 0..asked.pick(1, 15) {
            let (read, skipped) = by_turns(&body, rows);
            own.add(read);
            least.add(skipped);
            slower.add(read / skipped);
        }
        let figure = format!("json-{kind}");
        let wanted = goal(&figure);
        Line {
            what: format!("JSON rows in, {rows} × {COLUMNS} {kind} numbers, against `serde_json` into `IgnoredAny`"),
            goal: format!("{}×", wanted.goal),
            stretch: format!("{}×", wanted.stretch),
            measured: format!("{}: {} to {}", slower.shown(ratio), own.shown(milliseconds), least.shown(milliseconds)),
            figures: vec![measured(&figure, slower.median())],
        }
    });
    Report { lines: lines.into(), note: NOTE.to_owned() }
}

fn body(rows: usize, mut number: impl FnMut() -> String) -> Bytes {
    let mut row = || {
        let cells = (0..COLUMNS).map(|place| format!("\"x{place}\":{}", number()));
        format!("{{{}}}", cells.collect::<Vec<_>>().join(","))
    };
    format!("{{\"rows\":[{}]}}", (0..rows).map(|_| row()).collect::<Vec<_>>().join(",")).into()
}

/// Milliseconds of core's reader, and of the other.
fn by_turns(body: &Bytes, rows: usize) -> (f64, f64) {
    let fields = (0..COLUMNS).map(|place| Field::new(&format!("x{place}"), BaseType::Number));
    let (shape, limits) = (Shape::closed(fields.collect()), Limits::default());
    let began = ProcessorTime::now();
    let table = ok(read(Format::Json, body.clone(), &shape, &limits), "a table").table;
    let own = began.milliseconds();
    assert_eq!((table.rows(), table.columns().len()), (rows, COLUMNS), "all of the table");
    let began = ProcessorTime::now();
    ok(serde_json::from_slice::<IgnoredAny>(body), "JSON");
    let least = began.milliseconds();
    (own, least)
}
