//! Analyte's own API over HTTP: a real server process for each test, and clients of it.

mod bulk;
mod clients;
mod events;
mod graphs;
mod http;
mod rights;
mod schedules;
mod sent;
mod split;
mod tls;
