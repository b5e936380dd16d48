//! Compiles the schema of a model's parameters when it is first used.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::parameters::ParametersSchema;

use crate::catalogue::installed::Model;
use crate::error::JobsError;
use crate::manager::Manager;

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
