//! Files: uploads of model files, downloads of these and of what jobs made. The services of the repository of models stand
//! among the other services.
//!
//! A file belongs to the organisation of the caller that uploaded it. Its bytes go from the connection to the store and
//! back in pieces; no path of a file is ever one of the server's own file system.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::shared::Shared;

mod download;
mod form;
pub(super) mod location;
pub(super) mod media_type;
mod upload;

/// All calls that are about files.
pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/Thingworx/FileRepositoryUploader", post(upload::upload))
        .route("/Thingworx/FileRepositoryDownloader", get(download::by_query))
        .route("/Thingworx/FileRepositories/{*rest}", get(download::by_address))
}
