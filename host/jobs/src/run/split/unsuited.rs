//! Remembers which models turned out not to be fit for splitting, whatever they say of themselves.
//!
//! In memory only, and at most `MOST` of them: a model that is forgotten costs one more try.

use std::collections::HashSet;

use analyte_core::digest::Digest;
use analyte_core::names::ModelName;
use analyte_engine::Component;
use analyte_engine::request::RunRequest;
use parking_lot::Mutex;

/// Most models that are remembered.
const MOST: usize = 1_000;

/// What runs: a model of a component, with its file where it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    component: Digest,
    model: ModelName,
    file: Option<String>,
}

impl Kind {
    pub(super) fn of(component: &Component, request: &RunRequest) -> Self {
        let file = request.model_file.as_ref().map(|file| file.digest.clone());
        Self { component: component.digest(), model: request.model.name.clone(), file }
    }
}

#[derive(Debug, Default)]
pub(super) struct Unsuited {
    known: Mutex<HashSet<Kind>>,
}

impl Unsuited {
    pub(super) fn is(&self, kind: &Kind) -> bool {
        self.known.lock().contains(kind)
    }

    pub(super) fn remember(&self, kind: Kind) {
        let mut known = self.known.lock();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(kind);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn kind(model: usize, file: Option<&str>) -> Kind {
        let model = ModelName::new(&format!("model-{model}")).unwrap();
        Kind { component: Digest::of(b""), model, file: file.map(str::to_owned) }
    }

    #[test]
    fn no_more_than_the_most_are_remembered() {
        let unsuited = Unsuited::default();
        for model in 0..MOST {
            unsuited.remember(kind(model, None));
        }
        assert!(unsuited.is(&kind(0, None)) && !unsuited.is(&kind(0, Some("sha256:0"))));
        unsuited.remember(kind(MOST, None));
        assert!(unsuited.is(&kind(MOST, None)) && !unsuited.is(&kind(0, None)));
    }
}
