//! `model-files`: the file of the model being run or inspected.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{HostState, charge};
use crate::bindings::analyte::plugin::model_files::ModelFile;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut files = linker.instance("analyte:plugin/model-files@0.1.0")?;
    files.func_wrap("info", |mut store: StoreContextMut<'_, HostState>, (): ()| {
        charge(&mut store, 0)?;
        let info = store.data().call.model_file.as_ref().map(|file| ModelFile {
            name: file.name.clone(),
            media_type: file.media_type.clone(),
            size: file.bytes.len() as u64,
            digest: file.digest.clone(),
            extra: Vec::new(),
        });
        Ok((info,))
    })?;
    files.func_wrap("read", |mut store: StoreContextMut<'_, HostState>, (offset, length): (u64, u32)| {
        // Charged for what is read, not for what was asked.
        let bytes = match &store.data().call.model_file {
            Some(file) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(file.bytes.len());
                let to = from.saturating_add(length as usize).min(file.bytes.len());
                file.bytes.slice(from..to)
            }
            None => bytes::Bytes::new(),
        };
        charge(&mut store, bytes.len())?;
        Ok((Vec::from(bytes),))
    })
}
