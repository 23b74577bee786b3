//! Quotes payloads in messages for people: text in backticks, bytes in hex, long ones shortened.

use wire::opcode::Opcode;

/// How many characters of a text, and how many bytes of other content, are quoted.
const TEXT: usize = 200;
const BYTES: usize = 32;

/// A text in backticks, on one line.
#[must_use]
pub fn text(text: &str) -> String {
    let mut quoted: String = text.chars().take(TEXT).flat_map(visible).collect();
    if text.chars().nth(TEXT).is_some() {
        quoted += "…";
    }
    format!("`{quoted}`")
}

/// Text as [`text`] if it is UTF-8 without control characters, or else hex.
#[must_use]
pub fn bytes(content: &[u8]) -> String {
    let readable = std::str::from_utf8(content).ok().filter(|text| !text.chars().any(is_unreadable));
    match readable {
        Some(readable) => text(readable),
        None => hex(content),
    }
}

/// `0x0102…`
#[must_use]
pub fn hex(content: &[u8]) -> String {
    let more = if content.len() > BYTES { "…" } else { "" };
    format!("0x{}{more}", hex::encode(&content[..content.len().min(BYTES)]))
}

/// `1 byte`, `2 bytes`.
#[must_use]
pub fn size(bytes: usize) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// `text`, or `opcode 3` for a reserved one.
#[must_use]
pub fn opcode(opcode: Opcode) -> String {
    if opcode.is_reserved() { format!("opcode {}", opcode.nibble()) } else { opcode.name().to_owned() }
}

fn is_unreadable(character: char) -> bool {
    character.is_control() && !matches!(character, '\n' | '\r' | '\t')
}

/// Line ends and other control characters as escapes.
fn visible(character: char) -> impl Iterator<Item = char> {
    let escaped = character.is_control().then(|| character.escape_default());
    let itself = escaped.is_none().then_some(character);
    escaped.into_iter().flatten().chain(itself)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_quote_is_one_short_line() {
        assert_eq!(text("a\nb\u{1b}[1m"), "`a\\nb\\u{1b}[1m`");
        assert_eq!(text(&"ä".repeat(300)).chars().count(), 203);
        assert_eq!(bytes("é\n".as_bytes()), "`é\\n`");
        assert_eq!(bytes(&[0xff, 1]), "0xff01");
        assert_eq!(bytes(b"\0"), "0x00");
        assert_eq!(hex(&[7; 40]).len(), 2 + 64 + '…'.len_utf8());
        assert_eq!(opcode(Opcode::from_nibble(3)), "opcode 3");
    }
}
