//! Components that do not fit into the pool of instances: which limit each crosses, and what its author can do.

use analyte_core::limits::Limits;

use crate::error::Refused;

/// A limit of the pool, as wasmtime's error tells that it is crossed.
struct Bound {
    /// Words of the error; what the component wants follows them, then more words.
    before: &'static str,
    after: &'static str,
    limit: &'static str,
    /// What is counted.
    what: &'static str,
    /// What the author can do.
    advice: &'static str,
}

const INNER: &str = "compose fewer components, or link their modules into one before making a component of them";

const BOUNDS: &[Bound] = &[
    Bound {
        before: "defined memories count of ",
        after: " exceeds the per-instance limit",
        limit: "module_memories",
        what: "memories in one core module",
        advice: "build the module with one memory, or split it into several modules",
    },
    Bound {
        before: "defined tables count of ",
        after: " exceeds the ",
        limit: "component_tables",
        what: "tables in one core module",
        advice: "put the functions into fewer tables",
    },
    Bound {
        before: " has a minimum element size of ",
        after: " which exceeds the limit",
        limit: "table_elements",
        what: "elements in one table from the start",
        advice: "declare a smaller table; what compilers make has one element for each function that is called by pointer",
    },
    Bound {
        before: "The component transitively contains ",
        after: " core module instances",
        limit: "core_instances",
        what: "instances of core modules",
        advice: INNER,
    },
    Bound {
        before: "The component transitively contains ",
        after: " Wasm linear memories",
        limit: "component_memories",
        what: "memories",
        advice: INNER,
    },
    Bound {
        before: "The component transitively contains ",
        after: " tables",
        limit: "component_tables",
        what: "tables",
        advice: INNER,
    },
    Bound {
        before: "instance allocation for this module requires ",
        after: " bytes which exceeds",
        limit: "instance_bytes",
        what: "bytes of functions, globals and imports in one instance of a core module",
        advice: "use fewer globals and fewer functions that are called by pointer or exported",
    },
    Bound {
        before: "instance allocation for this component requires ",
        after: " bytes of `VMComponentContext`",
        limit: "instance_bytes",
        what: "bytes of functions, globals and imports in its instances",
        advice: INNER,
    },
];

/// The refusal of a component that does not fit into the pool; `None` where the error says something else.
///
/// wasmtime has no type for these errors, so their text is read here and nowhere else. Components beyond each of the limits are
/// in the tests, which fail when wasmtime changes a text.
pub(crate) fn refusal(error: &wasmtime::Error, limits: &Limits) -> Option<Refused> {
    let texts: Vec<String> = error.chain().map(ToString::to_string).collect();
    texts.iter().find_map(|text| {
        BOUNDS.iter().find_map(|bound| {
            let (_, rest) = text.split_once(bound.before)?;
            let (wanted, _) = rest.split_once(bound.after)?;
            let wanted: u64 = wanted.parse().ok()?;
            let most = limits.get(bound.limit)?;
            let Bound { limit, what, advice, .. } = bound;
            let are = if most == 1 { "is" } else { "are" };
            Some(Refused::component(format!(
                "the component has {wanted} {what}; {most} {are} allowed (limit {limit}): {advice}"
            )))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bound_names_a_limit_of_the_list() {
        for bound in BOUNDS {
            assert!(Limits::default().get(bound.limit).is_some(), "{}", bound.limit);
        }
    }

    #[test]
    fn other_errors_are_left_alone() {
        let error = wasmtime::Error::msg("failed to load code");
        assert_eq!(refusal(&error, &Limits::default()), None);
    }
}
