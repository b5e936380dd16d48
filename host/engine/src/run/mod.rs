//! Every call into a component: [`call`] runs one model, [`session`] keeps an instance between runs, [`describe`] asks the component
//! what it is.

mod call;
mod call_hook;
mod describe;
pub(crate) mod diagnose;
pub(crate) mod instance;
mod reserved_instance;
pub mod session;
