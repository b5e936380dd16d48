//! The one thread that writes.
//!
//! It takes the operations that wait, lets each change the records in turn, hands all changes to sled as one batch, or
//! as a few of whole operations, makes them durable, and only then answers. Operations that arrive meanwhile wait for
//! the next round, so that the price of making durable is shared.
//!
//! Durable means: sled's `flush`, which writes but does not sync, then `fdatasync` of its file. When anything of this
//! fails, every caller of the batch gets the error, and with the next operation the disk is tried out; when it takes
//! something, all that was in memory is dropped and the store is opened anew: sled refuses every write after its first
//! failed one. Until then readers see what that batch did not touch ([`Unconfirmed`](crate::sled::state::unconfirmed)).
//! A panic inside sled, which has many assertions, counts as such a failure. When the disk is full, the
//! [`Ballast`](crate::sled::disk::ballast) makes room for this.
//!
//! A claim is answered as soon as it was applied: a run may begin before its start is durable, since what it gives
//! comes later in the same order. A batch of nothing but claims is made durable with the next one, or a moment later.
//! If it never is, the task is queued as before, and the lease of the run writes nothing, since the store does not have
//! it.
//!
//! Only this thread writes. Readers use the tree through [`Snapshot`](crate::sled::state::snapshot), from which it is
//! taken before the store is opened anew, since sled's file stays locked as long as any handle of a tree is left.

pub(crate) mod handle;
pub(crate) mod operation;
pub(crate) mod publish;
pub(crate) mod service;
pub(crate) mod shared;
