//! What the product has and what has no meaning here: engines are installed by an operator, and what an engine does is run and
//! reported by this server itself. Clients select these fields, so they are there, and each answers `not_implemented`.

use async_graphql::{Context, ID, Object, SimpleObject};

use crate::graphql::context::Asked;
use crate::graphql::fault::Fault;
use crate::graphql::input::unoffered::{
    AddTasksToJobs, CreateBuild, CreateEngine, CreateNextPipelineJobs, CreateTaskLog, DeleteBuild, GetEngineJwt,
    PollTask, SetEngineList, UpdateBuild, UpdateEngine, UploadEngineResult,
};
use crate::graphql::node::engine::{Build, Engine};
use crate::graphql::node::job::Job;
use crate::graphql::node::removed::DeletePayload;
use crate::graphql::node::task::{Task, TaskLog};
use crate::graphql::scalar::json_data::JsonData;

/// Of [`Mutation`](super::Mutation).
#[derive(Default)]
pub(crate) struct UnofferedMutations;

/// Tasks that were added, and those that were not.
#[derive(SimpleObject)]
struct AddTasksToJobsResponse {
    created_tasks: Option<Vec<Task>>,
    errors: Option<Vec<AddTaskError>>,
}

/// Why a task was not added.
#[derive(SimpleObject)]
struct AddTaskError {
    id: ID,
    message: Option<String>,
}

/// Something that is stored beside an object.
#[expect(clippy::struct_field_names, reason = "as the product names them")]
#[derive(SimpleObject)]
struct Asset {
    id: ID,
    asset_type: Option<String>,
    content_type: Option<String>,
    signed_uri: Option<String>,
}

/// A token of an engine.
#[derive(SimpleObject)]
#[graphql(name = "JWTTokenInfo")]
struct JwtTokenInfo {
    token: Option<String>,
}

/// Which engines an organisation may or may not use.
#[derive(SimpleObject)]
struct OrganizationEngineList {
    engines: Option<Vec<Engine>>,
}

/// Steps of an engine.
struct EngineWorkflow;

/// Refuses a caller who may not write; for one who may, there is nothing to do.
fn unoffered<T>(context: &Context<'_>, what: &str) -> Result<T, Fault> {
    Asked::writing(context)?;
    Err(Fault::no_meaning(&format!("`{what}`")))
}

/// Steps of an engine.
#[Object(name = "EngineWorkflow")]
impl EngineWorkflow {
    async fn enable(&self, context: &Context<'_>, id: ID) -> Result<Option<Engine>, Fault> {
        let _ = id;
        unoffered(context, "engineWorkflow")
    }

    async fn disable(&self, context: &Context<'_>, id: ID) -> Result<Option<Engine>, Fault> {
        let _ = id;
        unoffered(context, "engineWorkflow")
    }
}

/// Fields that answer `not_implemented`, each with one argument.
macro_rules! unoffered {
    ($( $name:ident($argument:ident: $input:ty) -> $output:ty, $word:literal; )*) => {
        #[Object]
        impl UnofferedMutations {
            $(
                /// Has no meaning here: answers `not_implemented`.
                #[graphql(name = $word)]
                async fn $name(&self, context: &Context<'_>, $argument: $input) -> Result<$output, Fault> {
                    drop($argument);
                    unoffered(context, $word)
                }
            )*

            /// Steps of an engine. Each has no meaning here.
            #[graphql(name = "engineWorkflow")]
            async fn engine_workflow(&self) -> Option<EngineWorkflow> {
                Some(EngineWorkflow)
            }
        }
    };
}

unoffered! {
    poll_task(input: Option<PollTask>) -> Option<Task>, "pollTask";
    add_tasks_to_jobs(input: Option<AddTasksToJobs>) -> Option<AddTasksToJobsResponse>, "addTasksToJobs";
    create_next_pipeline_jobs(input: Option<CreateNextPipelineJobs>) -> Option<Vec<Option<Job>>>, "createNextPipelineJobs";
    create_task_log(input: Option<CreateTaskLog>) -> Option<TaskLog>, "createTaskLog";
    upload_engine_result(input: Option<UploadEngineResult>) -> Option<Asset>, "uploadEngineResult";
    validate_engine_output(input: JsonData) -> bool, "validateEngineOutput";
    create_engine(input: Option<CreateEngine>) -> Option<Engine>, "createEngine";
    update_engine(input: Option<UpdateEngine>) -> Option<Engine>, "updateEngine";
    delete_engine(id: ID) -> Option<DeletePayload>, "deleteEngine";
    create_engine_build(input: Option<CreateBuild>) -> Option<Build>, "createEngineBuild";
    update_engine_build(input: Option<UpdateBuild>) -> Option<Build>, "updateEngineBuild";
    delete_engine_build(input: Option<DeleteBuild>) -> Option<DeletePayload>, "deleteEngineBuild";
    add_to_engine_whitelist(to_add: SetEngineList) -> Option<OrganizationEngineList>, "addToEngineWhitelist";
    add_to_engine_blacklist(to_add: SetEngineList) -> Option<OrganizationEngineList>, "addToEngineBlacklist";
    delete_from_engine_whitelist(to_delete: SetEngineList) -> Option<OrganizationEngineList>, "deleteFromEngineWhitelist";
    delete_from_engine_blacklist(to_delete: SetEngineList) -> Option<OrganizationEngineList>, "deleteFromEngineBlacklist";
    get_engine_jwt(input: GetEngineJwt) -> Option<JwtTokenInfo>, "getEngineJWT";
}
