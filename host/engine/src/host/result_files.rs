//! `result-files`: files that belong to a result, written piece by piece straight to where they are kept.
//!
//! The files belong to the call that made them, and what is unfinished at its end is discarded. A component that keeps
//! its memory between calls may keep a handle, too; such a handle is refused, so that no job writes into another's result.

use std::collections::HashMap;

use analyte_core::names::FileName;
use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use super::{HostState, charge, cut};
use crate::contract::bindings::analyte::plugin::result_files::FileError;
use crate::request::FileSink;

/// The files of one call by name; `None` once a file is finished or discarded. Its name stays taken.
#[derive(Default)]
pub(crate) struct Files(HashMap<String, Option<OpenFile>>);

/// A file being written.
struct OpenFile {
    sink: Box<dyn FileSink>,
    bytes: u64,
}

/// What a component holds.
struct Handle {
    /// The [number](HostState::number) of the call that made the file.
    call: u64,
    name: FileName,
}

/// Longest media type in bytes.
const MEDIA_TYPE_BYTES: usize = 128;

pub(super) fn link(linker: &mut Linker<HostState>) -> wasmtime::Result<()> {
    let mut files = linker.instance("analyte:plugin/result-files@0.1.0")?;
    files.resource("result-file", ResourceType::host::<Handle>(), |mut store, rep| {
        // Dropped unfinished: the sink discards what was written.
        let handle = store.data_mut().resources.delete(Resource::<Handle>::new_own(rep))?;
        drop(take(store.data_mut(), &handle));
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
        |mut store: StoreContextMut<'_, HostState>, (handle, piece): (Resource<Handle>, Vec<u8>)| {
            Box::new(async move {
                charge(&mut store, piece.len())?;
                Ok((write(store.data_mut(), &handle, piece.into()).await?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[static]result-file.finish",
        |mut store: StoreContextMut<'_, HostState>, (handle,): (Resource<Handle>,)| {
            Box::new(async move {
                charge(&mut store, 0)?;
                let handle = store.data_mut().resources.delete(handle)?;
                let finished = match take(store.data_mut(), &handle) {
                    Some(file) => file.sink.finish().await.map_err(FileError::Failed),
                    None => Err(kept_too_long(&handle)),
                };
                Ok((finished,))
            })
        },
    )
}

async fn create(
    state: &mut HostState,
    name: &str,
    media_type: &str,
) -> wasmtime::Result<Result<Resource<Handle>, FileError>> {
    let call = &mut state.call;
    let name = match FileName::new(name) {
        Ok(name) => name,
        Err(bad) => return Ok(Err(FileError::InvalidName(bad.to_string()))),
    };
    if call.files.0.contains_key(name.as_str()) {
        return Ok(Err(FileError::Exists(format!("there is a result file `{name}` already"))));
    }
    let most = call.limits.result_files;
    if call.files.0.len() as u64 >= most {
        return Ok(Err(FileError::Limit(format!("a run may make {most} result files (limit result_files)"))));
    }
    let media_type = match cut(media_type, MEDIA_TYPE_BYTES) {
        text if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            "application/octet-stream"
        }
        text => text,
    };
    // Counted even where the sink fails, so that failing does not open a way around the limit.
    call.files.0.insert(name.as_str().to_owned(), None);
    let sink = match call.sink.create_file(name.clone(), media_type.to_owned()).await {
        Ok(sink) => sink,
        Err(why) => return Ok(Err(FileError::Failed(why))),
    };
    call.files.0.insert(name.as_str().to_owned(), Some(OpenFile { sink, bytes: 0 }));
    Ok(Ok(state.resources.push(Handle { call: state.number, name })?))
}

async fn write(
    state: &mut HostState,
    handle: &Resource<Handle>,
    piece: Bytes,
) -> wasmtime::Result<Result<(), FileError>> {
    let most = state.call.limits.result_file_bytes;
    let handle = state.resources.get(handle)?;
    let current = handle.call == state.number;
    let open = state.call.files.0.get_mut(handle.name.as_str()).and_then(Option::as_mut);
    let Some(file) = open.filter(|_| current) else { return Ok(Err(kept_too_long(handle))) };
    file.bytes = file.bytes.saturating_add(piece.len() as u64);
    if file.bytes > most {
        let name = &handle.name;
        return Ok(Err(FileError::Limit(format!(
            "the result file `{name}` may have {most} bytes (limit result_file_bytes)"
        ))));
    }
    Ok(file.sink.write(piece).await.map_err(FileError::Failed))
}

/// The open file that a handle stands for, if it is of this call; its name stays taken.
fn take(state: &mut HostState, handle: &Handle) -> Option<OpenFile> {
    if handle.call != state.number {
        return None;
    }
    state.call.files.0.get_mut(handle.name.as_str())?.take()
}

fn kept_too_long(handle: &Handle) -> FileError {
    FileError::Failed(format!(
        "the result file `{}` belonged to an earlier run, and was discarded unfinished when that ended",
        handle.name
    ))
}
