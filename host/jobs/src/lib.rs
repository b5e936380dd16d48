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
//! running back into the queue. What runs report reaches the store about 50 ms later, and followers only then.
//! A panic while one run is looked after fails that run and nothing else.
//!
//! It knows nothing of HTTP and nothing of how the sandbox or the store work.

mod access;
mod blocking;
mod catalogue;
mod computing;
mod detached;
mod documents;
mod end;
mod error;
mod intake;
mod manager;
mod metrics;
mod options;
mod run;
mod schedule;
mod shares;
mod start;
mod view;

pub use analyte_engine::machine::background_drop::BackgroundDrop;
pub use analyte_engine::machine::budget::Reservation;
pub use analyte_engine::request::{Grants, LogLine, RunOutcome, RunReport};
pub use analyte_store::{
    ContentWriter, Counts, Depth, DocumentKind, DocumentRecord, FileRecord, Health, Idempotency, ListQuery, ModelKind,
    ModelRecord, OrganisationRecord, Page, ProviderRecord, Right, Staged, TokenRecord,
};

pub use access::organisations::NewOrganisation;
pub use access::tokens::{NewToken, Principal, Secret};
pub use catalogue::installed::{Model, Origin, Provider, ProviderState};
pub use catalogue::providers::{InstallProvider, Installed, NewProvider};
pub use catalogue::publish::{ModelContent, ModelOverrides, PublishModel, Published};
pub use computing::Computing;
pub use end::cancel_matching::CancelledMany;
pub use end::retention::{Hours, Retention};
pub use error::{JobsError, StartError, Wrong};
pub use intake::coerce::coerce;
pub use intake::idempotency::Begun;
pub use intake::keys::KeyTurn;
pub use intake::run_limits::{LimitsAsked, RetryAsked};
pub use intake::submission::{Execution, Submission};
pub use intake::submit::SubmittedJob;
pub use intake::submit_together::NotTogether;
pub use intake::task::{InputAsked, Parameters, TaskAsked};
pub use manager::Manager;
pub use metrics::Metrics;
pub use options::{Clock, Options, SystemClock};
pub use run::sessions::Session;
pub use schedule::asked::ScheduleAsked;
pub use schedule::view::{Portion, ScheduleView};
pub use shares::Shares;
pub use view::follow::Following;
pub use view::inputs::StoredInputs;
pub use view::measure::Measured;
pub use view::query::{GoOn, JobPage};
pub use view::read::{ErrorView, JobView, LogView, ResultBytes, ResultTable, ResultView, WaitingView};
