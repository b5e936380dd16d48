//! Parameters that several of these services take.

use crate::thingworx::call::parameter::Parameter;

/// What names one provider.
pub(super) const PROVIDER: Parameter = Parameter::new("providerName", "STRING", "The analysis provider.");
