//! The call whose answer a bare server can compute, too: scores of a small table.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::bench::connection::{Connection, request};
use crate::http::Http;

const PATH: &str = "/v1/providers/kernels/models/score/execute";
/// Rows of the table; it has four columns.
pub const ROWS: u32 = 16;

/// All bytes of the call.
pub fn call(http: &Http) -> Arc<[u8]> {
    request(http, "POST", PATH, &table().to_string()).into()
}

/// The rows that are sent.
fn table() -> Value {
    let row = |number: u32| {
        let number = f64::from(number);
        json!({
            "temperature": 61.5 + 0.7 * number, "vibration": 2.25 + 0.125 * number,
            "pressure": 6.5 - 0.0625 * number, "speed": 1480.0 + 3.0 * number,
        })
    };
    json!({ "rows": (0..ROWS).map(row).collect::<Vec<_>>() })
}

/// An answer, taken apart: servers may write the same number in several ways.
#[derive(Debug)]
pub struct Expected {
    pub body: Arc<[u8]>,
    pub shape: Value,
    rows: Value,
}

impl PartialEq for Expected {
    fn eq(&self, other: &Self) -> bool {
        self.shape == other.shape && self.rows == other.rows
    }
}

/// Calls once.
pub async fn answer(address: &str, request: &[u8]) -> Expected {
    let mut connection = Connection::open(address).await;
    let body: Arc<[u8]> = connection.call(request).await.expect(200).body.into();
    let mut table: Value = serde_json::from_slice(&body).expect("JSON");
    Expected { body, shape: table["dataShape"].take(), rows: table["rows"].take() }
}

/// Holds the scores against the function itself.
pub fn check(answer: &Expected) {
    let cell = |row: &Value, name: &str| row[name].as_f64().expect("a number");
    let score = |row: &Value| {
        let [temperature, vibration, pressure, speed] =
            ["temperature", "vibration", "pressure", "speed"].map(|name| cell(row, name));
        json!({ "score": kernels_plugin::score::score(temperature, vibration, pressure, speed) })
    };
    let scores: Vec<Value> = table()["rows"].as_array().expect("rows").iter().map(score).collect();
    assert_eq!(answer.rows, Value::Array(scores), "the scores are those of the function itself");
}
