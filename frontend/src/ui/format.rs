//! Numbers and bytes for people to read.

/// `1204567` → `1,204,567`
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Microseconds as milliseconds with one decimal: `1,204.6`
pub fn milliseconds(us: u64) -> String {
    tenths(us, 1_000)
}

/// `n` in units of `unit`, rounded to one decimal.
fn tenths(n: u64, unit: u64) -> String {
    let tenths = (n.saturating_mul(10).saturating_add(unit / 2)) / unit;
    format!("{}.{}", count(tenths / 10), tenths % 10)
}

/// `24,118 B`
pub fn bytes(n: u64) -> String {
    format!("{} B", count(n))
}

/// A rounded size: `812 B`, `23.6 KB`, `1.4 MB`
pub fn size(n: u64) -> String {
    match n {
        0..=9_999 => bytes(n),
        10_000..=999_999 => format!("{} KB", tenths(n, 1_000)),
        _ => format!("{} MB", tenths(n, 1_000_000)),
    }
}

/// `1 frame`, `3 frames`
pub fn plural(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", count(n)) }
}

/// `45 min`, `2 h`, `2 h 10 min`
pub fn duration(minutes: u64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, rest) => format!("{hours} h {rest} min"),
    }
}

/// `81 85 37 fa`
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ")
}

/// The start of a text on one line: at most `limit` characters, with control characters as symbols.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line: String = text.chars().take(limit).map(visible).collect();
    if text.chars().nth(limit).is_some() {
        line.push('…');
    }
    line
}

/// A text as a string literal: in quotes, with quotes and backslashes escaped.
pub fn quoted(text: &str, limit: usize) -> String {
    format!("\"{}\"", one_line(&text.replace('\\', "\\\\").replace('"', "\\\""), limit))
}

/// A byte as a character if it is printable ASCII, otherwise a middle dot.
pub fn ascii(byte: u8) -> char {
    if (0x20..0x7F).contains(&byte) { char::from(byte) } else { '·' }
}

/// A visible character: control characters become the symbols from U+2400.
fn visible(c: char) -> char {
    match c {
        '\0'..='\x1F' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('·'),
        '\x7F' => '␡',
        // C1 controls, and marks that change the reading direction.
        '\u{80}'..='\u{9F}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '\u{FFFD}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1_000), "1,000");
        assert_eq!(count(1_204_567), "1,204,567");
        assert_eq!(milliseconds(1_204_567), "1,204.6");
        assert_eq!(milliseconds(49), "0.0");
        assert_eq!(milliseconds(950), "1.0");
        assert_eq!(size(9_999), "9,999 B");
        assert_eq!(size(23_649), "23.6 KB");
        assert_eq!(size(1_450_000), "1.5 MB");
    }

    #[test]
    fn minutes_become_hours() {
        assert_eq!(duration(0), "0 min");
        assert_eq!(duration(59), "59 min");
        assert_eq!(duration(120), "2 h");
        assert_eq!(duration(130), "2 h 10 min");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(one_line("a\nb\tc", 10), "a␊b␉c");
        assert_eq!(one_line("häßlich", 3), "häß…");
        assert_eq!(one_line("abc", 3), "abc");
        assert_eq!(one_line("a\u{202E}b\u{85}", 9), "a\u{FFFD}b\u{FFFD}");
        assert_eq!(quoted(r#"{"a":"\"}"#, 20), r#""{\"a\":\"\\\"}""#);
    }
}
