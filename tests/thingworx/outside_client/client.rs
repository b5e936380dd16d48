//! An application's client of ThingWorx Analytics Manager, written from the public description of its services alone.
//!
//! It knows nothing of Analyte and uses nothing of it: with the address and the key of another server of these services it is
//! the same client. Names that public pages do not give (the fields of the jobs, of the errors and of the files) are those
//! of our reading of them.

#![expect(unreachable_pub, reason = "a module of a test binary, which exports nothing")]

pub mod connection;
pub mod infotable;
mod services;

use serde_json::{Value, json};

pub use connection::{Connection, Credential, Error};
pub use infotable::{Cell, Table};
use services::{Resource, nothing, scalar, table, text};

const JOBS: &str = "TW.AnalysisServices.JobManagementServicesAPI";
const MODELS: &str = "TW.AnalysisServices.ModelManagementServicesAPI";
/// One folder for each provider, named like it.
const REPOSITORY: &str = "TW.AnalysisServices.ModelRepository";

/// What a job can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Waiting,
    InProcess,
    Completed,
    Failed,
}

/// What to compute.
#[derive(Debug, Clone, Default)]
pub struct Job {
    pub provider: String,
    pub model: String,
    pub input: Table,
    /// Parameters of the model.
    pub extra: Option<Value>,
    /// The caller's own, given back untouched.
    pub custom: Option<Table>,
}

impl Job {
    pub fn new(provider: &str, model: &str, input: Table) -> Self {
        Self { provider: provider.to_owned(), model: model.to_owned(), input, ..Self::default() }
    }

    pub fn with(mut self, extra: Value) -> Self {
        self.extra = Some(extra);
        self
    }

    pub fn tagged(mut self, custom: Table) -> Self {
        self.custom = Some(custom);
        self
    }
}

/// Why a job failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobError {
    pub job: String,
    pub code: String,
    pub message: String,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// A file that a job made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultFile {
    pub name: String,
    pub link: String,
    pub size: i64,
}

/// A model to be made from a file.
#[derive(Debug, Clone, Copy)]
pub struct NewModel<'a> {
    pub provider: &'a str,
    /// The name of the file, whose stem is the model's name.
    pub file: &'a str,
    pub description: &'a str,
    /// `None`: the default, `Any`.
    pub cardinality: Option<&'a str>,
}

/// The services, for one caller.
#[derive(Debug)]
pub struct AnalyticsManager {
    connection: Connection,
    jobs: Resource,
    models: Resource,
}

