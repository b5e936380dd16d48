//! The services of one resource, called as its metadata describes them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::connection::{Connection, Error};
use super::infotable::{Cell, Table};

/// A resource and what its services take.
#[derive(Debug)]
pub struct Resource {
    name: String,
    /// Parameters with their base types, by service.
    services: BTreeMap<String, BTreeMap<String, String>>,
}

impl Resource {
    /// Reads what the platform says of it.
    pub fn discover(connection: &Connection, name: &str) -> Result<Self, Error> {
        let reply = connection.get(&format!("/Thingworx/Resources/{name}/Metadata"))?;
        let metadata = json(&reply)?;
        let definitions = metadata.get("serviceDefinitions").and_then(Value::as_object);
        let definitions = definitions.ok_or_else(|| Error::Broken(format!("{name} has no services: {metadata}")))?;
        let mut services = BTreeMap::new();
        for (service, definition) in definitions {
            services.insert(service.clone(), inputs(definition).map_err(|error| format!("{service}: {error}"))?);
        }
        Ok(Self { name: name.to_owned(), services })
    }

    /// What a service takes: names with base types.
    pub fn parameters(&self, service: &str) -> Option<&BTreeMap<String, String>> {
        self.services.get(service)
    }

    /// Calls a service. What is not set is left out; what the service does not declare is refused here.
    pub fn call(
        &self,
        connection: &Connection,
        service: &str,
        arguments: &[(&str, Option<Value>)],
    ) -> Result<Vec<u8>, Error> {
        let declared = self.services.get(service);
        let declared = declared.ok_or_else(|| Error::Broken(format!("{} does not offer {service}", self.name)))?;
        let mut body = Map::new();
        for (name, value) in arguments {
            if !declared.contains_key(*name) {
                return Err(Error::Broken(format!("{service} does not declare {name}, but {:?}", declared.keys())));
            }
            if let Some(value) = value {
                body.insert((*name).to_owned(), value.clone());
            }
        }
        let path = format!("/Thingworx/Resources/{}/Services/{service}", self.name);
        connection.post(&path, Value::Object(body).to_string().as_bytes())
    }
}

/// The parameters of a service: a map by name, or a shape with such a map.
fn inputs(definition: &Value) -> Result<BTreeMap<String, String>, String> {
    let inputs = definition.get("Inputs").ok_or_else(|| format!("no Inputs in {definition}"))?;
    let map = inputs.get("fieldDefinitions").unwrap_or(inputs).as_object();
    let map = map.ok_or_else(|| format!("Inputs are {inputs}"))?;
    let base_type = |(name, field): (&String, &Value)| {
        let base_type = field.get("baseType").and_then(Value::as_str);
        Ok((name.clone(), base_type.ok_or_else(|| format!("{name} has no base type"))?.to_owned()))
    };
    map.iter().map(base_type).collect()
}

impl From<String> for Error {
    fn from(text: String) -> Self {
        Self::Broken(text)
    }
}

fn json(body: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Broken(format!("{error} in {}", String::from_utf8_lossy(body))))
}

/// A table, which stands at the top.
pub fn table(body: &[u8]) -> Result<Table, Error> {
    Ok(Table::parse(&json(body)?)?)
}

/// The single value of a result, which is a table of one field `result`; `None` if it is unset.
pub fn scalar(body: &[u8]) -> Result<Option<Cell>, Error> {
    let table = table(body)?;
    match (table.names().as_slice(), table.rows.as_slice()) {
        (["result"], []) => Ok(None),
        (["result"], [row]) => Ok(row.get("result").cloned()),
        _ => Err(Error::Broken(format!("not a single value: {table:?}"))),
    }
}

/// A single text.
pub fn text(body: &[u8]) -> Result<String, Error> {
    match scalar(body)? {
        Some(Cell::Text(text)) => Ok(text),
        other => Err(Error::Broken(format!("not a text: {other:?}"))),
    }
}

/// A result of nothing, which is an empty body.
pub fn nothing(body: &[u8]) -> Result<(), Error> {
    if body.is_empty() { Ok(()) } else { Err(Error::Broken(String::from_utf8_lossy(body).into_owned())) }
}
