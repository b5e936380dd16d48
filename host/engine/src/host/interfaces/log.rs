//! `log`: lines into the job's log, up to its size.

use analyte_core::limits::Limits;
use wasmtime::component::Linker;

use crate::contract;
use crate::contract::bindings::analyte::plugin::log::Level;
use crate::host::charge::at_once;
use crate::host::view::{Find, View};
use crate::request::LogLine;
use crate::request::log_limits::LogRoom;

/// In the contract.
pub(super) const NAME: &str = "log";

/// What is kept of a call.
pub(crate) struct Log {
    room: LogRoom,
    /// Lines that were beyond the limit.
    pub(crate) lines_dropped: u64,
}

impl Log {
    /// Of a call that has written nothing yet.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { room: LogRoom::new(limits), lines_dropped: 0 }
    }
}

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<T>, find: Find<T, Log>) -> wasmtime::Result<()> {
    let mut log = linker.instance(&contract::whole_name(NAME))?;
    let said = |(_, message): &(Level, String)| message.len();
    at_once(&mut log, "write", said, move |store, (level, message)| {
        write(&mut find(store.data_mut()), level, &message);
        Ok(())
    })
}

fn write(view: &mut View<'_, Log>, level: Level, message: &str) {
    let Some(kept) = view.own.room.take(message) else {
        view.own.lines_dropped += 1;
        return;
    };
    let level = match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    view.terms.sink.log(LogLine { level: level.to_owned(), message: kept.to_owned() });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::host::view::testing::{Heard, terms, view};

    #[test]
    fn lines_go_to_the_sink_until_the_log_is_full_and_the_rest_is_counted() {
        let heard = Arc::new(Heard::default());
        let terms = terms(Limits { log_bytes: 150, ..Limits::default() }, heard.clone());
        let mut own = Log::new(&terms.limits);
        let lines = [(Level::Warn, "first"), (Level::Error, "a second one that is cut"), (Level::Info, "a third")];
        for (level, message) in lines {
            view(&terms, &mut own, |mut view| write(&mut view, level, message));
        }
        let line = |level: &str, message: &str| LogLine { level: level.into(), message: message.into() };
        assert_eq!(*heard.lines.lock(), [line("warn", "first"), line("error", "a second one that")]);
        assert_eq!(own.lines_dropped, 1);
    }
}
