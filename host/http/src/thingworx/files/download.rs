//! `GET /Thingworx/FileRepositories/{repository}/{path}`, and `GET /Thingworx/FileRepositoryDownloader` with the same two
//! in its query string, as some clients have it: a file of the caller's organisation.
//!
//! There are two repositories: that of model files, which holds what was uploaded, and that of jobs, which holds the
//! result files of each under `PROVIDER/JOB/`. Whatever cannot be a file's location, has no file, or is another
//! organisation's, gets one answer.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::names::{FileName, JobId};
use analyte_jobs::Right;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, Uri};

use super::location::{FileLocation, JOBS, MODELS};
use crate::answer::file_answer::{self, Facts};
use crate::entry::auth::Caller;
use crate::problem::Problem;
use crate::shared::Shared;
use crate::thingworx::error::Refusal;
use crate::thingworx::query_string;

/// Under its address.
pub(super) async fn by_address(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let location = FileLocation::of_address(request.uri().path());
    Ok(file(&shared, &caller, location, request.headers()).await?)
}

/// As `download-repository` and `download-path` say.
pub(super) async fn by_query(
    State(shared): State<Arc<Shared>>,
    caller: Caller,
    request: Request,
) -> Result<Response, Refusal> {
    let location = of_query(request.uri());
    Ok(file(&shared, &caller, location, request.headers()).await?)
}

fn of_query(uri: &Uri) -> Option<FileLocation> {
    let one = |name| query_string::values(uri, name).into_iter().next();
    Some(FileLocation::of_parts(&one("download-repository")?, &one("download-path")?))
}

async fn file(
    shared: &Arc<Shared>,
    caller: &Caller,
    location: Option<FileLocation>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    caller.require(Right::JobsRead)?;
    match location {
        Some(FileLocation { repository, path }) if repository == MODELS => {
            uploaded(shared, caller, &path, headers).await
        }
        Some(FileLocation { repository, path }) if repository == JOBS => result(shared, caller, &path, headers).await,
        _ => Err(nothing()),
    }
}

async fn uploaded(shared: &Shared, caller: &Caller, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let record = shared.manager.repository_file(caller.organisation(), MODELS, path).await.map_err(one_answer)?;
    let name = record.path.rsplit('/').next().unwrap_or_default();
    let facts = Facts { name, media_type: &record.media_type, content: &record.content };
    let (manager, read) = (shared.manager.clone(), record.clone());
    file_answer::answer(headers, &facts, move |range| {
        let (manager, record) = (manager.clone(), read.clone());
        async move { manager.repository_bytes(&record, range).await }
    })
}

async fn result(shared: &Shared, caller: &Caller, path: &str, headers: &HeaderMap) -> Result<Response, Problem> {
    let (provider, job, name) = result_file(path).ok_or_else(nothing)?;
    let (manager, organisation) = (shared.manager.clone(), caller.organisation().clone());
    let view = manager.get(&organisation, job).await.map_err(one_answer)?;
    if view.job.only_task().is_none_or(|task| task.provider.as_str() != provider) {
        return Err(nothing());
    }
    let file = manager.file(&organisation, job, None, &name).await.map_err(one_answer)?;
    let facts = Facts { name: name.as_str(), media_type: &file.media_type, content: &file.content };
    let read = Arc::new(file.clone());
    file_answer::answer(headers, &facts, move |range| {
        let (manager, organisation, file) = (manager.clone(), organisation.clone(), read.clone());
        async move { manager.file_bytes(&organisation, job, &file, range).await }
    })
}

/// Provider, job and file of a path in the repository of jobs.
fn result_file(path: &str) -> Option<(&str, JobId, FileName)> {
    let mut names = path.split('/');
    let (provider, job, file) = (names.next()?, names.next()?, names.next()?);
    if names.next().is_some() {
        return None;
    }
    Some((provider, job.parse().ok()?, file.parse().ok()?))
}

/// A file that does not exist and a file of another organisation get the same answer.
fn one_answer(error: analyte_jobs::JobsError) -> Problem {
    if error.code() == Code::NotFound { nothing() } else { error.into() }
}

fn nothing() -> Problem {
    Problem::new(Code::NotFound, "there is no such file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_file_stands_under_its_provider_and_job() {
        const JOB: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
        let of = |path: &str| result_file(path).map(|(provider, job, name)| format!("{provider} {job} {name}"));
        assert_eq!(of(&format!("p/{JOB}/plot.svg")), Some(format!("p {JOB} plot.svg")));
        for other in [
            String::new(),
            "p".to_owned(),
            format!("p/{JOB}"),
            format!("p/{JOB}/"),
            format!("p/{JOB}/a/b"),
            format!("p/{JOB}/.."),
            "p/1/plot.svg".to_owned(),
            format!("/{JOB}/a/b"),
        ] {
            assert_eq!(of(&other), None, "{other}");
        }
    }

    #[test]
    fn a_location_may_stand_in_the_query_string() {
        let of =
            |uri: &'static str| of_query(&Uri::from_static(uri)).map(|location| (location.repository, location.path));
        let expected = Some(("r".to_owned(), "p/My m.onnx".to_owned()));
        assert_eq!(of("/x?download-repository=r&download-path=%2Fp%2FMy+m.onnx"), expected);
        assert_eq!(of("/x?download-repository=r&download-path=p/My%20m.onnx&appKey=k"), expected);
        assert_eq!(of("/x?download-repository=r"), None);
        assert_eq!(of("/x?download-path=p"), None);
    }
}
