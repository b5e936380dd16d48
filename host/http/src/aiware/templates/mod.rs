//! Job templates: jobs to be that are kept, as documents of their organisation, and launched as often as clients like.
//!
//! A task template is a part of its job template, so that a change of either is one step; its id is that of the job template,
//! a hyphen, and its number. AI Data's GraphQL interface makes and changes templates; both surfaces launch them.

pub(crate) mod body;
pub(crate) mod kept;
pub(crate) mod launch;
