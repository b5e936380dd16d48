//! The names of the C library that this library takes over, all alike: forward what is not looked at; let it fail where it
//! is to fail; otherwise call the next one and record what it did, both under the lock that keeps the order.

mod names;
mod open;
mod sync;
mod write;
