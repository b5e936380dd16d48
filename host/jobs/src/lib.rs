//! The job manager: everything that happens between a surface (HTTP, the command line) and the sandbox.
//!
//! A [`Manager`] is started once over a store and an engine. It keeps the catalogue of providers and models, turns
//! submissions into durable jobs, gives queued tasks to free slots, runs them, and keeps what they give. What it
//! promises: an acknowledged job is durable and ends once; a finished result is never overwritten; a run that was
//! cancelled, or whose lease was lost, writes nothing; one organisation sees nothing of another. Every refusal is a
//! [`JobsError`] with a stable code.
//!
//! How it fails: if the store cannot be written, submissions are refused and outcomes are written again with growing
//! pauses, and when many wait for that, runs that end keep their slots; if the process dies, the next start puts what was
//! running back into the queue. What runs tell is kept a moment after it was told, and told to followers only then.
//! A panic while one run is looked after fails that run and nothing else.
//!
//! It knows nothing of HTTP and nothing of how the sandbox or the store work.

mod apart;
mod attempt;
mod bulk;
mod cancel;
mod catalogue;
mod coerce;
mod components;
mod computing;
mod dispatch;
mod error;
mod execute;
mod fetch;
mod finish;
mod follow;
mod given;
mod heartbeat;
mod held_up;
mod idempotency;
mod kept;
mod kept_room;
mod live;
mod manager;
mod metrics;
mod models;
mod offload;
mod options;
mod organisations;
mod prepare;
mod providers;
mod publish;
mod query;
mod read;
mod recall;
mod repository;
mod retention;
mod retry;
mod schemas;
mod sessions;
mod shares;
mod sink;
mod slots;
mod split;
mod stop;
mod submission;
mod submit;
mod tell;
mod to_the_end;
mod tokens;
mod wait;
mod watchers;

pub use analyte_engine::budget::Reservation;
pub use analyte_engine::run::request::{Grants, LogLine, RunOutcome, RunReport};
pub use analyte_store::{
    ContentWriter, Counts, Depth, FileRecord, Health, Idempotency, ListQuery, ModelKind, ModelRecord,
    OrganisationRecord, Page, ProviderRecord, Right, Staged, TokenRecord,
};

pub use apart::Apart;
pub use bulk::CancelledMany;
pub use catalogue::{Model, Origin, Provider, ProviderState};
pub use coerce::coerce;
pub use computing::Computing;
pub use error::{JobsError, StartError, Wrong};
pub use follow::Following;
pub use given::Given;
pub use idempotency::{Begun, KeyTurn};
pub use manager::Manager;
pub use metrics::{Measured, Metrics};
pub use options::{Clock, Options, SystemClock};
pub use organisations::NewOrganisation;
pub use providers::{InstallProvider, Installed, NewProvider};
pub use publish::{ModelContent, ModelOverrides, PublishModel, Published};
pub use query::{GoOn, JobPage};
pub use read::{ErrorView, JobView, LogView, ResultBytes, ResultTable, ResultView, WaitingView};
pub use retention::{Hours, Retention};
pub use sessions::Session;
pub use submission::{Execution, LimitsAsked, Parameters, RetryAsked, Submission};
pub use submit::SubmittedJob;
pub use tokens::{NewToken, Principal, Secret};
