//! Rust types of the contract, generated from `wit/`.
//!
//! One world holds both kinds of component, so that the types are generated once; a component of either kind is loaded
//! through the indices of the interface that it exports. Parameters borrow: a column goes into a component as one copy.

wasmtime::component::bindgen!({
    path: "../../wit/0.1.0",
    inline: "
        package analyte:host;
        world host {
            import analyte:plugin/job@0.1.0;
            import analyte:plugin/log@0.1.0;
            import analyte:plugin/settings@0.1.0;
            import analyte:plugin/result-files@0.1.0;
            import analyte:plugin/model-files@0.1.0;
            export analyte:plugin/provider@0.1.0;
            export analyte:plugin/model@0.1.0;
        }
    ",
    world: "analyte:host/host",
    imports: {
        "analyte:plugin/result-files": async | trappable,
        "analyte:plugin/model-files": async | trappable,
        default: trappable,
    },
    exports: { default: async },
    ownership: Borrowing { duplicate_if_necessary: true },
});
