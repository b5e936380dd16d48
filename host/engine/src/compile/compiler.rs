//! Compiling hostile components: in a child process limited in address space, processor and wall time.
//!
//! wasmtime does not count denial of service while compiling as a vulnerability, so the compiler must not be able to take
//! the server down. The child is the server's own binary, started with [`CHILD_COMMAND`]; it limits itself, reads the
//! component from one file and writes compiled code to another. The conformance library compiles in-process: it judges
//! its own author's component.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use analyte_core::limits::Limits;
use tokio::process::Command;

use crate::compile::prepare;
use crate::error::Refused;
use crate::runtime::config::{Allocation, config};
use crate::runtime::proposals::{Proposal, missing};

/// First argument of a compiling child.
pub const CHILD_COMMAND: &str = "__compile";

/// What is said of a proposal that is off begins so.
const USES: &str = "the component uses the WebAssembly proposal ";

/// Longest error text taken from a child.
const MESSAGE_BYTES: usize = 4_096;

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// In this process, without limits.
    InProcess,
    /// In a child process that runs this program.
    Child {
        /// The program; [`child`] must be what it does under [`CHILD_COMMAND`].
        program: PathBuf,
    },
}

/// What a compiling child does: `arguments` are those after [`CHILD_COMMAND`]. The error is one line for the parent.
pub fn child(arguments: &[OsString]) -> Result<(), String> {
    let [input, output, memory, seconds, stack, most, segment] = arguments else {
        return Err("usage: INPUT OUTPUT ADDRESS-SPACE-BYTES SECONDS STACK-BYTES CODE-BYTES SEGMENT-BYTES".to_owned());
    };
    let number = |text: &OsString| text.to_str().and_then(|text| text.parse::<u64>().ok()).ok_or("not a number");
    limit_this_process(number(memory)?, number(seconds)?).map_err(|error| format!("cannot set limits: {error}"))?;
    let limits = Limits {
        stack_bytes: number(stack)?,
        compiled_bytes: number(most)?,
        segment_bytes: number(segment)?,
        ..Limits::default()
    };
    let bytes = std::fs::read(input).map_err(|error| format!("cannot read the component: {error}"))?;
    let code = in_process(&bytes, &limits)?;
    std::fs::write(output, code).map_err(|error| format!("cannot write compiled code: {error}"))
}

fn limit_this_process(address_space: u64, seconds: u64) -> rustix::io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = |resource, soft: u64, hard: u64| {
        // Where the server itself has less, no process of it can have more.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        setrlimit(resource, Rlimit { current: Some(soft.min(most)), maximum: Some(hard.min(most)) })
    };
    limit(Resource::As, address_space, address_space)?;
    // At the soft limit the signal says what it is about; at the hard one it would be SIGKILL.
    limit(Resource::Cpu, seconds, seconds.saturating_add(1))?;
    limit(Resource::Core, 0, 0)?;
    crate::machine::priority::lower_process();
    // When memory runs out, the kernel is to end this process rather than the server. Without /proc that cannot be said, and
    // the server does not start there.
    drop(std::fs::write("/proc/self/oom_score_adj", "1000"));
    Ok(())
}

/// Compiles here and now; the error is the compiler's own, in one line.
pub(crate) fn in_process(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, String> {
    let engine = wasmtime::Engine::new(&config(Allocation::OnDemand, limits)).map_err(|error| one_line(&error))?;
    let compile = |prepared: &[u8]| {
        engine.precompile_component(prepared).map_err(|error| match missing(bytes) {
            Some(Proposal { name, reason, .. }) => format!("{USES}`{name}`, which is switched off here: {reason}"),
            None => one_line(&error),
        })
    };
    let prepared = match prepare::prepare(bytes, limits) {
        Ok(prepared) => prepared,
        // Where it is no component at all, the compiler says so best.
        Err(why) => return compile(bytes).and(Err(why)),
    };
    let code = compile(&prepared)?;
    let (has, most) = (code.len() as u64, limits.compiled_bytes);
    if has > most {
        return Err(format!("its compiled code has {has} bytes; {most} are allowed (limit compiled_bytes)"));
    }
    prepare::refuse_strings_between_components(&code)?;
    Ok(code)
}

/// Why compiled code was not made: most often what the compiler said is a cause only, and not a whole sentence.
pub(crate) fn refusal(said: &str) -> Refused {
    if said.starts_with(USES) {
        return Refused::component(said);
    }
    Refused::component("the component cannot be compiled").because(said)
}

fn one_line(error: &wasmtime::Error) -> String {
    let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.chars().take(MESSAGE_BYTES / 4).collect()
}

/// Compiles the component in file `input` into file `output`, in a child process.
pub(crate) async fn in_child(program: &Path, input: &Path, output: &Path, limits: &Limits) -> Result<(), Refused> {
    let child = Command::new(program)
        .arg(CHILD_COMMAND)
        .args([input, output])
        .args(
            [
                limits.compile_memory_bytes,
                limits.compile_seconds,
                limits.stack_bytes,
                limits.compiled_bytes,
                limits.segment_bytes,
            ]
            .map(|n| n.to_string()),
        )
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Refused::host("the compiler could not be started").because(error.to_string()))?;
    let patience = Duration::from_secs(limits.compile_seconds);
    let Ok(ended) = tokio::time::timeout(patience, child.wait_with_output()).await else {
        return Err(too_slow(limits));
    };
    let ended = ended.map_err(|error| Refused::host("the compiler could not be watched").because(error.to_string()))?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(ended.stderr.get(..MESSAGE_BYTES).unwrap_or(&ended.stderr)).trim().to_owned();
    Err(explain(ended.status, &said, limits))
}

fn too_slow(limits: &Limits) -> Refused {
    Refused::component(format!(
        "compiling the component took more than {} s (limit compile_seconds)",
        limits.compile_seconds
    ))
}

fn explain(status: ExitStatus, said: &str, limits: &Limits) -> Refused {
    use std::os::unix::process::ExitStatusExt as _;
    const SIGXCPU: i32 = 24;
    const SIGKILL: i32 = 9;
    match status.signal() {
        Some(SIGXCPU) => too_slow(limits),
        Some(SIGKILL) => Refused::component(
            "the system ended the compiler, as it does when memory runs out: the component is too large for the memory here",
        )
        .because(said),
        Some(signal) => Refused::component(format!(
            "the compiler crashed on the component (signal {signal}); it may have needed more than {} bytes of memory \
             (limit compile_memory_bytes)",
            limits.compile_memory_bytes
        ))
        .because(said),
        None => refusal(said),
    }
}
