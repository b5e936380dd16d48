//! The bindings that `wit-bindgen` makes of the contract, for what the rest of this crate does not cover.
//!
//! [`tables`], [`analysis`] and the host's interfaces are shared by both worlds, so a value made for one fits the other.
//! The host's functions exist only inside a component: called natively, they panic.

#![expect(clippy::same_length_and_capacity, reason = "generated; that is how an allocation of the host is taken over")]
#![expect(missing_docs, reason = "generated; the contract's own documentation is in the WIT")]

/// A component that is a provider.
pub mod provider_plugin {
    wit_bindgen::generate!({
        world: "provider-plugin",
        path: "../../wit/0.1.0",
        additional_derives: [PartialEq],
        pub_export_macro: true,
        default_bindings_module: "analyte_sdk::raw::provider_plugin",
    });
}

/// A component that is one single model.
pub mod model_plugin {
    wit_bindgen::generate!({
        world: "model-plugin",
        path: "../../wit/0.1.0",
        pub_export_macro: true,
        default_bindings_module: "analyte_sdk::raw::model_plugin",
        with: {
            "analyte:plugin/tables@0.1.0": crate::raw::tables,
            "analyte:plugin/analysis@0.1.0": crate::raw::analysis,
            "analyte:plugin/job@0.1.0": crate::raw::job,
            "analyte:plugin/log@0.1.0": crate::raw::log,
            "analyte:plugin/settings@0.1.0": crate::raw::settings,
            "analyte:plugin/result-files@0.1.0": crate::raw::result_files,
            "analyte:plugin/model-files@0.1.0": crate::raw::model_files,
        },
    });
}

pub use model_plugin::exports::analyte::plugin::model;
pub use provider_plugin::analyte::plugin::{analysis, job, log, model_files, result_files, settings, tables};
pub use provider_plugin::exports::analyte::plugin::provider;
