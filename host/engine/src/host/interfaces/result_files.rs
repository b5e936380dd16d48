//! `result-files`: files that belong to a result, written piece by piece straight to where they are kept.
//!
//! The files belong to the call that made them, and what is unfinished at its end is discarded. A component that keeps
//! its memory between calls may keep a handle, too; such a handle is refused, so that no job writes into another's result.

use std::collections::HashMap;

use analyte_core::names::FileName;
use bytes::Bytes;
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceType};

use crate::contract;
use crate::contract::bindings::analyte::plugin::result_files::FileError;
use crate::cut::cut;
use crate::host::charge::charge;
use crate::host::view::{Find, View};
use crate::request::FileSink;

/// In the contract.
pub(super) const NAME: &str = "result-files";

/// What is kept of a call: its files by name; `None` once a file is finished or discarded. Its name stays taken.
#[derive(Default)]
pub(crate) struct ResultFiles(HashMap<String, Option<OpenFile>>);

/// A file being written.
struct OpenFile {
    sink: Box<dyn FileSink>,
    bytes: u64,
}

/// What a component holds.
struct Handle {
    /// The [number](View::number) of the call that made the file.
    call: u64,
    name: FileName,
}

/// Longest media type in bytes.
const MEDIA_TYPE_BYTES: usize = 128;

pub(super) fn link<T: Send + 'static>(linker: &mut Linker<T>, find: Find<T, ResultFiles>) -> wasmtime::Result<()> {
    let mut files = linker.instance(&contract::whole_name(NAME))?;
    files.resource("result-file", ResourceType::host::<Handle>(), move |mut store, rep| {
        // Dropped unfinished: the sink discards what was written.
        let mut view = find(store.data_mut());
        let handle = view.resources.delete(Resource::<Handle>::new_own(rep))?;
        drop(take(&mut view, &handle));
        Ok(())
    })?;
    files.func_wrap_async(
        "create",
        move |mut store: StoreContextMut<'_, T>, (name, media_type): (String, String)| {
            Box::new(async move {
                charge(&mut store, name.len() + media_type.len())?;
                Ok((create(find(store.data_mut()), &name, &media_type).await?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[method]result-file.write",
        move |mut store: StoreContextMut<'_, T>, (handle, piece): (Resource<Handle>, Vec<u8>)| {
            Box::new(async move {
                charge(&mut store, piece.len())?;
                Ok((write(find(store.data_mut()), &handle, piece.into()).await?,))
            })
        },
    )?;
    files.func_wrap_async(
        "[static]result-file.finish",
        move |mut store: StoreContextMut<'_, T>, (handle,): (Resource<Handle>,)| {
            Box::new(async move {
                charge(&mut store, 0)?;
                Ok((finish(find(store.data_mut()), handle).await?,))
            })
        },
    )
}

async fn create(
    view: View<'_, ResultFiles>,
    name: &str,
    media_type: &str,
) -> wasmtime::Result<Result<Resource<Handle>, FileError>> {
    let View { own: ResultFiles(files), terms, resources, number } = view;
    let name = match FileName::new(name) {
        Ok(name) => name,
        Err(bad) => return Ok(Err(FileError::InvalidName(bad.to_string()))),
    };
    if files.contains_key(name.as_str()) {
        return Ok(Err(FileError::Exists(format!("there is a result file `{name}` already"))));
    }
    let most = terms.limits.result_files;
    if files.len() as u64 >= most {
        return Ok(Err(FileError::Limit(format!("a run may make {most} result files (limit result_files)"))));
    }
    let media_type = match cut(media_type, MEDIA_TYPE_BYTES) {
        text if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic() || b == b' ') => {
            "application/octet-stream"
        }
        text => text,
    };
    // Counted even where the sink fails, so that failing does not open a way around the limit.
    files.insert(name.as_str().to_owned(), None);
    let sink = match terms.sink.create_file(name.clone(), media_type.to_owned()).await {
        Ok(sink) => sink,
        Err(why) => return Ok(Err(FileError::Failed(why))),
    };
    files.insert(name.as_str().to_owned(), Some(OpenFile { sink, bytes: 0 }));
    Ok(Ok(resources.push(Handle { call: number, name })?))
}

