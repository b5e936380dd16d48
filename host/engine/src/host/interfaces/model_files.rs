//! `model-files`: the file of the model being run or inspected.
//!
//! Read piece by piece from its source, so that the host never holds more of it than one piece: at most what one
//! transfer may carry, which is part of the memory that the run has reserved. Where the source fails, so does the run,
//! with `host-error`.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::contract;
use crate::contract::bindings::analyte::plugin::model_files::ModelFile as Info;
use crate::error::HostFault;
use crate::host::charge::{at_once, charge};
use crate::host::view::Find;
use crate::request::ModelFile;

/// In the contract.
pub(super) const NAME: &str = "model-files";

/// What is kept of a call: nothing.
pub(crate) struct ModelFiles;

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<T>, find: Find<T, ModelFiles>) -> wasmtime::Result<()> {
    let mut files = linker.instance(&contract::whole_name(NAME))?;
    at_once(
        &mut files,
        "info",
        |(): &()| 0,
        move |store, ()| {
            let info = find(store.data_mut()).terms.model_file.as_ref().map(|file| Info {
                name: file.name.clone(),
                media_type: file.media_type.clone(),
                size: file.size,
                digest: file.digest.clone(),
                extra: Vec::new(),
            });
            Ok((info,))
        },
    )?;
    files.func_wrap_async("read", move |mut store: StoreContextMut<'_, T>, (offset, length): (u64, u32)| {
        Box::new(async move {
            let file = find(store.data_mut()).terms.model_file.clone();
            let wanted = wanted(file.as_ref(), offset, length, store.hostcall_fuel());
            // For what is read, not for what was asked; and before it is read, so that no component makes the host read unpaid.
            charge(&mut store, wanted)?;
            match file.filter(|_| wanted > 0) {
                Some(file) => Ok((read(&file, offset, wanted).await?,)),
                None => Ok((Vec::new(),)),
            }
        })
    })
}

/// How many bytes are given of those asked for: what the file has there, and at most what one call may carry.
fn wanted(file: Option<&ModelFile>, offset: u64, length: u32, most: usize) -> usize {
    let size = file.map_or(0, |file| file.size);
    let there = usize::try_from(size.saturating_sub(offset)).unwrap_or(usize::MAX);
    there.min(length as usize).min(most)
}

async fn read(file: &ModelFile, offset: u64, wanted: usize) -> wasmtime::Result<Vec<u8>> {
    let fault = |said: String| HostFault::new("the model file cannot be read", said);
    let bytes = file.source.read(offset, wanted).await.map_err(fault)?;
    if bytes.len() != wanted {
        let said = format!("{} bytes came of {wanted} from offset {offset} of {}", bytes.len(), file.digest);
        return Err(fault(said).into());
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn as_much_is_read_as_there_is_and_one_call_may_carry() {
        let file = ModelFile::in_memory("m.onnx", "application/octet-stream", "0123456789".into());
        let given = |offset, length, most| wanted(Some(&file), offset, length, most);
        assert_eq!(
            [given(0, 4, 100), given(8, 4, 100), given(0, 100, 3), given(10, 1, 100), given(u64::MAX, 1, 100)],
            [4, 2, 3, 0, 0]
        );
        assert_eq!(wanted(None, 0, 4, 100), 0);
        let read = |file: &ModelFile, offset, length| read(file, offset, length).now_or_never().map(Result::ok);
        assert_eq!(read(&file, 8, 2), Some(Some(b"89".to_vec())));
        // A source that gives less than the file has is a fault of the host.
        let short = ModelFile { size: 20, ..file };
        assert_eq!(read(&short, 8, 4), Some(None));
    }
}
