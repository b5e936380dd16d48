//! `log`: lines into the job's log, up to its size.

use wasmtime::component::Linker;

use super::{HostState, at_once};
use crate::contract::bindings::analyte::plugin::log::Level;
use crate::request::LogLine;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut log = linker.instance("analyte:plugin/log@0.1.0")?;
    let said = |(_, message): &(Level, String)| message.len();
    at_once(&mut log, "write", said, |store, (level, message)| {
        write(store.data_mut(), level, &message);
        Ok(())
    })
}

fn write(state: &mut HostState, level: Level, message: &str) {
    let call = &mut state.call;
    let Some(kept) = call.log_room.take(message) else {
        call.log_lines_dropped += 1;
        return;
    };
    let level = match level {
        Level::Trace => "trace",
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warn",
        Level::Error => "error",
    };
    call.sink.log(LogLine { level: level.to_owned(), message: kept.to_owned() });
}
