//! Parameters that several of these services take.

use crate::thingworx::call::parameter::Parameter;

/// The name of a model that is created.
pub(super) const NAME: Parameter =
    Parameter::new("modelName", "STRING", "The model; the name of its file without its ending.");
/// What is said of it.
pub(super) const DESCRIPTION: Parameter =
    Parameter::new("description", "STRING", "For people; else what the file says.");
/// The provider of a job or a model.
pub(super) const PROVIDER: Parameter = Parameter::new("providerName", "STRING", "The analysis provider.");
/// Where its file stands.
pub(super) const FILE: Parameter = Parameter::new(
    "fileURL",
    "HYPERLINK",
    "/Thingworx/FileRepositories/TW.AnalysisServices.ModelRepository/PROVIDER/FILE; nothing else is taken.",
);
/// How many rows it takes and gives.
pub(super) const CARDINALITY: Parameter = Parameter::new(
    "inputsToResultsCardinality",
    "STRING",
    "Any, NxN, Nx1, 1xN or 1x1; else what the provider says of the file.",
);
/// The publisher's own data.
pub(super) const CUSTOM_DATA: Parameter =
    Parameter::new("customData", "INFOTABLE", "Your own data; QueryModels answers it as it is.");
/// What names one model.
pub(super) const MODEL: [Parameter; 3] = [
    Parameter::new("modelId", "STRING", "The model's id, as its creation answered it; or give the two names."),
    PROVIDER,
    Parameter::new("modelName", "STRING", "The model of this provider."),
];
