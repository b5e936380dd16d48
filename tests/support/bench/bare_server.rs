//! What `execute` is compared with: a server of axum and nothing else, which computes natively.
//!
//! It is this program again, in a process of its own: it reads the same JSON with serde_json, scores the rows with the same
//! function, and answers the same JSON. No token, no limits, no metering.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use axum::routing::post;
use axum::serve::ListenerExt as _;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::net::TcpListener;

use crate::ok;

/// The argument that makes this program that server.
const ARGUMENT: &str = "__bare-server";

/// A running one; ended when dropped.
pub struct BareServer {
    child: Child,
    /// Where it listens.
    pub address: String,
}

impl BareServer {
    /// Starts one that answers with this data shape.
    pub fn start(data_shape: &str) -> Self {
        let program = ok(std::env::current_exe(), "this program");
        let mut command = Command::new(program);
        command.args([ARGUMENT, data_shape]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = ok(command.spawn(), "starting the bare server");
        let mut address = String::new();
        let output = child.stdout.take().expect("its output");
        ok(BufReader::new(output).read_line(&mut address), "the bare server's address");
        assert!(!address.is_empty(), "the bare server did not start");
        Self { child, address: address.trim().to_owned() }
    }
}

impl Drop for BareServer {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Whether this process is to be one.
pub fn is_asked() -> bool {
    std::env::args().nth(1).is_some_and(|word| word == ARGUMENT)
}

#[derive(Deserialize)]
struct Input {
    rows: Vec<Reading>,
}

#[derive(Deserialize)]
struct Reading {
    temperature: f64,
    vibration: f64,
    pressure: f64,
    speed: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Output {
    data_shape: &'static RawValue,
    rows: Vec<Scored>,
}

#[derive(Serialize)]
struct Scored {
    score: f64,
}

/// Serves until the process that started it is gone.
pub fn serve() {
    let data_shape = std::env::args().nth(2).expect("a data shape");
    let data_shape: &'static RawValue = Box::leak(ok(RawValue::from_string(data_shape), "a data shape"));
    let execute = async move |Json(input): Json<Input>| {
        let score =
            |row: &Reading| kernels_plugin::score::score(row.temperature, row.vibration, row.pressure, row.speed);
        Json(Output { data_shape, rows: input.rows.iter().map(|row| Scored { score: score(row) }).collect() })
    };
    let router = Router::new().route("/v1/providers/{provider}/models/{model}/execute", post(execute));
    std::thread::spawn(|| {
        // Nothing is ever written: this ends when the other end is gone.
        drop(std::io::stdin().read_to_end(&mut Vec::new()));
        std::process::exit(0);
    });
    let runtime = ok(tokio::runtime::Builder::new_multi_thread().enable_all().build(), "a runtime");
    runtime.block_on(async {
        let listener = ok(TcpListener::bind("127.0.0.1:0").await, "a port");
        println!("{}", ok(listener.local_addr(), "an address"));
        let listener = listener.tap_io(|stream| ok(stream.set_nodelay(true), "TCP_NODELAY"));
        ok(axum::serve(listener, router).await, "serving");
    });
}
