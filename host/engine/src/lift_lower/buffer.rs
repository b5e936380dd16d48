//! Many bytes, copied into a component piece by piece.
//!
//! wasmtime copies a list in one go, which takes a large column a second, and nothing interrupts that. Here the component is
//! asked for room for an empty list after each piece, as it is for any empty list: that is a call of the component, so the
//! [hook](crate::run::call_hook) pauses there where the step has lasted long enough. What a run costs in fuel does not depend on
//! whether it paused.

#![expect(
    unsafe_code,
    reason = "wasmtime's traits for what crosses the boundary are unsafe, since it believes what they say of a type's layout; \
              these say of a list of bytes what wasmtime's own implementation for `[u8]` says"
)]

use std::mem::MaybeUninit;

use wasmtime::ValRaw;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LowerContext};
use wasmtime::component::{ComponentType, Lower};

use crate::schedule::step::PIECE;

/// A `list<u8>` that goes in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffer<B>(pub(crate) B);

impl<B: AsRef<[u8]>> Buffer<B> {
    /// Copies it; where it is in the component, and its length.
    fn copy<T>(&self, cx: &mut LowerContext<'_, T>) -> wasmtime::Result<(u32, u32)> {
        let bytes = self.0.as_ref();
        let begins = cx.realloc(0, 0, 1, bytes.len())?;
        let mut at = begins;
        for (number, piece) in bytes.chunks(PIECE).enumerate() {
            if number > 0 {
                cx.realloc(0, 0, 1, 0)?;
            }
            let end = at.saturating_add(piece.len());
            let room = cx.as_slice_mut().get_mut(at..end);
            room.ok_or_else(|| wasmtime::Error::msg("room for a list lies outside of the memory"))?
                .copy_from_slice(piece);
            at = end;
        }
        Ok((u32::try_from(begins)?, u32::try_from(bytes.len())?))
    }
}

// SAFETY: layout and type are those of `[u8]`.
unsafe impl<B: AsRef<[u8]> + Send + Sync> ComponentType for Buffer<B> {
    type Lower = <[u8] as ComponentType>::Lower;
    const ABI: CanonicalAbiInfo = <[u8] as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <[u8] as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: both write all of a list: where it is, and its length.
unsafe impl<B: AsRef<[u8]> + Send + Sync> Lower for Buffer<B> {
    fn linear_lower_to_flat<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        dst: &mut MaybeUninit<Self::Lower>,
    ) -> wasmtime::Result<()> {
        let (begins, length) = self.copy(cx)?;
        // As wide as they are read, see wasmtime's implementation for lists.
        dst.write([ValRaw::i64(begins.into()), ValRaw::i64(length.into())]);
        Ok(())
    }

    fn linear_lower_to_memory<T>(
        &self,
        cx: &mut LowerContext<'_, T>,
        _: InterfaceType,
        offset: usize,
    ) -> wasmtime::Result<()> {
        let (begins, length) = self.copy(cx)?;
        *cx.get(offset) = begins.to_le_bytes();
        *cx.get(offset + 4) = length.to_le_bytes();
        Ok(())
    }
}
