//! Whether the tasks of a submission make a graph: few enough, with names of their own, parents before their children, and
//! results that can be the input of those who take them.

use std::collections::{HashMap, HashSet};

use analyte_core::limits::Limits;
use analyte_core::model::ModelInfo;
use analyte_core::names::TaskName;
use analyte_core::table::fit::can_fit;

use crate::error::{JobsError, Wrong};
use crate::intake::run_limits::{refuse, wrong};
use crate::intake::task::{InputAsked, RESULTS_AT, TaskAsked};

/// The most problems that one refusal lists.
const MOST_PROBLEMS: usize = 20;

/// Checks all of it that can be known without the models.
///
/// Parents stand before their children in the list, so there can be no circle.
pub(crate) fn check_graph(tasks: &[TaskAsked], limits: &Limits) -> Result<(), JobsError> {
    let count = tasks.len() as u64;
    if count == 0 {
        refuse(vec![wrong("/tasks", "a job has one task at least".to_owned())])?;
    }
    if count > limits.tasks {
        let message = format!("a job takes at most {} tasks, and these are {count} (limit tasks)", limits.tasks);
        refuse(vec![wrong("/tasks", message)])?;
    }
    let mut places = HashMap::with_capacity(tasks.len());
    let mut problems = Vec::new();
    for (place, task) in tasks.iter().enumerate() {
        if *places.entry(&task.name).or_insert(place) != place {
            let message = format!("another task is named `{}`", task.name);
            problems.push(wrong(&format!("/tasks/{place}/name"), message));
        }
    }
    for (place, task) in tasks.iter().enumerate() {
        let at = format!("/tasks/{place}");
        match &task.input {
            InputAsked::Results { of } => {
                let at = format!("{at}{RESULTS_AT}");
                if of.is_empty() {
                    problems.push(wrong(&at, "the input is made of the results of one task at least".to_owned()));
                }
                check_names(&at, place, of, &places, &mut problems);
            }
            InputAsked::ResultsOfAll if task.after.is_empty() => {
                let message = "is missing: give a table, or name in `after` the tasks whose results it is".to_owned();
                problems.push(wrong(&format!("{at}/input"), message));
            }
            InputAsked::Given { .. } | InputAsked::ResultsOfAll => {}
        }
        check_names(&format!("{at}/after"), place, &task.after, &places, &mut problems);
    }
    problems.truncate(MOST_PROBLEMS);
    refuse(problems)
}

/// Checks the names of tasks that stand in one list of the task at `place`.
fn check_names(
    at: &str,
    place: usize,
    names: &[TaskName],
    places: &HashMap<&TaskName, usize>,
    problems: &mut Vec<Wrong>,
) {
    let mut seen = HashSet::new();
    for (number, name) in names.iter().enumerate() {
        if problems.len() >= MOST_PROBLEMS {
            return;
        }
        let message = match places.get(name) {
            None => format!("there is no task `{name}`"),
            Some(_) if !seen.insert(name) => format!("task `{name}` is named twice"),
            Some(parent) if *parent < place => continue,
            Some(parent) if *parent == place => "a task cannot wait for itself".to_owned(),
            Some(_) => format!("task `{name}` stands after this one; a task stands after those that it waits for"),
        };
        problems.push(wrong(&format!("{at}/{number}"), message));
    }
}

/// A task, and what it takes.
pub(crate) struct Flow<'a> {
    /// Its place in the list of the job's tasks.
    pub(crate) place: usize,
    pub(crate) name: &'a TaskName,
    /// The tasks whose results make up its input; none where it was given a table.
    pub(crate) results_of: &'a [TaskName],
    /// The member of the task that names them, as a JSON pointer within the task.
    pub(crate) at: &'static str,
    pub(crate) model: &'a ModelInfo,
}

