//! Any table survives every format that can hold it, and no reader panics on any bytes.
#![expect(clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use analyte_core::base_type::{BaseType, Kind};
use analyte_core::limits::Limits;
use analyte_core::model::Cardinality;
use analyte_core::shape::{Field, Shape};
use analyte_core::table::Table;
use analyte_core::table::check::{self, RawColumn};
use analyte_core::table::fit::fit;
use analyte_core::table::format::{Format, read, write};
use arrow_array::{
    ArrayRef, BinaryArray, BooleanArray, Float32Array, Float64Array, Int32Array, Int64Array, StringArray,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn column(base_type: BaseType, kind: Kind, rows: usize) -> BoxedStrategy<ArrayRef> {
    fn boxed<T: std::fmt::Debug, A: arrow_array::Array + From<Vec<Option<T>>> + 'static>(
        value: impl Strategy<Value = T> + 'static,
        rows: usize,
    ) -> BoxedStrategy<ArrayRef> {
        vec(option::weighted(0.8, value), rows).prop_map(|values| Arc::new(A::from(values)) as ArrayRef).boxed()
    }
    match kind {
        Kind::Bool => boxed::<bool, BooleanArray>(any::<bool>(), rows),
        Kind::Int32 => boxed::<i32, Int32Array>(any::<i32>(), rows),
        Kind::Int64 => boxed::<i64, Int64Array>(any::<i64>(), rows),
        Kind::Float32 => boxed::<f32, Float32Array>(proptest::num::f32::NORMAL | proptest::num::f32::ZERO, rows),
        Kind::Float64 => boxed::<f64, Float64Array>(proptest::num::f64::NORMAL | proptest::num::f64::ZERO, rows),
        Kind::Utf8 if base_type.is_json_text() => {
            let other = if base_type == BaseType::Location { "{\"latitude\":1}" } else { "[]" };
            let text = prop_oneof![Just("{\"a\":[1,\"x \"]}"), Just(other), Just("{}")];
            vec(option::weighted(0.8, text), rows)
                .prop_map(|values| Arc::new(StringArray::from(values)) as ArrayRef)
                .boxed()
        }
        Kind::Utf8 => boxed::<String, StringArray>("\\PC{0,8}|[\"\\\\\n,;]{1,3}", rows),
        Kind::Binary => vec(option::weighted(0.8, vec(any::<u8>(), 0..6)), rows)
            .prop_map(|values| {
                Arc::new(BinaryArray::from(values.iter().map(Option::as_deref).collect::<Vec<_>>())) as ArrayRef
            })
            .boxed(),
    }
}

fn table() -> impl Strategy<Value = Table> {
    let kinds: Vec<(BaseType, Kind)> =
        BaseType::ALL.iter().flat_map(|base_type| base_type.kinds().iter().map(|kind| (*base_type, *kind))).collect();
    (0_usize..20, vec((proptest::sample::select(kinds), "\\PC{1,6}"), 1..6)).prop_flat_map(|(rows, fields)| {
        let mut named = std::collections::BTreeSet::new();
        let fields: Vec<Field> = fields
            .into_iter()
            .filter(|(_, name)| named.insert(name.clone()))
            .map(|((base_type, kind), name)| Field {
                kind,
                description: "what it is".into(),
                extra: vec![("unit".to_owned(), "kg".to_owned())],
                ..Field::new(&name, base_type)
            })
            .collect();
        let columns: Vec<_> = fields.iter().map(|field| column(field.base_type, field.kind, rows)).collect();
        columns.prop_map(move |columns| Table::new(fields.clone().into(), columns, rows).expect("a table"))
    })
}

