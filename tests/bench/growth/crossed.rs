//! Tables of growing sizes through the server and back, in every format.

use std::sync::Arc;
use std::time::{Duration, Instant};

use analyte_core::base_type::BaseType;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::format::{Format, read, write};
use arrow_array::{ArrayRef, Float64Array};
use serde_json::Value;

use crate::curve::Curve;
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request_of};
use support::bench::load::runtime;
use support::bench::server::{self, ROOMY};
use support::bench::times::Times;
use support::chance::Chance;
use support::http::Http;
use support::ok;

/// In words.
pub(crate) const HOW: &str = "`execute` of a model that gives back its columns, from the first byte of the request to \
    the last one of the answer, by one client on the same machine; median of all calls. The numbers have two decimals. \
    The first answer is compared with the table, value by value, and each further one with the first. `rows \
    independent`: a model that declares it, so that its run is split from 10,000 rows on. `stored job`: the same as a \
    job, its table sent as JSON rows, `Prefer: wait`, and its result read as Arrow; both are durable.";

/// One way of sending a table.
#[derive(Debug, Clone, Copy)]
struct Way {
    name: &'static str,
    provider: &'static str,
    model: &'static str,
    format: Format,
    stored: bool,
}

const WAYS: [Way; 5] = [
    Way { name: "Arrow", provider: "hostile", model: "echo", format: Format::Arrow, stored: false },
    Way { name: "Arrow, rows independent", provider: "rows", model: "copy", format: Format::Arrow, stored: false },
    Way { name: "JSON rows", provider: "hostile", model: "echo", format: Format::Json, stored: false },
    Way { name: "CSV", provider: "hostile", model: "echo", format: Format::Csv, stored: false },
    Way { name: "stored job", provider: "hostile", model: "echo", format: Format::Json, stored: true },
];

/// A table on its way, and what must come back.
struct Sent {
    way: Way,
    size: usize,
    request: Vec<u8>,
    answer: Vec<u8>,
    times: Times,
}

/// The curves of these tables over their sizes; all by turns.
pub(crate) fn curves(asked: &Asked, tables: impl Iterator<Item = (usize, Table)>) -> Vec<Curve> {
    let server = server::start(ROOMY, &["hostile", "rows"]);
    let http = &server.http;
    let runtime = runtime();
    // One for all: what an answer is read into has then been in use before, so that it costs no first touch.
    let mut connection = runtime.block_on(Connection::open(address(http)));
    let mut all = Vec::new();
    for (size, table) in tables {
        for way in WAYS {
            let request = way.request(http, &table);
            let answer = runtime.block_on(way.call(http, &mut connection, &request)).1.to_vec();
            let back = if way.stored { Format::Arrow } else { way.format };
            let got = ok(read(back, answer.clone().into(), &Shape::any(), &Limits::default()), "a table").table;
            assert!(got.columns() == table.columns(), "{}, {size}: the same numbers come back", way.name);
            all.push(Sent { way, size, request, answer, times: Times::default() });
        }
    }
    for _ in 0..asked.pick(1, 3) {
        for sent in &mut all {
            runtime.block_on(sent.again(
                http,
                &mut connection,
                asked.pick(1, 3),
                asked.pick(Duration::ZERO, Duration::from_millis(200)),
            ));
        }
    }
    let mut curves = WAYS.map(|way| Curve::new(way.name));
    for Sent { way, size, times, .. } in &all {
        let curve = curves.iter_mut().find(|curve| curve.name == way.name).expect("its curve");
        curve.add(*size, times.quantile(0.5).as_secs_f64() * 1_000.0);
    }
    curves.into()
}

impl Sent {
    /// Calls so often at least, and until so much time has passed.
    async fn again(&mut self, http: &Http, connection: &mut Connection, least: usize, enough: Duration) {
        let began = Instant::now();
        for call in 1.. {
            let (took, answer) = self.way.call(http, connection, &self.request).await;
            self.times.add(took);
            assert!(answer == self.answer, "{}, {}: another answer", self.way.name, self.size);
            if call >= least && began.elapsed() >= enough {
                return;
            }
        }
    }
}

impl Way {
    /// All bytes of a request.
    fn request(self, http: &Http, table: &Table) -> Vec<u8> {
        let Self { provider, model, format, .. } = self;
        let body = ok(write(format, table), "a table that can be written");
        if self.stored {
            let head = format!("{{\"provider\":\"{provider}\",\"model\":\"{model}\",\"input\":");
            let body = [head.as_bytes(), &body, b"}"].concat();
            return request_of(
                http,
                "POST",
                "/v1/jobs",
                "content-type: application/json\r\nprefer: wait=60\r\n",
                &body,
            );
        }
        let media_type = format.media_type();
        let headers = format!("content-type: {media_type}\r\naccept: {media_type}\r\n");
        request_of(http, "POST", &format!("/v1/providers/{provider}/models/{model}/execute"), &headers, &body)
    }

    /// How long it took until the last byte of the answer was there, for a stored job of its result; and that body.
    async fn call<'a>(self, http: &Http, connection: &'a mut Connection, request: &[u8]) -> (Duration, &'a [u8]) {
        let began = Instant::now();
        if self.stored {
            let job = connection.call(request).await.expect(200);
            let job: Value = ok(serde_json::from_slice(job.body), "a job");
            assert_eq!(job["status"], "completed", "{job}");
            let path = format!("/v1/jobs/{}/results", job["id"].as_str().expect("an id"));
            let headers = format!("accept: {}\r\n", Format::Arrow.media_type());
            connection.send(&request_of(http, "GET", &path, &headers, b"")).await;
        } else {
            connection.send(request).await;
        }
        let answer = connection.receive().await;
        (began.elapsed(), answer.expect(200).body)
    }
}

/// Random numbers with two decimals.
pub(crate) fn table(rows: usize, columns: usize) -> Table {
    let mut chance = Chance::new(12);
    let fields: Arc<[Field]> = (0..columns).map(|place| Field::new(&format!("x{place}"), BaseType::Number)).collect();
    let mut number = || chance.below(100_000) as f64 / 100.0;
    let columns = (0..columns).map(|_| Arc::new((0..rows).map(|_| number()).collect::<Float64Array>()) as ArrayRef);
    ok(Table::new(fields, columns.collect(), rows), "a table")
}
