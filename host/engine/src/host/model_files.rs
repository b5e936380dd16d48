//! `model-files`: the file of the model being run or inspected.
//!
//! Read piece by piece from its source, so that the host never holds more of it than one piece: at most what one
//! transfer may carry, which is part of the memory that the run has reserved. Where the source fails, so does the run,
//! with `host-error`.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{HostState, at_once, charge};
use crate::contract::bindings::analyte::plugin::model_files::ModelFile;
use crate::run::diagnose::HostFault;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut files = linker.instance("analyte:plugin/model-files@0.1.0")?;
    at_once(
        &mut files,
        "info",
        |(): &()| 0,
        |store, ()| {
            let info = store.data().call.model_file.as_ref().map(|file| ModelFile {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size: file.size,
                digest: file.digest.clone(),
                extra: Vec::new(),
            });
            Ok((info,))
        },
    )?;
    files.func_wrap_async("read", |mut store: StoreContextMut<'_, HostState>, (offset, length): (u64, u32)| {
        Box::new(async move { Ok((read(&mut store, offset, length).await?,)) })
    })
}

async fn read(store: &mut StoreContextMut<'_, HostState>, offset: u64, length: u32) -> wasmtime::Result<Vec<u8>> {
    let size = store.data().call.model_file.as_ref().map_or(0, |file| file.size);
    let there = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    let wanted = there.min(length as usize).min(store.hostcall_fuel());
    // For what is read, not for what was asked; and before it is read, so that nobody makes the host read unpaid.
    charge(store, wanted)?;
    let Some(file) = store.data().call.model_file.clone().filter(|_| wanted > 0) else { return Ok(Vec::new()) };
    let fault = |said: String| HostFault::new("the model file cannot be read", said);
    let bytes = file.source.read(offset, wanted).await.map_err(fault)?;
    if bytes.len() != wanted {
        let said = format!("{} bytes came of {wanted} from offset {offset} of {}", bytes.len(), file.digest);
        return Err(fault(said).into());
    }
    Ok(bytes.into())
}
