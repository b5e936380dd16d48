//! The host interfaces: everything that a component may import, in one list. An import is accepted because it is here, and is
//! linked because it is here.
//!
//! One file for each, all alike: its name, `link`, what it keeps of a call, and its tests. An interface of the contract has the
//! [contract's version](contract::VERSION); WASI has its own.

pub(crate) mod job;
pub(crate) mod log;
pub(crate) mod model_files;
pub(crate) mod result_files;
pub(crate) mod settings;
pub(crate) mod wasi;

use wasmtime::component::Linker;

use crate::contract;
use crate::host::HostState;

/// Some of what a component may import.
pub(crate) struct HostInterface {
    pub(crate) imports: Imports,
    link: fn(&mut Linker<HostState>) -> wasmtime::Result<()>,
}

/// Which imports an interface answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Imports {
    /// The interface of this name, in the contract's package and version.
    OfTheContract(&'static str),
    /// Every interface of these packages, in versions that begin so.
    OfWasi { packages: &'static [&'static str], versions: &'static str },
}

/// All of them.
pub(crate) const INTERFACES: &[HostInterface] = &[
    HostInterface {
        imports: Imports::OfTheContract(job::NAME),
        link: |linker| job::link(linker, |state| state.view(|kept| &mut kept.job)),
    },
    HostInterface {
        imports: Imports::OfTheContract(log::NAME),
        link: |linker| log::link(linker, |state| state.view(|kept| &mut kept.log)),
    },
    HostInterface {
        imports: Imports::OfTheContract(settings::NAME),
        link: |linker| settings::link(linker, |state| state.view(|kept| &mut kept.settings)),
    },
    HostInterface {
        imports: Imports::OfTheContract(result_files::NAME),
        link: |linker| result_files::link(linker, |state| state.view(|kept| &mut kept.result_files)),
    },
    HostInterface {
        imports: Imports::OfTheContract(model_files::NAME),
        link: |linker| model_files::link(linker, |state| state.view(|kept| &mut kept.model_files)),
    },
    HostInterface {
        imports: Imports::OfWasi { packages: wasi::PACKAGES, versions: wasi::VERSIONS },
        link: |linker| wasi::link(linker, |state| &mut state.wasi),
    },
];

/// Links all of them.
pub(crate) fn linker(engine: &wasmtime::Engine) -> wasmtime::Result<Linker<HostState>> {
    let mut linker = Linker::new(engine);
    for interface in INTERFACES {
        (interface.link)(&mut linker)?;
    }
    Ok(linker)
}

/// Whether the contract's package has an interface of this name: one that the host offers, one that a component exports, or one
/// that holds types.
pub(crate) fn is_of_the_contract(name: &str) -> bool {
    let offered =
        INTERFACES.iter().any(|interface| matches!(interface.imports, Imports::OfTheContract(known) if known == name));
    offered || contract::TYPES.contains(&name) || [contract::PROVIDER, contract::MODEL].contains(&name)
}

/// What the accepted versions of a package of WASI begin with; `None`: the package is not offered.
pub(crate) fn versions_of_wasi(package: &str) -> Option<&'static str> {
    INTERFACES.iter().find_map(|interface| match interface.imports {
        Imports::OfWasi { packages, versions } => packages.contains(&package).then_some(versions),
        Imports::OfTheContract(_) => None,
    })
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_what_the_worlds_of_the_contract_import() {
        let folder = format!("{}/../../wit/{}", env!("CARGO_MANIFEST_DIR"), contract::VERSION);
        let worlds = std::fs::read_to_string(format!("{folder}/worlds.wit")).expect("the worlds");
        let listed: Vec<&str> = INTERFACES
            .iter()
            .filter_map(|interface| match interface.imports {
                Imports::OfTheContract(name) => Some(name),
                Imports::OfWasi { .. } => None,
            })
            .collect();
        let of_worlds: Vec<Vec<&str>> = worlds
            .split("\nworld ")
            .skip(1)
            .map(|world| {
                world.lines().filter_map(|line| line.trim().strip_prefix("import ")?.strip_suffix(';')).collect()
            })
            .collect();
        assert_eq!(of_worlds, [listed.clone(), listed]);
    }
}