impl AnalyticsManager {
    /// Looks the services up.
    pub fn connect(connection: Connection) -> Result<Self, Error> {
        let jobs = Resource::discover(&connection, JOBS)?;
        let models = Resource::discover(&connection, MODELS)?;
        Ok(Self { connection, jobs, models })
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The resource of the jobs, as it describes itself.
    pub fn jobs(&self) -> &Resource {
        &self.jobs
    }

    /// Gives a job and does not wait for it; answers its id.
    pub fn submit_job(&self, job: &Job) -> Result<String, Error> {
        text(&self.with_job("SubmitJob", job)?)
    }

    /// Gives a job and waits for its results.
    pub fn execute_job(&self, job: &Job) -> Result<Table, Error> {
        table(&self.with_job("ExecuteJob", job)?)
    }

    pub fn get_job_status(&self, provider: &str, job: &str) -> Result<Status, Error> {
        match text(&self.of_job("GetJobStatus", provider, job)?)?.as_str() {
            "WAITING" => Ok(Status::Waiting),
            "INPROCESS" => Ok(Status::InProcess),
            "COMPLETED" => Ok(Status::Completed),
            "FAILED" => Ok(Status::Failed),
            other => Err(Error::Broken(format!("{other} is not a status"))),
        }
    }

    pub fn get_job_results(&self, provider: &str, job: &str) -> Result<Table, Error> {
        table(&self.of_job("GetJobResults", provider, job)?)
    }

    pub fn get_job_errors(&self, provider: &str, job: &str) -> Result<Vec<JobError>, Error> {
        let table = table(&self.of_job("GetJobErrors", provider, job)?)?;
        let rows = table.rows.iter().map(|row| {
            let text = |name: &str| row.get(name).and_then(Cell::text).map(str::to_owned);
            let at = row.get("timestamp").and_then(Cell::instant);
            Some(JobError { job: text("jobId")?, code: text("errorCode")?, message: text("errorMessage")?, at: at? })
        });
        let rows: Option<Vec<_>> = rows.collect();
        rows.ok_or_else(|| Error::Broken(format!("not a table of errors: {table:?}")))
    }

    pub fn get_job_result_files(&self, provider: &str, job: &str) -> Result<Vec<ResultFile>, Error> {
        let table = table(&self.of_job("GetJobResultFiles", provider, job)?)?;
        let rows = table.rows.iter().map(|row| {
            let text = |name: &str| row.get(name).and_then(Cell::text).map(str::to_owned);
            let size = if let Some(Cell::Whole(size)) = row.get("size") { Some(*size) } else { None };
            Some(ResultFile { name: text("name")?, link: text("link")?, size: size? })
        });
        let rows: Option<Vec<_>> = rows.collect();
        rows.ok_or_else(|| Error::Broken(format!("not a table of files: {table:?}")))
    }

    /// The content of a file.
    pub fn download(&self, file: &ResultFile) -> Result<Vec<u8>, Error> {
        self.connection.download(&file.link)
    }

    /// Answers a message that says whether it worked.
    pub fn retry_job(&self, provider: &str, job: &str) -> Result<String, Error> {
        text(&self.of_job("RetryJob", provider, job)?)
    }

    /// Jobs that a query selects.
    pub fn query_jobs(&self, query: &Value) -> Result<Table, Error> {
        table(&self.jobs.call(&self.connection, "QueryJobs", &[("query", Some(query.clone()))])?)
    }

    /// Jobs that are like one of these rows.
    pub fn jobs_like(&self, values: &Table) -> Result<Table, Error> {
        table(&self.jobs.call(&self.connection, "QueryJobs", &[("values", Some(values.to_json()))])?)
    }

    pub fn start_stateful_session(&self) -> Result<(), Error> {
        nothing(&self.jobs.call(&self.connection, "StartStatefulSession", &[])?)
    }

    pub fn end_stateful_session(&self) -> Result<(), Error> {
        nothing(&self.jobs.call(&self.connection, "EndStatefulSession", &[])?)
    }

    pub fn is_stateful_session(&self) -> Result<bool, Error> {
        match scalar(&self.jobs.call(&self.connection, "IsStatefulSession", &[])?)? {
            Some(Cell::Truth(truth)) => Ok(truth),
            other => Err(Error::Broken(format!("not a truth: {other:?}"))),
        }
    }

    /// Uploads the file into the provider's folder, and makes a model of it; answers the model's id.
    pub fn create_model_from_file(&self, model: &NewModel<'_>, content: &[u8]) -> Result<String, Error> {
        let NewModel { provider, file, description, cardinality } = *model;
        self.connection.upload(REPOSITORY, &format!("/{provider}"), file, content)?;
        let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
        let url = format!("/Thingworx/FileRepositories/{REPOSITORY}/{provider}/{file}");
        let arguments = [
            ("modelName", Some(json!(name))),
            ("description", Some(json!(description))),
            ("providerName", Some(json!(provider))),
            ("fileURL", Some(json!(url))),
            ("inputsToResultsCardinality", cardinality.map(|cardinality| json!(cardinality))),
        ];
        text(&self.models.call(&self.connection, "CreateModelAndDatashapesFromFile", &arguments)?)
    }

    fn with_job(&self, service: &str, job: &Job) -> Result<Vec<u8>, Error> {
        let arguments = [
            ("providerName", Some(json!(job.provider))),
            ("modelName", Some(json!(job.model))),
            ("inputParams", Some(job.input.to_json())),
            ("extraParams", job.extra.clone()),
            ("customData", job.custom.as_ref().map(Table::to_json)),
        ];
        self.jobs.call(&self.connection, service, &arguments)
    }

    fn of_job(&self, service: &str, provider: &str, job: &str) -> Result<Vec<u8>, Error> {
        let arguments = [("providerName", Some(json!(provider))), ("jobId", Some(json!(job)))];
        self.jobs.call(&self.connection, service, &arguments)
    }
}
