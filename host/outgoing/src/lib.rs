//! HTTP requests that the server makes of its own: notifications now, providers' calls later.
//!
//! What it promises: a request goes to a destination that the operator lists, over the scheme and the port that are listed;
//! the name is looked up once, and the connection goes to exactly an address that was found and checked; an address of a
//! private network, of this machine or of a cloud's own services is refused unless the operator lists it as such; a redirect
//! is an answer like any other and is not followed; the whole of a request takes a bounded time, and a bounded part of its
//! answer is read. It keeps no connection, and sends nothing but what its caller gives: no cookies, no proxy of the
//! environment.
//!
//! It knows nothing of jobs, of the store or of the sandbox.

mod address_class;
mod allow;
mod client;
mod connect;
mod lookup;
mod target;
mod trust;

pub use address_class::AddressClass;
pub use allow::{Allowed, BadEntry, Denied, Entry};
pub use client::{Answer, Client, Failed, Options, Request};
pub use lookup::{Lookup, SystemLookup};
pub use target::{BadTarget, Target};
pub use trust::{BadTrust, Trust};
