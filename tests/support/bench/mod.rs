//! What benchmarks share: load on a server, the machine they ran on, times and how they are shown.

pub mod asked;
pub mod bare_server;
pub mod compiled;
pub mod connection;
pub mod filled;
pub mod load;
pub mod machine;
pub mod rounds;
pub mod scored;
pub mod server;
pub mod times;
