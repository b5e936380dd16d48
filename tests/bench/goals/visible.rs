//! How long it takes from the submission of a job until its result can be seen, where nothing else happens.

use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use crate::goal::{goal, measured};
use crate::noop;
use crate::report::{Line, Report};
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request, request_of};
use support::bench::load::runtime;
use support::bench::server;
use support::bench::times::{Times, milliseconds};
use support::http::Http;

const NOTE: &str = "from the first byte of `POST /v1/jobs` to the last byte of `GET …/results`, one client on one \
    connection, one job at a time, nothing else on the server; the job is a no-op with a table of one number. The \
    client either lets its submission wait (`Prefer: wait=10`) or asks for the job again and again without a pause. By \
    turns. Every result is looked at. The server has its defaults but `free_disk_bytes = 0`.";

/// What a client has to know of a job.
#[derive(Deserialize)]
struct Job<'a> {
    id: &'a str,
    status: &'a str,
}

/// Both ways by turns.
pub(crate) fn measure(asked: &Asked) -> Report {
    let server = server::start("[limits]\nfree_disk_bytes = 0\n", &["hostile"]);
    let (waited, polled) = runtime().block_on(both(&server.http, asked));
    let milliseconds_of = |times: &Times, share| times.quantile(share).as_secs_f64() * 1_000.0;
    let shown = |times: &Times| {
        format!("p50 {}, p99 {}", milliseconds(times.quantile(0.5)), milliseconds(times.quantile(0.99)))
    };
    let (half, slowest) = (goal("visible-p50"), goal("visible-p99"));
    let lines = vec![
        Line {
            what: "submit → result visible, idle machine, the submission waits".to_owned(),
            goal: format!("p50 {} ms, p99 {} ms", half.goal, slowest.goal),
            stretch: format!("{} ms, {} ms", half.stretch, slowest.stretch),
            measured: shown(&waited),
            figures: vec![
                measured("visible-p50", milliseconds_of(&waited, 0.5)),
                measured("visible-p99", milliseconds_of(&waited, 0.99)),
            ],
        },
        Line::beside("the same, the client asks again and again", shown(&polled)),
    ];
    Report { lines, note: NOTE.to_owned() }
}

async fn both(http: &Http, asked: &Asked) -> (Times, Times) {
    let mut connection = Connection::open(address(http)).await;
    let body = noop::job(None).to_string();
    let headers = "content-type: application/json\r\nprefer: wait=10\r\n";
    let waiting = request_of(http, "POST", "/v1/jobs", headers, body.as_bytes());
    let plain = request(http, "POST", "/v1/jobs", &body);
    let (mut waited, mut polled) = (Times::default(), Times::default());
    // The first ones fill caches, and are not counted.
    let (idle, count) = asked.pick((1, 5), (100, 1_000));
    for number in 0..idle + count {
        let began = Instant::now();
        let answer = connection.call(&waiting).await.expect(200);
        let job: Job<'_> = serde_json::from_slice(answer.body).expect("a job");
        assert_eq!(job.status, "completed", "{}", answer.text());
        let id = job.id.to_owned();
        let result = results(http, &mut connection, &id).await;
        let one = began.elapsed();
        assert!(noop::is_result(&result), "{result}");

        let began = Instant::now();
        let id = serde_json::from_slice::<Job<'_>>(connection.call(&plain).await.expect(201).body)
            .expect("a job")
            .id
            .to_owned();
        let ask = request_of(http, "GET", &format!("/v1/jobs/{id}"), "", b"");
        loop {
            let answer = connection.call(&ask).await.expect(200);
            match serde_json::from_slice::<Job<'_>>(answer.body).expect("a job").status {
                "completed" => break,
                "queued" | "running" => {}
                _ => panic!("the job ended badly: {}", answer.text()),
            }
        }
        let result = results(http, &mut connection, &id).await;
        let other = began.elapsed();
        assert!(noop::is_result(&result), "{result}");
        if number >= idle {
            waited.add(one);
            polled.add(other);
        }
    }
    (waited, polled)
}

async fn results(http: &Http, connection: &mut Connection, id: &str) -> Value {
    let ask = request_of(http, "GET", &format!("/v1/jobs/{id}/results"), "", b"");
    let answer = connection.call(&ask).await.expect(200);
    serde_json::from_slice(answer.body).expect("a table")
}
