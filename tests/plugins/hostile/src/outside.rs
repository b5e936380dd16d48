//! Reaches for what is outside the sandbox, and says what it saw.

use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};
use std::{env, fs};

use analyte_sdk::raw::analysis::Outcome;
use analyte_sdk::{Error, Result, job, settings};

use crate::tables::report;

/// An analysis error with facts.
pub(crate) fn error() -> Error {
    Error::new("too-few-rows", "A line needs at least 2 rows, and 1 was given.").detail("rows", 1).detail("needed", 2)
}

/// Needs a setting that nobody was asked for.
pub(crate) fn use_setting() -> Result<Outcome> {
    match settings::get("never-asked-for") {
        Some(value) => report(&[("never-asked-for", value)]),
        None => Err(Error::new("no-setting", "The setting `never-asked-for` is needed.")),
    }
}

/// What was asked for in `describe`.
pub(crate) fn read_settings() -> Result<Outcome> {
    let shown = |value: Option<String>| value.unwrap_or_else(|| "none".to_owned());
    report(&[
        ("settings:greeting", shown(settings::get("greeting"))),
        ("secrets:token", shown(settings::secret("token"))),
    ])
}

/// The environment, the arguments and the working directory; no rows where there are none.
pub(crate) fn read_env() -> Result<Outcome> {
    let mut rows: Vec<(&str, String)> =
        env::vars().map(|(name, value)| ("variable", format!("{name}={value}"))).collect();
    rows.extend(env::args().map(|argument| ("argument", argument)));
    report(&rows)
}

fn shown<T: std::fmt::Debug, E: std::fmt::Display>(result: std::result::Result<T, E>) -> String {
    match result {
        Ok(value) => format!("got {value:?}"),
        Err(error) => format!("refused: {error}"),
    }
}

/// Directories and files.
pub(crate) fn read_dir() -> Result<Outcome> {
    report(&[
        ("read_dir /", shown(fs::read_dir("/").map(Iterator::count))),
        ("read_dir .", shown(fs::read_dir(".").map(Iterator::count))),
        ("read /etc/passwd", shown(fs::read("/etc/passwd").map(|bytes| bytes.len()))),
        ("write /tmp/hostile", shown(fs::write("/tmp/hostile", "here"))),
    ])
}

/// TCP and UDP, out and in.
pub(crate) fn connect() -> Result<Outcome> {
    report(&[
        ("tcp 127.0.0.1:80", shown(TcpStream::connect(("127.0.0.1", 80)).map(|_| ()))),
        ("tcp [::1]:80", shown(TcpStream::connect(("::1", 80)).map(|_| ()))),
        ("tcp 192.0.2.1:443", shown(TcpStream::connect(("192.0.2.1", 443)).map(|_| ()))),
        ("tcp listen", shown(TcpListener::bind(("127.0.0.1", 0)).map(|_| ()))),
        ("udp bind", shown(UdpSocket::bind(("0.0.0.0", 0)).map(|_| ()))),
    ])
}

/// Names.
pub(crate) fn lookup() -> Result<Outcome> {
    report(&[
        ("localhost", shown(("localhost", 80).to_socket_addrs().map(Iterator::count))),
        ("example.com", shown(("example.com", 443).to_socket_addrs().map(Iterator::count))),
    ])
}

/// What the host says of the job.
pub(crate) fn whoami() -> Result<Outcome> {
    report(&[
        ("job-id", job::id()),
        ("task-name", job::task_name()),
        ("attempt", job::attempt().to_string()),
        ("session", job::session().unwrap_or_else(|| "none".to_owned())),
        ("fuel-left", job::fuel_left().to_string()),
        ("time-left", job::time_left().as_millis().to_string()),
    ])
}
