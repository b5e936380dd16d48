//! Starting wasmtime, and trying out whether components can run where the server was put: what would fail for every one of them is
//! said at the start, with what to change.

use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use analyte_core::limits::Limits;
use rustix::process::{Resource, getrlimit};
use wasmtime::Store;
use wasmtime::component::Linker;

use crate::error::EngineError;
use crate::runtime::config::{Allocation, config};
use crate::runtime::load_code;
use crate::runtime::pool::MEMORIES;

/// With room for fewer memories at once than this, runs would fail for want of it.
const LEAST_MEMORIES: u32 = 16;
/// Address space of one memory: what 32 bits address, and guards around it.
const MEMORY_SPACE: u64 = (4 << 30) + (64 << 20);
/// Address space that all else of the process may take: threads, files, the tables of components.
const OTHER_SPACE: u64 = 8 << 30;

/// An engine with a pool of as many memories as the address space has room for, and how many that are.
pub(crate) fn wasmtime(limits: &Limits) -> Result<(wasmtime::Engine, u32), EngineError> {
    let mut memories = match address_space() {
        None => MEMORIES,
        Some(space) => {
            let room = space.saturating_sub(OTHER_SPACE) / MEMORY_SPACE;
            let room = u32::try_from(room).unwrap_or(MEMORIES).min(MEMORIES);
            if room < LEAST_MEMORIES {
                return Err(too_little_address_space(space));
            }
            room
        }
    };
    loop {
        match wasmtime::Engine::new(&config(Allocation::Pooled { memories }, limits)) {
            Ok(engine) => {
                if memories < MEMORIES {
                    tracing::warn!(
                        memories,
                        usually = MEMORIES,
                        "the address space here (ulimit -v) has room for fewer components at once than usual"
                    );
                }
                return Ok((engine, memories));
            }
            // Some processors and kernels address less than 47 bits.
            Err(error) if out_of_memory(&error) && memories / 2 >= LEAST_MEMORIES => memories /= 2,
            Err(error) if out_of_memory(&error) => {
                return Err(EngineError::Machine {
                    message: "the system lets the server reserve too little memory for components".to_owned(),
                    advice: "set the limits on address space and data to unlimited (`ulimit -v`, `ulimit -d`, LimitAS= and \
                             LimitDATA= of systemd); what is reserved takes no memory before it is used",
                    cause: Some(error.into()),
                });
            }
            Err(error) => return Err(EngineError::Wasmtime(error.into())),
        }
    }
}

/// The limit on this process's address space, bytes; `None`: there is none.
fn address_space() -> Option<u64> {
    getrlimit(Resource::As).current
}

fn too_little_address_space(space: u64) -> EngineError {
    let needed = OTHER_SPACE + u64::from(LEAST_MEMORIES) * MEMORY_SPACE;
    EngineError::Machine {
        message: format!(
            "the address space of this process is limited to {} MiB (ulimit -v); at least {} MiB are needed",
            space >> 20,
            needed >> 20
        ),
        advice: "set it to unlimited (`ulimit -v unlimited`, LimitAS=infinity for systemd): the address space of components is \
                 reserved ahead and takes no memory; a control group, or memory_budget_bytes under [limits], bounds memory",
        cause: None,
    }
}

fn out_of_memory(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<rustix::io::Errno>() == Some(&rustix::io::Errno::NOMEM)
            || cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
    })
}

/// Advice where nothing better is known.
const UNKNOWN: &str = "the cause says what the system refuses";

/// [`TINY_TEXT`] in the binary form.
const TINY: &[u8] = b"\0asm\x0d\0\x01\0\
    \x01\x29\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x08\x01\0\x0a\x04\x01\x02\0\x0b\x0b\x07\x01\0\x41\0\x0b\x01x\
    \x02\x04\x01\0\0\0";
/// A component with a memory, some data and a function that runs when it is made.
#[cfg(test)]
const TINY_TEXT: &str = r#"(component
    (core module (memory 1) (data (i32.const 0) "x") (func) (start 0))
    (core instance (instantiate 0)))"#;

/// Compiles, loads and makes a tiny component, as is done for every other.
pub(crate) fn try_out(engine: &wasmtime::Engine) -> Result<(), EngineError> {
    let failed = |message: &str, advice: &'static str| {
        let message = message.to_owned();
        move |error: wasmtime::Error| EngineError::Machine { message, advice, cause: Some(error.into()) }
    };
    let code = engine.precompile_component(TINY).map_err(failed("components cannot be compiled here", UNKNOWN))?;
    let component = load_code::fresh(engine, &code).map_err(failed(
        "this system does not let the server run the code that it compiles",
        "for systemd remove MemoryDenyWriteExecute=yes from the service; elsewhere look for what else forbids memory to be made \
         executable: prctl PR_SET_MDWE, SELinux (execmem), a seccomp filter",
    ))?;
    let mut store = Store::new(engine, ());
    let made = {
        let linker: Linker<()> = Linker::new(engine);
        let mut making = pin!(async move {
            store.set_fuel(u64::MAX)?;
            linker.instantiate_async(&mut store, &component).await.map(drop)
        });
        // It neither waits nor yields.
        making.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    };
    match made {
        Poll::Ready(made) => made.map_err(failed("components cannot be run here", UNKNOWN)),
        Poll::Pending => Err(failed("components cannot be run here", UNKNOWN)(wasmtime::Error::msg("it does not end"))),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_tiny_component_is_what_its_text_says() {
        assert_eq!(wat::parse_str(TINY_TEXT).unwrap(), TINY);
    }

    #[test]
    fn components_run_here() {
        let (engine, memories) = wasmtime(&Limits::default()).unwrap();
        assert!((LEAST_MEMORIES..=MEMORIES).contains(&memories));
        try_out(&engine).unwrap();
    }
}
