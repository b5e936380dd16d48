//! Copies an [answer](super::deferred_answer) out of the component's memory, piece by piece.
//!
//! All of it together may have the bytes that the call's result may carry, texts and lists counted as they are held here.

use wasmtime::StoreContextMut;
use wasmtime::component::{Lift, WasmList};

use super::deferred_answer::{Answer, Column, Field, Outcome, Refusal};
use super::text::Text;
use crate::contract::bindings::analyte::plugin::analysis::AnalysisError;
use crate::contract::bindings::analyte::plugin::tables::{ColumnResult, Field as OwnField, TableResult};
use crate::schedule::step;

/// Most details of an error that are looked at, and one more aspect of a field than it may have.
const PAIRS: usize = 33;

/// What a component gave as a result, not checked.
#[derive(Debug)]
pub(crate) struct UncheckedOutcome {
    pub(crate) output: TableResult,
    pub(crate) added: Vec<OwnField>,
    /// The first ones, as many as are kept.
    pub(crate) warnings: Vec<String>,
    /// How many there were beyond these.
    pub(crate) further_warnings: usize,
}

/// What an answer may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// All of it, in bytes.
    pub(crate) bytes: u64,
    /// Each text, in bytes or, in UTF-16, pairs of them.
    pub(crate) text: u64,
    /// Warnings that are kept.
    pub(crate) warnings: u64,
}

/// An answer had more bytes than allowed.
#[derive(Debug, thiserror::Error)]
#[error("the result is too large")]
pub(crate) struct ResultTooLarge;

/// Copies an answer, with pauses. Fails with [`ResultTooLarge`] or [`TextTooLong`](super::TextTooLong) beyond what is allowed,
/// or with wasmtime's own error where it breaks the component model's rules.
pub(crate) async fn take<T: Send + 'static>(
    store: StoreContextMut<'_, T>,
    answer: Answer,
    allowed: Allowed,
) -> wasmtime::Result<Result<UncheckedOutcome, AnalysisError>> {
    let mut taking = Taking { store, allowed };
    Ok(match answer {
        Ok(outcome) => Ok(taking.outcome(outcome).await?),
        Err(refusal) => Err(taking.refusal(&refusal).await?),
    })
}

struct Taking<'s, T: 'static> {
    store: StoreContextMut<'s, T>,
    /// What it may still have.
    allowed: Allowed,
}

impl<T: Send + 'static> Taking<'_, T> {
    async fn outcome(&mut self, outcome: Outcome) -> wasmtime::Result<UncheckedOutcome> {
        let columns = &outcome.output.columns;
        let mut taken = Vec::new();
        for at in 0..columns.len() {
            let column = self.item(columns, at).await?;
            taken.push(self.column(&column).await?);
        }
        let mut added = Vec::new();
        for at in 0..outcome.added.len() {
            let field = self.item(&outcome.added, at).await?;
            added.push(self.field(&field).await?);
        }
        let most = usize::try_from(self.allowed.warnings).unwrap_or(usize::MAX).min(outcome.warnings.len());
        let mut warnings = Vec::with_capacity(most);
        for at in 0..most {
            let warning = self.item(&outcome.warnings, at).await?;
            warnings.push(self.text(&warning)?);
        }
        Ok(UncheckedOutcome {
            output: TableResult { row_count: outcome.output.row_count, columns: taken },
            added,
            warnings,
            further_warnings: outcome.warnings.len() - most,
        })
    }

    async fn column(&mut self, column: &Column) -> wasmtime::Result<ColumnResult> {
        let validity = match &column.validity {
            Some(bytes) => Some(self.bytes(bytes).await?),
            None => None,
        };
        let offsets = match &column.offsets {
            Some(bytes) => Some(self.bytes(bytes).await?),
            None => None,
        };
        Ok(ColumnResult {
            name: self.text(&column.name)?,
            base_type: column.base_type,
            kind: column.kind,
            validity,
            offsets,
            data: self.bytes(&column.data).await?,
        })
    }

    async fn field(&mut self, field: &Field) -> wasmtime::Result<OwnField> {
        Ok(OwnField {
            name: self.text(&field.name)?,
            base_type: field.base_type,
            kind: field.kind,
            nullable: field.nullable,
            description: self.text(&field.description)?,
            extra: self.pairs(&field.extra).await?,
        })
    }

    async fn refusal(&mut self, refusal: &Refusal) -> wasmtime::Result<AnalysisError> {
        let (code, message) = (self.text(&refusal.code)?, self.text(&refusal.message)?);
        Ok(AnalysisError { code, message, details: self.pairs(&refusal.details).await?, extra: Vec::new() })
    }

    /// The first ones.
    async fn pairs(&mut self, pairs: &WasmList<(Text, Text)>) -> wasmtime::Result<Vec<(String, String)>> {
        let mut taken = Vec::new();
        for at in 0..pairs.len().min(PAIRS) {
            let (name, value) = self.item(pairs, at).await?;
            taken.push((self.text(&name)?, self.text(&value)?));
        }
        Ok(taken)
    }

    /// One item of a list, whose own lists and texts are not copied yet.
    async fn item<I: Lift>(&mut self, list: &WasmList<I>, at: usize) -> wasmtime::Result<I> {
        step::breathe().await;
        self.spend(size_of::<I>())?;
        // Nothing is held of what it finds, so this bounds no more than the bytes of one text.
        self.store.set_hostcall_fuel(usize::MAX);
        let item = list.get(&mut self.store, at);
        item.unwrap_or_else(|| Err(wasmtime::Error::msg("a list has fewer items than it said")))
    }

    fn text(&mut self, text: &Text) -> wasmtime::Result<String> {
        let text = text.read(&self.store, self.allowed.text)?;
        self.spend(text.len())?;
        Ok(text)
    }

    async fn bytes(&mut self, list: &WasmList<u8>) -> wasmtime::Result<Vec<u8>> {
        self.spend(list.len())?;
        let mut bytes = Vec::with_capacity(list.len());
        while bytes.len() < list.len() {
            step::breathe().await;
            let rest = list.as_le_slice(&self.store).get(bytes.len()..).unwrap_or_default();
            bytes.extend_from_slice(rest.get(..step::PIECE).unwrap_or(rest));
        }
        Ok(bytes)
    }

    fn spend(&mut self, bytes: usize) -> wasmtime::Result<()> {
        self.allowed.bytes = self.allowed.bytes.checked_sub(bytes as u64).ok_or(ResultTooLarge)?;
        Ok(())
    }
}
