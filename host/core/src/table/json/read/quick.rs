//! Rows read quickly: what the general reader would make of them, where nothing is wrong with them.
//!
//! The general reader asks `serde_json` for every key and value, which costs more than the keys and numbers of a usual
//! row are worth. This one compares keys with those of the row before, reads plain numbers, words and strings by itself,
//! and leaves any other value to the same seeds. Nothing is refused here: whatever the general reader might refuse, or
//! is rare, gives `None`, and all is read again.

use std::marker::PhantomData;

use serde::de::Visitor;
use serde_json::Error;
use serde_json::value::RawValue;

use super::cells::CellSeed;
use super::document::{Document, Late};
use super::rows::KeySeed;
use super::scan::{Number, Scan};
use super::skip::SkipSeed;
use crate::base_type::BaseType;
use crate::table::json::Dialect;
use crate::table::json::cell_context::CellContext;
use crate::table::json::text::deeper_than;
use crate::table::read::Read;
use crate::table::read::column_builder::ColumnBuilder;
use crate::table::read::table_builder::{Slot, TableBuilder};

/// What the general reader would give for this text, or `None` where that must be asked. `document` is a new one.
pub(super) fn read(text: &str, mut document: Document<'_>) -> Option<Result<Read, Late>> {
    let mut scan = Scan::new(text);
    let rows = match scan.next()? {
        b'[' => rows(&mut document, &mut scan)?,
        b'{' => match members(&mut document, &mut scan)? {
            Ok(rows) => rows,
            Err(late) => return Some(Err(late)),
        },
        _ => return None,
    };
    if !scan.ended() {
        return None;
    }
    document.builder.finish(rows).ok().map(Ok)
}

/// The members of a document with `rows`; gives their number.
fn members<'t>(document: &mut Document<'_>, scan: &mut Scan<'t>) -> Option<Result<usize, Late>> {
    let mut given = None;
    loop {
        let name = scan.string()?;
        scan.byte(b':')?;
        match name {
            "rows" if given.is_none() => {
                scan.byte(b'[')?;
                given = Some(rows(document, scan)?);
            }
            "rows" | "columns" => return None,
            "dataShape" if document.shape_seen => return None,
            _ => {
                let raw: &'t RawValue = scan.seed(PhantomData)?;
                if name != "dataShape" {
                    if deeper_than(raw.get(), document.builder.limits.json_depth) {
                        return None;
                    }
                } else if given.is_some() {
                    return Some(Err(Late));
                } else {
                    document.shape_seen = true;
                    document.shape::<Error>(raw).ok()?;
                }
            }
        }
        match scan.next()? {
            b',' => {}
            b'}' => return given.map(Ok),
            _ => return None,
        }
    }
}

/// A key of the row before.
struct Known {
    slot: Slot,
    /// As it is usually written; empty where that needs escapes.
    quoted: Vec<u8>,
}

/// Rows after their `[`; gives their number.
fn rows(document: &mut Document<'_>, scan: &mut Scan<'_>) -> Option<usize> {
    let Document { builder, context, .. } = document;
    if scan.peek()? == b']' {
        scan.byte(b']')?;
        return Some(0);
    }
    let mut order = Vec::new();
    let mut count = 0;
    loop {
        let left = scan.left();
        row(builder, context, scan, &mut order, count)?;
        if count == 0 {
            reserve(builder, scan.left() / (left - scan.left()).max(1));
        }
        count += 1;
        builder.check_rows(count).ok()?;
        match scan.next()? {
            b',' => {}
            b']' => return Some(count),
            _ => return None,
        }
    }
}

