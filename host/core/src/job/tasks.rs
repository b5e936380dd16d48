//! The tasks of a job: a list, parents before children, and who waits for whom.
//!
//! A job is copied for each of its changes, and a change is mostly one of a single task. So tasks are shared between the
//! copies until they change, and what follows from the names alone (which task has a name, which are a task's parents and
//! children) is worked out once and shared by all copies. The time for a change then hardly grows with the number of tasks.

use std::collections::HashMap;
use std::ops::{Index, IndexMut};
use std::slice;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Status, Task};
use crate::names::TaskName;

/// At least one task, unless a client asks for a job without any, which is refused.
#[derive(Debug, Clone)]
pub struct Tasks {
    list: Vec<Arc<Task>>,
    /// `None`: there is at most one task, and it has no parents.
    graph: Option<Arc<Graph>>,
}

/// What follows from the names, by the places of the tasks in the list.
#[derive(Debug)]
struct Graph {
    places: HashMap<TaskName, usize>,
    /// `None`: a parent is named that the job does not have.
    parents: Vec<Option<Vec<usize>>>,
    children: Vec<Vec<usize>>,
}

/// Tasks in their order.
type Iter<'a> = std::iter::Map<slice::Iter<'a, Arc<Task>>, fn(&'a Arc<Task>) -> &'a Task>;

impl From<Vec<Task>> for Tasks {
    fn from(tasks: Vec<Task>) -> Self {
        let list: Vec<Arc<Task>> = tasks.into_iter().map(Arc::new).collect();
        Self { graph: Graph::of_all(&list), list }
    }
}

impl FromIterator<Task> for Tasks {
    fn from_iter<T: IntoIterator<Item = Task>>(tasks: T) -> Self {
        Self::from(tasks.into_iter().collect::<Vec<_>>())
    }
}

impl Graph {
    /// `None`: there is at most one task, and it has no parents.
    fn of_all(tasks: &[Arc<Task>]) -> Option<Arc<Self>> {
        let simple = tasks.len() <= 1 && tasks.iter().all(|task| task.parents.is_empty());
        (!simple).then(|| Arc::new(Self::of(tasks)))
    }

    fn of(tasks: &[Arc<Task>]) -> Self {
        let mut places = HashMap::with_capacity(tasks.len());
        for (place, task) in tasks.iter().enumerate() {
            // The first of a name, as a search would find it; no store takes two.
            places.entry(task.name.clone()).or_insert(place);
        }
        let parents_of = |task: &Arc<Task>| task.parents.iter().map(|name| places.get(name).copied()).collect();
        let parents: Vec<Option<Vec<usize>>> = tasks.iter().map(parents_of).collect();
        let mut children = vec![Vec::new(); tasks.len()];
        for (place, parents) in parents.iter().enumerate() {
            for parent in parents.iter().flatten() {
                children.get_mut(*parent).into_iter().for_each(|own: &mut Vec<usize>| own.push(place));
            }
        }
        Self { places, parents, children }
    }
}

impl Tasks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// In their order.
    pub fn iter(&self) -> Iter<'_> {
        self.list.iter().map(Arc::as_ref)
    }

    /// To be changed; each is copied first where another copy of the job has it, too.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Task> {
        self.list.iter_mut().map(Arc::make_mut)
    }

    /// The task at this place.
    pub fn get(&self, place: usize) -> Option<&Task> {
        self.list.get(place).map(Arc::as_ref)
    }

    /// The task at this place, to be changed. Its name and its parents stay.
    pub fn get_mut(&mut self, place: usize) -> Option<&mut Task> {
        self.list.get_mut(place).map(Arc::make_mut)
    }

    /// Adds a task at the end. What follows from the names is worked out anew.
    pub(super) fn push(&mut self, task: Task) {
        self.list.push(Arc::new(task));
        self.relate();
    }

    /// Puts a task in place of another one, also with other parents.
    pub(super) fn replace(&mut self, place: usize, task: Task) {
        if let Some(old) = self.list.get_mut(place) {
            *old = Arc::new(task);
            self.relate();
        }
    }

    fn relate(&mut self) {
        self.graph = Graph::of_all(&self.list);
    }

    /// Whether this list and an earlier one of the same job have the same tasks with the same parents, where one was copied
    /// from the other.
    pub fn is_same_graph(&self, earlier: &Self) -> bool {
        let same = match (&self.graph, &earlier.graph) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, Some(_)) | (Some(_), None) => false,
        };
        same && self.list.len() == earlier.list.len()
    }

    /// The first one.
    pub fn first(&self) -> Option<&Task> {
        self.get(0)
    }

    /// The last one.
    pub fn last(&self) -> Option<&Task> {
        self.list.last().map(Arc::as_ref)
    }

    /// Where the task of this name stands.
    pub fn place(&self, name: &TaskName) -> Option<usize> {
        match &self.graph {
            Some(graph) => graph.places.get(name).copied(),
            None => self.first().filter(|task| task.name == *name).map(|_| 0),
        }
    }

    /// Whether all parents of the task at this place have completed; `false` where it has one that the job does not have.
    pub fn parents_completed(&self, place: usize) -> bool {
        let Some(graph) = &self.graph else { return true };
        let completed = |parent: &usize| self.get(*parent).is_some_and(|task| task.status == Status::Completed);
        graph.parents.get(place).and_then(Option::as_ref).is_some_and(|parents| parents.iter().all(completed))
    }

    /// The places of the tasks that name the one at this place as their parent, in order.
    pub fn children(&self, place: usize) -> &[usize] {
        self.graph.as_ref().and_then(|graph| graph.children.get(place)).map_or(&[], Vec::as_slice)
    }

    /// The places of the parents of the task at this place, in the order in which it names them.
    pub fn parents(&self, place: usize) -> &[usize] {
        let graph = self.graph.as_ref().and_then(|graph| graph.parents.get(place));
        graph.and_then(Option::as_ref).map_or(&[], Vec::as_slice)
    }

    /// The places where this list and an earlier one of the same job may differ, in order; all of them where they come from
    /// different readings of the job.
    pub fn changed_since<'a>(&'a self, earlier: &'a Self) -> impl Iterator<Item = usize> + 'a {
        let both = self.list.iter().zip(&earlier.list).enumerate();
        let changed = both.filter(|(_, (new, old))| !Arc::ptr_eq(new, old)).map(|(place, _)| place);
        changed.chain(earlier.len()..self.len())
    }
}

impl PartialEq for Tasks {
    fn eq(&self, other: &Self) -> bool {
        // The graph follows from the list.
        self.list.len() == other.list.len()
            && self.list.iter().zip(&other.list).all(|(one, other)| Arc::ptr_eq(one, other) || one == other)
    }
}

impl<'a> IntoIterator for &'a Tasks {
    type Item = &'a Task;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

#[expect(clippy::indexing_slicing, reason = "what this is")]
impl Index<usize> for Tasks {
    type Output = Task;

    fn index(&self, place: usize) -> &Task {
        &self.list[place]
    }
}

#[expect(clippy::indexing_slicing, reason = "what this is")]
impl IndexMut<usize> for Tasks {
    fn index_mut(&mut self, place: usize) -> &mut Task {
        Arc::make_mut(&mut self.list[place])
    }
}

impl Serialize for Tasks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tasks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Task>::deserialize(deserializer).map(Self::from)
    }
}
