//! What `run` answers, as it lies in the component's memory: where each list and text is, and nothing copied.
//!
//! wasmtime copies an answer in one go, before the component's own function that clears it away ("post-return") runs, and
//! returns it after that. That copy may have `output_bytes`, or be millions of short texts, and nothing interrupts it. So
//! what wasmtime is to return here is only [that an answer was there](DeferredAnswer); the answer is laid aside, and
//! [copied](super::take) by the [hook](crate::run::call_hook) that wasmtime calls before it enters the component for the clearing
//! away, where there can be pauses. Where a component has nothing to clear away, it is copied afterwards.

#![expect(
    unsafe_code,
    reason = "wasmtime's traits for what crosses the boundary are unsafe, since it believes what they say of a type's layout; \
              these leave all of that to the traits of the answer itself"
)]

use std::cell::Cell;

use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift, WasmList};

use super::text::Text;
use crate::contract::bindings::analyte::plugin::tables::{BaseType, BufferKind};

/// `result<outcome, analysis-error>`.
pub(crate) type Answer = Result<Outcome, Refusal>;

/// `analysis.outcome`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Outcome {
    pub(super) output: Rows,
    pub(super) added: WasmList<Field>,
    pub(super) warnings: WasmList<Text>,
    /// Not read.
    #[component(name = "extra")]
    _extra: WasmList<(Text, Text)>,
}

/// `tables.table`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Rows {
    #[component(name = "row-count")]
    pub(super) row_count: u64,
    pub(super) columns: WasmList<Column>,
}

/// `tables.column`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Column {
    pub(super) name: Text,
    #[component(name = "base-type")]
    pub(super) base_type: BaseType,
    pub(super) kind: BufferKind,
    pub(super) validity: Option<WasmList<u8>>,
    pub(super) offsets: Option<WasmList<u8>>,
    pub(super) data: WasmList<u8>,
}

/// `tables.field`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Field {
    pub(super) name: Text,
    #[component(name = "base-type")]
    pub(super) base_type: BaseType,
    pub(super) kind: BufferKind,
    pub(super) nullable: bool,
    pub(super) description: Text,
    pub(super) extra: WasmList<(Text, Text)>,
}

/// `analysis.analysis-error`.
#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct Refusal {
    pub(super) code: Text,
    pub(super) message: Text,
    pub(super) details: WasmList<(Text, Text)>,
    /// Not read.
    #[component(name = "extra")]
    _extra: WasmList<(Text, Text)>,
}

thread_local! {
    /// An answer from when wasmtime came to it until it is taken: by the hook that follows on the same thread before anything
    /// else does, or by the caller.
    static ANSWER: Cell<Option<Box<Answer>>> = const { Cell::new(None) };
}

/// Takes the answer that was just laid aside on this thread.
pub(crate) fn deferred_answer() -> Option<Box<Answer>> {
    ANSWER.take()
}

/// An answer was there, and was laid aside.
pub(crate) struct DeferredAnswer;

// SAFETY: layout and type are those of the answer.
unsafe impl ComponentType for DeferredAnswer {
    type Lower = <Answer as ComponentType>::Lower;
    const ABI: CanonicalAbiInfo = <Answer as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <Answer as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: all is left to the answer.
unsafe impl Lift for DeferredAnswer {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> wasmtime::Result<Self> {
        ANSWER.set(Some(Box::new(Answer::linear_lift_from_flat(cx, ty, src)?)));
        Ok(Self)
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> wasmtime::Result<Self> {
        ANSWER.set(Some(Box::new(Answer::linear_lift_from_memory(cx, ty, bytes)?)));
        Ok(Self)
    }
}