async fn write(
    view: View<'_, ResultFiles>,
    handle: &Resource<Handle>,
    piece: Bytes,
) -> wasmtime::Result<Result<(), FileError>> {
    let most = view.terms.limits.result_file_bytes;
    let handle = view.resources.get(handle)?;
    let current = handle.call == view.number;
    let open = view.own.0.get_mut(handle.name.as_str()).and_then(Option::as_mut);
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

async fn finish(mut view: View<'_, ResultFiles>, handle: Resource<Handle>) -> wasmtime::Result<Result<(), FileError>> {
    let handle = view.resources.delete(handle)?;
    Ok(match take(&mut view, &handle) {
        Some(file) => file.sink.finish().await.map_err(FileError::Failed),
        None => Err(kept_too_long(&handle)),
    })
}

/// The open file that a handle stands for, if it is of this call; its name stays taken.
fn take(view: &mut View<'_, ResultFiles>, handle: &Handle) -> Option<OpenFile> {
    if handle.call != view.number {
        return None;
    }
    view.own.0.get_mut(handle.name.as_str())?.take()
}

fn kept_too_long(handle: &Handle) -> FileError {
    FileError::Failed(format!(
        "the result file `{}` belonged to an earlier run, and was discarded unfinished when that ended",
        handle.name
    ))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use analyte_core::limits::Limits;
    use futures::FutureExt as _;
    use wasmtime::component::ResourceTable;

    use super::*;
    use crate::host::view::testing::{Heard, terms};

    fn text(error: FileError) -> String {
        match error {
            FileError::InvalidName(text)
            | FileError::Exists(text)
            | FileError::Limit(text)
            | FileError::Failed(text) => text,
        }
    }

    #[test]
    fn files_have_names_of_their_own_limits_and_one_call() {
        let terms =
            terms(Limits { result_files: 2, result_file_bytes: 5, ..Limits::default() }, Arc::new(Heard::default()));
        let (mut own, mut resources) = (ResultFiles::default(), ResourceTable::new());
        macro_rules! view {
            ($number:expr) => {
                View { own: &mut own, terms: &terms, resources: &mut resources, number: $number }
            };
        }
        macro_rules! answer {
            ($call:expr) => {
                $call.now_or_never().unwrap().unwrap()
            };
        }
        let file = answer!(create(view!(1), "a.csv", "text/csv")).unwrap();
        let again = answer!(create(view!(1), "a.csv", "text/csv")).err().map(text);
        assert_eq!(again.as_deref(), Some("there is a result file `a.csv` already"));
        let unnamed = answer!(create(view!(1), "../a", "text/csv"));
        assert!(matches!(unnamed, Err(FileError::InvalidName(_))));
        assert_eq!(answer!(write(view!(1), &file, "12345".into())).err().map(text), None);
        let large = answer!(write(view!(1), &file, "6".into())).err().map(text);
        assert_eq!(large.as_deref(), Some("the result file `a.csv` may have 5 bytes (limit result_file_bytes)"));
        let second = answer!(create(view!(1), "b.csv", "")).unwrap();
        let third = answer!(create(view!(1), "c.csv", "")).err().map(text);
        assert_eq!(third.as_deref(), Some("a run may make 2 result files (limit result_files)"));
        assert_eq!(answer!(finish(view!(1), file)).err().map(text), None);
        // The component kept a handle until its next call.
        own = ResultFiles::default();
        let late = answer!(write(view!(2), &second, "1".into())).err().map(text);
        let earlier =
            "the result file `b.csv` belonged to an earlier run, and was discarded unfinished when that ended";
        assert_eq!(late.as_deref(), Some(earlier));
        assert_eq!(answer!(finish(view!(2), second)).err().map(text).as_deref(), Some(earlier));
    }
}
