//! A server from its start to its end: store, engine, job manager and HTTP, put together here and taken down in order.

mod descriptors;
mod memory;
mod outgoing;
mod place;
mod plugins;
pub(crate) mod shutdown;
pub(crate) mod threads;
pub(crate) mod tls;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use analyte_core::limits::Limits;
use analyte_core::names::ProviderKey;
use analyte_http::{Origin, ThingworxOptions, Tls};
use analyte_jobs::{Grants, Manager, Retention};
use analyte_store::sled::{self, SledStore};
use anyhow::{Context as _, Result};
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::webhooks::Webhooks;
use crate::folders::data_dir;
use crate::local::sandbox;
use crate::output::report::{self, Report};
use shutdown::Requests;

/// Where a server listens unless something else is said.
pub(crate) const USUAL_ADDRESS: &str = "127.0.0.1:8080";

/// How a server is set up.
pub(crate) struct Settings {
    /// Address to listen at.
    pub(crate) listen: String,
    /// Where everything is kept.
    pub(crate) data_dir: PathBuf,
    /// Folder with components to install.
    pub(crate) plugins: Option<PathBuf>,
    /// Names beside the loopback ones that it answers to.
    pub(crate) allowed_hosts: Vec<String>,
    /// Where certificate and key are; `None`: connections are not encrypted.
    pub(crate) tls: Option<tls::Files>,
    /// Where web pages may come from that call it from a browser.
    pub(crate) origins: Vec<Origin>,
    /// How clients of ThingWorx are answered.
    pub(crate) thingworx: ThingworxOptions,
    /// Every limit.
    pub(crate) limits: Limits,
    /// What is granted to each provider.
    pub(crate) grants: BTreeMap<ProviderKey, Arc<Grants>>,
    /// How long ended jobs are kept.
    pub(crate) retention: Retention,
    /// Where jobs may send notifications.
    pub(crate) webhooks: Webhooks,
}

/// A server that has started and does not answer calls yet.
pub(crate) struct Server {
    manager: Manager,
    listener: TcpListener,
    address: SocketAddr,
    allowed_hosts: Vec<String>,
    tls: Option<Tls>,
    origins: Vec<Origin>,
    thingworx: ThingworxOptions,
    metrics: Counted,
}

/// What each part counts, and all of it together.
struct Counted {
    store: analyte_store::Metrics,
    jobs: analyte_jobs::Metrics,
    http: analyte_http::Metrics,
    registry: Registry,
}

impl Counted {
    fn new() -> Self {
        let store = analyte_store::Metrics::default();
        let (jobs, http) = (analyte_jobs::Metrics::default(), analyte_http::Metrics::default());
        let mut registry = Registry::default();
        store.register(&mut registry);
        jobs.register(&mut registry);
        http.register(&mut registry);
        Self { store, jobs, http, registry }
    }
}

