//! Components that do not fit into the pool of instances, and places where a server is put that would fail each of them.

#![expect(clippy::indexing_slicing, reason = "tests fail by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{engine, limits};
use support::binary::{self, Said, finish};
use support::server::{Home, Server, Setup};
use support::snapshot::assert_snapshot;
use support::{ok, repository};

/// Components beyond each limit of the pool, and some that are merely large.
fn large() -> Vec<(&'static str, String)> {
    let instances = |module: &str, count: usize| {
        format!("(core module $m {module}) {}", "(core instance (instantiate $m))".repeat(count))
    };
    vec![
        ("two memories in one module", instances("(memory 1) (memory 1)", 1)),
        ("21 modules with a memory", instances("(memory 1)", 21)),
        ("a table of 10,000,000 elements", instances("(table 10000000 funcref)", 1)),
        ("41 tables in one module", instances(&"(table 1 funcref)".repeat(41), 1)),
        ("41 modules with a table", instances("(table 1 funcref)", 41)),
        ("100,001 instances", many_instances()),
        ("120 instances in 60 components inside of each other", nested(60)),
        ("100,000 globals", instances(&"(global i32 (i32.const 0))".repeat(100_000), 1)),
        ("100,000 exported functions", instances(&exported(100_000), 1)),
        ("100 modules with 2,000 globals each", instances(&"(global i32 (i32.const 0))".repeat(2_000), 100)),
    ]
}

/// A component in a component in a component, each with two instances of a module.
fn nested(depth: usize) -> String {
    let level = "(core module $m) (core instance (instantiate $m)) (core instance (instantiate $m))";
    let mut text = level.to_owned();
    for _ in 1..depth {
        text = format!("{level} (component $c {text}) (instance (instantiate $c))");
    }
    text
}

/// A thousand instances in each of a hundred components, and one more.
fn many_instances() -> String {
    let thousand = "(core instance (instantiate $m))".repeat(1_000);
    let hundred = "(instance (instantiate $c))".repeat(100);
    format!("(component $c (core module $m) {thousand}) {hundred} (core module $m) (core instance (instantiate $m))")
}

fn exported(count: usize) -> String {
    (0..count).map(|number| format!("(func (export \"{number}\"))")).collect()
}

/// wasmtime has no type for these errors; the test breaks when their texts change.
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_the_pool_is_refused_by_its_limit() {
    let (engine, _folder) = engine(limits());
    let mut page = String::new();
    for (what, text) in large() {
        let text = format!("(component {text} (instance $i) (export \"analyte:plugin/model@0.1.0\" (instance $i)))");
        let bytes = wat::parse_str(&text).expect(what);
        let refused = engine.install(bytes.into()).await.err().expect("refused");
        page.push_str(&format!("{what}\n    {}: {}\n", refused.code, refused.message));
        page.extend(refused.causes.iter().map(|cause| format!("    because: {cause}\n")));
    }
    assert_snapshot("unfit-components.txt", &page);
}

/// Whether a thing that a test needs is there. Where it is not, the test says that it is skipped, and fails in CI.
pub(super) fn have(what: &str, there: bool) -> bool {
    assert!(there || std::env::var_os("CI").is_none(), "CI needs {what}");
    if !there {
        eprintln!("skipped: there is no {what} here");
    }
    there
}

