//! Writes a table as XML: `<infotable><datashape><fields><field name= baseType= description= ordinal=/></fields></datashape>
//! <rows><row><NAME><![CDATA[…]]></NAME></row></rows></infotable>`.
//!
//! Only the outline of ThingWorx's own form is known publicly; the rest is our reading. Unset values are left out. Times
//! are RFC 3339, non-finite numbers `NaN`, `inf` and `-inf`, bytes base64, a nested table is an `<infotable>` within its
//! cell, and other JSON stands as its text. A field whose name is no XML name gives `<field name="NAME">`. Characters that
//! XML 1.0 cannot hold become U+FFFD, so that a reader sees that something was there; text with a carriage return is not in
//! CDATA, in which that character would be lost.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, ArrayRef};
use quick_xml::Writer;
use quick_xml::events::{BytesCData, BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use crate::base_type::BaseType;
use crate::limits::Limits;
use crate::shape::Field;
use crate::table::Table;
use crate::table::csv::write::render;
use crate::table::json::read::nested;
use crate::table::pieces::{Out, Pieces, whole};
use crate::table::problem::WriteError;

/// Writes a table in at most `most` bytes.
pub fn write_xml(table: &Table, most: u64) -> Result<Vec<u8>, WriteError> {
    whole(most, async |out| write(table, out).await)
}

/// The same, piece by piece.
pub fn pieces(table: Table) -> Pieces {
    Pieces::new(async move |mut out: Out| write(&table, &mut out).await.map(|()| out))
}

async fn write(table: &Table, out: &mut Out) -> Result<(), WriteError> {
    // What is sure to be too large is not begun: `<row></row>` for each row.
    out.check_least((table.rows() as u64).saturating_mul(11))?;
    let written = document(&mut Writer::new(&mut *out), table).await;
    written.map_err(|error| out.reason(&error))
}

type Xml<'o> = Writer<&'o mut Out>;

async fn document(out: &mut Xml<'_>, table: &Table) -> io::Result<()> {
    out.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    infotable(out, table).await
}

async fn infotable(out: &mut Xml<'_>, table: &Table) -> io::Result<()> {
    start(out, "infotable")?;
    start(out, "datashape")?;
    start(out, "fields")?;
    for (ordinal, field) in table.fields().iter().enumerate() {
        out.create_element("field")
            .with_attribute(("name", sound(&field.name)))
            .with_attribute(("baseType", sound(field.base_type_name())))
            .with_attribute(("description", sound(&field.description)))
            .with_attribute(("ordinal", ordinal.to_string().as_str()))
            .write_empty()?;
        out.get_mut().offer().await;
    }
    end(out, "fields")?;
    end(out, "datashape")?;
    start(out, "rows")?;
    let columns: Vec<_> = table
        .fields()
        .iter()
        .zip(table.columns())
        .map(|(field, column)| (field, column, is_name(&field.name)))
        .collect();
    let mut text = String::new();
    for row in 0..table.rows() {
        start(out, "row")?;
        for (field, column, named) in &columns {
            if column.is_null(row) {
                continue;
            }
            let mut element = BytesStart::new(if *named { field.name.as_ref() } else { "field" });
            if !named {
                element.push_attribute(("name", sound(&field.name)));
            }
            let close = element.to_end().into_owned();
            out.write_event(Event::Start(element))?;
            match inner(field, column, row) {
                Some(table) => within(out, &table).await?,
                None => value(out, field, column, row, &mut text)?,
            }
            out.write_event(Event::End(close))?;
            out.get_mut().offer().await;
        }
        end(out, "row")?;
        out.get_mut().offer().await;
    }
    end(out, "rows")?;
    end(out, "infotable")
}

/// A table in a cell, which may have tables in its cells: how large a writer is must not depend on itself.
fn within<'a>(out: &'a mut Xml<'_>, table: &'a Table) -> Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>> {
    Box::pin(infotable(out, table))
}

fn start(out: &mut Xml<'_>, name: &str) -> io::Result<()> {
    out.write_event(Event::Start(BytesStart::new(name)))
}

fn end(out: &mut Xml<'_>, name: &str) -> io::Result<()> {
    out.write_event(Event::End(BytesEnd::new(name)))
}

/// The table that this cell holds, where it holds one.
fn inner(field: &Field, column: &ArrayRef, row: usize) -> Option<Table> {
    if field.base_type != BaseType::Infotable {
        return None;
    }
    let json = column.as_string::<i32>().value(row).trim();
    nested(json, Limits::default().json_depth, &Limits::of_own_records()).ok()
}

fn value(out: &mut Xml<'_>, field: &Field, column: &ArrayRef, row: usize, text: &mut String) -> io::Result<()> {
    text.clear();
    render(field, column, row, text);
    let text = sound(text);
    if text.contains('\r') {
        return out.write_event(Event::Text(BytesText::new(&text)));
    }
    // Cut in two within each mark that would end the section.
    BytesCData::escaped(&text).try_for_each(|section| out.write_event(Event::CData(section)))
}

/// The text with what XML 1.0 cannot hold replaced.
fn sound(text: &str) -> Cow<'_, str> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if fits(c) { c } else { '\u{fffd}' }).collect())
}

/// Whether an element may be called so: a name without a colon that is not reserved.
fn is_name(text: &str) -> bool {
    let begins = |c: char| {
        matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
    };
    let goes_on = |c: char| {
        begins(c) || matches!(c, '0'..='9' | '-' | '.' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    let reserved = text.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("xml"));
    !reserved && text.chars().next().is_some_and(begins) && text.chars().all(goes_on)
}
