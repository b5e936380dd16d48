//! `IsStatefulSession`: false, too, where there is no HTTP session.

use analyte_core::table::infotable::Cell;
use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "IsStatefulSession",
    description: "Whether the HTTP session is stateful.",
    right: Right::JobsRead,
    parameters: &[],
    result: ResultType::Scalar("BOOLEAN"),
    extension: false,
    handler: |call| Box::pin(async move { Ok(answer(call)) }),
};

fn answer(call: &Call) -> Answer {
    let stateful = call.session().is_some_and(|session| call.manager().is_stateful(&session));
    Answer::Scalar(Cell::Bool(stateful))
}
