//! Routes by folders: a folder's name is unique in its job, so two of them say which task takes from which.

use std::collections::HashMap;

use analyte_core::limits::Limits;

use super::assemble::Read;
use super::graph::Route;
use crate::aiware::error::{ErrorId, Refusal};

/// The most routes for each task there may be: no client draws more than some.
const ROUTES: u64 = 16;

/// The folders that a route joins, as far as it names some.
#[derive(Debug, Clone, Default)]
pub(crate) struct Joined {
    /// An output folder; `None`: the child takes nothing.
    pub(crate) parent: Option<String>,
    /// An input folder.
    pub(crate) child: Option<String>,
}

/// Each task comes after the one that stands before it in the list.
pub(crate) fn chain(tasks: usize) -> Vec<Route> {
    (1..tasks).map(|child| Route { place: 0, parent: child - 1, child }).collect()
}

/// Which tasks take from which. Where no route is given, as [`chain`] has it. `at` is where the routes stand in the request.
pub(crate) fn routes(joined: Vec<Joined>, tasks: &[Read], at: &str, limits: &Limits) -> Result<Vec<Route>, Refusal> {
    let mut folders: HashMap<&str, (usize, bool)> = HashMap::new();
    for (place, task) in tasks.iter().enumerate() {
        let inputs = task.inputs.iter().map(|name| (name, false));
        for (name, is_output) in inputs.chain(task.outputs.iter().map(|name| (name, true))) {
            if folders.insert(name, (place, is_output)).is_some() {
                let shown: String = name.chars().take(80).collect();
                let message = format!("has a folder `{shown}`, which the job has already");
                return Err(Refusal::at(ErrorId::InvalidInput, &format!("{}/ioFolders", task.at), message));
            }
        }
    }
    let most = limits.tasks.saturating_mul(ROUTES);
    if joined.len() as u64 > most {
        let message = format!("has {} items; {most} are allowed (limit tasks)", joined.len());
        return Err(Refusal::at(ErrorId::InvalidInput, at, message));
    }
    if joined.is_empty() {
        return Ok(chain(tasks.len()));
    }
    let mut found = Vec::with_capacity(joined.len());
    for (place, Joined { parent, child }) in joined.into_iter().enumerate() {
        let refuse = |member: &str, message: &str| {
            Err(Refusal::at(ErrorId::InvalidInput, &format!("{at}/{place}/{member}"), message))
        };
        let folder =
            |id: &str, output: bool| folders.get(id).filter(|(_, own)| *own == output).map(|(place, _)| *place);
        let given = |id: Option<String>| id.filter(|id| !id.is_empty());
        let Some(child) = given(child) else { return refuse("childIoFolderReferenceId", "is missing") };
        let Some(child) = folder(&child, false) else {
            return refuse("childIoFolderReferenceId", "is the input folder of no task of the job");
        };
        let Some(parent) = given(parent) else { continue };
        let Some(parent) = folder(&parent, true) else {
            return refuse("parentIoFolderReferenceId", "is the output folder of no task of the job");
        };
        found.push(Route { place, parent, child });
    }
    Ok(found)
}
