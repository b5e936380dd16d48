//! Why a call into a component failed: the one place that reads wasmtime's errors.

use analyte_core::codes::Code;
use analyte_core::failure::Failure;
use analyte_core::job::RunLimits;
use wasmtime::component::ResourceTableError;
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::cut::cut;
use crate::error::HostFault;
use crate::host::HostState;
use crate::lift_lower::{ResultTooLarge, TextTooLong, Transfer};

/// Longest cause or frame in bytes, and most of each.
const TEXT_BYTES: usize = 512;
const MOST: usize = 16;

/// Turns wasmtime's error into the report of a failed run.
pub(crate) fn diagnose(error: &wasmtime::Error, limits: RunLimits, transfer: Transfer, state: &HostState) -> Failure {
    let trap = error.downcast_ref::<Trap>().copied();
    let mut failure = first_cause(error, trap, limits, transfer, state);
    failure.trap = trap.map(|trap| trap.to_string());
    failure.frames = frames(error);
    failure.causes = causes(error);
    failure.stderr = state.output().text();
    failure
}

/// Limits come before what they lead to: a refused allocation is followed by a panic, and that is not the cause.
fn first_cause(
    error: &wasmtime::Error,
    trap: Option<Trap>,
    limits: RunLimits,
    transfer: Transfer,
    state: &HostState,
) -> Failure {
    match trap {
        Some(Trap::OutOfFuel) => {
            return Failure::new(
                Code::OutOfFuel,
                format!("the run used up its {} units of fuel (limit fuel)", limits.fuel),
            )
            .hint("ask for more with `limits.fuel`, or give the model less to do");
        }
        Some(Trap::StackOverflow) => {
            let bytes = state.call.terms.limits.stack_bytes;
            return Failure::new(
                Code::StackOverflow,
                format!("the component called itself too deeply for its stack of {bytes} bytes (limit stack_bytes)"),
            )
            .hint("look for recursion without an end in the frames");
        }
        _ => {}
    }
    if let Some(fault) = error.downcast_ref::<HostFault>() {
        return Failure::new(Code::HostError, fault.message());
    }
    if error.is::<TextTooLong>() {
        let most = state.call.terms.limits.transfer_bytes;
        return Failure::new(
            Code::OutputTooLarge,
            format!(
                "a name, a warning or an error of the component was longer than {most} bytes (limit transfer_bytes)"
            ),
        )
        .hint("shorten it: the host keeps the beginning of such a text only");
    }
    if error.is::<ResultTooLarge>() || transfer_too_large(error) {
        // An error inside a call of the guest has the guest's frames; what it returned is taken after it has gone.
        if error.downcast_ref::<WasmBacktrace>().is_some() {
            let most = state.call.terms.limits.transfer_bytes;
            return Failure::new(
                Code::OutputTooLarge,
                format!("one call of the component handed the host more than {most} bytes (limit transfer_bytes)"),
            )
            .hint("hand over less at once: write a result file in pieces");
        }
        return Failure::new(
            Code::OutputTooLarge,
            format!(
                "what the component handed over was larger than {} bytes (limit {})",
                transfer.bytes, transfer.limit
            ),
        )
        .hint("return less at once, or write a result file in pieces");
    }
    if too_many_handles(error) {
        let most = state.call.terms.limits.handles;
        return Failure::new(
            Code::OutOfMemory,
            format!("the component held more than {most} files, streams and waits at once (limit handles)"),
        )
        .hint("finish or drop what is not needed any more");
    }
    if let Some(full) = error.downcast_ref::<PoolConcurrencyLimitError>() {
        tracing::warn!(%full, "no instance can be made before others end");
        return Failure::new(Code::HostError, "there are too many instances at once for another one");
    }
    if state.memory.refused() {
        let bytes = state.memory.limit();
        return Failure::new(
            Code::OutOfMemory,
            format!("the component needed more than its {bytes} bytes of memory (limit memory_bytes)"),
        )
        .hint("ask for more with `limits.memory_bytes`, or give the model less data");
    }
    if let Some(denied) = &state.call.kept.settings.denied {
        return capability_denied(denied);
    }
    if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
        return Failure::new(Code::Trap, format!("the component ended itself with status {status}"));
    }
    match trap {
        Some(Trap::UnreachableCodeReached) => {
            let message = match panic_message(&state.output().text()) {
                Some(said) => format!("the component panicked: {said}"),
                None => {
                    "the component crashed: it reached code that it marks as unreachable, as a panic does".to_owned()
                }
            };
            Failure::new(Code::Trap, message)
        }
        Some(trap) => Failure::new(Code::Trap, format!("the component crashed: {trap}")),
        // Not a trap of the component's code: it broke the canonical ABI, for instance by a string that is not UTF-8.
        None => Failure::new(Code::InvalidResult, "the component broke the rules of the component model"),
    }
}

