//! The contract between host and components, as `wit/` has it: its version, the names of its interfaces, its types.

pub(crate) mod bindings;
pub(crate) mod convert;

/// The package of every interface of the contract.
pub(crate) const PACKAGE: &str = "analyte:plugin";

/// The contract's version. Beside here it stands in [`bindings`], whose macro takes no constant; a test compares the two.
pub(crate) const VERSION: &str = "0.1.0";

/// Versions of the contract that load.
pub(crate) const ACCEPTED: &[&str] = &[VERSION];

/// Interfaces without functions, which other interfaces take their types from.
pub(crate) const TYPES: &[&str] = &["tables", "analysis"];

/// What a provider exports.
pub(crate) const PROVIDER: &str = "provider";

/// What a model component exports.
pub(crate) const MODEL: &str = "model";

/// The whole name of an interface, as imports and exports have it.
pub(crate) fn whole_name(interface: &str) -> String {
    format!("{PACKAGE}/{interface}@{VERSION}")
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_bindings_and_the_wit_are_of_the_contracts_version() {
        let bindings = include_str!("bindings.rs");
        let versions: Vec<&str> = bindings.split('@').skip(1).filter_map(|rest| rest.split(';').next()).collect();
        assert!(!versions.is_empty() && versions.iter().all(|version| *version == VERSION), "{versions:?}");
        assert!(bindings.contains(&format!("path: \"../../wit/{VERSION}\"")));
        let worlds = format!("{}/../../wit/{VERSION}/worlds.wit", env!("CARGO_MANIFEST_DIR"));
        let worlds = std::fs::read_to_string(worlds).expect("the contract");
        assert!(worlds.starts_with(&format!("package {PACKAGE}@{VERSION};")));
    }
}
