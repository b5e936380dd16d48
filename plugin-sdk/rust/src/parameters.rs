//! The parameters of a model.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// What a model takes beside its table; made by [`#[parameters]`](macro@crate::parameters). `()`: nothing.
///
/// ```
/// use analyte_sdk::{Parameters, prelude::*};
///
/// /// How averages are taken.
/// #[parameters]
/// struct Options {
///     /// The column to average.
///     #[parameter(column)]
///     of: String,
///     /// Which mean.
///     #[parameter(default = Mean::Arithmetic)]
///     mean: Mean,
/// }
///
/// #[parameters]
/// enum Mean { Arithmetic, GeometricMean }
///
/// assert_eq!(Options::COLUMNS, ["of"]);
/// let options = Options::parse(r#"{"of": "x", "mean": "geometric-mean"}"#)?;
/// assert!(matches!(options.mean, Mean::GeometricMean));
/// assert!(Options::parse(r#"{"of": "x", "maen": "arithmetic"}"#).is_err());
/// let schema: serde_json::Value = serde_json::from_str(&Options::schema())?;
/// assert_eq!(schema["properties"]["mean"]["default"], "arithmetic");
/// # use analyte_sdk::serde_json;
/// # Ok::<(), Error>(())
/// ```
pub trait Parameters: Sized {
    /// The parameters whose value, a string or an array of strings, names columns of the input.
    const COLUMNS: &'static [&'static str] = &[];
    /// JSON Schema of the parameters object; empty where there are none.
    fn schema() -> String;
    /// Reads the parameters object. Fails with `invalid-parameters`.
    fn parse(json: &str) -> Result<Self>;
}

impl Parameters for () {
    fn schema() -> String {
        String::new()
    }
    fn parse(_: &str) -> Result<Self> {
        Ok(())
    }
}

/// The schema that `schemars` derives, as text.
#[doc(hidden)]
pub fn schema_of<P: JsonSchema>() -> String {
    let generator = schemars::generate::SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<P>().as_value().to_string()
}

/// Reads parameters; an empty text is an empty object.
#[doc(hidden)]
pub fn parse_as<P: DeserializeOwned>(json: &str) -> Result<P> {
    let json = if json.is_empty() { "{}" } else { json };
    serde_json::from_str(json).map_err(|error| Error::new("invalid-parameters", error.to_string()))
}
