//! What is kept of a job template.

use analyte_core::document::Document;
use serde::{Deserialize, Serialize};

/// A job to be.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct TemplateBody {
    /// In the order in which clients gave them.
    pub(crate) tasks: Vec<TaskBody>,
    /// Which task takes what which other one gives; where there are none and no task has a parent, each comes after the one
    /// that stands before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) routes: Vec<RouteBody>,
    /// What its jobs have as their client's own data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<Document>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cluster: Option<String>,
    /// Of which pipeline it is a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pipeline: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stage: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) skip_decider: Option<bool>,
    /// The number of the next task: none is used twice.
    pub(crate) next: u32,
}

/// A task to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskBody {
    /// Unique within its template.
    pub(crate) number: u32,
    /// An engine, as clients name it.
    pub(crate) engine: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) payload: Option<Document>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) folders: Vec<FolderBody>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) priority: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retries: Option<u32>,
    /// The number of the task whose result it takes, where no route says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<u32>,
}

/// Where a task takes something in or gives something out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FolderBody {
    pub(crate) name: String,
    pub(crate) output: bool,
    /// In pieces, in the words of the product; tables are whole in either case.
    pub(crate) chunk: bool,
}

/// That an input folder takes from an output folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RouteBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) child: Option<String>,
}

impl TemplateBody {
    /// Adds a task; its number.
    pub(crate) fn add(&mut self, task: impl FnOnce(u32) -> TaskBody) -> u32 {
        let number = self.next;
        self.next = self.next.saturating_add(1);
        self.tasks.push(task(number));
        number
    }
}