impl Server {
    /// Opens the data directory, takes the address, starts the manager and installs plugins.
    pub(crate) async fn start(settings: Settings) -> Result<Self> {
        let Settings {
            listen,
            data_dir,
            plugins,
            allowed_hosts,
            tls,
            origins,
            thingworx,
            mut limits,
            grants,
            retention,
            webhooks,
        } = settings;
        limits.check().map_err(|why| Report::new(format!("the limits do not fit together: {why}")))?;
        if let Some(folder) = &plugins {
            std::fs::read_dir(folder).with_context(|| format!("the folder {} cannot be read", folder.display()))?;
        }
        let files = tls;
        let tls = files.as_ref().map(tls::Files::load).transpose()?;
        let outgoing = outgoing::client(webhooks, &limits)?;
        // Before anything is made, so that an address in use is an error at once and leaves nothing behind.
        let listener =
            TcpListener::bind(&listen).await.with_context(|| format!("the address {listen} cannot be used"))?;
        let address = listener.local_addr().with_context(|| format!("the address {listen} cannot be used"))?;
        if !address.ip().is_loopback() && allowed_hosts.is_empty() {
            report::warning(
                "calls from other machines will be refused: name this server's own names with --allowed-host or \
                 allowed_hosts",
            );
        }
        if !address.ip().is_loopback() && tls.is_none() {
            report::warning(
                "connections are not encrypted: anyone who sees the network between here and a client reads its token and \
                 its data; give --tls-certificate and --tls-key, or let only a proxy that ends TLS reach this address",
            );
        }
        if let (Some(files), Some(tls)) = (files, &tls) {
            files.renew(tls.clone())?;
        }
        descriptors::provide(&mut limits, outgoing.is_some())?;
        let place = place::settle(&mut limits)?;
        memory::give_back().context("threads cannot be started")?;
        let compiled = data_dir::prepare(&data_dir)?;
        let limits = Arc::new(limits);
        let mut metrics = Counted::new();
        let store = open_store(&data_dir, &limits, &metrics).await?;
        let engine = sandbox::engine(limits, compiled, place.cores.count)?;
        engine.register(&mut metrics.registry);
        let mut options = analyte_jobs::Options::new(Arc::new(store), engine);
        options.limits = place::within_pool(options.limits, &options.engine);
        options.grants = grants;
        options.metrics = metrics.jobs.clone();
        options.retention = retention;
        options.outgoing = outgoing;
        // The lock on the data directory is this server's.
        options.owns_code = true;
        let manager = Manager::start(options).await.context("the server cannot start")?;
        let made = manager.ensure_administrator(|secret| data_dir::write_admin_token(&data_dir, secret.reveal())).await;
        if made.context("the administrator's token cannot be made")? {
            let path = data_dir.join(data_dir::ADMIN_TOKEN);
            report::line(&format!("made a token for the administrator: {}", path.display()));
        }
        if let Some(folder) = plugins {
            plugins::install(&manager, &folder).await?;
        }
        Ok(Self { manager, listener, address, allowed_hosts, tls, origins, thingworx, metrics })
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers calls until `requests` asks to stop; then calls and running tasks share one grace period, which ends
    /// early where `requests` asks to stop at once.
    pub(crate) async fn serve(self, requests: Requests) -> Result<()> {
        let Self { manager, listener, allowed_hosts, tls, origins, thingworx, metrics, .. } = self;
        let Requests { stop, at_once } = requests;
        let limits = manager.limits().clone();
        let grace = Duration::from_millis(limits.grace_ms);
        let Counted { http, registry, .. } = metrics;
        let options = analyte_http::Options {
            manager: manager.clone(),
            allowed_hosts,
            tls,
            origins,
            thingworx,
            limits,
            registry: Arc::new(registry),
            metrics: http,
        };
        let (began, beginning) = oneshot::channel();
        let draining = manager.clone();
        let mut calls = tokio::spawn(analyte_http::serve(listener, options, async move {
            // An error: the sender is gone, which also stops the server.
            let _ = stop.await;
            // At once, not when the last call is over: until then the dispatcher would start more and more.
            draining.drain();
            let _ = began.send(());
        }));
        let mut at_once = std::pin::pin!(async {
            if at_once.await.is_err() {
                // The sender is gone, so that no request can come any more.
                std::future::pending::<()>().await;
            }
        });
        let mut out_of_time = std::pin::pin!(async {
            // An error: the HTTP server broke off before it was asked to stop.
            let _ = beginning.await;
            tokio::time::sleep(grace).await;
        });
        let mut hurried = false;
        loop {
            tokio::select! {
                ended = &mut calls => break ended.context("the HTTP server broke off")?,
                () = &mut at_once => {
                    hurried = true;
                    calls.abort();
                    break;
                }
                // So that calls which still run something say that it is over, rather than end without an answer.
                () = &mut out_of_time, if !hurried => {
                    hurried = true;
                    manager.hurry();
                }
            }
        }
        let mut stopping = std::pin::pin!(manager.stop(if hurried { Duration::ZERO } else { grace }));
        let stopped = tokio::select! {
            stopped = &mut stopping => stopped,
            () = async { tokio::select! { () = &mut at_once => {}, () = &mut out_of_time => {} } }, if !hurried => {
                manager.hurry();
                stopping.await
            }
        };
        stopped.context("the server could not stop in good order")?;
        report::line("stopped");
        Ok(())
    }
}

async fn open_store(data_dir: &Path, limits: &Limits, metrics: &Counted) -> Result<SledStore> {
    let mut options = sled::Options::new(data_dir);
    options.free_disk_bytes = limits.free_disk_bytes;
    options.metrics = metrics.store.clone();
    let opened = tokio::task::spawn_blocking(move || SledStore::open(options)).await;
    opened
        .context("opening the data directory broke off")?
        .with_context(|| format!("the data directory {} cannot be opened", data_dir.display()))
}
