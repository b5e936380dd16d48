//! Where a task's input table comes from.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::job::{Content, Job, Task};
use crate::names::TaskName;

/// Where the table comes from that a task runs on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, try_from = "Record")]
pub enum Input {
    /// The client gave it with the job: an Arrow stream.
    Given(Content),
    /// The result tables of other tasks of the job, the rows of one below those of the other.
    Results {
        /// Which tasks, in the order of their rows: at least one, each once, and all of them the task's parents.
        #[serde(rename = "results_of")]
        of: Vec<TaskName>,
    },
}

/// As an input stands in a job's record: the digest and length of a table that was given, or the names of tasks.
#[derive(Deserialize)]
struct Record {
    digest: Option<Digest>,
    bytes: Option<u64>,
    results_of: Option<Vec<TaskName>>,
}

impl TryFrom<Record> for Input {
    type Error = &'static str;

    fn try_from(record: Record) -> Result<Self, Self::Error> {
        match record {
            Record { digest: Some(digest), bytes: Some(bytes), results_of: None } => {
                Ok(Self::Given(Content { digest, bytes }))
            }
            Record { digest: None, bytes: None, results_of: Some(of) } if !of.is_empty() => Ok(Self::Results { of }),
            _ => Err("an input has either `digest` and `bytes`, or `results_of` with a task at least"),
        }
    }
}

impl From<Content> for Input {
    fn from(content: Content) -> Self {
        Self::Given(content)
    }
}

impl Input {
    /// The tasks whose results make it up, in the order of their rows; none where a table was given.
    pub fn results_of(&self) -> &[TaskName] {
        match self {
            Self::Given(_) => &[],
            Self::Results { of } => of,
        }
    }

    /// The table that the client gave; `None`: the input is made of results of other tasks.
    pub fn given(&self) -> Option<&Content> {
        match self {
            Self::Given(content) => Some(content),
            Self::Results { .. } => None,
        }
    }
}

impl Job {
    /// The stored tables whose rows make up the input of this task of the job, in their order, each an Arrow stream. `None`:
    /// one of the tasks that give them has no result.
    pub fn input_of<'a>(&'a self, task: &'a Task) -> Option<Vec<&'a Content>> {
        match &task.input {
            Input::Given(content) => Some(vec![content]),
            Input::Results { of } => of.iter().map(|name| self.task(name)?.result.as_ref()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_that_was_given_is_written_as_before_there_were_others() {
        let content = Content { digest: Digest::of(b"table"), bytes: 5 };
        let given = Input::Given(content.clone());
        let written = serde_json::to_value(&given).unwrap();
        assert_eq!(written, serde_json::to_value(&content).unwrap());
        assert_eq!(serde_json::from_value::<Input>(written).unwrap(), given);
        let name = |name| TaskName::new(name).unwrap();
        let results = Input::Results { of: vec![name("left"), name("right")] };
        assert_eq!(serde_json::to_value(&results).unwrap(), json!({ "results_of": ["left", "right"] }));
        assert_eq!(serde_json::from_value::<Input>(json!({ "results_of": ["left", "right"] })).unwrap(), results);
    }

    #[test]
    fn an_input_that_is_neither_or_both_is_refused() {
        let digest = Digest::of(b"table");
        for wrong in [
            json!({}),
            json!({ "digest": digest }),
            json!({ "bytes": 5 }),
            json!({ "results_of": [] }),
            json!({ "digest": digest, "bytes": 5, "results_of": ["left"] }),
        ] {
            let refused = serde_json::from_value::<Input>(wrong.clone()).unwrap_err().to_string();
            let expected = "an input has either `digest` and `bytes`, or `results_of` with a task at least";
            assert_eq!(refused, expected, "{wrong}");
        }
    }
}
