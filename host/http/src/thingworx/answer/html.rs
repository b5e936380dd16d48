//! Pages for people: a title and a table, without scripts, with everything escaped.
//!
//! A page is to be looked at, so it shows the first rows and the beginning of long values, and says so. Programs ask for
//! another form.

use std::fmt::Write as _;

use analyte_core::table::Table;
use analyte_core::table::format::WriteError;
use analyte_core::table::pieces::Out;
use analyte_core::visible::hides;
use http::StatusCode;
use serde_json::Value;

/// The media type of pages.
pub(crate) const MEDIA_TYPE: &str = "text/html; charset=utf-8";
/// What a page may do: show itself. Also for files that people uploaded, should a browser show one.
pub(crate) const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Rows shown.
const ROWS: usize = 1_000;
/// Characters shown of one value.
const CHARACTERS: usize = 1_000;
/// What is shown of a JSON value, in characters.
const JSON_CHARACTERS: usize = 1_000_000;
const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem;color:#1c2733}h1{font-size:1.2rem}\
    table{border-collapse:collapse}th,td{border:1px solid #cfd8e0;padding:.3rem .6rem;text-align:left;\
    vertical-align:top;max-width:40rem;overflow-wrap:anywhere}th{background:#f2f5f8}\
    small{display:block;font-weight:400;color:#66788a}pre{white-space:pre-wrap;overflow-wrap:anywhere}";

/// A page with a table.
pub(crate) async fn table(title: &str, table: &Table, out: &mut Out) -> Result<(), WriteError> {
    let mut page = start(title);
    let shown = table.rows().min(ROWS);
    match table.rows() {
        1 => page.push_str("<p>1 row</p>\n"),
        rows if rows == shown => line(&mut page, format_args!("<p>{rows} rows</p>")),
        rows => line(
            &mut page,
            format_args!("<p>the first {shown} of {rows} rows; ask for application/json or text/csv to get all</p>"),
        ),
    }
    page.push_str("<table>\n<thead><tr>");
    for field in table.fields().iter() {
        page.push_str("<th>");
        escape(&field.name, CHARACTERS, &mut page);
        page.push_str("<small>");
        page.push_str(field.base_type.as_str());
        page.push_str("</small></th>");
        flush(&mut page, out).await?;
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in 0..shown {
        page.push_str("<tr>");
        for column in 0..table.fields().len() {
            page.push_str("<td>");
            escape(&table.cell_text(column, row).unwrap_or_default(), CHARACTERS, &mut page);
            page.push_str("</td>");
            flush(&mut page, out).await?;
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</body>\n</html>\n");
    flush(&mut page, out).await
}

/// Moves what there is of a page to where it is written.
async fn flush(page: &mut String, out: &mut Out) -> Result<(), WriteError> {
    out.put(page.as_bytes())?;
    page.clear();
    out.offer().await;
    Ok(())
}

/// A page with a JSON value.
pub(crate) fn json(title: &str, value: &Value) -> String {
    let mut page = start(title);
    page.push_str("<pre>");
    // A value has string keys only, so it can be written.
    escape(&serde_json::to_string_pretty(value).unwrap_or_default(), JSON_CHARACTERS, &mut page);
    page.push_str("</pre>\n</body>\n</html>\n");
    page
}

/// A page that says why not.
pub(crate) fn refusal(status: StatusCode, sentence: &str) -> String {
    let mut page = start(&format!("HTTP Status {status}"));
    page.push_str("<p>");
    escape(sentence, JSON_CHARACTERS, &mut page);
    page.push_str("</p>\n</body>\n</html>\n");
    page
}

fn start(title: &str) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>");
    escape(title, CHARACTERS, &mut page);
    line(&mut page, format_args!("</title><style>{STYLE}</style></head>"));
    page.push_str("<body>\n<h1>");
    escape(title, CHARACTERS, &mut page);
    page.push_str("</h1>\n");
    page
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a string cannot fail.
    let _ = writeln!(page, "{text}");
}

/// Appends text in which nothing is markup, cut after `most` characters.
fn escape(text: &str, most: usize, page: &mut String) {
    for (at, one) in text.chars().enumerate() {
        if at == most {
            page.push('…');
            return;
        }
        match one {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            one if hides(one) => page.extend(one.escape_unicode()),
            one => page.push(one),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use analyte_core::base_type::BaseType;
    use analyte_core::infotable::{Cell, Rows};
    use analyte_core::shape::Field;
    use analyte_core::table::pieces::whole;

    use super::*;

    fn page(title: &str, rows: &Table, most: u64) -> Result<String, WriteError> {
        let page = whole(most, async |out| table(title, rows, out).await)?;
        Ok(String::from_utf8(page).unwrap())
    }

    const NASTY: &str = "</title></td></pre><script>alert(\"1\")</script><img src='x' onerror=a&b>\0\u{202e}";

    #[test]
    fn nothing_in_a_page_is_markup_but_its_own() {
        let mut rows = Rows::new(vec![Field::new(NASTY, BaseType::String), Field::new("when", BaseType::Datetime)]);
        rows.push(vec![Cell::Text(NASTY.to_owned()), Cell::Int(0)]);
        rows.push(vec![Cell::Unset, Cell::Unset]);
        let nasty = rows.table().unwrap();
        let pages = [
            page(NASTY, &nasty, 100_000).unwrap(),
            json(NASTY, &serde_json::json!({ NASTY: NASTY })),
            refusal(StatusCode::NOT_FOUND, NASTY),
        ];
        let escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&lt;img src=&#39;x&#39; onerror=a&amp;b&gt;\\u{0}\\u{202e}";
        for page in &pages {
            let markup: Vec<&str> = page.split('<').skip(1).filter_map(|part| part.split('>').next()).collect();
            assert!(!markup.iter().any(|tag| tag.starts_with("script") || tag.starts_with("img")), "{page}");
            assert!(!page.contains(['\0', '\u{202e}']) && page.ends_with("</html>\n"), "{page}");
        }
        let [table, ..] = &pages;
        assert!(table.contains(escaped), "{table}");
        assert!(table.contains("<td>1970-01-01T00:00:00Z</td>") || table.contains("<td>1970-01-01T00:00:00.000Z</td>"));
        assert!(table.contains("<tr><td></td><td></td></tr>") && table.contains("<p>2 rows</p>"), "{table}");
    }

    #[test]
    fn a_page_shows_the_beginning_of_what_is_long() {
        let mut rows = Rows::new(vec![Field::new("x", BaseType::String)]);
        for _ in 0..ROWS + 5 {
            rows.push(vec![Cell::Text("ä".repeat(CHARACTERS + 1))]);
        }
        let long = rows.table().unwrap();
        let shown = page("T", &long, 1 << 30).unwrap();
        assert_eq!(shown.matches("<td>").count(), ROWS);
        assert!(shown.contains(&format!("<td>{}…</td>", "ä".repeat(CHARACTERS))));
        assert!(shown.contains("the first 1000 of 1005 rows"), "{}", shown.chars().take(2_000).collect::<String>());
        assert_eq!(page("T", &long, 10_000), Err(WriteError::TooLarge { most: 10_000 }));
    }
}
