//! Jobs that come and go leave nothing behind in the file.

use super::*;

/// What the file may grow by while jobs come and go: one step, as sled takes them, of 512 KiB.
const SLACK: u64 = 600_000;

async fn comes_and_goes(store: &SledStore, number: u64) {
    let id = submit(store, job(number, 10)).await;
    let claims = store.claim("node", room(1), NOW, NOW).await.unwrap();
    store.finish(vec![result_of(&claims.claimed[0].run, bytes_of("result", 10))], NOW).await.unwrap();
    assert_eq!(store.purge(&default(), id).await.unwrap(), Some(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_does_not_grow_with_jobs_that_come_and_go() {
    let directory = TempDir::new().unwrap();
    let store = open(directory.path());
    let size = || std::fs::metadata(directory.path().join("store/db")).unwrap().len();
    for number in 0..600 {
        comes_and_goes(&store, number).await;
    }
    let before = size();
    for number in 600..2_400 {
        comes_and_goes(&store, number).await;
    }
    assert!(size() <= before + SLACK, "{before} bytes after 600 jobs, {} after 2,400", size());
}
