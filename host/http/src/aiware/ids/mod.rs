//! The ids that clients of aiWARE see: two forms for each job and task, and UUIDs for what has only a name here.
//!
//! Nothing of this is stored. A core form says when its job was made, to the millisecond, and is found among the jobs of that
//! millisecond ([`lookup`]); the id of an engine is found among the models that the organisation may use ([`engines`]).

pub(crate) mod base62;
pub(crate) mod core_form;
pub(crate) mod engines;
pub(crate) mod lookup;
pub(crate) mod names;
pub(crate) mod task_id;
