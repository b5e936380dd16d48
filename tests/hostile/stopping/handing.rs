//! What goes into a component and what it hands over, as large as it may be: both are copied in pieces.

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::shape::Field;
use analyte_core::table::Table;
use arrow_array::BinaryArray;
use wit_component::StringEncoding;

use super::guest::model;
use super::*;

/// Where the result of `run` begins, behind what says whether it is one.
const RESULT: u32 = 2056;
/// Memory that is all zeroes: behind what the host puts there.
const FREE: u32 = 16 << 20;

/// Writes numbers into memory, one after the other.
fn store(at: u32, numbers: &[u32]) -> String {
    let each = (at..).step_by(4).zip(numbers);
    each.map(|(at, number)| format!("(i32.store (i32.const {at}) (i32.const {number}))")).collect()
}

/// A result of one column over these bytes; its name is empty, and it is of bits.
fn column(at: u32, length: u32) -> String {
    store(RESULT + 8, &[3072, 1]) + &store(3108, &[at, length])
}

/// What becomes of a run with this body; its steps were short.
async fn handed(what: &str, encoding: StringEncoding, body: &str) -> String {
    let (engine, _folder) = engine(Limits { memory_budget_bytes: 8 << 30, ..limits() });
    // Of these names the one in UTF-16 is written by hand.
    let name = match encoding {
        StringEncoding::UTF16 => store(48, &[0x0075_0067, 0x0073_0065, 0x74]) + &store(1024, &[48]),
        StringEncoding::UTF8 | StringEncoding::CompactUTF16 => String::new(),
    };
    let component = model(encoding, &name, body, "");
    let (component, description) = engine.install(component.into()).await.expect("installed");
    let model = Arc::new(description.models.into_iter().next().expect("its model"));
    let reported = Arc::new(Reported::default());
    let roomy = RunLimits { timeout_ms: 60_000, ..ROOMY };
    let asked = Instant::now();
    let report = component.run(request(&model, "[]", roomy, &reported)).await;
    let (took, longest) = (asked.elapsed(), engine.longest_step());
    println!("{what}: {took:?}, longest step {longest:?}");
    assert!(longest <= STEP, "{what}: {longest:?} without a pause");
    match &report.outcome {
        Ok(outcome) => format!("{} rows, {} warnings", outcome.output.rows(), outcome.warnings.len()),
        Err(failure) => format!("{}: {}", failure.code, failure.message),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn results_as_large_as_they_may_be() {
    let grown = |then: String| format!("(call $grow (i32.const 536870912)) {then}");
    let large = 268_000_000;
    let one = column(FREE, large);
    let utf8 = StringEncoding::UTF8;
    let not_declared = "invalid-result: column `` is neither declared in the output shape nor announced in `added`";
    assert_eq!(handed("one column of 268 MB", utf8, &grown(one)).await, not_declared);
    let too_large = column(FREE, large + 1_000_000);
    let more = "output-too-large: what the component handed over was larger than 268435456 bytes (limit output_bytes)";
    assert_eq!(handed("one column of 269 MB", utf8, &grown(too_large)).await, more);
    // Columns of no name and no data: as many as there is room for.
    let columns = grown(store(RESULT + 8, &[FREE, 600_000]));
    let wide = "invalid-result: the table has 600000 columns, and the limit columns is 10000";
    assert_eq!(handed("600,000 columns", utf8, &columns).await, wide);
    let added = grown(store(RESULT + 16, &[FREE, 500_000]));
    let said = handed("500,000 added fields", utf8, &added).await;
    assert!(said.starts_with("invalid-result: "), "{said}");
    let warnings = grown(store(RESULT + 24, &[FREE, 3_000_000]));
    assert_eq!(handed("3,000,000 warnings", utf8, &warnings).await, "0 rows, 101 warnings");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_as_long_as_they_may_be() {
    // Zeroes are characters, too, of which each has to be looked at.
    let error = |units: u32| {
        let refusal = store(RESULT, &[16, 5, FREE, units]);
        format!("(call $grow (i32.const 536870912)) (i32.store8 (i32.const 2048) (i32.const 1)) {refusal}")
    };
    let long = "output-too-large: a name, a warning or an error of the component was longer than 4194304 bytes (limit \
                transfer_bytes)";
    for encoding in [StringEncoding::UTF8, StringEncoding::UTF16, StringEncoding::CompactUTF16] {
        let what = |units: &str| format!("an error of {units} in {encoding:?}");
        assert_eq!(handed(&what("100,000,000 units"), encoding, &error(100_000_000)).await, long);
        // The code is in another encoding, and so is not a word.
        let said = handed(&what("4 MiB"), encoding, &error(4 << 20)).await;
        assert!(said.starts_with("analysis-error: ") || said.starts_with("invalid-result: "), "{said}");
    }
}

/// A component clears away what it handed over, as most languages' do: it was taken before.
#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_taken_before_it_is_cleared_away() {
    let run = format!("{}{}", store(RESULT + 24, &[3072, 1]), store(3072, &[16, 5]));
    let clear = "(func (export \"cabi_post_analyte:plugin/model@0.1.0#run\") (param i32) \
                 (memory.fill (i32.const 16) (i32.const 0) (i32.const 60000)))";
    for more in ["", clear] {
        let (engine, _folder) = engine(limits());
        let bytes = model(StringEncoding::UTF8, "", &run, more);
        let (component, description) = engine.install(bytes.into()).await.expect("installed");
        let model = Arc::new(description.models.into_iter().next().expect("its model"));
        let reported = Arc::new(Reported::default());
        let report = component.run(request(&model, "[]", RUN, &reported)).await;
        assert_eq!(report.outcome.expect("a result").warnings, ["guest"], "{more}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_input_as_large_as_it_may_be() {
    let (engine, _folder) = engine(Limits { memory_budget_bytes: 8 << 30, ..limits() });
    let (component, model) = install(&engine, "").await;
    let bytes = vec![7_u8; 400 << 20];
    let column = BinaryArray::from_vec(vec![bytes.as_slice()]);
    let field = Field { kind: Kind::Binary, ..Field::new("large", BaseType::Blob) };
    let table = Table::new(vec![field].into(), vec![Arc::new(column)], 1).expect("a table");
    let reported = Arc::new(Reported::default());
    let roomy = RunLimits { timeout_ms: 60_000, ..ROOMY };
    let request = RunRequest { input: table, ..request(&model, "[]", roomy, &reported) };
    let asked = Instant::now();
    let report = component.run(request).await;
    println!("an input of 400 MiB: {:?}, longest step {:?}", asked.elapsed(), engine.longest_step());
    assert!(report.outcome.is_ok(), "{:?}", report.outcome);
    assert!(engine.longest_step() <= STEP, "{:?}", engine.longest_step());
}
