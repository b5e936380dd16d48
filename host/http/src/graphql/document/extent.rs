//! How much a document selects: fields, aliases and levels, those of a fragment wherever it is spread. Each fragment is gone
//! through once; what it holds is multiplied, not repeated, so that fragments of fragments take no time.

use std::collections::{HashMap, HashSet};

use analyte_core::limits::Limits;
use async_graphql::Positioned;
use async_graphql::parser::types::{ExecutableDocument, FragmentDefinition, OperationType, Selection, SelectionSet};

use crate::graphql::fault::{Fault, Name};

/// What a part of a document selects.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    fields: u64,
    aliases: u64,
    depth: u64,
}

impl Extent {
    fn and(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.depth = self.depth.max(other.depth);
    }
}

/// Goes through a document.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    /// `None`: it is being gone through.
    fragments: HashMap<&'a str, Option<Extent>>,
}

impl<'a> Walk<'a> {
    fn set(&mut self, set: &'a SelectionSet) -> Result<Extent, Fault> {
        let mut all = Extent::default();
        for selection in &set.items {
            let within = match &selection.node {
                Selection::Field(field) => {
                    let mut within = self.set(&field.node.selection_set.node)?;
                    within.fields = within.fields.saturating_add(1);
                    within.aliases = within.aliases.saturating_add(u64::from(field.node.alias.is_some()));
                    if field.node.selection_set.node.items.is_empty() {
                        within.depth = 0;
                    }
                    within
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str())?,
            };
            all.and(within);
        }
        all.depth = all.depth.saturating_add(1);
        Ok(all)
    }

    fn fragment(&mut self, name: &str) -> Result<Extent, Fault> {
        // One that is not there is for the library to refuse.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(Extent::default()) };
        match self.fragments.get(name.as_str()) {
            Some(Some(known)) => return Ok(*known),
            Some(None) => return Err(Fault::invalid(format!("the fragment `{name}` is spread within itself"))),
            None => {}
        }
        self.fragments.insert(name.as_str(), None);
        let FragmentDefinition { selection_set, .. } = &fragment.node;
        let extent = self.set(&selection_set.node)?;
        self.fragments.insert(name.as_str(), Some(extent));
        Ok(extent)
    }

    /// Refuses the names under which two fields of this set would be answered, where both would be executed.
    fn once(&self, set: &'a Positioned<SelectionSet>, names: &mut HashSet<&'a str>) -> Result<(), Fault> {
        for selection in &set.node.items {
            match &selection.node {
                Selection::Field(field) => {
                    let name = field.node.response_key().node.as_str();
                    if name != "__typename" && !names.insert(name) {
                        let message =
                            format!("the mutation has `{name}` twice, and would do it twice; give one an alias");
                        return Err(Fault::invalid(message));
                    }
                }
                Selection::InlineFragment(fragment) => self.once(&fragment.node.selection_set, names)?,
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.once(&fragment.node.selection_set, names)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Refuses a document that selects more than its limits allow, or whose fragments go in a circle.
pub(super) fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), Fault> {
    let mut walk = Walk { document, fragments: HashMap::new() };
    let mut all = Extent::default();
    for (_, operation) in document.operations.iter() {
        all.and(walk.set(&operation.node.selection_set.node)?);
    }
    // Those that no operation spreads are gone through by the library all the same.
    for name in document.fragments.keys() {
        walk.fragment(name.as_str())?;
    }
    for extent in walk.fragments.values().flatten() {
        all.depth = all.depth.max(extent.depth);
    }
    let bounds = [
        ("fields", all.fields, "graphql_fields", limits.graphql_fields),
        ("aliases", all.aliases, "graphql_aliases", limits.graphql_aliases),
        ("levels", all.depth, "graphql_depth", limits.graphql_depth),
    ];
    for (what, has, limit, most) in bounds {
        if has > most {
            let message = format!("the document has {has} {what}; {most} are allowed (limit {limit})");
            return Err(Fault::new(Name::CapacityExceeded, message));
        }
    }
    for (_, operation) in document.operations.iter() {
        if operation.node.ty == OperationType::Mutation {
            walk.once(&operation.node.selection_set, &mut HashSet::new())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn refused(text: &str) -> Option<String> {
        let limits = Limits { graphql_fields: 10, graphql_aliases: 3, graphql_depth: 4, ..Limits::default() };
        let document = parse_query(text).map_err(|error| error.to_string());
        document.map_or_else(Some, |document| check(&document, &limits).err().map(|fault| fault.message))
    }

    #[test]
    fn what_a_fragment_holds_counts_wherever_it_is_spread() {
        assert_eq!(refused("{a{b{c{d}}}}"), None);
        assert_eq!(
            refused("{a{b{c{d{e}}}}}").as_deref(),
            Some("the document has 5 levels; 4 are allowed (limit graphql_depth)")
        );
        assert_eq!(refused("{a b c d e f g h i j}"), None);
        let twice = "{...F ...F ...F} fragment F on Query {a b c d}";
        assert_eq!(
            refused(twice).as_deref(),
            Some("the document has 12 fields; 10 are allowed (limit graphql_fields)")
        );
        let aliases = "{a:x b:x c:x d:x}";
        assert_eq!(
            refused(aliases).as_deref(),
            Some("the document has 4 aliases; 3 are allowed (limit graphql_aliases)")
        );
        let circle = "{...F} fragment F on Query {...G} fragment G on Query {...F}";
        assert!(refused(circle).is_some_and(|said| said.contains("is spread within itself")));
    }

    #[test]
    fn fragments_of_fragments_take_no_time() {
        let mut text = "{...F0}".to_owned();
        for number in 0..1_000 {
            let next = number + 1;
            text.push_str(&format!(" fragment F{number} on Query {{...F{next} ...F{next}}}"));
        }
        text.push_str(" fragment F1000 on Query {a}");
        assert!(refused(&text).is_some_and(|said| said.ends_with("10 are allowed (limit graphql_fields)")));
    }

    #[test]
    fn a_mutation_has_each_name_once() {
        let said = "the mutation has `a` twice, and would do it twice; give one an alias";
        assert_eq!(refused("mutation {a a}").as_deref(), Some(said));
        assert_eq!(refused("mutation {a ...F} fragment F on Mutation {a}").as_deref(), Some(said));
        assert_eq!(refused("mutation {a b:a __typename __typename}"), None);
        assert_eq!(refused("{a a}"), None);
    }
}
