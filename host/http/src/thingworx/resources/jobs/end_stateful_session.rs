//! `EndStatefulSession`: gives up what the session holds; harmless where it holds nothing, or where there is none. Its
//! queued jobs stay, and run like any other.

use super::super::super::call::Call;
use super::super::super::service::Answer;

pub(crate) fn call(call: &Call) -> Answer {
    if let Some(session) = call.session() {
        call.manager().end_stateful(&session);
    }
    Answer::Nothing
}
