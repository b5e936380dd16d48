//! Many clients at once, on one thread: each sends a request, reads the answer, and sends the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::bench::connection::{Answer, Connection};
use crate::bench::times::Times;
use crate::ok;

/// How long clients send requests.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// No client begins a request after this time.
    Passed(Duration),
    /// All clients together send this number of requests.
    Sent(usize),
}

/// What came of it.
#[derive(Debug)]
pub struct Load {
    pub answers: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// From each request to the last byte of its answer.
    pub times: Times,
}

impl Load {
    /// Answers in a second.
    pub fn rate(&self) -> f64 {
        self.answers as f64 / self.took.as_secs_f64()
    }
}

/// The one thread of all clients.
pub fn runtime() -> Runtime {
    ok(Builder::new_current_thread().enable_all().build(), "a runtime")
}

/// Sends this request over `connections` connections, opened before the time counts. Every answer must be right.
pub async fn load(
    address: &str,
    request: &Arc<[u8]>,
    connections: usize,
    until: Until,
    right: impl Fn(&Answer<'_>) -> bool + Clone + Send + 'static,
) -> Load {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await);
    }
    let sent = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let mut clients = JoinSet::new();
    for mut connection in open {
        let (request, right, sent) = (request.clone(), right.clone(), sent.clone());
        clients.spawn(async move {
            let mut times = Times::default();
            while sent.fetch_add(1, Ordering::Relaxed) < until.most() && began.elapsed() < until.longest() {
                let asked = Instant::now();
                let answer = connection.call(&request).await;
                assert!(right(&answer), "a wrong answer: {}", answer.text());
                times.add(asked.elapsed());
            }
            times
        });
    }
    let mut times = Times::default();
    while let Some(client) = clients.join_next().await {
        times.extend(ok(client, "a client"));
    }
    Load { answers: times.count(), took: began.elapsed(), times }
}

impl Until {
    fn most(self) -> usize {
        match self {
            Self::Passed(_) => usize::MAX,
            Self::Sent(count) => count,
        }
    }

    fn longest(self) -> Duration {
        match self {
            Self::Passed(time) => time,
            Self::Sent(_) => Duration::MAX,
        }
    }
}