/// What starts a program in namespaces of its own, where it may mount things; empty: this system does not let anybody.
fn namespaces() -> Vec<&'static str> {
    let allowed = |command: &[&str]| {
        let tried = Command::new(command[0])
            .args(&command[1..])
            .args(["sh", "-c", "mount -t tmpfs tmpfs /tmp"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        tried.is_ok_and(|status| status.success())
    };
    [vec!["unshare", "-Urm"], vec!["unshare", "-m"]].into_iter().find(|command| allowed(command)).unwrap_or_default()
}

/// `serve` on this folder, started by another program.
fn serve_under(under: &[&str], data_dir: &Path) -> Said {
    let serve = binary::command();
    let mut command = Command::new(under[0]);
    command.args(&under[1..]).arg(serve.get_program()).args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
    finish(command.arg(data_dir).current_dir(repository()), b"")
}

/// What a server that did not start says in the end; before, it says what differs from machine to machine.
fn refusal(said: &Said) -> String {
    let at = said.stderr.find("error: ").unwrap_or(0);
    format!("exit code {}\n{}", said.code, &said.stderr[at..])
}

/// One run of an installed plugin.
fn runs(server: &Server) {
    server.http.post("/v1/providers/hostile/models/noop/execute", &json!({ "input": [{ "value": 1 }] })).expect(200);
}

#[test]
fn a_server_says_what_memory_and_cores_it_uses() {
    let server = Server::with_plugins(&["hostile"]);
    let said = server.stderr();
    let at = said.find("memory for runs and requests: ").expect("the line");
    let line = said[at..].lines().next().expect("the line");
    assert!(line.contains(" MiB, three quarters of what the server itself leaves of "), "{line}");
    assert!(line.contains("; cores: "), "{line}");
    let metrics = server.http.get("/metrics").text();
    let capacity = metrics.lines().find_map(|line| line.strip_prefix("analyte_memory_capacity_bytes ")).expect("it");
    let mib: u64 = line.split(' ').nth(5).and_then(|number| number.parse().ok()).expect("a number");
    assert_eq!(ok(capacity.parse::<u64>(), "bytes") >> 20, mib);
    runs(&server);
}

#[test]
fn a_data_folder_that_nothing_may_be_run_from_serves_all_the_same() {
    let under = namespaces();
    if !have("right to mount in a namespace", !under.is_empty()) {
        return;
    }
    let home = Home::new();
    ok(fs::create_dir_all(home.data_dir()), "the data directory");
    ok(fs::set_permissions(home.data_dir(), std::os::unix::fs::PermissionsExt::from_mode(0o700)), "its mode");
    let folder = home.data_dir().display().to_string();
    let script = r#"mount --bind "$0" "$0" && mount -o remount,bind,noexec,nosuid,nodev "$0" && exec "$@""#;
    let under = [under, vec!["sh", "-c", script, &folder]].concat();
    let server = home.start(&Setup { plugins: &["hostile"], under: &under, ..Setup::default() });
    let said = server.stderr();
    assert!(said.contains("nothing may be run from this file system (noexec)"), "{said}");
    runs(&server);
    // From the cache, too.
    let home = server.kill();
    let server = home.start(&Setup { plugins: &["hostile"], under: &under, ..Setup::default() });
    runs(&server);
}

#[test]
fn a_system_that_forbids_made_code_is_said_at_the_start() {
    let home = Home::new();
    let mut command = binary::command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]).arg(home.data_dir());
    if !have("kernel with PR_SET_MDWE (6.3)", deny::write_execute(&mut command)) {
        return;
    }
    assert_snapshot("serve-without-made-code.txt", &refusal(&finish(&mut command, b"")));
}

/// What systemd's `MemoryDenyWriteExecute=yes` does.
mod deny {
    #![expect(
        unsafe_code,
        reason = "between fork and exec only calls that are safe there may be made, and prctl is one"
    )]

    use std::io;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    const PR_SET_MDWE: libc::c_int = 65;
    const REFUSE_EXEC_GAIN: libc::c_ulong = 1;

    fn set() -> io::Result<()> {
        let none: libc::c_ulong = 0;
        // SAFETY: it takes numbers only.
        match unsafe { libc::prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, none, none, none) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Has the program run under it; answers whether the kernel knows it.
    pub(super) fn write_execute(command: &mut Command) -> bool {
        let mut trial = Command::new("true");
        // SAFETY: `set` makes one system call.
        unsafe { trial.pre_exec(set) };
        // SAFETY: the same.
        unsafe { command.pre_exec(set) };
        trial.status().is_ok_and(|status| status.success())
    }
}

#[test]
fn a_small_address_space_has_fewer_components_at_once_or_is_refused() {
    let home = Home::new();
    // In units of 1,024 bytes: 150 GB has room for some, 16 GB for none.
    let under = ["sh", "-c", r#"ulimit -v 150000000 && exec "$@""#, "sh"];
    let server = home.start(&Setup { plugins: &["hostile"], under: &under, ..Setup::default() });
    let said = server.stderr();
    assert!(said.contains("has room for fewer components at once than usual"), "{said}");
    runs(&server);
    let home = server.kill();
    let said = serve_under(&["sh", "-c", r#"ulimit -v 16000000 && exec "$@""#, "sh"], &home.data_dir());
    assert_snapshot("serve-in-a-small-address-space.txt", &refusal(&said));
}

/// The limit on data counts what is reserved for tables; that on files would end the server without a word.
#[test]
fn other_limits_of_the_system_are_said_at_the_start() {
    let home = Home::new();
    let said = serve_under(&["sh", "-c", r#"ulimit -d 200000 && exec "$@""#, "sh"], &home.data_dir());
    assert_snapshot("serve-with-little-data.txt", &refusal(&said));
    let under = ["sh", "-c", r#"ulimit -f 2097152 && exec "$@""#, "sh"];
    let server = home.start(&Setup { under: &under, ..Setup::default() });
    let said = server.stderr();
    assert!(
        said.contains(" MiB here; when the store or a result would need more, the system ends the server"),
        "{said}"
    );
}

#[test]
fn a_missing_proc_is_said_at_the_start() {
    let under = namespaces();
    if !have("right to mount in a namespace", !under.is_empty()) {
        return;
    }
    let home = Home::new();
    let under = [under, vec!["sh", "-c", r#"mount -t tmpfs tmpfs /proc && exec "$@""#, "sh"]].concat();
    assert_snapshot("serve-without-proc.txt", &refusal(&serve_under(&under, &home.data_dir())));
}
