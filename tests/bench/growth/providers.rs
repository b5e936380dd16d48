//! Providers that are installed.

use std::fs;
use std::time::Instant;

use crate::curve::{Chart, Curve};
use support::bench::asked::Asked;
use support::bench::connection::{Connection, address, request, request_of};
use support::bench::filled::ready;
use support::bench::load::runtime;
use support::bench::machine;
use support::bench::times::Times;
use support::http::Http;
use support::ok;
use support::plugins::plugin;
use support::server::{Home, Setup};

const CONFIG: &str = "[limits]\nfree_disk_bytes = 0\nproviders = 2000\nrequests_per_second = 1000000\n";

/// One server that is given ever more providers.
pub(crate) fn measure(asked: &Asked) -> Vec<Chart> {
    let sizes = asked.pick([1, 2].as_slice(), [1, 3, 10, 30, 100, 300, 1_000].as_slice());
    let setup = Setup { config: CONFIG, ..Setup::default() };
    let component = ok(fs::read(plugin("rows")), "the component");
    let mut server = Home::new().start(&setup);
    ready(&server.http);

    let names =
        ["installing one more", "restart to ready", "list of all", "`execute`, one provider", "`execute`, by turns"];
    let [mut install, mut restart, mut list, mut same, mut turns] = names.map(Curve::new);
    let [mut resident, mut disk] = ["resident memory after a restart", "data directory"].map(Curve::new);
    let mut installed = 0;
    for &size in sizes {
        let mut times = Times::default();
        for number in installed..size {
            let component = distinct(&component, number);
            let began = Instant::now();
            server.http.put(&path(number), "application/wasm", &component).expect(201);
            times.add(began.elapsed());
        }
        install.add(size, milliseconds(&times));
        installed = size;

        let mut times = Times::default();
        for _ in 0..asked.pick(1, 3) {
            let home = server.terminate().2;
            let began = Instant::now();
            server = home.start(&setup);
            ready(&server.http);
            times.add(began.elapsed());
        }
        restart.add(size, milliseconds(&times));
        resident.add(size, machine::memory(server.id()) as f64);
        disk.add(size, machine::size(&server.data_dir()) as f64);

        let samples = asked.pick(4, 2_000);
        let [all, one, each] = calls(&server.http, size, samples);
        list.add(size, milliseconds(&all));
        same.add(size, milliseconds(&one));
        turns.add(size, milliseconds(&each));
    }
    let note = "One server that is given ever more providers, each with code of its own: the same Rust component of 0.7 MB \
        with another custom section, compiled anew for each. Restarts after SIGTERM. `execute` copies a table of one \
        number, in the same provider or in another one each time; one client on one connection; medians. Settings: the \
        defaults but `providers = 2000`, `free_disk_bytes = 0` and `requests_per_second = 1000000`.";
    let memory =
        "Of the server after the restart, before it is asked anything; and of all files in its data directory.";
    vec![
        Chart {
            title: "Installed providers: time",
            sizes: "providers",
            unit: "ms",
            curves: vec![install, restart, list, same, turns],
            note: note.to_owned(),
        },
        Chart {
            title: "Installed providers: memory and disk",
            sizes: "providers",
            unit: "MiB",
            curves: vec![resident, disk],
            note: memory.to_owned(),
        },
    ]
}

fn path(number: usize) -> String {
    format!("/v1/providers/p{number:04}")
}

/// The component with a custom section that says its number: another component, with other code of its own.
fn distinct(component: &[u8], number: usize) -> Vec<u8> {
    // Section 0, its length, then a name with its length, then what it holds.
    let section = [b"\x00\x0b\x06number".as_slice(), format!("{number:04}").as_bytes()].concat();
    [component, &section].concat()
}

/// Times of listing all, of runs in one provider, and of runs in all of them by turns.
fn calls(http: &Http, providers: usize, samples: usize) -> [Times; 3] {
    let body = "{\"rows\":[{\"value\":1.5}]}";
    let list = request_of(http, "GET", "/v1/providers", "", b"");
    let run = |number: usize| request(http, "POST", &format!("{}/models/copy/execute", path(number)), body);
    let requests: Vec<Vec<u8>> = (0..providers).map(run).collect();
    let [mut all, mut one, mut each] = [(); 3].map(|()| Times::default());
    runtime().block_on(async {
        let mut connection = Connection::open(address(http)).await;
        let mut timed = async |request: &[u8], times: &mut Times| {
            let began = Instant::now();
            let answer = connection.call(request).await.expect(200);
            times.add(began.elapsed());
            answer.body.len()
        };
        for sample in 0..samples {
            timed(&requests[0], &mut one).await;
            timed(&requests[sample % providers], &mut each).await;
            // It answers all that there is, so a few times have to do.
            if sample % 50 == 0 {
                let length = timed(&list, &mut all).await;
                assert!(length > providers * 10, "all are listed");
            }
        }
    });
    [all, one, each]
}

fn milliseconds(times: &Times) -> f64 {
    times.quantile(0.5).as_secs_f64() * 1_000.0
}
