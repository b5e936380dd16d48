//! What the operator allows a provider.

use std::collections::BTreeMap;

use analyte_core::model::Capability;

/// What the operator allows one provider: values of settings and secrets by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Grants {
    /// Not secret.
    pub settings: BTreeMap<String, String>,
    /// Never shown.
    pub secrets: BTreeMap<String, String>,
}

impl Grants {
    /// The part of these that a component asked for.
    #[must_use]
    pub fn asked_for(&self, capabilities: &[Capability]) -> Self {
        let part = |kind: &str, granted: &BTreeMap<String, String>| {
            let asked =
                |name: &String| capabilities.iter().any(|c| c.name.strip_prefix(kind).is_some_and(|rest| rest == name));
            granted.iter().filter(|(name, _)| asked(name)).map(|(name, value)| (name.clone(), value.clone())).collect()
        };
        Self { settings: part("settings:", &self.settings), secrets: part("secrets:", &self.secrets) }
    }

    /// Names of what is granted, as capabilities are named; values are left out.
    pub fn names(&self) -> Vec<String> {
        let settings = self.settings.keys().map(|name| format!("settings:{name}"));
        settings.chain(self.secrets.keys().map(|name| format!("secrets:{name}"))).collect()
    }
}

/// Names only: values may be secrets.
impl std::fmt::Debug for Grants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}
