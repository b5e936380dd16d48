//! A parameter that is kept as the JSON text that it came as.

use analyte_core::codes::Code;
use bytes::Bytes;
use serde_json::value::RawValue;

use crate::thingworx::error::ServiceError;

/// The text of a parameter that is bounded, before anything walks through it.
pub(crate) fn read(json: &Bytes, parameter: &str, limit: &str, most: u64) -> Result<Box<RawValue>, ServiceError> {
    let bytes = json.len() as u64;
    if bytes > most {
        let message = format!("the parameter {parameter} has {bytes} bytes; {most} are allowed (limit {limit})");
        return Err(ServiceError::coded(Code::TooLarge, message));
    }
    serde_json::from_slice(json)
        .map_err(|error| ServiceError::coded(Code::Malformed, format!("the parameter {parameter}: {error}")))
}
