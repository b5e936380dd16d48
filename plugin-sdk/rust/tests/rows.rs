//! Rows and columns keep every value on the way into a table and out of it.

#![expect(clippy::unwrap_used, reason = "tests")]

use analyte_sdk::prelude::*;
use analyte_sdk::raw::tables;
use analyte_sdk::{BaseType, Kind};
use proptest::prelude::*;

/// One field of each type, and its nullable twin.
#[derive(Row, Debug, Clone, PartialEq)]
struct All {
    number: f64,
    single: f32,
    integer: i32,
    long: i64,
    flag: bool,
    text: String,
    bytes: Vec<u8>,
    when: Datetime,
    span: Timespan,
    json: Json,
    maybe_number: Option<f64>,
    maybe_single: Option<f32>,
    maybe_integer: Option<i32>,
    maybe_long: Option<i64>,
    maybe_flag: Option<bool>,
    maybe_text: Option<String>,
    maybe_bytes: Option<Vec<u8>>,
    maybe_when: Option<Datetime>,
    maybe_span: Option<Timespan>,
    maybe_json: Option<Json>,
}

prop_compose! {
    fn all()(
        numbers in (-1e9..1e9, -1e3_f32..1e3, any::<i32>(), any::<i64>(), any::<bool>()),
        texts in (".{0,6}", prop::collection::vec(any::<u8>(), 0..6)),
        maybe_numbers in prop::option::of((-1e9..1e9, -1e3_f32..1e3, any::<i32>(), any::<i64>(), any::<bool>())),
        maybe_texts in prop::option::of((".{0,6}", prop::collection::vec(any::<u8>(), 0..6))),
    ) -> All {
        All {
            number: numbers.0,
            single: numbers.1,
            integer: numbers.2,
            long: numbers.3,
            flag: numbers.4,
            when: Datetime(numbers.3),
            span: Timespan(numbers.3.wrapping_neg()),
            json: Json::of(&texts.0).unwrap(),
            text: texts.0,
            bytes: texts.1,
            maybe_number: maybe_numbers.map(|some| some.0),
            maybe_single: maybe_numbers.map(|some| some.1),
            maybe_integer: maybe_numbers.map(|some| some.2),
            maybe_long: maybe_numbers.map(|some| some.3),
            maybe_flag: maybe_numbers.map(|some| some.4),
            maybe_when: maybe_numbers.map(|some| Datetime(some.3)),
            maybe_span: maybe_numbers.map(|some| Timespan(some.3)),
            maybe_text: maybe_texts.clone().map(|some| some.0),
            maybe_json: maybe_texts.clone().map(|some| Json::of(&some.0).unwrap()),
            maybe_bytes: maybe_texts.map(|some| some.1),
        }
    }
}

/// What the contract says of the buffers of a column.
fn check_buffers(column: &tables::Column, rows: usize) {
    let bits = rows.div_ceil(8);
    if let Some(validity) = &column.validity {
        assert_eq!(validity.len(), bits, "{}", column.name);
    }
    let wanted = match column.kind {
        Kind::BooleanBits => bits,
        Kind::Int32 | Kind::Float32 => rows * 4,
        Kind::Int64 | Kind::Float64 => rows * 8,
        Kind::Utf8 | Kind::Binary => {
            let offsets = column.offsets.as_ref().unwrap();
            assert_eq!(offsets.len(), (rows + 1) * 4, "{}", column.name);
            let last = offsets.last_chunk::<4>().map(|last| i32::from_le_bytes(*last)).unwrap();
            usize::try_from(last).unwrap()
        }
    };
    assert_eq!(column.data.len(), wanted, "{}", column.name);
}

