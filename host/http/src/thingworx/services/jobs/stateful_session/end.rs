//! `EndStatefulSession`: gives up what the session holds; harmless where it holds nothing, or where there is none. Its
//! queued jobs stay, and run like any other.

use analyte_jobs::Right;

use crate::thingworx::call::Call;
use crate::thingworx::service::{Answer, ResultType, Service};

/// The service.
pub(crate) static SERVICE: Service = Service {
    name: "EndStatefulSession",
    description: "Gives these instances up.",
    right: Right::JobsWrite,
    parameters: &[],
    result: ResultType::Nothing,
    extension: false,
    handler: |call| Box::pin(async move { Ok(answer(call)) }),
};

fn answer(call: &Call) -> Answer {
    if let Some(session) = call.session() {
        call.manager().end_stateful(&session);
    }
    Answer::Nothing
}
