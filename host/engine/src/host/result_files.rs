//! `result-files`: files that belong to a result, written piece by piece straight to where they are kept.

use analyte_core::names::FileName;
use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::{HostState, charge, cut};
use crate::bindings::analyte::plugin::result_files::FileError;
use crate::run::request::FileSink;

/// A file being written.
pub(crate) struct OpenFile {
    name: FileName,
    sink: Box<dyn FileSink>,
    bytes: u64,
}

/// Longest media type in bytes.
const MEDIA_TYPE_BYTES: usize = 128;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut files = linker.instance("analyte:plugin/result-files@0.1.0")?;
    files.resource("result-file", ResourceType::host::<OpenFile>(), |mut store, rep| {
        // Dropped unfinished: the sink discards what was written.
        store.data_mut().resources.delete(Resource::<OpenFile>::new_own(rep))?;
        Ok(())
    })?;
    files.func_wrap_async(
        "create",
        |mut store: StoreContextMut<'_, HostState>, (name, media_type): (String, String)| {
            Box::new(async move {
                charge(&mut store, name.len() + media_type.len())?;
                Ok((create(store.data_mut(), &name, &media_type).await?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[method]result-file.write",
        |mut store: StoreContextMut<'_, HostState>, (file, piece): (Resource<OpenFile>, Vec<u8>)| {
            Box::new(async move {
                charge(&mut store, piece.len())?;
                Ok((write(store.data_mut(), &file, piece.into()).await?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[static]result-file.finish",
        |mut store: StoreContextMut<'_, HostState>, (file,): (Resource<OpenFile>,)| {
            Box::new(async move {
                charge(&mut store, 0)?;
                let file = store.data_mut().resources.delete(file)?;
                Ok((file.sink.finish().await.map_err(FileError::Failed),))
            })
        },
    )
}

async fn create(
    state: &mut HostState,
    name: &str,
    media_type: &str,
) -> wasmtime::Result<Result<Resource<OpenFile>, FileError>> {
    let call = &mut state.call;
    let name = match FileName::new(name) {
        Ok(name) => name,
        Err(bad) => return Ok(Err(FileError::InvalidName(bad.to_string()))),
    };
    if call.file_names.contains(name.as_str()) {
        return Ok(Err(FileError::Exists(format!("there is a result file `{name}` already"))));
    }
    let most = call.limits.result_files;
    if call.file_names.len() as u64 >= most {
        return Ok(Err(FileError::Limit(format!("a run may make {most} result files (limit result_files)"))));
    }
    let media_type = match cut(media_type, MEDIA_TYPE_BYTES) {
        text if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            "application/octet-stream"
        }
        text => text,
    };
    // Counted even where the sink fails, so that failing does not open a way around the limit.
    call.file_names.insert(name.as_str().to_owned());
    let sink = match call.sink.create_file(name.clone(), media_type.to_owned()).await {
        Ok(sink) => sink,
        Err(why) => return Ok(Err(FileError::Failed(why))),
    };
    Ok(Ok(state.resources.push(OpenFile { name, sink, bytes: 0 })?))
}

async fn write(
    state: &mut HostState,
    file: &Resource<OpenFile>,
    piece: Bytes,
) -> wasmtime::Result<Result<(), FileError>> {
    let most = state.call.limits.result_file_bytes;
    let file = state.resources.get_mut(file)?;
    file.bytes = file.bytes.saturating_add(piece.len() as u64);
    if file.bytes > most {
        let name = &file.name;
        return Ok(Err(FileError::Limit(format!(
            "the result file `{name}` may have {most} bytes (limit result_file_bytes)"
        ))));
    }
    Ok(file.sink.write(piece).await.map_err(FileError::Failed))
}