fn back(format: Format, table: &Table, shape: &Shape) -> Table {
    let bytes = write(format, table).expect("written");
    assert_eq!(write(format, table).as_ref(), Ok(&bytes), "the same bytes for the same table");
    read(format, bytes.into(), shape, &Limits::default()).unwrap_or_else(|error| panic!("{error}")).table
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn json_and_arrow_hold_every_table(table in table()) {
        for format in [Format::Json, Format::JsonColumns, Format::Arrow] {
            prop_assert_eq!(&back(format, &table, &Shape::any()), &table);
        }
        let record = serde_json::to_string(&table).expect("a record");
        prop_assert_eq!(&serde_json::from_str::<Table>(&record).expect("a table"), &table);
        let value = serde_json::to_value(&table).expect("a value");
        prop_assert_eq!(&serde_json::from_value::<Table>(value).expect("a table"), &table);
    }

    #[test]
    fn csv_holds_every_table_but_for_empty_texts(table in table()) {
        let shape = Shape::closed(table.fields().to_vec());
        let got = back(Format::Csv, &table, &shape);
        let again = back(Format::Csv, &got, &shape);
        prop_assert_eq!(&again, &got);
        for ((field, left), right) in table.fields().iter().zip(table.columns()).zip(got.columns()) {
            if field.kind.width().is_some() || field.kind == Kind::Bool {
                prop_assert_eq!(left, right, "{}", field.name);
            }
        }
    }

    #[test]
    fn a_table_that_is_laid_open_is_judged_to_be_itself(table in table(), skip in 0_usize..20) {
        let skip = skip.min(table.rows());
        let rows = table.rows() - skip;
        let columns: Vec<ArrayRef> = table.columns().iter().map(|column| column.slice(skip, rows)).collect();
        let table = Table::new(table.fields().clone(), columns, rows).expect("a slice");
        let raw = table.fields().iter().zip(table.columns()).map(|(field, column)| {
            let open = check::buffers(column.as_ref());
            RawColumn {
                name: field.name.to_string(),
                base_type: field.base_type,
                kind: field.kind,
                validity: open.validity.map(|bytes| bytes.to_vec()),
                offsets: open.offsets.map(|bytes| bytes.to_vec()),
                data: open.data.to_vec(),
            }
        });
        // In any order: columns are found by name.
        let raw: Vec<_> = raw.rev().collect();
        let shape = Shape::closed(table.fields().to_vec());
        let judged = check::table(rows as u64, raw, Vec::new(), &shape, &Limits::default());
        prop_assert_eq!(judged.as_ref(), Ok(&table));
        let fitted = fit(&table, &shape, Cardinality::Any, &Limits::default()).expect("fits");
        prop_assert_eq!(&fitted.table, &table);
    }

    #[test]
    fn parts_of_a_table_that_are_joined_are_the_table(table in table(), cuts in vec(0_usize..25, 0..5)) {
        let mut cuts = cuts;
        cuts.sort_unstable();
        let ends = cuts.iter().copied().chain([table.rows()]);
        let parts: Vec<Table> = std::iter::once(0)
            .chain(cuts.iter().copied())
            .zip(ends)
            .map(|(from, to)| table.slice(from, to.saturating_sub(from)))
            .collect();
        let of_parts: usize = parts.iter().map(Table::rows).sum();
        prop_assert_eq!(of_parts, table.rows());
        let joined = Table::concat(parts).expect("joined");
        prop_assert_eq!(&joined, &table);
        prop_assert_eq!(joined.buffer_bytes(), table.buffer_bytes());
        for format in Format::ALL {
            prop_assert_eq!(write(format, &joined), write(format, &table), "{:?}", format);
        }
    }

    #[test]
    fn no_reader_panics(bytes in vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:0-9a-z\\\\ \n.-]{0,60}") {
        for format in Format::ALL {
            let _ = read(format, bytes.clone().into(), &Shape::any(), &Limits::default());
            let _ = read(format, text.clone().into(), &Shape::any(), &Limits::default());
        }
    }

    #[test]
    fn no_reader_panics_on_a_changed_document(table in table(), at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        for format in Format::ALL {
            let mut bytes = write(format, &table).expect("written");
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let _ = read(format, bytes.into(), &Shape::any(), &Limits::default());
        }
    }
}

#[test]
fn records_keep_numbers_that_json_has_no_word_for() {
    let field = Field::new("x", BaseType::Number);
    let column = Arc::new(Float64Array::from(vec![Some(f64::NAN), Some(f64::INFINITY), Some(f64::NEG_INFINITY), None]));
    let table = Table::new(vec![field].into(), vec![column], 4).expect("a table");
    let record = serde_json::to_string(&table).expect("a record");
    assert!(record.contains(r#"[{"x":"NaN"},{"x":"inf"},{"x":"-inf"},{"x":null}]"#), "{record}");
    assert_eq!(serde_json::from_str::<Table>(&record).ok(), Some(table.clone()));
    let sent = String::from_utf8(write(Format::Json, &table).expect("written")).expect("UTF-8");
    assert!(sent.contains(r#"[{"x":null},{"x":null},{"x":null},{"x":null}]"#), "{sent}");
}
