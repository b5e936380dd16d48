//! Files of organisations: room, bytes and their owners, parts, pages.

use super::*;
use crate::{FileKept, FilesRoom};

const ROOM: FilesRoom = FilesRoom { files: 1_000, bytes: u64::MAX };

async fn put(store: &SledStore, of: &str, path: &str, bytes: &Bytes, most: FilesRoom) -> FileKept {
    store.put_file(file(of, path, bytes), NewContent::Bytes(bytes.clone()), most).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_go_with_the_last_file_that_has_them_and_open_nothing_else() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let large = bytes_of("large", LARGE);
    let digest = Digest::of(&large);
    for (of, path) in [("default", "a"), ("default", "b"), ("other", "a")] {
        assert_eq!(put(&store, of, path, &large, ROOM).await, FileKept::New);
    }
    blobs_become(directory.path(), 1).await;
    // A file is no component, even for a caller that knows its digest.
    assert_eq!(store.component(digest).await.unwrap(), None);
    assert_eq!(store.component_range(digest, 0..9).await.unwrap(), None);
    let small = bytes_of("small", 10);
    assert_eq!(put(&store, "default", "a", &small, ROOM).await, FileKept::Replaced);
    assert_eq!(store.file_range(&file("default", "a", &large), 0..9).await.unwrap(), None);
    assert_eq!(store.file_range(&file("default", "c", &large), 0..9).await.unwrap(), None);
    let theirs = store.file_range(&file("other", "a", &large), 7..20).await.unwrap();
    assert_eq!(theirs, Some(large.slice(7..20)));
    assert!(store.remove_file(&default(), "system", "b").await.unwrap());
    assert!(!store.remove_file(&default(), "system", "b").await.unwrap());
    assert!(!store.remove_file(&default(), "elsewhere", "a").await.unwrap());
    drop(store);
    let store = open(directory.path());
    assert_eq!(files(directory.path().join("blobs")), 1);
    assert!(store.remove_file(&Organisation::new("other").unwrap(), "system", "a").await.unwrap());
    blobs_become(directory.path(), 0).await;
    assert!(store.remove_file(&default(), "system", "a").await.unwrap());
    drop(store);
    let db = database(directory.path());
    let left: Vec<_> = [b'f', b'g', b'b', b'x'].iter().flat_map(|letter| db.scan_prefix([*letter])).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_has_more_than_the_room_there_is_even_at_once() {
    let directory = TempDir::new().unwrap();
    let store = Arc::new(open(directory.path()));
    let bytes = bytes_of("a file", 100);
    let most = FilesRoom { files: 5, bytes: 450 };
    let mut callers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (store, bytes) = (Arc::clone(&store), bytes.clone());
        callers.spawn(async move { put(&store, "default", &format!("file {number}"), &bytes, most).await });
    }
    let mut kept = callers.join_all().await;
    kept.sort_by_key(|kept| matches!(kept, FileKept::Full(_)));
    let full = FileKept::Full(FilesRoom { files: 4, bytes: 400 });
    assert_eq!(kept[..4], [FileKept::New; 4]);
    assert_eq!(kept[4..], [full; 16]);
    let names = store.files(&default(), "system", "", None, 99).await.unwrap();
    assert_eq!(names.len(), 4);
    let name = names[0].path.clone();
    // A shorter one in its place makes room for one more; a longer one finds none.
    assert_eq!(put(&store, "default", &name, &bytes_of("b", 151), most).await, full);
    assert_eq!(put(&store, "default", &name, &bytes_of("b", 50), most).await, FileKept::Replaced);
    drop(store);
    // What there is is known again after a restart; others have their own.
    let store = open(directory.path());
    let has = FilesRoom { files: 4, bytes: 350 };
    assert_eq!(put(&store, "default", "more", &bytes_of("c", 101), most).await, FileKept::Full(has));
    assert_eq!(put(&store, "default", "more", &bytes, most).await, FileKept::New);
    assert_eq!(put(&store, "other", "more", &bytes, most).await, FileKept::New);
    let none = FilesRoom { files: 0, bytes: 0 };
    assert_eq!(put(&store, "third", "more", &Bytes::new(), none).await, FileKept::Full(none));
    assert!(!store.remove_file(&Organisation::new("third").unwrap(), "system", "more").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_by_path_under_a_prefix_within_one_repository() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let bytes = bytes_of("x", 10);
    let mut expected = Vec::new();
    for number in 0..600 {
        let path = format!("models/{number:03}.onnx");
        put(&store, "default", &path, &bytes, ROOM).await;
        expected.push(path);
    }
    for (of, path) in [("default", "models"), ("default", "modelt/1"), ("other", "models/other")] {
        put(&store, of, path, &bytes, ROOM).await;
    }
    let mut elsewhere = file("default", "models/elsewhere", &bytes);
    elsewhere.repository = "systems".to_owned();
    store.put_file(elsewhere, NewContent::Bytes(bytes.clone()), ROOM).await.unwrap();
    let list = async |prefix: &str, after: Option<&str>, most| {
        let files = store.files(&default(), "system", prefix, after, most).await.unwrap();
        files.iter().map(|file| file.path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(list("models/", None, usize::MAX).await, expected);
    assert_eq!(list("models/", Some("models/299.onnx"), 300).await, expected[300..]);
    assert_eq!(list("models/", Some("a"), 2).await, expected[..2]);
    assert_eq!(list("models/5", Some("models/598.onnx"), 9).await, expected[599..]);
    assert_eq!(list("models/", Some("models/599.onnx"), 9).await, Vec::<String>::new());
    assert_eq!(list("", None, 1).await, ["models"]);
    assert_eq!(list("", Some("models/599.onnx"), 9).await, ["modelt/1"]);
    assert_eq!(list("", None, 0).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_file_is_refused_and_nothing_is_kept() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let bytes = bytes_of("x", LARGE);
    let other = NewContent::Bytes(bytes_of("y", LARGE));
    let refused = store.put_file(file("default", "a", &bytes), other, ROOM).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
    let long = file("default", &"p".repeat(1_024), &bytes);
    let refused = store.put_file(long, NewContent::Bytes(bytes), ROOM).await;
    let kind = std::io::ErrorKind::InvalidFilename;
    assert!(matches!(&refused, Err(StoreError::Io { source, .. }) if source.kind() == kind), "{refused:?}");
    assert!(store.files(&default(), "system", "", None, 9).await.unwrap().is_empty());
    blobs_become(directory.path(), 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_what_was_staged_can_be_read_before_anything_names_it() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    for length in [10, LARGE] {
        let bytes = bytes_of("staged", length);
        let mut writer = store.content_writer(Purpose::Upload).await.unwrap();
        writer.write(bytes.clone()).await.unwrap();
        let staged = writer.finish().await.unwrap();
        let end = length as u64;
        assert_eq!(store.staged_range(&staged, 2..7).await.unwrap(), bytes.slice(2..7));
        assert_eq!(store.staged_range(&staged, end - 3..u64::MAX).await.unwrap(), bytes.slice(length - 3..));
        assert_eq!(store.staged_range(&staged, end + 3..end + 9).await.unwrap(), Bytes::new());
    }
}
