//! A text that a component hands over, of which one can tell how long it is before it is decoded.

#![expect(
    unsafe_code,
    reason = "wasmtime's traits for what crosses the boundary are unsafe, since it believes what they say of a type's layout; \
              these repeat wasmtime's own for `WasmStr`, and look at the length beside it"
)]

use wasmtime::StoreContextMut;
use wasmtime::component::__internal::{CanonicalAbiInfo, InstanceType, InterfaceType, LiftContext};
use wasmtime::component::{ComponentType, Lift, WasmStr};

/// Says of a text in the compact encoding that it is in UTF-16.
const UTF16: u32 = 1 << 31;

/// A `string` in the component's memory.
pub(crate) struct Text {
    /// Bytes or, in UTF-16, pairs of them.
    units: u32,
    text: WasmStr,
}

/// A text was longer than one call may carry.
#[derive(Debug, thiserror::Error)]
#[error("a text of {0} units is too long")]
pub(crate) struct TextTooLong(u32);

impl Text {
    /// Decodes it, in one go: some milliseconds for 4 MiB. One of more than `most` units is refused with [`TextTooLong`].
    pub(super) fn read<T: 'static>(&self, store: &StoreContextMut<'_, T>, most: u64) -> wasmtime::Result<String> {
        if u64::from(self.units) > most {
            return Err(TextTooLong(self.units).into());
        }
        Ok(self.text.to_str(store)?.into_owned())
    }
}

// SAFETY: layout and type are those of `WasmStr`.
unsafe impl ComponentType for Text {
    type Lower = <WasmStr as ComponentType>::Lower;
    const ABI: CanonicalAbiInfo = <WasmStr as ComponentType>::ABI;

    fn typecheck(ty: &InterfaceType, types: &InstanceType<'_>) -> wasmtime::Result<()> {
        <WasmStr as ComponentType>::typecheck(ty, types)
    }
}

// SAFETY: all is left to `WasmStr`; that the length is read beside it has no consequence for memory.
unsafe impl Lift for Text {
    fn linear_lift_from_flat(cx: &mut LiftContext<'_>, ty: InterfaceType, src: &Self::Lower) -> wasmtime::Result<Self> {
        let [_, length] = src;
        Ok(Self { units: length.get_u32() & !UTF16, text: WasmStr::linear_lift_from_flat(cx, ty, src)? })
    }

    fn linear_lift_from_memory(cx: &mut LiftContext<'_>, ty: InterfaceType, bytes: &[u8]) -> wasmtime::Result<Self> {
        let text = WasmStr::linear_lift_from_memory(cx, ty, bytes)?;
        let length = bytes.last_chunk::<4>().copied().map_or(0, u32::from_le_bytes);
        Ok(Self { units: length & !UTF16, text })
    }
}
