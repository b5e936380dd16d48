//! Schedules of a server that is killed again and again: each fire time fires once.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking; JSON values index to null")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use support::eventually;
use support::http::Http;
use support::server::{Home, Setup};

#[test]
fn no_fire_time_is_lost_or_fires_twice() {
    let setup = Setup { plugins: &["hostile"], ..Setup::default() };
    let mut server = Home::new().start(&setup);
    let template = json!({"provider": "hostile", "model": "noop", "input": [{"value": 1}]});
    let ids: Vec<String> = (0..8)
        .map(|_| {
            let made = json!({"name": "often", "when": {"every_ms": 1_000}, "overlap": "queue", "catch_up": "all",
                "catch_up_window_ms": 600_000, "template": template});
            server.http.post("/v1/schedules", &made).expect(201).json()["id"].as_str().expect("an id").to_owned()
        })
        .collect();
    for round in 1..=6 {
        // While some of them fire: after two, three, … of the eight that fire in the same second.
        let target = jobs(&server.http) + 8 + 1 + round;
        eventually("schedules to fire", || (jobs(&server.http) >= target).then_some(()));
        server = server.kill().start(&setup);
    }
    for id in &ids {
        let path = format!("/v1/schedules/{id}");
        // What waited has become a job, and the schedule is up to date.
        let fired = eventually("all that was missed to be made up for", || {
            let shown = server.http.get(&path).expect(200).json();
            (shown["waiting"] == json!([]) && shown["jobs"].as_u64() > Some(10)).then_some(())?;
            Some(server.http.get(&format!("{path}/history?limit=1000")).expect(200).json())
        });
        let mut fire_times = BTreeMap::new();
        for firing in fired["firings"].as_array().expect("a list").iter().filter(|one| one["outcome"] == "job") {
            let time = firing["fire_time"].as_str().expect("a time").to_owned();
            let twice = fire_times.insert(time, firing["job"].clone());
            assert_eq!(twice, None, "{firing} fired twice");
        }
        let times: Vec<i64> = fire_times.keys().map(|time| milliseconds(time)).collect();
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap != 1_000).collect();
        assert_eq!(gaps, [0_i64; 0], "fire times are lost: {times:?}");
        for job in fire_times.values() {
            let job: Value = server.http.get(&format!("/v1/jobs/{}", job.as_str().expect("an id"))).expect(200).json();
            assert_eq!(job["schedule"]["id"], json!(id));
        }
    }
}

/// How many jobs all schedules have given.
fn jobs(http: &Http) -> u64 {
    let all = http.get("/v1/schedules?limit=100").expect(200).json();
    all["schedules"].as_array().expect("a list").iter().filter_map(|one| one["jobs"].as_u64()).sum()
}

fn milliseconds(time: &str) -> i64 {
    time.parse::<analyte_core::timestamp::Timestamp>().expect("a time").0
}
