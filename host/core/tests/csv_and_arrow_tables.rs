//! CSV and Arrow streams: what is taken, what is refused, and with which words.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use analyte_core::base_type::BaseType;
use analyte_core::codes::Code;
use analyte_core::limits::Limits;
use analyte_core::shape::{Field, Rest, Shape};
use analyte_core::table::Table;
use analyte_core::table::format::{Format, Read, read, write};
use analyte_core::table::problem::ReadError;
use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, DictionaryArray, Float64Array, Int16Array, Int64Array, LargeStringArray,
    NullArray, RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_ipc::writer::StreamWriter;

fn csv(text: &str, shape: &Shape) -> Result<Read, ReadError> {
    read(Format::Csv, text.to_owned().into(), shape, &Limits::default())
}

fn shown(table: &Table) -> String {
    let names: Vec<_> = table.fields().iter().map(|field| format!("{}:{}", field.name, field.base_type)).collect();
    let text = String::from_utf8(write(Format::JsonColumns, table).expect("JSON")).expect("UTF-8");
    let columns = text.split_once("\"columns\":").map_or("", |(_, columns)| columns);
    format!("{} {}", names.join(" "), columns.strip_suffix('}').unwrap_or_default().replace('"', "'"))
}

#[test]
fn csv_cells_are_read_by_shape_or_by_what_the_whole_column_holds() {
    let shape = Shape {
        fields: [("when", BaseType::Datetime), ("n", BaseType::Integer), ("j", BaseType::Json)]
            .map(|(name, base_type)| Field::new(name, base_type))
            .into(),
        rest: Rest::Any,
    };
    let text = "\u{feff}n,when,j,number,flag,text,empty,\"quoted, \"\"name\"\"\"\r\n\
        1,2026-01-31T08:00:00Z,\"{\"\"a\"\": 1}\",1.5,true,7,,a\r\n\
        ,5,,NaN,FALSE,x,,\"two\nlines\"\r\n";
    let read = csv(text, &shape).expect("a table");
    assert_eq!(
        shown(&read.table),
        "n:INTEGER when:DATETIME j:JSON number:NUMBER flag:BOOLEAN text:STRING empty:STRING quoted, \"name\":STRING \
         {'n':[1,null],'when':[1769846400000,5],'j':[{'a':1},null],'number':[1.5,null],'flag':[true,false],\
         'text':['7','x'],'empty':[null,null],'quoted, \\'name\\'':['a','two\\nlines']}"
    );
    assert_eq!(
        String::from_utf8(write(Format::Csv, &read.table).expect("CSV")).expect("UTF-8"),
        "n,when,j,number,flag,text,empty,\"quoted, \"\"name\"\"\"\r\n\
         1,2026-01-31T08:00:00.000Z,\"{\"\"a\"\":1}\",1.5,true,7,,a\r\n\
         ,1970-01-01T00:00:00.005Z,,NaN,false,x,,\"two\nlines\"\r\n"
    );
}

#[test]
fn csv_that_does_not_fit_is_refused_with_its_line() {
    let shape = Shape { fields: vec![Field::new("n", BaseType::Integer)].into(), rest: Rest::Any };
    let cases = [
        ("", "CSV begins with a header row of column names, and there is none"),
        ("n,n\n1,2\n", "field `n`: the name stands twice in the header, line 1"),
        ("n,\n1,2\n", "column 2 has no name in the header, line 1"),
        ("n,m\n1,2\n1\n", "row 2: line 3 has 1 values, and the header has 2 names"),
        (
            "n\n1\n1.5\n",
            "field `n`, row 2: expected INTEGER (a whole number from -2147483648 to 2147483647), found the number 1.5, on line 3",
        ),
        ("n,m\n1,a\n2,\"b\n", "a quoted value of the record that begins on line 3 is not closed"),
        ("n,m\n1,\"a \"\" b\n2,c\n", "a quoted value of the record that begins on line 2 is not closed"),
        ("n,m\r\n1,2\r\n\r\n1\r\n", "row 2: line 4 has 1 values, and the header has 2 names"),
        (
            "n\nx\n",
            "field `n`, row 1: expected INTEGER (a whole number from -2147483648 to 2147483647), found the string \"x\", on line 2",
        ),
    ];
    for (text, message) in cases {
        let error = csv(text, &shape).expect_err(text);
        assert_eq!((error.code, error.message.as_str()), (Code::InvalidInput, message), "{text:?}");
    }
    for whole in ["m\n\"a\"", "m\n\"a\"\"\"\n", "m\n5\" pipe", "m\n\"\"", "m,k\n\"a\nb\",\"c\"\n"] {
        csv(whole, &Shape::any()).expect(whole);
    }
    let error = read(Format::Csv, vec![b'n', b'\n', 0xff].into(), &shape, &Limits::default()).expect_err("bad UTF-8");
    assert_eq!(error.code, Code::Malformed);
}

fn stream(batches: &[RecordBatch]) -> Vec<u8> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batches[0].schema()).expect("a writer");
    for batch in batches {
        writer.write(batch).expect("a batch");
    }
    writer.into_inner().expect("a stream")
}

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).expect("a batch")
}

