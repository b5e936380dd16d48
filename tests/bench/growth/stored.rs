//! Jobs that are stored.

use crate::curve::{Chart, Curve};
use support::bench::asked::Asked;
use support::bench::compiled;
use support::bench::connection::{Connection, address, request_of};
use support::bench::filled::{self, BATCH, Filled, add, ready, restarted};
use support::bench::load::runtime;
use support::bench::machine;
use support::bench::times::Times;
use support::http::Http;
use support::server::Setup;

/// Calls whose cost might hang on what is stored.
const CALLS: [(&str, &str); 3] = [
    ("list by an index", "/v1/jobs?limit=50&status=completed"),
    ("list by an index that finds few", "/v1/jobs?limit=50&tag=rare:yes"),
    ("one job", "/v1/jobs/"),
];

/// One server that is given ever more jobs.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let most = asked.jobs().unwrap_or(asked.pick(1_000, 1_000_000));
    let sizes = std::iter::successors(Some(asked.pick(100, 1_000)), |jobs| Some(jobs * 10));
    let config = filled::config(most);
    let setup = Setup { config: &config, plugins: &["hostile"], ..Setup::default() };
    let mut server = compiled::start(&setup);
    ready(&server.http);
    filled::install(&server.http);

    let names = ["a job submitted and run", "restart to ready", "list by an index", "list by an index that finds few"];
    let [mut ran, mut restart, mut list, mut few] = names.map(Curve::new);
    let mut one = Curve::new("one job");
    let [mut resident, mut disk] = ["resident memory after a restart", "data directory"].map(Curve::new);
    let mut before = 0;
    for jobs in sizes.take_while(|jobs| *jobs <= most) {
        let Filled { took, .. } = add(&server.http, before..jobs);
        ran.add(jobs, took.as_secs_f64() * 1_000.0 / (jobs - before) as f64);
        let (home, [(_, stopped), _]) = restarted(server, &setup, asked.pick(1, 3));
        restart.add(jobs, stopped.quantile(0.5).as_secs_f64() * 1_000.0);
        disk.add(jobs, machine::size(&home.data_dir()) as f64);
        server = home.start(&setup);
        ready(&server.http);
        resident.add(jobs, machine::memory(server.id()) as f64);
        let times = calls(&server.http, asked.pick(5, 200));
        for (curve, times) in [&mut list, &mut few, &mut one].into_iter().zip(&times) {
            curve.add(jobs, times.quantile(0.5).as_secs_f64() * 1_000.0);
        }
        before = jobs;
    }
    let note = format!(
        "One server that is given ever more jobs, in batches of {BATCH} by one client, of which seven tenths complete and \
         one each fails, is cancelled and waits for another day. `a job submitted and run` is the whole time of the jobs \
         that were added over their number; medians of restarts after SIGTERM and of calls, one client on one \
         connection. Settings: the defaults but `queued_jobs` and `free_disk_bytes = 0`."
    );
    let memory =
        "Of the server after the restart, before it is asked anything; and of all files in its data directory.";
    vec![
        Chart {
            title: "Stored jobs: time",
            sizes: "jobs",
            unit: "ms",
            curves: vec![ran, restart, list, few, one],
            note,
        },
        Chart {
            title: "Stored jobs: memory and disk",
            sizes: "jobs",
            unit: "MiB",
            curves: vec![resident, disk],
            note: memory.to_owned(),
        },
    ]
}

/// The times of each call.
fn calls(http: &Http, samples: usize) -> [Times; 3] {
    let newest = http.get("/v1/jobs?limit=1").expect(200).json()["jobs"][0]["id"].as_str().expect("an id").to_owned();
    let requests = CALLS.map(|(_, path)| {
        let id = if path.ends_with('/') { newest.as_str() } else { "" };
        request_of(http, "GET", &format!("{path}{id}"), "", b"")
    });
    let mut times = CALLS.map(|_| Times::default());
    runtime().block_on(async {
        let mut connection = Connection::open(address(http)).await;
        for _ in 0..samples {
            for (request, times) in requests.iter().zip(&mut times) {
                let began = std::time::Instant::now();
                connection.call(request).await.expect(200);
                times.add(began.elapsed());
            }
        }
    });
    times
}
