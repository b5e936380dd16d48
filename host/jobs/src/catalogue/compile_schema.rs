//! Compiles the schema of a model's parameters when it is first used.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::model::ModelInfo;
use analyte_core::parameters::ParametersSchema;

use crate::catalogue::installed::Model;
use crate::catalogue::schemas::Key;
use crate::error::JobsError;
use crate::manager::Manager;

impl Manager {
    /// The compiled schema of a model's parameters.
    pub(crate) async fn schema(&self, model: &Model) -> Result<Arc<ParametersSchema>, JobsError> {
        self.schema_of(&model.schema, &model.info).await
    }

    /// The same of a model that need not be installed any more.
    pub(crate) async fn schema_of(&self, key: &Key, info: &Arc<ModelInfo>) -> Result<Arc<ParametersSchema>, JobsError> {
        let schemas = &self.inner.schemas;
        if let Some(schema) = schemas.find(key) {
            return Ok(schema);
        }
        let _turn = schemas.compiling.take(key.owner.as_ref()).await;
        if let Some(schema) = schemas.find(key) {
            return Ok(schema);
        }
        let (info, limits) = (info.clone(), self.inner.limits.clone());
        let (name, computing) = (info.name.clone(), self.computing(key.owner.as_ref()));
        let compiled = computing
            .run(move || ParametersSchema::compile(info.parameters_schema.as_ref(), &info.column_parameters, &limits));
        let compiled = compiled.await.map_err(|error| {
            JobsError::new(Code::HostError, "compiling a schema of parameters broke off").because(error)
        })?;
        // It was taken at installation, by another version of this server perhaps.
        let schema = Arc::new(compiled.map_err(|why| {
            let message = format!("model `{name}`: its parameters' schema is refused: {why}");
            JobsError::new(Code::InvalidComponent, message)
        })?);
        schemas.keep(key, &schema);
        Ok(schema)
    }
}
