//! Markdown tables that are also readable as plain text.

/// The first column is text, and the others are numbers. Each row has as many cells as the head.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let length = |cell: &str| cell.chars().count();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| length(cell));
        cells.chain([length(head[column]), 3]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let mut line = String::from("|");
        for (column, (cell, &width)) in cells.into_iter().zip(&widths).enumerate() {
            let gap = " ".repeat(width - length(cell));
            line.push_str(&if column == 0 { format!(" {cell}{gap} |") } else { format!(" {gap}{cell} |") });
        }
        line.push('\n');
        line
    };
    let mut text = line(head.to_vec());
    text.push('|');
    for (column, &width) in widths.iter().enumerate() {
        text.push_str(&format!("{}{}|", "-".repeat(width + 1), if column == 0 { "-" } else { ":" }));
    }
    text.push('\n');
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

/// Rounds to three significant digits, or to an integer if that has more.
#[must_use]
pub fn number(value: f64) -> String {
    let decimals = match value.abs() {
        1000.0.. => return thousands(value),
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

/// Formats a number as `12,345`.
fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index) % 3 == 0 && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a share as `12 %`.
#[must_use]
pub fn percent(part: f64) -> String {
    format!("{:.0} %", part * 100.0)
}

/// Formats the value, or returns a dash if there is none.
#[must_use]
pub fn or_dash(value: Option<f64>, text: fn(f64) -> String) -> String {
    value.map_or_else(|| "–".to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let rows = [vec!["axum".to_owned(), "7.5".to_owned()], vec!["it".to_owned(), "–".to_owned()]];
        let expected = "| who  | µs/message |\n|------|-----------:|\n| axum |        7.5 |\n| it   |          – |\n";
        assert_eq!(table(&["who", "µs/message"], &rows), expected);
    }

    #[test]
    fn numbers_have_three_significant_digits() {
        let cases = [(0.3456, "0.346"), (4.876, "4.88"), (43.21, "43.2"), (375.4, "375"), (-2.0, "-2.00")];
        for (value, text) in cases {
            assert_eq!(number(value), text);
        }
        assert_eq!([number(1234.5), number(999_999.6), number(-123_456.0)], ["1,234", "1,000,000", "-123,456"]);
    }
}
