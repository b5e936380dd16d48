//! Looks at a component's imports and exports before anything is compiled, and refuses a stranger: one that imports or
//! exports something outside the contract. The message names the item, the version it declares and those accepted.

use std::fmt;

use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};

use crate::contract::{self, ACCEPTED, PACKAGE};
use crate::error::Refused;
use crate::host::interfaces;

/// Most imports and exports that are looked at.
const MOST_ITEMS: usize = 1_000;

/// Which world a component is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `provider-plugin`.
    Provider,
    /// `model-plugin`.
    Model,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Provider => "provider",
            Self::Model => "model",
        })
    }
}

/// What a component's outside says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its world.
    pub kind: Kind,
    /// Version of the contract that it was built for.
    pub contract: String,
    /// Names of everything it imports, in order.
    pub imports: Vec<String>,
    /// Names of everything it exports, in order.
    pub exports: Vec<String>,
}

/// Reads the outside of a component.
pub fn inspect(bytes: &[u8]) -> Result<Inspection, Refused> {
    let (imports, exports) = outside(bytes)?;
    let provider = exports.iter().find_map(|name| version_of(name, contract::PROVIDER));
    let model = exports.iter().find_map(|name| version_of(name, contract::MODEL));
    let (kind, contract) = match (provider, model) {
        (Some(_), Some(_)) => {
            return Err(Refused::component(
                "the component exports both `provider` and `model`; it must be one of the two",
            ));
        }
        (Some(version), None) => (Kind::Provider, version.to_owned()),
        (None, Some(version)) => (Kind::Model, version.to_owned()),
        (None, None) => {
            return Err(Refused::component(format!(
                "the component exports neither `{PACKAGE}/provider` nor `{PACKAGE}/model`, so it is not an Analyte plugin; \
                 it exports {}",
                listed(&exports)
            )));
        }
    };
    for name in imports.iter().chain(&exports) {
        judge(name)?;
    }
    Ok(Inspection { kind, contract, imports, exports })
}

/// Names of imports and exports of the outermost component.
fn outside(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), Refused> {
    let broken = |error: wasmparser::BinaryReaderError| {
        Refused::component("the file is not a whole WebAssembly component").because(error.to_string())
    };
    if !bytes.starts_with(b"\0asm") {
        return Err(Refused::component("the file is not WebAssembly: it does not begin with the bytes `\\0asm`"));
    }
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(broken)? {
            Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => {
                return Err(Refused::component(
                    "the file is a core WebAssembly module, not a component: build it for the target wasm32-wasip2, or \
                     turn it into a component with its language's tools",
                ));
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import.map_err(broken)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    let export = export.map_err(broken)?;
                    // Types are exported beside the interfaces that use them.
                    if export.kind != ComponentExternalKind::Type {
                        exports.push(export.name.name.to_owned());
                    }
                }
            }
            _ => {}
        }
        if imports.len() + exports.len() > MOST_ITEMS {
            return Err(Refused::component(format!("the component has more than {MOST_ITEMS} imports and exports")));
        }
    }
    Ok((imports, exports))
}

/// The version in `analyte:plugin/INTERFACE@VERSION`; empty where there is none.
fn version_of<'a>(name: &'a str, interface: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?.strip_prefix(interface)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('@') }
}

fn judge(name: &str) -> Result<(), Refused> {
    let (path, version) = name.split_once('@').unwrap_or((name, ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    if package == PACKAGE {
        if !interfaces::is_of_the_contract(interface) {
            return Err(stranger(name, &format!("the package `{PACKAGE}` has no interface `{interface}`")));
        }
        if !ACCEPTED.contains(&version) {
            let declared = if version.is_empty() { "no version".to_owned() } else { format!("version {version}") };
            let accepted = ACCEPTED.join(", ");
            return Err(stranger(name, &format!("it declares {declared}; accepted are {accepted}")));
        }
        return Ok(());
    }
    if let Some(versions) = interfaces::versions_of_wasi(package) {
        if version.strip_prefix(versions).is_some_and(|patch| patch.parse::<u32>().is_ok()) {
            return Ok(());
        }
        return Err(stranger(name, &format!("of WASI, the versions {versions}x are accepted")));
    }
    if package == "wasi:http" {
        return Err(stranger(name, "outgoing HTTP is not offered by this version of Analyte"));
    }
    Err(stranger(name, "nothing of that name is in the contract"))
}

fn stranger(name: &str, why: &str) -> Refused {
    Refused::component(format!("the component's `{name}` is not accepted: {why}"))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "nothing".to_owned();
    }
    let mut text = names.iter().take(10).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > 10 {
        text.push_str(", …");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(bytes: &[u8]) -> String {
        match inspect(bytes) {
            Ok(found) => format!("{found:?}"),
            Err(refused) => refused.message,
        }
    }

    #[test]
    fn what_is_not_a_component_is_named() {
        assert_eq!(message(b""), "the file is not WebAssembly: it does not begin with the bytes `\\0asm`");
        assert_eq!(message(b"PK\x03\x04"), "the file is not WebAssembly: it does not begin with the bytes `\\0asm`");
        assert!(message(b"\0asm\x01\0\0\0").starts_with("the file is a core WebAssembly module, not a component"));
        assert_eq!(message(b"\0asm\x0d\0\x01"), "the file is not a whole WebAssembly component");
        assert_eq!(
            message(b"\0asm\x0d\0\x01\0"),
            "the component exports neither `analyte:plugin/provider` nor `analyte:plugin/model`, so it is not an Analyte \
             plugin; it exports nothing"
        );
    }

    #[test]
    fn strangers_are_named_with_the_versions_accepted() {
        let judged = |name| judge(name).err().map(|refused| refused.message);
        for fine in ["analyte:plugin/job@0.1.0", "wasi:cli/environment@0.2.3", "wasi:sockets/tcp@0.2.0"] {
            assert_eq!(judged(fine), None);
        }
        for (name, why) in [
            ("analyte:plugin/job@0.9.0", "it declares version 0.9.0; accepted are 0.1.0"),
            ("analyte:plugin/job", "it declares no version; accepted are 0.1.0"),
            ("analyte:plugin/gpu@0.1.0", "the package `analyte:plugin` has no interface `gpu`"),
            ("wasi:cli/environment@0.3.0", "of WASI, the versions 0.2.x are accepted"),
            ("wasi:nn/tensor@0.2.0", "nothing of that name is in the contract"),
            ("wasi:http/outgoing-handler@0.2.3", "outgoing HTTP is not offered by this version of Analyte"),
            ("run", "nothing of that name is in the contract"),
        ] {
            assert_eq!(judged(name), Some(format!("the component's `{name}` is not accepted: {why}")));
        }
    }
}
