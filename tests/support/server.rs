//! A real server process on a free port, with a data directory of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use super::http::Http;
use super::plugins::plugin;
use super::{binary, eventually, eventually_within, lent_code, ok};

/// Longest wait for a server to listen: it compiles its plugins before that, and `onnx` alone took over a minute on a busy machine
/// of two cores.
const START: Duration = Duration::from_mins(5);

/// How a server is started.
#[derive(Debug, Default)]
pub struct Setup<'a> {
    /// Text of its configuration.
    pub config: &'a str,
    /// Plugins to install, by name.
    pub plugins: &'a [&'a str],
    /// Address to listen at; usually a free port on loopback.
    pub listen: &'a str,
    /// Environment variables beside the usual ones.
    pub variables: &'a [(&'a str, &'a str)],
    /// A program and its arguments that start the server instead of the test itself: the server's are put behind them.
    pub under: &'a [&'a str],
}

/// A running server; killed when dropped.
pub struct Server {
    /// For calls with the administrator's token.
    pub http: Http,
    child: Child,
    home: Home,
    stderr: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What of a server outlives its process.
pub struct Home {
    folder: TempDir,
}

impl Home {
    /// A new one.
    pub fn new() -> Self {
        Self { folder: ok(tempfile::tempdir(), "a temporary folder") }
    }

    /// The data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts a server on it.
    pub fn start(self, setup: &Setup<'_>) -> Server {
        let config = self.folder.path().join("analyte.toml");
        ok(fs::write(&config, setup.config), "the configuration");
        let plugins = self.folder.path().join("plugins");
        ok(fs::create_dir_all(&plugins), "the folder of plugins");
        let components: Vec<PathBuf> = setup.plugins.iter().map(|name| plugin(name)).collect();
        for (name, component) in setup.plugins.iter().zip(&components) {
            ok(fs::copy(component, plugins.join(format!("{name}.wasm"))), "copying a plugin");
        }
        // What watches a server or takes something away from it shall see all that a first start does.
        let usual = setup.under.is_empty() && setup.variables.is_empty();
        if usual {
            lent_code::lend(&components, &self.data_dir());
        }
        let mut command = binary::command();
        let listen = if setup.listen.is_empty() { "127.0.0.1:0" } else { setup.listen };
        command.args(["serve", "--listen", listen]).arg("--data-dir").arg(self.data_dir());
        command.arg("--config").arg(&config).arg("--plugins").arg(&plugins);
        command.envs(setup.variables.iter().copied());
        let server = self.run(under(setup.under, command));
        if usual {
            lent_code::take(&components, &server.data_dir());
        }
        server
    }

    fn run(self, mut command: Command) -> Server {
        let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut child = ok(child, "starting the server");
        let stderr = Arc::new(Mutex::new(String::new()));
        let reader = child.stderr.take().map(|pipe| {
            let kept = stderr.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                    kept.push_str(&line);
                    kept.push('\n');
                }
            })
        });
        let mut server = Server { http: Http::new("", ""), child, home: self, stderr, reader };
        let url = eventually_within(START, "the server to listen", || {
            let said = server.stderr();
            let url = said.lines().find_map(|line| line.strip_prefix("listening on ")).map(str::to_owned);
            let ended = ok(server.child.try_wait(), "watching the server");
            assert!(url.is_some() || ended.is_none(), "the server ended: {ended:?}\n{said}");
            url
        });
        let token = ok(fs::read_to_string(server.data_dir().join("admin-token")), "the token");
        server.http = Http::new(&url, token.trim());
        server
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// With the usual settings and without plugins.
    pub fn start() -> Self {
        Home::new().start(&Setup::default())
    }

    /// With these plugins installed.
    pub fn with_plugins(plugins: &[&str]) -> Self {
        Home::new().start(&Setup { plugins, ..Setup::default() })
    }

    /// Set up like this.
    pub fn with(setup: &Setup<'_>) -> Self {
        Home::new().start(setup)
    }

    /// Its data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.home.data_dir()
    }

    /// What it said so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A command of the binary that calls it.
    pub fn command(&self) -> Command {
        let mut command = binary::command();
        command.env("ANALYTE_SERVER", &self.http.url).env("ANALYTE_DATA_DIR", self.data_dir());
        command
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would (SIGKILL), and keeps what it wrote.
    pub fn kill(mut self) -> Home {
        ok(self.child.kill(), "killing the server");
        self.end();
        self.take_home()
    }

    /// Asks it to stop (SIGTERM) and waits for its end.
    pub fn terminate(self) -> (ExitStatus, String, Home) {
        signal(self.child.id(), "TERM");
        self.ended()
    }

    /// Waits for its end.
    pub fn ended(mut self) -> (ExitStatus, String, Home) {
        let status = self.end();
        let said = self.stderr();
        (status, said, self.take_home())
    }

    fn end(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let status = eventually("the server to end", || ok(child.try_wait(), "watching the server"));
        if let Some(reader) = self.reader.take() {
            ok(reader.join(), "reading stderr");
        }
        status
    }

    fn take_home(&mut self) -> Home {
        std::mem::take(&mut self.home)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- what the server said\n{}", self.stderr());
        }
    }
}

/// The command, started by another program.
fn under(program: &[&str], command: Command) -> Command {
    let Some((first, rest)) = program.split_first() else { return command };
    let mut outer = Command::new(first);
    outer.args(rest).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        outer.current_dir(folder);
    }
    outer.stdin(Stdio::null());
    outer
}

/// Sends a signal to a process.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
    assert!(ok(sent, "kill").success());
}

/// Reads a file of a server's data directory.
pub fn read(path: &Path) -> Vec<u8> {
    ok(fs::read(path), &path.display().to_string())
}
