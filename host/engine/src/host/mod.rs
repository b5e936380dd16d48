//! What a component may call, and what the host knows of an instance: [`interfaces`] has one file for each host interface,
//! [`state`] what the store of an instance holds.
//!
//! Host calls burn no fuel by themselves, so every one is [charged](charge) a fixed price and one for its bytes: a component
//! that does nothing but call the host runs out like any other. A call is not interrupted, so what one can cost is bounded: by
//! `transfer_bytes` for what it carries, and by the function itself where its parameters ask for more.

mod charge;
pub(crate) mod interfaces;
mod memory;
mod state;
mod stderr_tail;
mod view;

pub(crate) use state::{Call, HostState};
pub(crate) use stderr_tail::StderrTail;
pub(crate) use view::Terms;
