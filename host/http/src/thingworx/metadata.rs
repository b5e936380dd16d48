//! What an entity offers, in the form that ThingWorx has for it: generic clients build their forms from
//! `serviceDefinitions.S.Inputs` and `.Outputs`.
//!
//! The members that clients were seen to read are all there; which others the platform has is our reading.

use analyte_core::base_type::BaseType;
use analyte_core::infotable;
use serde_json::{Map, Value, json};

use super::call::parameter::Parameter;
use super::service::{Entity, ResultType, Service};

/// The category of services that are extensions of ours.
const EXTENSION: &str = "Analyte";

/// All about an entity of this collection.
pub(super) fn of(collection: &str, entity: &Entity) -> Value {
    let services = entity.services.iter().map(|one| (one.name.to_owned(), service(one)));
    json!({
        "name": entity.name,
        "description": entity.description,
        "entityType": collection,
        "serviceDefinitions": services.collect::<Map<_, _>>(),
        "propertyDefinitions": {},
        "eventDefinitions": {},
    })
}

fn service(service: &Service) -> Value {
    let inputs = service.parameters.iter().enumerate().map(|(at, one)| (one.name.to_owned(), parameter(at, one)));
    json!({
        "name": service.name,
        "description": service.description,
        "category": if service.extension { EXTENSION } else { "" },
        "isAllowOverride": false,
        "isLocalOnly": false,
        "isOpen": false,
        "isPrivate": false,
        "aspects": { "isAsync": false },
        "Inputs": { "fieldDefinitions": inputs.collect::<Map<_, _>>() },
        "Outputs": outputs(service.result),
    })
}

fn parameter(at: usize, parameter: &Parameter) -> Value {
    let mut aspects = Map::new();
    if let Some(default) = parameter.default {
        // As a value of its type; a default that is none of it stays text.
        let base_type = BaseType::parse_lenient(parameter.base_type);
        let value = infotable::value(base_type, &Value::from(default)).ok().flatten();
        let value = value.and_then(|cell| serde_json::from_str(&cell.to_json()).ok());
        aspects.insert("defaultValue".to_owned(), value.unwrap_or_else(|| Value::from(default)));
    }
    if let Some(shape) = parameter.data_shape {
        aspects.insert("dataShape".to_owned(), Value::from(shape));
    }
    json!({
        "name": parameter.name,
        "baseType": parameter.base_type,
        "description": parameter.description,
        "ordinal": at + 1,
        "aspects": aspects,
    })
}

fn outputs(result: ResultType) -> Value {
    let mut aspects = Map::new();
    if let ResultType::Table(Some(shape)) = result {
        aspects.insert("dataShape".to_owned(), Value::from(shape));
    }
    // Some clients look for the shape beside the aspects.
    let shape = aspects.get("dataShape").cloned().unwrap_or_else(|| Value::from(""));
    json!({
        "name": "result",
        "baseType": result.base_type(),
        "description": "",
        "ordinal": 0,
        "aspects": aspects,
        "dataShape": shape,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use analyte_jobs::Right;

    use super::*;
    use crate::thingworx::service::Answer;
    use crate::thingworx::services::{RESOURCES, THINGS};

    static SERVICE: Service = Service {
        name: "Do",
        description: "Does.",
        right: Right::JobsRead,
        parameters: &[
            Parameter { name: "a", base_type: "INFOTABLE", description: "A.", default: None, data_shape: Some("S") },
            Parameter { name: "b", base_type: "INTEGER", description: "", default: Some("7"), data_shape: None },
            Parameter { name: "c", base_type: "STRING", description: "", default: Some("Any"), data_shape: None },
        ],
        result: ResultType::Table(Some("R")),
        extension: true,
        handler: |_| Box::pin(async { Ok(Answer::Nothing) }),
    };

    static SERVICES: [&Service; 1] = [&SERVICE];

    #[test]
    fn a_service_is_described_whole() {
        let entity = Entity { name: "E", description: "All.", services: &SERVICES };
        let expected = json!({
            "name": "E",
            "description": "All.",
            "entityType": "Resources",
            "serviceDefinitions": { "Do": {
                "name": "Do",
                "description": "Does.",
                "category": "Analyte",
                "isAllowOverride": false,
                "isLocalOnly": false,
                "isOpen": false,
                "isPrivate": false,
                "aspects": { "isAsync": false },
                "Inputs": { "fieldDefinitions": {
                    "a": { "name": "a", "baseType": "INFOTABLE", "description": "A.", "ordinal": 1, "aspects": { "dataShape": "S" } },
                    "b": { "name": "b", "baseType": "INTEGER", "description": "", "ordinal": 2, "aspects": { "defaultValue": 7 } },
                    "c": { "name": "c", "baseType": "STRING", "description": "", "ordinal": 3, "aspects": { "defaultValue": "Any" } },
                } },
                "Outputs": {
                    "name": "result", "baseType": "INFOTABLE", "description": "", "ordinal": 0,
                    "aspects": { "dataShape": "R" }, "dataShape": "R",
                },
            } },
            "propertyDefinitions": {},
            "eventDefinitions": {},
        });
        assert_eq!(of("Resources", &entity), expected);
        assert_eq!(
            outputs(ResultType::Nothing),
            json!({"name": "result", "baseType": "NOTHING", "description": "", "ordinal": 0, "aspects": {}, "dataShape": ""})
        );
    }

    #[test]
    fn every_service_is_described_and_named_once() {
        let mut entities = HashSet::new();
        for entity in RESOURCES.into_iter().chain(THINGS) {
            assert!(entities.insert(entity.name) && !entity.description.is_empty(), "{}", entity.name);
            let mut services = HashSet::new();
            for service in entity.services {
                assert!(services.insert(service.name) && !service.description.is_empty(), "{}", service.name);
                let mut parameters = HashSet::new();
                for parameter in service.parameters {
                    let place = format!("{} {}", service.name, parameter.name);
                    assert!(parameters.insert(parameter.name) && !parameter.description.is_empty(), "{place}");
                    let base_type = BaseType::parse_lenient(parameter.base_type);
                    assert!(
                        base_type.as_str() == parameter.base_type || parameter.base_type.ends_with("NAME"),
                        "{place}"
                    );
                    if let Some(default) = parameter.default {
                        assert!(infotable::value(base_type, &Value::from(default)).is_ok(), "{place}");
                    }
                }
            }
        }
    }
}