/// Makes room for `rows` rows like the first. Growing bit by bit would move the values time and again. A value of the
/// first row took five bytes or more, and the room for each like it takes eight at most, so that all of the room is no
/// more than twice what the client sent, nor more than a table may take.
fn reserve(builder: &mut TableBuilder<'_>, rows: usize) {
    let given = builder.columns.iter().filter(|column| column.rows() == 1).count() as u64;
    let most = builder.limits.rows.min(builder.limits.table_bytes / (8 * given.max(1)));
    let rows = rows.min(usize::try_from(most).unwrap_or(usize::MAX));
    for column in builder.columns.iter_mut().filter(|column| column.rows() == 1) {
        column.reserve(rows);
    }
}

/// The row at this place; `order` is where the keys of the row before went.
fn row(
    builder: &mut TableBuilder<'_>,
    context: &mut CellContext<'_>,
    scan: &mut Scan<'_>,
    order: &mut Vec<Known>,
    row: usize,
) -> Option<()> {
    scan.byte(b'{')?;
    if scan.peek()? == b'}' {
        return scan.byte(b'}');
    }
    let mut place = 0;
    loop {
        let slot = key(builder, scan, order, place)?;
        scan.byte(b':')?;
        place += 1;
        builder.enter(slot, row).ok()?;
        let column = match slot {
            Slot::Column(at) => builder.columns.get_mut(at),
            Slot::Dropped(_) => None,
        };
        match column {
            Some(column) => cell(column, context, scan)?,
            None => scan.seed(SkipSeed(context.depth))?,
        }
        match scan.next()? {
            b',' => {}
            b'}' => return Some(()),
            _ => return None,
        }
    }
}

#[inline]
fn key(builder: &mut TableBuilder<'_>, scan: &mut Scan<'_>, order: &mut Vec<Known>, place: usize) -> Option<Slot> {
    scan.peek()?;
    if let Some(Known { slot, quoted }) = order.get(place)
        && !quoted.is_empty()
        && scan.bytes(quoted).is_some()
    {
        return Some(*slot);
    }
    other_key(builder, scan, order, place)
}

#[cold]
fn other_key(
    builder: &mut TableBuilder<'_>,
    scan: &mut Scan<'_>,
    order: &mut Vec<Known>,
    place: usize,
) -> Option<Slot> {
    let slot = scan.seed(KeySeed { builder: &mut *builder, predicted: None })?.ok()?;
    if place == order.len() {
        order.push(Known { slot, quoted: Vec::new() });
    }
    let known = order.get_mut(place)?;
    known.slot = slot;
    known.quoted.clear();
    let name = builder.name(slot);
    if !name.bytes().any(|byte| matches!(byte, b'"' | b'\\' | ..0x20)) {
        known.quoted.extend([b"\"", name.as_bytes(), b"\""].into_iter().flatten());
    }
    Some(slot)
}

/// One value into its column.
#[inline]
fn cell(column: &mut ColumnBuilder, context: &mut CellContext<'_>, scan: &mut Scan<'_>) -> Option<()> {
    let seed = CellSeed { column, context };
    if seed.column.wants_raw() {
        // These may hold tables, which hold tables: reading each twice would multiply.
        let nesting = matches!(seed.column.field().base_type, BaseType::Infotable | BaseType::Variant);
        if nesting && seed.context.dialect == Dialect::ThingWorx {
            return None;
        }
        return scan.seed(seed)?.ok();
    }
    let pushed = match scan.peek()? {
        b'-' | b'0'..=b'9' => match scan.number() {
            Some(Number::Float(value)) => seed.visit_f64::<Error>(value),
            Some(Number::Unsigned(value)) => seed.visit_u64(value),
            Some(Number::Signed(value)) => seed.visit_i64(value),
            None => return scan.seed(seed)?.ok(),
        },
        b'n' => scan.bytes(b"null").map(|()| seed.visit_unit())?,
        b't' => scan.bytes(b"true").map(|()| seed.visit_bool(true))?,
        b'f' => scan.bytes(b"false").map(|()| seed.visit_bool(false))?,
        _ => return scan.seed(seed)?.ok(),
    };
    pushed.ok()?.ok()
}

#[cfg(test)]
mod tests;
