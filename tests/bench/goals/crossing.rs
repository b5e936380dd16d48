//! Large tables through the whole server and back.

use std::sync::Arc;
use std::time::Instant;

use analyte_core::base_type::BaseType;
use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read, write};
use analyte_engine::request::RunRequest;
use arrow_array::{ArrayRef, Float64Array};

use crate::goal::{goal, measured};
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request_of};
use support::bench::load::runtime;
use support::bench::rounds::{Rounds, milliseconds};
use support::bench::server;
use support::chance::Chance;
use support::http::Http;
use support::ok;
use support::sandbox::{self, Sandbox};

const COLUMNS: usize = 8;
const PATH: &str = "/v1/providers/hostile/models/echo/execute";

const NOTE: &str = "`execute` of a model that gives back its columns as it got them, on the real server with its \
    defaults. The figure is bytes of both bodies over the time from the moment when the client's system has taken the \
    last byte of the request until the last byte of the answer is there. That holds more than the goal asks for: what \
    of the body was still on its way (some MB of socket buffers), the guest's own time, and the way of the answer over \
    loopback. Reading, checking, both crossings and writing are in it. One client, one call at a time, formats by \
    turns; every answer is the same table, value by value. The numbers are random ones of full precision. Engine \
    alone: from the table in memory to the checked table, both crossings, without reading and writing; bytes are those \
    of the columns.";

/// What is measured of one format.
#[derive(Default)]
struct Crossing {
    rate: Rounds,
    after_the_body: Rounds,
    whole: Rounds,
}

/// All formats by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let server = server::start("", &["hostile"]);
    let (large, small) = (table(asked.pick(2_000, 1_000_000)), table(asked.pick(500, 100_000)));
    let ways = [
        ("Arrow", Format::Arrow, &large),
        ("JSON rows", Format::Json, &small),
        ("JSON columns", Format::JsonColumns, &small),
        ("CSV", Format::Csv, &small),
    ];
    let mut crossings = ways.map(|_| Crossing::default());
    let requests = ways.map(|(_, format, table)| prepared(&server.http, format, table));
    let mut engine = Rounds::default();
    let runtime = runtime();
    let sandbox = runtime.block_on(server::sandbox("hostile"));
    for _ in 0..asked.pick(1, 9) {
        for ((request, crossing), (_, format, table)) in requests.iter().zip(&mut crossings).zip(&ways) {
            runtime.block_on(once(&server.http, request, *format, table, crossing));
        }
        engine.add(runtime.block_on(engine_alone(&sandbox, &large)));
    }

    let mut lines = Vec::new();
    for ((name, _, table), crossing) in ways.iter().zip(&crossings) {
        let what = format!("{} × {COLUMNS} numbers → guest → back through `execute`, {name}", table.rows());
        let shown = format!(
            "{}; after the body {}; whole call {}",
            crossing.rate.shown(gigabytes),
            crossing.after_the_body.shown(milliseconds),
            milliseconds(crossing.whole.median()),
        );
        lines.push(if *name == "Arrow" {
            let wanted = goal("crossing");
            Line {
                what,
                goal: format!("{} GB/s", wanted.goal),
                stretch: format!("{} GB/s", wanted.stretch),
                measured: shown,
                figures: vec![measured("crossing", crossing.rate.median())],
            }
        } else {
            Line::beside(what, shown)
        });
    }
    let both_ways = (large.rows() * COLUMNS * 8 * 2) as f64;
    let rate = format!("{}; {}", gigabytes(both_ways / engine.median() / 1e6), engine.shown(milliseconds));
    lines.push(Line::beside(format!("{} × {COLUMNS} numbers → guest → back, engine alone", large.rows()), rate));
    Report { lines, note: NOTE.to_owned() }
}

fn gigabytes(rate: f64) -> String {
    format!("{rate:.2} GB/s")
}

/// Random numbers.
fn table(rows: usize) -> Table {
    let mut chance = Chance::new(9);
    let fields: Arc<[Field]> = (0..COLUMNS).map(|place| Field::new(&format!("x{place}"), BaseType::Number)).collect();
    let mut number = || (chance.number() >> 11) as f64 / (1_u64 << 53) as f64 * 1_000.0;
    let columns = (0..COLUMNS).map(|_| Arc::new((0..rows).map(|_| number()).collect::<Float64Array>()) as ArrayRef);
    ok(Table::new(fields, columns.collect(), rows), "a table")
}

/// The whole request of a table in a format.
fn prepared(http: &Http, format: Format, table: &Table) -> Vec<u8> {
    let media_type = format.media_type();
    let headers = format!("content-type: {media_type}\r\naccept: {media_type}\r\n");
    request_of(http, "POST", PATH, &headers, &ok(write(format, table), "a table that can be written"))
}

/// One call; the times are in milliseconds, the rate in gigabytes a second.
async fn once(http: &Http, request: &[u8], format: Format, table: &Table, crossing: &mut Crossing) {
    let mut connection = Connection::open(address(http)).await;
    let began = Instant::now();
    connection.send(request).await;
    let sent = Instant::now();
    let answer = connection.receive().await;
    let (after_the_body, whole) = (sent.elapsed(), began.elapsed());
    let answer = answer.expect(200);
    crossing.rate.add((request.len() + answer.body.len()) as f64 / after_the_body.as_secs_f64() / 1e9);
    crossing.after_the_body.add(after_the_body.as_secs_f64() * 1_000.0);
    crossing.whole.add(whole.as_secs_f64() * 1_000.0);
    let body = answer.body.to_vec().into();
    let got = ok(read(format, body, &Shape::any(), &Limits::default()), "a table").table;
    assert!(got.columns() == table.columns(), "the same numbers come back");
}

/// Milliseconds of one run on the engine.
async fn engine_alone(sandbox: &Sandbox, table: &Table) -> f64 {
    let Limits { fuel, memory_bytes, timeout_ms, .. } = Limits::default();
    let limits = RunLimits { fuel, memory_bytes, timeout_ms };
    let usual = sandbox.request("echo", "{}", &Arc::default());
    let request = RunRequest { input: table.clone(), limits, ..usual };
    let began = Instant::now();
    let report = sandbox.component.run(request).await;
    let took = began.elapsed().as_secs_f64() * 1_000.0;
    let Ok(outcome) = &report.outcome else { panic!("{}", sandbox::shown(&report)) };
    assert!(outcome.output.columns() == table.columns(), "the same numbers come back");
    took
}
