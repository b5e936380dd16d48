//! Compiled schemas of parameters: made when they are first used, and kept within a bound.
//!
//! A schema takes up to a thousand times its text once it is compiled, so those of installed models are kept as text.
//! Compiling one takes milliseconds: it is done on a thread that may be busy, one at a time for each organisation. Where
//! there is no room, the organisation whose providers' schemas take most gives up the one that was not used for longest.

use std::collections::HashMap;
use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::digest::Digest;
use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::Organisation;
use analyte_core::parameters::ParametersSchema;
use parking_lot::Mutex;

use crate::catalogue::Model;
use crate::error::JobsError;
use crate::manager::Manager;
use crate::shares::Shares;

/// Which compiled schema is meant: equal ones of one organisation are one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Whose provider it belongs to; `None`: that of all.
    owner: Option<Organisation>,
    /// Of the schema's text and of the names of parameters that name columns.
    digest: Digest,
}

impl Key {
    /// Of this model.
    pub(crate) fn of(owner: Option<&Organisation>, info: &ModelInfo) -> Self {
        let mut text = info.parameters_schema.as_ref().map_or("", |schema| schema.text()).to_owned();
        for name in &info.column_parameters {
            text.push('\0');
            text.push_str(name);
        }
        Self { owner: owner.cloned(), digest: Digest::of(text.as_bytes()) }
    }
}

/// Compiled schemas, up to a number of bytes.
pub(crate) struct Schemas {
    most: u64,
    kept: Mutex<Kept>,
    /// Who compiles.
    compiling: Shares,
}

#[derive(Default)]
struct Kept {
    by_key: HashMap<Key, Entry>,
    /// What each owner's take.
    bytes: HashMap<Option<Organisation>, u64>,
    total: u64,
    /// Counts uses.
    now: u64,
}

struct Entry {
    schema: Arc<ParametersSchema>,
    bytes: u64,
    used: u64,
}

impl Schemas {
    /// Keeps as much as this limit allows.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { most: limits.compiled_schemas_bytes, kept: Mutex::default(), compiling: Shares::new(1) }
    }

    fn find(&self, key: &Key) -> Option<Arc<ParametersSchema>> {
        let mut kept = self.kept.lock();
        kept.now += 1;
        let now = kept.now;
        let entry = kept.by_key.get_mut(key)?;
        entry.used = now;
        Some(entry.schema.clone())
    }

    fn keep(&self, key: &Key, schema: &Arc<ParametersSchema>) {
        let bytes = schema.memory_bytes();
        if bytes > self.most {
            return;
        }
        let mut kept = self.kept.lock();
        kept.remove(key);
        kept.now += 1;
        let entry = Entry { schema: schema.clone(), bytes, used: kept.now };
        kept.by_key.insert(key.clone(), entry);
        *kept.bytes.entry(key.owner.clone()).or_default() += bytes;
        kept.total += bytes;
        while kept.total > self.most {
            let Some(oldest) = kept.oldest() else { return };
            kept.remove(&oldest);
        }
    }
}

impl Kept {
    /// Of the owner that has most, the one that was not used for longest.
    fn oldest(&self) -> Option<Key> {
        let (owner, _) = self.bytes.iter().max_by_key(|(_, bytes)| **bytes)?;
        let own = self.by_key.iter().filter(|(key, _)| key.owner == *owner);
        own.min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
    }

    fn remove(&mut self, key: &Key) {
        let Some(entry) = self.by_key.remove(key) else { return };
        self.total -= entry.bytes;
        if let Some(bytes) = self.bytes.get_mut(&key.owner) {
            *bytes -= entry.bytes;
            if *bytes == 0 {
                self.bytes.remove(&key.owner);
            }
        }
    }
}

impl Manager {
    /// The compiled schema of a model's parameters.
    pub(crate) async fn schema(&self, model: &Model) -> Result<Arc<ParametersSchema>, JobsError> {
        let schemas = &self.inner.schemas;
        if let Some(schema) = schemas.find(&model.schema) {
            return Ok(schema);
        }
        let _turn = schemas.compiling.take(model.schema.owner.as_ref()).await;
        if let Some(schema) = schemas.find(&model.schema) {
            return Ok(schema);
        }
        let (info, limits) = (model.info.clone(), self.inner.limits.clone());
        let computing = self.computing(model.schema.owner.as_ref());
        let compiled = computing
            .run(move || ParametersSchema::compile(info.parameters_schema.as_ref(), &info.column_parameters, &limits));
        let compiled = compiled.await.map_err(|error| {
            JobsError::new(Code::HostError, "compiling a schema of parameters broke off").because(error)
        })?;
        // It was taken at installation, by another version of this server perhaps.
        let schema = Arc::new(compiled.map_err(|why| {
            let message = format!("model `{}`: its parameters' schema is refused: {why}", model.info.name);
            JobsError::new(Code::InvalidComponent, message)
        })?);
        schemas.keep(&model.schema, &schema);
        Ok(schema)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_one_that_has_most_gives_up_what_it_did_not_use_for_longest() {
        let schema = Arc::new(ParametersSchema::compile(None, &[], &Limits::default()).unwrap());
        let each = schema.memory_bytes();
        let schemas = Schemas::new(&Limits { compiled_schemas_bytes: 4 * each, ..Limits::default() });
        let key = |owner: &str, text: &str| Key {
            owner: Some(Organisation::new(owner).unwrap()),
            digest: Digest::of(text.as_bytes()),
        };
        let of_lab = [key("lab", "a"), key("lab", "b"), key("lab", "c")];
        let of_plant = [key("plant", "a"), key("plant", "b")];
        for key in of_lab.iter().chain(&of_plant[..1]) {
            schemas.keep(key, &schema);
        }
        assert!(schemas.find(&of_lab[0]).is_some());
        schemas.keep(&of_plant[1], &schema);
        let there = |key: &Key| schemas.find(key).is_some();
        assert_eq!(of_lab.each_ref().map(there), [true, false, true]);
        assert_eq!(of_plant.each_ref().map(there), [true, true]);
        assert_eq!(schemas.kept.lock().total, 4 * each);
        // One that is kept again is counted once.
        schemas.keep(&of_plant[1], &schema);
        assert_eq!(schemas.kept.lock().total, 4 * each);
    }
}
