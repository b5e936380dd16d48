//! The parameter `customData`: an InfoTable of the client's own, which is kept and answered as it came.

use analyte_core::codes::Code;
use analyte_core::document::Document;
use analyte_core::limits::Limits;
use analyte_core::shape::Shape;
use analyte_core::table::infotable;
use bytes::Bytes;

use super::raw_json;
use crate::thingworx::error::ServiceError;

/// What stands for custom data where a client gives none.
const EMPTY_TABLE: &str = r#"{"dataShape":{"fieldDefinitions":{}},"rows":[]}"#;

/// Custom data to the letter; refuses what is no InfoTable, or longer than `custom_data_bytes`. `None`: nothing was given, and an
/// empty table stands for it.
pub(crate) fn read(given: Option<Bytes>, limits: &Limits) -> Result<Document, ServiceError> {
    let Some(json) = given else {
        return Document::new(EMPTY_TABLE.to_owned()).map_err(|error| ServiceError::Failed(error.to_string()));
    };
    let raw = raw_json::read(&json, "customData", "custom_data_bytes", limits.custom_data_bytes)?;
    match infotable::read(raw.get().as_bytes(), &Shape::any(), limits) {
        Ok(_) if raw.get().starts_with('{') => Ok(raw.into()),
        Ok(_) => Err(not_a_table("it must be an object with `dataShape` and `rows`")),
        Err(error) => Err(not_a_table(&error.message)),
    }
}

fn not_a_table(why: &str) -> ServiceError {
    ServiceError::coded(Code::InvalidInput, format!("the parameter customData is no InfoTable: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn custom_data_is_kept_to_the_letter_if_it_is_a_table() {
        let limits = Limits { custom_data_bytes: 100, ..Limits::default() };
        let kept = |given: Option<&str>| {
            let given = given.map(|text| Bytes::copy_from_slice(text.as_bytes()));
            read(given, &limits).map(|kept| kept.text().to_owned()).ok()
        };
        assert_eq!(kept(None).as_deref(), Some(EMPTY_TABLE));
        for table in
            [r#"{ "rows": [ {"a": [1, {}]}, {} ] }"#, r#"{"dataShape":{"fieldDefinitions":{}},"rows":[]}"#, EMPTY_TABLE]
        {
            assert_eq!(kept(Some(table)).as_deref(), Some(table));
        }
        for other in ["{}", "[]", "\"text\"", "7", r#"{"rows":{}}"#, r#"{"rows":[1]}"#] {
            assert_eq!(kept(Some(other)), None, "{other}");
        }
        assert_eq!(kept(Some(r#"{"dataShape":[],"rows":[]}"#)), None);
        let long = format!(r#"{{"rows":[{{"a":"{}"}}]}}"#, "x".repeat(100));
        assert_eq!(kept(Some(&long)), None);
    }
}
