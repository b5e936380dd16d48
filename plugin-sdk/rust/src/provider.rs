//! Providers: a list of models, and what the macros make of it.

use crate::model::{Model, Outcome, info_of, run_model};
use crate::model_file::ModelFile;
use crate::raw::analysis;
use crate::table::Table;
use crate::{Error, ModelInfo, Result};

/// Models that lie in files, for instance ONNX: what a provider does with one.
///
/// Named as `files: Type` in [`provider!`](crate::provider).
pub trait FileModels {
    /// Looks at a file that is to be published, and says what it computes.
    fn inspect(name: &str, file: ModelFile) -> Result<ModelInfo>;
    /// Runs it. The columns of the outcome must be those that `inspect` declared, in their order.
    fn run(request: FileRequest) -> Result<Outcome>;
}

/// One run of a model that lies in a file.
#[derive(Debug)]
pub struct FileRequest {
    /// The model's name.
    pub name: String,
    /// The model's file.
    pub file: ModelFile,
    /// The input, checked by the host against the shape that `inspect` gave.
    pub table: Table,
    /// Parameters as a JSON object; see [`Parameters::parse`](crate::Parameters::parse).
    pub parameters: String,
}

/// A provider without models in files.
#[doc(hidden)]
#[derive(Debug)]
pub struct NoFiles;

impl FileModels for NoFiles {
    fn inspect(name: &str, _: ModelFile) -> Result<ModelInfo> {
        let message = format!("This provider takes no model files, so it cannot take `{name}`.");
        Err(Error::new("no-model-files", message))
    }
    fn run(request: FileRequest) -> Result<Outcome> {
        Err(unknown_model(&request.name))
    }
}

fn unknown_model(name: &str) -> Error {
    Error::new("unknown-model", format!("This provider has no model `{name}`.")).detail("model", name)
}

/// A model in a list of models of different types.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    name: &'static str,
    info: fn() -> ModelInfo,
    run: fn(analysis::Request) -> Result<analysis::Outcome>,
}

impl Entry {
    pub const fn of<M: Model>() -> Self {
        Self { name: M::NAME, info: info_of::<M>, run: run_model::<M> }
    }
}

#[doc(hidden)]
pub fn models(entries: &[Entry]) -> Vec<ModelInfo> {
    entries.iter().map(|entry| (entry.info)()).collect()
}

#[doc(hidden)]
pub fn inspect<F: FileModels>(name: &str) -> Result<ModelInfo, analysis::AnalysisError> {
    let file = ModelFile::open().ok_or_else(|| Error::new("no-model-file", "There is no file to look at."))?;
    Ok(F::inspect(name, file)?)
}

#[doc(hidden)]
pub fn run<F: FileModels>(
    entries: &[Entry],
    request: analysis::Request,
) -> Result<analysis::Outcome, analysis::AnalysisError> {
    if let Some(entry) = entries.iter().find(|entry| entry.name == request.model) {
        return Ok((entry.run)(request)?);
    }
    let file = ModelFile::open().ok_or_else(|| unknown_model(&request.model))?;
    let table = Table::try_from(request.input)?;
    let request = FileRequest { name: request.model, file, table, parameters: request.parameters };
    Ok(F::run(request)?.into_raw(None)?)
}

/// Makes the crate a provider.
///
/// ```
/// # use analyte_sdk::prelude::*;
/// # struct Mean;
/// # impl Model for Mean {
/// #     const NAME: &str = "mean";
/// #     type Input = ();
/// #     type Output = ();
/// #     type Parameters = ();
/// #     fn run(_: Request<Self>) -> Result<Outcome> { Ok(Outcome::from_columns([])) }
/// # }
/// analyte_sdk::provider! {
///     title: "Averages",
///     description: "Means of several kinds.",           // may be left out, like all that follow but `models`
///     version: "1.2",                                   // else the crate's own
///     capabilities: [Capability::setting("unit", "the unit of results")],
///     models: [Mean],
/// }
/// # fn main() {}
/// ```
///
/// With `files: Type` after `models`, the provider takes model files too, see [`FileModels`].
#[macro_export]
macro_rules! provider {
    (
        title: $title:expr,
        $(description: $description:expr,)?
        $(version: $version:expr,)?
        $(capabilities: [$($capability:expr),* $(,)?],)?
        models: [$($model:ty),* $(,)?]
        $(, files: $files:ty)? $(,)?
    ) => {
        /// The provider that this crate is.
        #[derive(Debug)]
        pub struct AnalyteProvider;

        impl AnalyteProvider {
            const MODELS: &'static [$crate::Entry] = &[$($crate::Entry::of::<$model>()),*];
        }

        impl $crate::raw::provider::Guest for AnalyteProvider {
            fn describe() -> $crate::raw::analysis::ProviderInfo {
                $crate::raw::analysis::ProviderInfo {
                    title: ::std::convert::Into::into($title),
                    version: ::std::convert::Into::into($crate::provider!(@or [$($version)?] ::std::env!("CARGO_PKG_VERSION"))),
                    description: ::std::convert::Into::into($crate::provider!(@or [$($description)?] "")),
                    capabilities: ::std::vec![$($($capability),*)?],
                    extra: ::std::vec::Vec::new(),
                }
            }
            fn models() -> ::std::vec::Vec<$crate::ModelInfo> {
                $crate::provider_models(Self::MODELS)
            }
            fn inspect_model(
                model: ::std::string::String,
                _media_type: ::std::string::String,
            ) -> ::std::result::Result<$crate::ModelInfo, $crate::raw::analysis::AnalysisError> {
                $crate::provider_inspect::<$crate::provider!(@type [$($files)?] $crate::NoFiles)>(&model)
            }
            fn run(
                request: $crate::raw::analysis::Request,
            ) -> ::std::result::Result<$crate::raw::analysis::Outcome, $crate::raw::analysis::AnalysisError> {
                $crate::provider_run::<$crate::provider!(@type [$($files)?] $crate::NoFiles)>(Self::MODELS, request)
            }
        }

        #[cfg(target_family = "wasm")]
        $crate::raw::provider_plugin::export!(AnalyteProvider with_types_in $crate::raw::provider_plugin);
    };
    (@or [$given:expr] $default:expr) => { $given };
    (@or [] $default:expr) => { $default };
    (@type [$given:ty] $default:ty) => { $given };
    (@type [] $default:ty) => { $default };
}

/// Makes the crate one single model, a component of its own, which an operator publishes under any provider.
///
/// ```
/// # use analyte_sdk::prelude::*;
/// # struct Mean;
/// # impl Model for Mean {
/// #     const NAME: &str = "mean";
/// #     type Input = ();
/// #     type Output = ();
/// #     type Parameters = ();
/// #     fn run(_: Request<Self>) -> Result<Outcome> { Ok(Outcome::from_columns([])) }
/// # }
/// analyte_sdk::model!(Mean);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! model {
    ($model:ty) => {
        /// The model that this crate is.
        #[derive(Debug)]
        pub struct AnalyteModel;

        impl $crate::raw::model::Guest for AnalyteModel {
            fn describe() -> $crate::ModelInfo {
                $crate::info_of::<$model>()
            }
            fn run(
                request: $crate::raw::analysis::Request,
            ) -> ::std::result::Result<$crate::raw::analysis::Outcome, $crate::raw::analysis::AnalysisError> {
                ::std::result::Result::Ok($crate::run_model::<$model>(request)?)
            }
        }

        #[cfg(target_family = "wasm")]
        $crate::raw::model_plugin::export!(AnalyteModel with_types_in $crate::raw::model_plugin);
    };
}
