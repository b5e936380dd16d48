//! `IsStatefulSession`: false, too, where there is no HTTP session.

use analyte_core::table::infotable::Cell;

use super::super::super::call::Call;
use super::super::super::service::Answer;

pub(crate) fn call(call: &Call) -> Answer {
    let stateful = call.session().is_some_and(|session| call.manager().is_stateful(&session));
    Answer::Scalar(Cell::Bool(stateful))
}
