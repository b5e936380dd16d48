//! Columns of text, aligned.

use comfy_table::{CellAlignment, Table};

use super::report::printable;

/// Column heads, the rows below them, and a line between: nothing else, so that the eye finds the columns.
const STYLE: &str = "     --            ";

/// One column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its head.
    pub(crate) name: String,
    /// Aligned to the right, as numbers are.
    pub(crate) right: bool,
}

impl Column {
    /// A column of words.
    pub(crate) fn words(name: &str) -> Self {
        Self { name: name.to_owned(), right: false }
    }
    /// A column of numbers.
    pub(crate) fn numbers(name: &str) -> Self {
        Self { name: name.to_owned(), right: true }
    }
}

/// Lays out rows under columns; ends every line.
pub(crate) fn lay_out(columns: &[Column], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(STYLE);
    table.set_header(columns.iter().map(|column| one_line(&column.name)));
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)));
    }
    for (place, column) in columns.iter().enumerate() {
        if let Some(laid) = table.column_mut(place) {
            // Beside the line's own blank between columns.
            laid.set_padding((0, u16::from(place + 1 < columns.len())));
            if column.right {
                laid.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A cell must not break the layout, nor steer the terminal.
fn one_line(text: &str) -> String {
    printable(text).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_numbers_right() {
        let columns = [Column::words("name"), Column::numbers("n")];
        let rows = [vec!["a".to_owned(), "1".to_owned()], vec!["long\nname".to_owned(), "1234".to_owned()]];
        assert_eq!(lay_out(&columns, rows), "name          n\n---------------\na             1\nlong name  1234\n");
    }

    #[test]
    fn nothing_in_a_cell_hides_or_turns_the_line_around() {
        let columns = [Column::words("n\u{200b}"), Column::numbers("x")];
        let rows = [vec!["a\u{202e}b\u{1b}[2J".to_owned(), "1".to_owned()]];
        assert_eq!(
            lay_out(&columns, rows),
            "n\\u{200b}            x\n----------------------\na\\u{202e}b\\u{1b}[2J  1\n"
        );
    }
}
