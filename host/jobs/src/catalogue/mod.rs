//! What is installed: providers, the models that they have and those that are published, and files that clients upload.

mod compile_schema;
pub(crate) mod components;
pub(crate) mod files;
pub(crate) mod installed;
pub(crate) mod kept;
mod kept_room;
pub(crate) mod load;
pub(crate) mod model_file;
pub(crate) mod models;
pub(crate) mod providers;
pub(crate) mod publish;
pub(crate) mod schemas;