fn arrow(bytes: Vec<u8>, shape: &Shape) -> Result<Read, ReadError> {
    read(Format::Arrow, bytes.into(), shape, &Limits::default())
}

fn many_types() -> RecordBatch {
    let words: DictionaryArray<Int8Type> = [Some("a"), None, Some("a")].into_iter().collect();
    batch(vec![
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)]))),
        ("small", Arc::new(Int16Array::from(vec![Some(-1), None, Some(300)]))),
        ("huge", Arc::new(UInt64Array::from(vec![1, 2, 3]))),
        ("large", Arc::new(LargeStringArray::from(vec![Some("x"), None, Some("ü")]))),
        ("view", Arc::new(StringViewArray::from(vec!["short", "longer than twelve bytes", ""]))),
        ("word", Arc::new(words)),
        ("day", Arc::new(Date32Array::from(vec![Some(1), None, Some(-1)]))),
        ("time", Arc::new(TimestampMicrosecondArray::from(vec![1_500, -1, 0]))),
        ("nothing", Arc::new(NullArray::new(3))),
    ])
}

#[test]
fn arrow_types_are_converted_where_nothing_is_lost() {
    let read = arrow(stream(&[many_types(), many_types().slice(2, 1)]), &Shape::any()).expect("a table");
    assert_eq!(
        shown(&read.table),
        "flag:BOOLEAN small:INTEGER huge:LONG large:STRING view:STRING word:STRING day:DATETIME time:DATETIME nothing:STRING \
         {'flag':[true,null,false,false],'small':[-1,null,300,300],'huge':[1,2,3,3],'large':['x',null,'ü','ü'],\
         'view':['short','longer than twelve bytes','',''],'word':['a',null,'a','a'],\
         'day':[86400000,null,-86400000,-86400000],'time':[1,-1,0,0],'nothing':[null,null,null,null]}"
    );
    let declared = |base_type| Shape::closed(vec![Field::new("x", base_type)]);
    let whole: ArrayRef = Arc::new(Int64Array::from(vec![1, (1 << 53) + 1]));
    let error = arrow(stream(&[batch(vec![("x", whole.clone())])]), &declared(BaseType::Number)).expect_err("inexact");
    assert_eq!(error.message, "field `x`, row 2: 9007199254740993 cannot be held exactly by a NUMBER");
    let numbers = stream(&[batch(vec![("x", whole)])]);
    let read = arrow(numbers.clone(), &declared(BaseType::Datetime)).expect("a table");
    assert_eq!(shown(&read.table), "x:DATETIME {'x':[1,9007199254740993]}");
    let error = arrow(numbers, &declared(BaseType::String)).expect_err("no text");
    assert_eq!(error.message, "field `x`, row 1: expected STRING (a string), found the number 1 (and 1 more problem)");
    let text = stream(&[batch(vec![("x", Arc::new(StringArray::from(vec!["{\"a\":1}", "[1"])))])]);
    let error = arrow(text, &declared(BaseType::Json)).expect_err("no JSON");
    assert_eq!((error.code, error.problems[0].row), (Code::InvalidInput, Some(2)));
}

#[test]
fn arrow_streams_that_are_cut_or_changed_never_panic() {
    let whole = stream(&[many_types(), many_types()]);
    for length in 0..whole.len() {
        let error = arrow(whole[..length].to_vec(), &Shape::any()).expect_err("cut short");
        assert_eq!(error.code, Code::Malformed, "at {length}: {error}");
    }
    // Every third byte by itself, so that each field of four or eight is met, to values that lengths and offsets dislike.
    for at in (0..whole.len()).step_by(3) {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            if let Ok(read) = arrow(changed, &Shape::any()) {
                write(Format::Arrow, &read.table).expect("what was read can be written");
            }
        }
    }
}

#[test]
fn a_small_stream_cannot_become_a_huge_table() {
    let text = "x".repeat(1_000_000);
    let words: DictionaryArray<Int8Type> = std::iter::repeat_n(Some(text.as_str()), 2_000).collect();
    let bytes = stream(&[batch(vec![("x", Arc::new(words))])]);
    let error = arrow(bytes, &Shape::any()).expect_err("too large");
    assert_eq!(
        error.message,
        "field `x`: the column holds more text than 2 GiB, or than the limit table_bytes or 64 times the bytes sent allow"
    );
    let limits = Limits { rows: 2, ..Limits::default() };
    let numbers = stream(&[batch(vec![("x", Arc::new(Float64Array::from(vec![1.0, 2.0, 3.0])))])]);
    let error = read(Format::Arrow, numbers.into(), &Shape::any(), &limits).expect_err("too many rows");
    assert_eq!(error.message, "the table has more rows than the limit rows, 2");
}

#[test]
fn media_types_are_known_however_they_are_spelt() {
    for format in Format::ALL {
        assert_eq!(Format::of_media_type(format.media_type()), Some(format));
    }
    for (text, format) in [
        ("APPLICATION/JSON; charset=utf-8", Some(Format::Json)),
        ("application/json;Layout=\"columns\"", Some(Format::JsonColumns)),
        ("text/csv; header=present", Some(Format::Csv)),
        ("text/plain", None),
    ] {
        assert_eq!(Format::of_media_type(text), format, "{text}");
    }
}
