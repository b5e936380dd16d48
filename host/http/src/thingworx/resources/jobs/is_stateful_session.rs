//! `IsStatefulSession`: false, too, where there is no HTTP session.

use analyte_core::table::infotable::Cell;

use crate::thingworx::call::Call;
use crate::thingworx::service::Answer;

pub(crate) fn call(call: &Call) -> Answer {
    let stateful = call.session().is_some_and(|session| call.manager().is_stateful(&session));
    Answer::Scalar(Cell::Bool(stateful))
}
