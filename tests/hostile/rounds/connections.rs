//! Clients that do not take what they asked for, or do not send what they announced.

use serde_json::json;

use super::Attack;
use super::arena::Arena;
use crate::answering::{ask, widening_job};
use support::raw::{End, Raw, head};

pub(super) fn attacks(arena: &Arena) -> Vec<Attack> {
    let wide = format!("/v1/jobs/{}/results", widening_job(&arena.crowd, 1_000, 1_000));
    let same = wide.clone();
    let noisy = noisy_job(arena);
    vec![
        Attack::new("8 clients hang up on an answer of 246 MiB", move |arena, _| {
            (0..8).for_each(|_| drop(ask(&arena.crowd, &wide)));
        }),
        Attack::new("20 clients read nothing of it, then hang up", move |arena, _| {
            let mut waiting: Vec<Raw> = (0..20).map(|_| ask(&arena.crowd, &same)).collect();
            for one in &mut waiting {
                one.until_said("HTTP/1.1 200", 1);
            }
        }),
        Attack::new("100 event streams that nobody reads", move |arena, _| {
            let path = format!("/v1/jobs/{noisy}/events");
            let mut streams: Vec<Raw> = (0..100).map(|_| ask(&arena.crowd, &path)).collect();
            for one in &mut streams {
                one.until_said("HTTP/1.1 200", 1);
            }
        }),
        Attack::new("20 bodies of 2 MB stop before their end", |arena, _| {
            let row = r#"{"value":1.5},"#;
            let rows = row.repeat(2_000_000 / row.len());
            let body = format!(r#"{{"provider":"hostile","model":"noop","input":[{}]}}"#, rows.trim_end_matches(','));
            let stopped: Vec<Raw> = (0..20)
                .map(|_| {
                    let mut raw = Raw::connect(&arena.crowd);
                    let head = head(&arena.crowd, "POST", "/v1/jobs");
                    let length = body.len();
                    raw.send(format!("{head}content-type: application/json\r\ncontent-length: {length}\r\n\r\n"));
                    // Closed in the middle where its organisation holds its share.
                    raw.send(&body.as_bytes()[..length - 1]);
                    raw
                })
                .collect();
            drop(stopped);
        }),
        Attack::new("200 connections say half of a head, and are closed", |arena, _| {
            let half: Vec<(Raw, End)> = (0..200)
                .map(|_| {
                    let mut raw = Raw::connect(&arena.crowd);
                    let end = raw.send("POST /v1/jobs HTTP/1.1\r\nhost: loc");
                    (raw, end)
                })
                .collect();
            assert!(half.iter().all(|(_, end)| *end == End::Open));
        }),
        Attack::new("bodies that take long to read and are refused", |arena, _| {
            let http = arena.client();
            let json = [("content-type", "application/json")];
            let post = |path: &str, body: &str| http.call("POST", path, &json, Some(body.as_bytes())).status;
            assert_eq!(post("/v1/jobs", &"[".repeat(5_000_000)), 400);
            let long = format!("{{\"parameters\":{{\"text\":\"{}\"}},\"input\":[]}}", "x".repeat(1_000_000));
            assert_eq!(post("/v1/providers/rows/models/rows/execute", &long), 422);
            let slow = "{\"type\":\"MATCHES\",\"fieldName\":\"model\",\"expression\":\"(\\\\p{L}{1,20}){1,3}x\"}";
            let query = format!("{{\"filters\":{{\"type\":\"OR\",\"filters\":[{}]}}}}", [slow; 8].join(","));
            assert!(matches!(post("/v1/jobs/query", &query), 200 | 422));
            let rows = vec!["{\"value\":1.5}"; 100_000].join(",");
            assert_eq!(post("/v1/providers/hostile/models/bad-length/execute", &format!("[{rows}]")), 502);
        }),
    ]
}

/// A job that wrote as much log as it may.
fn noisy_job(arena: &Arena) -> String {
    let id = arena.submit("log-flood", &json!({}));
    arena.ends(&id);
    id
}