/// Checks that the results of tasks can be the input of those who take them, as far as the shapes of their models say.
pub(crate) fn check_flows(flows: &[Flow<'_>]) -> Result<(), JobsError> {
    let models: HashMap<&TaskName, &ModelInfo> = flows.iter().map(|flow| (flow.name, flow.model)).collect();
    for flow in flows {
        for (number, name) in flow.results_of.iter().enumerate() {
            let Some(parent) = models.get(name) else { continue };
            if let Err(error) = can_fit(&parent.output, &flow.model.input) {
                let message = format!("task `{}` cannot take the result of task `{name}`: {error}", flow.name);
                let at = wrong(&format!("/tasks/{}{}/{number}", flow.place, flow.at), message.clone());
                return Err(JobsError::from(error).saying(message).with_wrong(vec![at]));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::base_type::BaseType;
    use analyte_core::model::Cardinality;
    use analyte_core::names::{ModelName, ProviderName};
    use analyte_core::shape::{Field, Rest, Shape};
    use analyte_core::table::Table;

    use super::*;

    fn name(name: &str) -> TaskName {
        TaskName::new(name).unwrap()
    }

    fn named(task: &str, input: impl Into<InputAsked>, after: &[&str]) -> TaskAsked {
        let after = after.iter().copied().map(name).collect();
        let (provider, model) = (ProviderName::new("p").unwrap(), ModelName::new("m").unwrap());
        TaskAsked { after, ..TaskAsked::named(name(task), provider, model, input) }
    }

    fn given(task: &str, after: &[&str]) -> TaskAsked {
        named(task, Table::default(), after)
    }

    fn taking(task: &str, of: &[&str], after: &[&str]) -> TaskAsked {
        named(task, InputAsked::Results { of: of.iter().copied().map(name).collect() }, after)
    }

    fn refused(tasks: &[TaskAsked]) -> Vec<String> {
        let limits = Limits { tasks: 4, ..Limits::default() };
        let refused = check_graph(tasks, &limits).err();
        refused.map(|error| error.wrong().iter().map(ToString::to_string).collect()).unwrap_or_default()
    }

    #[test]
    fn tasks_stand_after_those_that_they_wait_for() {
        let diamond = [given("a", &[]), taking("b", &["a"], &[]), given("c", &["a"]), taking("d", &["c", "b"], &["a"])];
        assert_eq!(refused(&diamond), [""; 0]);
        let parents = diamond.iter().map(TaskAsked::parents).collect::<Vec<_>>();
        let names = |names: &[&str]| names.iter().copied().map(name).collect::<Vec<_>>();
        assert_eq!(parents, [names(&[]), names(&["a"]), names(&["a"]), names(&["c", "b", "a"])]);
        assert_eq!(refused(&[]), ["`/tasks`: a job has one task at least"]);
        let five = ["a", "b", "c", "d", "e"].map(|name| given(name, &[]));
        assert_eq!(refused(&five), ["`/tasks`: a job takes at most 4 tasks, and these are 5 (limit tasks)"]);
    }

    #[test]
    fn each_fault_of_a_graph_is_named() {
        let tasks = [
            taking("a", &[], &["b"]),
            taking("b", &["a", "a"], &["b"]),
            given("a", &["x"]),
            taking("c", &["b", "y"], &["b", "b"]),
        ];
        let expected = [
            "`/tasks/2/name`: another task is named `a`",
            "`/tasks/0/input/results_of`: the input is made of the results of one task at least",
            "`/tasks/0/after/0`: task `b` stands after this one; a task stands after those that it waits for",
            "`/tasks/1/input/results_of/1`: task `a` is named twice",
            "`/tasks/1/after/0`: a task cannot wait for itself",
            "`/tasks/2/after/0`: there is no task `x`",
            "`/tasks/3/input/results_of/1`: there is no task `y`",
            "`/tasks/3/after/1`: task `b` is named twice",
        ];
        assert_eq!(refused(&tasks), expected);
        let all = [
            named("a", InputAsked::ResultsOfAll, &[]),
            named("b", InputAsked::ResultsOfAll, &["a", "c"]),
            named("c", InputAsked::ResultsOfAll, &["a", "b"]),
        ];
        let expected = [
            "`/tasks/0/input`: is missing: give a table, or name in `after` the tasks whose results it is",
            "`/tasks/1/after/1`: task `c` stands after this one; a task stands after those that it waits for",
        ];
        assert_eq!(refused(&all), expected);
        let many = [given("a", &[]), given("b", &["x"; 1_000])];
        assert_eq!(refused(&many).len(), MOST_PROBLEMS);
    }

    fn model(input: Shape, output: Shape) -> ModelInfo {
        ModelInfo {
            name: ModelName::new("m").unwrap(),
            description: String::new(),
            version: String::new(),
            input,
            output,
            cardinality: Cardinality::Any,
            independent_rows: false,
            parameters_schema: None,
            column_parameters: Vec::new(),
            capabilities: Vec::new(),
            examples: Vec::new(),
        }
    }

    #[test]
    fn results_that_cannot_be_an_input_are_refused_with_their_place() {
        let field = |name, base_type, nullable| Field { nullable, ..Field::new(name, base_type) };
        let wants = Shape::closed(vec![field("x", BaseType::Number, false), field("y", BaseType::String, true)]);
        let child = model(wants, Shape::any());
        let fault = |output: Shape| {
            let parent = model(Shape::any(), output);
            let (of, names) = ([name("a")], [name("a"), name("b")]);
            let flows = [
                Flow { place: 0, name: &names[0], results_of: &[], at: RESULTS_AT, model: &parent },
                Flow { place: 1, name: &names[1], results_of: &of, at: RESULTS_AT, model: &child },
            ];
            check_flows(&flows).err().map(|error| error.wrong().iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        let closed = |base_type| Shape::closed(vec![field("x", base_type, true)]);
        assert_eq!(fault(closed(BaseType::Long)), None);
        assert_eq!(fault(Shape { rest: Rest::Numeric, ..Shape::closed(Vec::new()) }), None);
        let at = "`/tasks/1/input/results_of/0`: task `b` cannot take the result of task `a`";
        let wrong_type = format!("{at}: field `x`: expected NUMBER, found a column of STRING");
        assert_eq!(fault(closed(BaseType::String)), Some(vec![wrong_type]));
        let missing = format!("{at}: field `x`: the field is required, and it is not there");
        assert_eq!(fault(Shape::closed(Vec::new())), Some(vec![missing]));
    }
}
