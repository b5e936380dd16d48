//! Model files: read from their source piece by piece, paid for in fuel, and never more at once than one transfer may carry.

use std::sync::Arc;

use analyte_core::codes::Code;
use analyte_core::job::RunLimits;
use analyte_core::limits::Limits;
use analyte_engine::request::{ModelFile, ModelSource, RunReport};
use async_trait::async_trait;
use bytes::Bytes;
use parking_lot::Mutex;

use support::sandbox::{RUN, Sandbox, shown};

/// A file far larger than the machine could hold: only what is asked for exists.
const SIZE: u64 = 1 << 50;
/// One transfer, in bytes.
const TRANSFER: u64 = 1 << 20;

fn limits() -> Limits {
    Limits { transfer_bytes: TRANSFER, ..Limits::default() }
}

/// A file of ones that remembers what it was asked.
#[derive(Debug)]
struct Ones {
    asked: Mutex<Vec<(u64, usize)>>,
    answers: Answers,
}

#[derive(Debug, Clone, Copy)]
enum Answers {
    Well,
    WithAnError,
    TooShort,
    TooLong,
    Never,
}

#[async_trait]
impl ModelSource for Ones {
    async fn read(&self, offset: u64, length: usize) -> Result<Bytes, String> {
        self.asked.lock().push((offset, length));
        match self.answers {
            Answers::Well => Ok(vec![1; length].into()),
            Answers::WithAnError => Err("the disk is on fire".to_owned()),
            Answers::TooShort => Ok(vec![1; length - 1].into()),
            Answers::TooLong => Ok(vec![1; length + 1].into()),
            Answers::Never => std::future::pending().await,
        }
    }
}

fn file(size: u64, answers: Answers) -> (ModelFile, Arc<Ones>) {
    let source = Arc::new(Ones { asked: Mutex::default(), answers });
    let (name, media_type) = ("ones".to_owned(), "application/x-ones".to_owned());
    let digest = format!("sha256:{}", "1".repeat(64));
    (ModelFile { name, media_type, digest, size, source: source.clone() }, source)
}

async fn read(sandbox: &Sandbox, limits: RunLimits, file: Option<ModelFile>, offset: u64, length: u32) -> RunReport {
    let parameters = format!(r#"{{"deed":"read","number":{offset},"length":{length}}}"#);
    let mut request = sandbox.request("keeper", &parameters, &Arc::default());
    request.model_file = file;
    request.limits = limits;
    sandbox.component.run(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_is_cut_to_the_file_and_to_one_transfer() {
    let sandbox = Sandbox::of("keeper", limits()).await;
    for (offset, length, comes) in [
        (0, 10, 10),
        (7, 0, 0),
        (0, u32::MAX, TRANSFER),
        (SIZE - 10, 10, 10),
        (SIZE - 10, u32::MAX, 10),
        (SIZE, 10, 0),
        (u64::MAX >> 1, u32::MAX, 0),
    ] {
        let (file, source) = file(SIZE, Answers::Well);
        let report = read(&sandbox, RUN, Some(file), offset, length).await;
        assert_eq!(shown(&report), format!("1,\"{comes} bytes, sum {comes}\""), "{offset} {length}");
        let asked: Vec<_> = if comes == 0 { Vec::new() } else { vec![(offset, usize::try_from(comes).unwrap_or(0))] };
        assert_eq!(*source.asked.lock(), asked, "{offset} {length}");
    }
    assert_eq!(shown(&read(&sandbox, RUN, None, 0, 10).await), "1,\"0 bytes, sum 0\"", "a model without a file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_in_memory_is_read_like_any_other() {
    let sandbox = Sandbox::of("keeper", limits()).await;
    let bytes = Bytes::from_static(&[1, 2, 3, 4, 5]);
    let file = ModelFile::in_memory("five", "application/octet-stream", bytes.clone());
    assert_eq!(file.digest, analyte_core::digest::Digest::of(&bytes).to_string());
    for (offset, length, comes) in [(0, 5, "5 bytes, sum 15"), (1, 2, "2 bytes, sum 5"), (3, 99, "2 bytes, sum 9")] {
        let report = read(&sandbox, RUN, Some(file.clone()), offset, length).await;
        assert_eq!(shown(&report), format!("1,\"{comes}\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_is_paid_for_before_it_is_read() {
    let sandbox = Sandbox::of("keeper", limits()).await;
    let little = read(&sandbox, RUN, Some(file(TRANSFER, Answers::Well).0), 0, 1).await.usage.fuel;
    let much = read(&sandbox, RUN, Some(file(TRANSFER, Answers::Well).0), 0, u32::MAX).await.usage.fuel;
    assert!(much - little >= TRANSFER - 1, "{little} and {much}");
    let (file, source) = file(TRANSFER, Answers::Well);
    let poor = RunLimits { fuel: little + TRANSFER / 2, ..RUN };
    let answer = shown(&read(&sandbox, poor, Some(file), 0, u32::MAX).await);
    assert!(answer.starts_with("out-of-fuel: "), "{answer}");
    assert!(source.asked.lock().is_empty(), "it was read all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_fails_the_run() {
    let sandbox = Sandbox::of("keeper", limits()).await;
    for (answers, cause) in [
        (Answers::WithAnError, "the disk is on fire".to_owned()),
        (Answers::TooShort, format!("9 bytes came of 10 from offset 5 of sha256:{}", "1".repeat(64))),
        (Answers::TooLong, format!("11 bytes came of 10 from offset 5 of sha256:{}", "1".repeat(64))),
    ] {
        let report = read(&sandbox, RUN, Some(file(100, answers).0), 5, 10).await;
        assert_eq!(shown(&report), "host-error: the model file cannot be read", "{answers:?}");
        let causes = report.outcome.err().map(|failure| failure.causes).unwrap_or_default();
        assert_eq!(causes.last(), Some(&cause));
    }
    let hurried = RunLimits { timeout_ms: 200, ..RUN };
    let report = read(&sandbox, hurried, Some(file(100, Answers::Never).0), 5, 10).await;
    assert_eq!(shown(&report), "timeout: the run took longer than 200ms (limit timeout_ms)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_inspected_piece_by_piece() {
    let sandbox = Sandbox::of("keeper", limits()).await;
    let (good, source) = file(SIZE, Answers::Well);
    let info = sandbox.component.inspect_model(None, good).await.map(|info| info.description);
    assert_eq!(info, Ok(format!("{TRANSFER} bytes, sum {TRANSFER}")));
    assert_eq!(source.asked.lock().len(), 1);

    // The platform's fault is not the component's, and so no reason to refuse the file for good.
    let refused = sandbox.component.inspect_model(None, file(100, Answers::WithAnError).0).await.err();
    let refused = refused.map(|refused| (refused.code, refused.message, refused.causes.last().cloned()));
    let message = "the model file cannot be read".to_owned();
    assert_eq!(refused, Some((Code::HostError, message, Some("the disk is on fire".to_owned()))));
}
