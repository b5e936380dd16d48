//! What the functions of one host interface find in the store.
//!
//! An interface knows of nothing but this: neither what other interfaces keep nor how a call is made. So each can be read and
//! tested by itself.

use std::sync::Arc;
use std::time::Instant;

use analyte_core::limits::Limits;
use wasmtime::component::ResourceTable;

use crate::request::stop::StopConditions;
use crate::request::{Discard, Grants, Identity, ModelFile, RunSink};

/// What is given for one call, and does not change while it lasts.
pub(crate) struct Terms {
    pub(crate) limits: Arc<Limits>,
    pub(crate) identity: Identity,
    pub(crate) grants: Arc<Grants>,
    /// The file of a file-backed model; `None` for any other.
    pub(crate) model_file: Option<ModelFile>,
    pub(crate) sink: Arc<dyn RunSink>,
    pub(crate) deadline: Instant,
    pub(crate) stop_conditions: StopConditions,
}

impl Terms {
    /// Those of no call: belongs to no job, reaches nothing.
    pub(crate) fn none(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            identity: Identity::default(),
            grants: Arc::default(),
            model_file: None,
            sink: Arc::new(Discard),
            deadline: Instant::now(),
            stop_conditions: StopConditions::default(),
        }
    }
}

/// What the functions of an interface find; `S` is what the interface itself keeps of a call.
pub(crate) struct View<'a, S> {
    /// Made anew for each call.
    pub(crate) own: &'a mut S,
    pub(crate) terms: &'a Terms,
    /// What the component holds handles of; it may keep them from one call to the next.
    pub(crate) resources: &'a mut ResourceTable,
    /// Which call into the instance this is, counted from 1: what the component kept of an earlier one is recognised by it.
    pub(crate) number: u64,
}

/// Where an interface's view is in a store.
pub(crate) type Find<T, S> = for<'a> fn(&'a mut T) -> View<'a, S>;

/// Stands in for a call in the tests of interfaces.
#[cfg(test)]
pub(super) mod testing {
    use analyte_core::job::Progress;
    use analyte_core::names::FileName;
    use async_trait::async_trait;
    use parking_lot::Mutex;

    use super::*;
    use crate::request::{FileSink, LogLine};

    /// A sink that keeps what it hears, but for files.
    #[derive(Default)]
    pub(crate) struct Heard {
        pub(crate) progress: Mutex<Vec<Progress>>,
        pub(crate) lines: Mutex<Vec<LogLine>>,
    }

    #[async_trait]
    impl RunSink for Heard {
        fn progress(&self, progress: Progress) {
            self.progress.lock().push(progress);
        }
        fn log(&self, line: LogLine) {
            self.lines.lock().push(line);
        }
        async fn create_file(&self, _: FileName, _: String) -> Result<Box<dyn FileSink>, String> {
            Ok(Box::new(Discard))
        }
    }

    /// Those of a call without a job.
    pub(crate) fn terms(limits: Limits, sink: Arc<dyn RunSink>) -> Terms {
        Terms { sink, ..Terms::none(Arc::new(limits)) }
    }

    /// Calls a function of an interface that keeps this of the call.
    pub(crate) fn view<S, R>(terms: &Terms, own: &mut S, function: impl FnOnce(View<'_, S>) -> R) -> R {
        function(View { own, terms, resources: &mut ResourceTable::new(), number: 1 })
    }
}
