//! Parameters that several of these services take.

use crate::thingworx::call::parameter::Parameter;

/// The provider that a job runs on.
pub(super) const PROVIDER: Parameter = Parameter::new("providerName", "STRING", "The analysis provider.");
/// What names one job.
pub(super) const JOB: [Parameter; 2] =
    [PROVIDER, Parameter::new("jobId", "STRING", "The job, as SubmitJob answered it.")];
/// What describes a job to be.
pub(super) const SUBMISSION: [Parameter; 5] = [
    PROVIDER,
    Parameter::new("modelName", "STRING", "The model of this provider."),
    Parameter::new("inputParams", "INFOTABLE", "Rows under the model's input shape; at least one if it has fields."),
    Parameter::new("extraParams", "JSON", "The model's parameters, an object."),
    Parameter::new("customData", "INFOTABLE", "Your own data; QueryJobs answers it as it is."),
];
