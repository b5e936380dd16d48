//! `EndStatefulSession`: gives up what the session holds; harmless where it holds nothing, or where there is none. Its
//! queued jobs stay, and run like any other.

use crate::thingworx::call::Call;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Answer {
    if let Some(session) = call.session() {
        call.manager().end_stateful(&session);
    }
    Answer::Nothing
}
