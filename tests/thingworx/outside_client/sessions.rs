//! The application's stateful sessions: within one, the provider keeps what it has between jobs.
//!
//! The plugin `keeper` counts the runs of its instance, so that its count says whether a job met an instance that was kept.

use serde_json::json;

use super::client::{AnalyticsManager, Cell, Connection, Credential};
use super::{Status, application, ended, keeper, refused, server};
use support::ok;
use support::server::Server;

/// Longest that a job may lie between the end of the one before it and its own start, in milliseconds; ample, as the machine
/// of a test is busy.
const HANDOVER: i64 = 10_000;

/// The application with its key and an HTTP session.
fn in_session(server: &Server) -> AnalyticsManager {
    let connection = Connection::new(&server.http.url, Credential::Key(server.http.token.clone()), true);
    ok(AnalyticsManager::connect(connection), "looking the services up")
}

fn count(manager: &AnalyticsManager) -> Option<f64> {
    ok(manager.execute_job(&keeper(json!({}))), "the execution").numbers("count")[0]
}

fn stateful(manager: &AnalyticsManager) -> bool {
    ok(manager.is_stateful_session(), "whether the session is stateful")
}

#[test]
fn within_a_session_a_provider_keeps_its_state() {
    let server = server();
    let manager = in_session(&server);
    let cookies = manager.connection().cookies();
    assert_eq!(cookies.len(), 1, "{cookies:?}");

    // An HTTP session by itself keeps nothing.
    assert!(!stateful(&manager));
    assert_eq!([count(&manager), count(&manager)], [Some(1.0), Some(1.0)]);

    ok(manager.start_stateful_session(), "the start");
    ok(manager.start_stateful_session(), "the start, again");
    assert!(stateful(&manager));
    assert_eq!([count(&manager), count(&manager)], [Some(1.0), Some(2.0)]);
    // Jobs that no client waits for belong to it, too, in the order of their submission.
    let ids: Vec<_> = (0..3).map(|_| ok(manager.submit_job(&keeper(json!({}))), "the submission")).collect();
    for (id, counted) in ids.iter().zip([3.0, 4.0, 5.0]) {
        assert_eq!(ended(&manager, "keeper", id), Status::Completed);
        let results = ok(manager.get_job_results("keeper", id), "the results");
        assert_eq!(results.numbers("count"), [Some(counted)]);
    }

    // Others do not meet it: another session, and a caller without one.
    let other = in_session(&server);
    assert!(!stateful(&other));
    ok(other.start_stateful_session(), "another start");
    assert_eq!([count(&other), count(&application(&server)), count(&manager)], [Some(1.0), Some(1.0), Some(6.0)]);

    ok(manager.end_stateful_session(), "the end");
    ok(manager.end_stateful_session(), "the end, again");
    assert!(!stateful(&manager));
    assert_eq!([count(&manager), count(&other)], [Some(1.0), Some(2.0)]);
    assert_eq!(manager.connection().cookies(), cookies, "it is one HTTP session all the time");
}

#[test]
fn jobs_of_a_session_follow_each_other_at_once() {
    let server = server();
    let manager = in_session(&server);
    ok(manager.start_stateful_session(), "the start");
    let ids: Vec<_> = (0..5).map(|_| ok(manager.submit_job(&keeper(json!({}))), "the submission")).collect();
    for id in &ids {
        assert_eq!(ended(&manager, "keeper", id), Status::Completed);
    }
    let all = ok(manager.query_jobs(&json!({"sorts": [{"fieldName": "startedOn"}]})), "the jobs");
    assert_eq!(all.texts("key"), ids.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>());
    let instants = |field: &str| -> Vec<i64> {
        all.column(field).into_iter().map(|cell| cell.and_then(Cell::instant).unwrap_or_default()).collect()
    };
    let waited: Vec<i64> =
        instants("startedOn").iter().skip(1).zip(instants("completedOn")).map(|(next, end)| next - end).collect();
    assert!(waited.iter().all(|waited| (0..HANDOVER).contains(waited)), "milliseconds between jobs: {waited:?}");
}

#[test]
fn a_session_is_entered_by_its_cookie() {
    let server = server();
    // A key alone has no session; the start makes one.
    let manager = application(&server);
    assert!(!stateful(&manager));
    assert!(manager.connection().cookies().is_empty());
    ok(manager.start_stateful_session(), "the start");
    assert!(stateful(&manager));
    assert_eq!(count(&manager), Some(1.0));

    // A client that has the cookie needs no key.
    let cookies = manager.connection().cookies();
    let with =
        |cookies| AnalyticsManager::connect(Connection::new(&server.http.url, Credential::Cookies(cookies), false));
    let entered = ok(with(cookies.clone()), "entering the session");
    assert!(stateful(&entered));
    assert_eq!([count(&entered), count(&manager)], [Some(2.0), Some(3.0)]);

    let forged = cookies.into_iter().map(|(name, value)| (name, value.chars().rev().collect())).collect();
    assert_eq!(refused(with(forged)).0, 401);
    assert_eq!(refused(with([].into())).0, 401);
}

#[test]
fn a_run_that_breaks_costs_the_session_its_state_and_nothing_else() {
    let server = server();
    let manager = in_session(&server);
    ok(manager.start_stateful_session(), "the start");
    assert_eq!([count(&manager), count(&manager)], [Some(1.0), Some(2.0)]);
    assert_eq!(refused(manager.execute_job(&keeper(json!({"deed": "panic"})))).0, 500);
    assert!(stateful(&manager));
    assert_eq!([count(&manager), count(&manager)], [Some(1.0), Some(2.0)]);
}

#[test]
fn sessions_of_many_threads_do_not_mix() {
    let server = server();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let manager = in_session(&server);
                ok(manager.start_stateful_session(), "the start");
                let counts: Vec<_> = (0..4).map(|_| count(&manager)).collect();
                assert_eq!(counts, [1.0, 2.0, 3.0, 4.0].map(Some));
                ok(manager.end_stateful_session(), "the end");
            });
        }
    });
}
