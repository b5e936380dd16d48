//! `analyte demo`: from nothing to a result, over HTTP, on real data.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use analyte_core::limits::Limits;
use analyte_core::names::{ModelName, ProviderName};
use anyhow::{Context as _, Result};
use clap::Args;
use serde_json::{Map, Value, json};

use super::provider::install::install;
use crate::arguments::table_input::TableFile;
use crate::client::follow::{self, Follow};
use crate::client::interface::Interface;
use crate::client::submission::{Retry, Submission, as_json};
use crate::client::{Client, Method, address, bytes};
use crate::folders::data_dir;
use crate::local::build::build;
use crate::output::list::{items, text};
use crate::output::report::{self, Report};
use crate::output::stdout;
use crate::output::table::aligned;
use crate::server::shutdown::{Signals, requests};
use crate::server::{Server, Settings, USUAL_ADDRESS, threads};

/// The data: sixteen years of United States employment, famous for being hard to compute with.
const DATA: &str = "example-plugins/data/longley.csv";
/// The plugin.
const PLUGIN: &str = "example-plugins/statistics";
const PROVIDER: &str = "statistics";
const MODEL: &str = "linear-regression";
const RESPONSE: &str = "employment";

/// Shows Analyte at work: builds the example plugins, serves them, and runs a real job over HTTP.
///
/// Needs Analyte's repository. Builds example-plugins/statistics, starts a server on loopback with a data directory of
/// its own, installs the plugin, submits a linear regression on the Longley data (NIST's reference for regression) as a
/// job, prints its coefficients and what to try next, and goes on serving until Ctrl-C.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Ends after the table.
    #[arg(long)]
    once: bool,
    /// Address to listen at. [default: 127.0.0.1:8080, or a free port where that is taken or --once is given]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl Demo {
    pub(crate) fn run(self) -> Result<()> {
        let repository = repository()?;
        report::line(&format!("building {PLUGIN}"));
        let component = build(&repository.join(PLUGIN), None)?;
        let data = std::fs::read(repository.join(DATA)).with_context(|| format!("{DATA} cannot be read"))?;
        let folder =
            tempfile::Builder::new().prefix("analyte-demo-").tempdir().context("no temporary folder can be made")?;
        let tour = Tour { component, data, data_dir: folder.path().join("data") };
        threads::start()?.block_on(self.serve(tour))
    }

    async fn serve(self, tour: Tour) -> Result<()> {
        let mut signals = Signals::listen()?;
        let server = self.server(&tour.data_dir).await?;
        let url = server.url();
        report::line(&format!("listening on {url}"));
        let (stopper, requests) = requests();
        let serving = tokio::spawn(server.serve(requests));
        let once = self.once;
        let touring = tokio::task::spawn_blocking(move || tour.go(&url, once));
        let toured = tokio::select! {
            toured = touring => toured.context("the tour broke off")?,
            () = signals.next() => Ok(()),
        };
        if toured.is_ok() && !once {
            signals.next().await;
        }
        let _ = stopper.stop.send(());
        tokio::spawn(async move {
            signals.next().await;
            let _ = stopper.at_once.send(());
        });
        serving.await.context("the server broke off")??;
        toured
    }

    /// A server at the address asked for, else at the usual one or a free one.
    async fn server(&self, data_dir: &Path) -> Result<Server> {
        let settings = |listen: &str| Settings {
            listen: listen.to_owned(),
            data_dir: data_dir.to_owned(),
            plugins: None,
            allowed_hosts: Vec::new(),
            tls: None,
            origins: Vec::new(),
            thingworx: analyte_http::ThingworxOptions::default(),
            limits: Limits::default(),
            grants: std::collections::BTreeMap::new(),
            retention: analyte_jobs::Retention::default(),
            webhooks: crate::config::webhooks::Webhooks::default(),
        };
        let free = "127.0.0.1:0";
        match &self.listen {
            Some(listen) => Server::start(settings(listen)).await,
            None if self.once => Server::start(settings(free)).await,
            None => match Server::start(settings(USUAL_ADDRESS)).await {
                Err(error)
                    if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::AddrInUse) =>
                {
                    report::line(&format!("{USUAL_ADDRESS} is in use: taking a free port"));
                    Server::start(settings(free)).await
                }
                started => started,
            },
        }
    }
}

/// What is shown.
struct Tour {
    component: PathBuf,
    data: Vec<u8>,
    data_dir: PathBuf,
}