/// The failure of a run that used something that was not granted.
pub(crate) fn capability_denied(denied: &str) -> Failure {
    Failure::new(Code::CapabilityDenied, format!("the component used `{denied}`, which was not granted to it"))
        .detail("capability", denied)
        .hint(
            "the provider must ask for it in `describe`, and the operator must grant it under [providers.NAME] in \
             analyte.toml",
        )
}

/// wasmtime has no type for this error, so its text is read here and nowhere else; a test breaks when it changes.
fn transfer_too_large(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| cause.to_string().contains("fuel allocated for hostcalls has been exhausted"))
}

/// Of its own table wasmtime tells this by text only, too.
fn too_many_handles(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref::<ResourceTableError>(), Some(ResourceTableError::Full))
        || error.chain().any(|cause| cause.to_string().contains("store handle limit exceeded"))
}

/// What a Rust panic says: the lines after the one that names the place.
fn panic_message(stderr: &str) -> Option<String> {
    let at = stderr.rfind("panicked at ")?;
    let rest = stderr.get(at..)?;
    let (place, said) = rest.split_once('\n').unwrap_or((rest, ""));
    let place = place.trim_start_matches("panicked at ").trim_end_matches(':');
    let said = said.lines().next().unwrap_or("").trim();
    Some(cut(&format!("{said} ({place})"), TEXT_BYTES).to_owned())
}

fn frames(error: &wasmtime::Error) -> Vec<String> {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return Vec::new() };
    let name = |frame: &wasmtime::FrameInfo| match frame.func_name() {
        Some(name) => cut(&rustc_demangled(name), TEXT_BYTES).to_owned(),
        None => format!("function {}", frame.func_index()),
    };
    let all: Vec<String> = trace.frames().iter().map(name).collect();
    // A Rust panic goes through a dozen functions of the standard library; the author's own come first here.
    let own = all.iter().position(|frame| !of_the_runtime(frame)).unwrap_or(0);
    all.into_iter().skip(own).take(MOST).collect()
}

/// Whether a function belongs to the language's own way of panicking.
fn of_the_runtime(frame: &str) -> bool {
    frame == "abort"
        || ["std::", "core::", "alloc::", "__rust", "<alloc::", "<core::", "<std::"]
            .iter()
            .any(|of| frame.starts_with(of))
}

/// Function names come mangled from the name section.
fn rustc_demangled(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}

fn causes(error: &wasmtime::Error) -> Vec<String> {
    // The backtrace is shown as frames.
    let texts = error.chain().map(ToString::to_string).filter(|text| !text.starts_with("error while executing at"));
    texts.take(MOST).map(|text| cut(&text, TEXT_BYTES).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_quoted_with_its_place() {
        let stderr = "noise\n\nthread '<unnamed>' (1) panicked at src/lib.rs:3:5:\nno such column\nnote: run with…";
        assert_eq!(panic_message(stderr).as_deref(), Some("no such column (src/lib.rs:3:5)"));
        assert_eq!(panic_message("nothing here"), None);
    }
}