proptest! {
    #[test]
    fn rows_come_back_as_they_went(rows in prop::collection::vec(all(), 0..40)) {
        let table = Table::of_rows(rows.clone()).unwrap();
        prop_assert_eq!(table.rows(), rows.len());
        for column in &table.as_raw().columns {
            check_buffers(column, rows.len());
        }
        prop_assert_eq!(table.read::<All>().unwrap().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn a_column_counts_its_missing_values(cells in prop::collection::vec(prop::option::of(any::<i64>()), 0..200)) {
        let table = Table::new([NewColumn::of("x", cells.clone())]).unwrap();
        let column = table.column::<i64>("x").unwrap();
        prop_assert_eq!(column.missing(), cells.iter().filter(|cell| cell.is_none()).count());
        prop_assert_eq!(column.iter().collect::<Vec<_>>(), cells.clone());
        prop_assert_eq!(column.validity().collect::<Vec<_>>(), cells.iter().map(Option::is_some).collect::<Vec<_>>());
        prop_assert_eq!(column.get(cells.len()), None);
    }
}

#[test]
fn a_shape_says_what_the_struct_says() {
    /// A reading.
    #[derive(Row)]
    struct Reading {
        /// Where it was
        /// measured.
        ///
        /// Never empty.
        #[row(base_type = Thingcode)]
        station: String,
        #[row(rename = "Temp.", unit = "K")]
        temperature: Option<f32>,
        r#type: i32,
    }
    let _ = |row: Reading| (row.station, row.temperature, row.r#type);

    let fields = Reading::fields();
    let said: Vec<_> = fields
        .iter()
        .map(|field| (field.name.as_str(), field.base_type, field.kind, field.nullable, field.description.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("station", BaseType::Thingcode, Kind::Utf8, false, "Where it was measured.\n\nNever empty."),
            ("Temp.", BaseType::Number, Kind::Float32, true, "Unit: K"),
            ("type", BaseType::Integer, Kind::Int32, false, ""),
        ]
    );
    assert_eq!(fields.get(1).unwrap().extra, [("unit".to_owned(), "K".to_owned())]);
}

#[test]
fn a_slice_is_the_column_itself_where_it_is_aligned() {
    let table = Table::new([NewColumn::from_slice::<f64>("x", &[1.0, 2.0, 4.0])]).unwrap();
    let column = table.column::<f64>("x").unwrap();
    assert_eq!(column.values(), [1.0, 2.0, 4.0]);
    let bytes = table.as_raw().columns.first().unwrap().data.as_ptr();
    if bytes.addr().is_multiple_of(align_of::<f64>()) {
        assert_eq!(column.values().as_ptr().cast::<u8>(), bytes);
    }
}

#[test]
fn any_numbers_are_numbers() {
    let table = Table::new([
        NewColumn::of("single", [Some(1.5_f32), None]),
        NewColumn::of("integer", [-1_i32, 2]),
        NewColumn::of("long", [1_i64 << 53, -1]),
        NewColumn::of("text", ["1", "2"]),
    ])
    .unwrap();
    let numbers = |name: &str| table.numeric(name).map(|column| column.iter().collect::<Vec<_>>());
    assert_eq!(numbers("single").unwrap(), [Some(1.5), None]);
    assert_eq!(numbers("integer").unwrap(), [Some(-1.0), Some(2.0)]);
    assert_eq!(numbers("long").unwrap(), [Some(9_007_199_254_740_992.0), Some(-1.0)]);
    assert_eq!(numbers("text").unwrap_err().code(), "not-numeric");
    assert_eq!(numbers("nowhere").unwrap_err().code(), "no-such-column");
    let names: Vec<_> = table.numeric_columns().unwrap().iter().map(Column::name).collect();
    assert_eq!(names, ["single", "integer", "long"]);
}

#[test]
fn what_does_not_fit_is_refused() {
    #[derive(Row, Debug)]
    struct Needed {
        x: f64,
    }
    let _ = |row: Needed| row.x;
    let read = |column: NewColumn| Table::new([column]).unwrap().read::<Needed>().map(|_| ()).unwrap_err();

    let missing = read(NewColumn::of("x", [Some(1.0), None]));
    let wanted = Error::new("missing-value", "Column `x` needs a value in every row, and has none in row 2.");
    assert_eq!(missing, wanted.detail("column", "x").detail("row", 2));
    assert_eq!(read(NewColumn::of("x", [1_i64])).code(), "wrong-type");
    assert_eq!(read(NewColumn::of("y", [1.0])).code(), "no-such-column");

    let ragged = Table::new([NewColumn::of("a", [1.0]), NewColumn::of("b", [1.0, 2.0])]).unwrap_err();
    assert_eq!(ragged.code(), "ragged-columns");
    let twice = Table::new([NewColumn::of("a", [1.0]), NewColumn::of("a", [1.0])]).unwrap_err();
    assert_eq!(twice.code(), "duplicate-column");
    let not_text = Table::new([NewColumn::of("a", [1.0]).base_type(BaseType::Text)]).unwrap_err();
    assert_eq!(not_text.code(), "wrong-type");
}

#[test]
fn buffers_that_do_not_fit_their_table_are_refused() {
    let column = |kind, offsets: Option<&[u8]>, data: &[u8]| tables::Column {
        name: "x".to_owned(),
        base_type: BaseType::Number,
        kind,
        validity: None,
        offsets: offsets.map(<[u8]>::to_vec),
        data: data.to_vec(),
    };
    let of = |column| Table::try_from(tables::Table { row_count: 2, columns: vec![column] }).unwrap();
    let short = of(column(Kind::Float64, None, &[0; 15]));
    assert_eq!(short.column::<f64>("x").map(|_| ()).unwrap_err().code(), "broken-table");
    let not_text = of(column(Kind::Utf8, Some(&[0; 12]), &[0xff]));
    assert_eq!(not_text.column::<String>("x").map(|_| ()).unwrap_err().code(), "broken-table");
    let wild: Vec<u8> = [0_i32, 9, -1].iter().flat_map(|offset| offset.to_le_bytes()).collect();
    let wild = of(column(Kind::Utf8, Some(&wild), b"abc"));
    assert_eq!(wild.column::<String>("x").unwrap().iter().collect::<Vec<_>>(), [Some(""), Some("")]);
}