impl Tour {
    /// Does what a client would do, by the same calls.
    fn go(self, url: &str, once: bool) -> Result<()> {
        let token_file = self.data_dir.join(data_dir::ADMIN_TOKEN);
        let token = std::fs::read_to_string(&token_file).context("the token cannot be read")?;
        let client = Client::new(url, token.trim().to_owned(), None)?;
        let (provider, model) = (ProviderName::new(PROVIDER)?, ModelName::new(MODEL)?);
        let (installed, _) = install(&client, &provider, &self.component, None)?;
        let models: Vec<String> = items(&installed, "/models").map(|model| text(model, "/name")).collect();
        report::line(&format!("installed {PROVIDER}: {}", models.join(", ")));

        let given = TableFile { bytes: self.data.into(), format: analyte_core::table::format::Format::Csv };
        let interface = Interface::of(&client, &provider, &model)?;
        let input = as_json(&given, &interface)?;
        let mut parameters = Map::new();
        parameters.insert("response".to_owned(), Value::from(RESPONSE));
        let submission = Submission {
            provider: Some(&provider),
            model: Some(&model),
            input: Some(&input),
            parameters: Some(parameters),
            tasks: None,
            custom_data: None,
            priority: 0,
            run_at: None,
            limits: None,
            retry: Retry::default(),
            tags: [("demo".to_owned(), "longley".to_owned())].into(),
            webhook: None,
        };
        let id = submission.send(&client, None)?;
        report::line(&format!("submitted job {id}: {MODEL} of {RESPONSE} on everything else in {DATA}"));
        follow::to_end(&client, id, Follow::Log)?;
        let job = client.get(&address::job(id), &[])?;
        let fuel = job.get("fuel_used").and_then(Value::as_u64).unwrap_or(0);
        report::line(&format!("completed with {} units of fuel", report::grouped(fuel)));

        let csv = client.call(Method::Get, &format!("{}/results", address::job(id)), &[], &[("accept", "text/csv")])?;
        stdout::text(&aligned(&bytes(csv)?)?)?;
        if !once {
            stdout::text(&next(url, &token_file, &id.to_string()))?;
        }
        Ok(())
    }
}

/// What to try next, ready to be copied.
fn next(url: &str, token_file: &Path, job: &str) -> String {
    let rows = json!({ "rows": [{ "x": 1, "y": 2.1 }, { "x": 2, "y": 3.9 }, { "x": 3, "y": 6.2 }] });
    let token = token_file.display();
    let program = program();
    let data_dir = token_file.parent().unwrap_or(Path::new("")).display();
    format!(
        "
Analyte serves at {url} until you press Ctrl-C. To try next, in another terminal:

  TOKEN=$(cat {token})
  curl -H \"Authorization: Bearer $TOKEN\" {url}/v1/providers/{PROVIDER}/models
  curl -H \"Authorization: Bearer $TOKEN\" {url}/v1/jobs/{job}
  curl -H \"Authorization: Bearer $TOKEN\" -H 'Accept: text/csv' {url}/v1/jobs/{job}/results
  curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: text/csv' -H 'Accept: text/csv' \\
       --data-binary @{DATA} {url}/v1/providers/{PROVIDER}/models/describe/execute
  curl -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \\
       -d '{rows}' '{url}/v1/providers/{PROVIDER}/models/{MODEL}/execute?response=y'

The same with this program's own client:

  export ANALYTE_SERVER={url} ANALYTE_DATA_DIR={data_dir}
  {program} job list
  {program} job execute {PROVIDER} describe --input {DATA}
"
    )
}

/// This program as it can be called from here.
fn program() -> String {
    let (program, here) = (std::env::current_exe().unwrap_or_default(), std::env::current_dir().unwrap_or_default());
    match program.strip_prefix(&here) {
        Ok(relative) => relative.display().to_string(),
        Err(_) => program.display().to_string(),
    }
}

/// The repository: the folder with the example plugins, here or above; else where this program was built.
fn repository() -> Result<PathBuf> {
    let here = std::env::current_dir().context("the current folder cannot be found")?;
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let found =
        here.ancestors().chain([built.as_path()]).find(|folder| folder.join(PLUGIN).join("Cargo.toml").is_file());
    found.map(Path::to_owned).ok_or_else(|| {
        Report::new(format!("the example plugins are not here: there is no {PLUGIN}"))
            .hint("the demo builds them from source: run it in Analyte's repository, `cargo run --release -- demo`")
            .into()
    })
}
