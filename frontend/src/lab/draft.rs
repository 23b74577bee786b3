//! A message before it is sent: checks of its parts, and its bytes on the wire.

use crate::ui::format;
use wire::close::{CloseCode, MAX_REASON};
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// Reads pairs of hex digits. Spaces, line breaks, commas and `0x` between them are ignored.
///
/// # Errors
/// Which character, counted from 1, is not a hex digit, or that a digit is missing.
pub fn hex(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut high = None;
    let mut rest = text.char_indices().enumerate().peekable();
    while let Some((column, (at, c))) = rest.next() {
        if c == '0' && high.is_none() && text[at + 1..].starts_with(['x', 'X']) {
            rest.next();
            continue;
        }
        if c.is_whitespace() || c == ',' {
            continue;
        }
        let Some(digit) = c.to_digit(16) else {
            return Err(format!(
                "Character {} is “{c}”, which is not a hex digit. Write bytes as 48 65 6c 6c 6f.",
                column + 1
            ));
        };
        match high.take() {
            None => high = Some(digit),
            Some(high) => bytes.push((high << 4 | digit) as u8),
        }
    }
    match high {
        None => Ok(bytes),
        Some(_) => Err("The last byte has only one hex digit. A byte needs two.".into()),
    }
}

/// Reads a close code that a browser may send; empty for none.
///
/// # Errors
/// Why the browser would throw, and which codes it accepts.
pub fn close_code(text: &str) -> Result<Option<u16>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let wrong = || "A page can close only with 1000 or a code from 3000 to 4999.".to_owned();
    let code: u16 = text.parse().map_err(|_| wrong())?;
    if CloseCode(code).browser_may_send() {
        return Ok(Some(code));
    }
    let meaning = CloseCode(code).meaning();
    Err(format!("A page cannot send {code} ({meaning}). Use 1000 or a code from 3000 to 4999."))
}

/// Checks a close reason.
///
/// # Errors
/// If it is too long for a close frame, or has no code before it.
pub fn close_reason(reason: &str, code: Option<u16>) -> Result<(), String> {
    let bytes = reason.len();
    if bytes > MAX_REASON {
        return Err(format!("The reason is {bytes} bytes long in UTF-8; the limit is {MAX_REASON}. Shorten it."));
    }
    if !reason.is_empty() && code.is_none() {
        return Err("A reason needs a code before it. Add a code, such as 1000.".into());
    }
    Ok(())
}

/// The first bytes of the frame that a browser makes of a payload, up to the masking key, which only the browser knows.
pub fn preview(opcode: Opcode, payload: usize) -> String {
    let mut header = FrameHeader::unmasked(true, opcode, payload as u64);
    header.masking_key = Some(MaskingKey([0; 4]));
    let bytes = header.encode();
    format::hex(&bytes[..bytes.len() - 4])
}

/// The first byte of the frame of a compressed message. The length after it depends on deflate.
pub fn compressed_preview(opcode: Opcode) -> String {
    let mut header = FrameHeader::unmasked(true, opcode, 0);
    header.rsv.rsv1 = true;
    format::hex(&header.encode()[..1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_leniently_and_refused_precisely() {
        assert_eq!(hex("48 65,6c\n6C 6f"), Ok(b"Hello".to_vec()));
        assert_eq!(hex("0x48 0x65"), Ok(b"He".to_vec()));
        assert_eq!(hex("00ff"), Ok(vec![0x00, 0xFF]));
        assert_eq!(hex(""), Ok(vec![]));
        assert!(hex("48 6g").is_err_and(|said| said.contains("Character 5 is “g”")));
        assert!(hex("é8").is_err_and(|said| said.contains("Character 1 is “é”")));
        assert!(hex("48 6").is_err_and(|said| said.contains("only one hex digit")));
    }

    #[test]
    fn close_codes_are_those_a_browser_takes() {
        assert_eq!(close_code(""), Ok(None));
        assert_eq!(close_code(" 1000 "), Ok(Some(1000)));
        assert_eq!(close_code("3000"), Ok(Some(3000)));
        assert_eq!(close_code("4999"), Ok(Some(4999)));
        for refused in ["999", "1001", "1005", "2999", "5000", "70000", "x"] {
            assert!(close_code(refused).is_err(), "{refused}");
        }
        assert!(close_code("1001").is_err_and(|said| said.contains("going away")));
    }

    #[test]
    fn reasons_are_counted_in_bytes() {
        assert_eq!(close_reason(&"a".repeat(123), Some(1000)), Ok(()));
        assert!(close_reason(&"a".repeat(124), Some(1000)).is_err());
        assert!(close_reason(&"é".repeat(62), Some(1000)).is_err_and(|said| said.contains("124 bytes")));
        assert!(close_reason("bye", None).is_err());
    }

    #[test]
    fn the_preview_is_what_a_browser_sends() {
        assert_eq!(preview(Opcode::Text, 5), "81 85");
        assert_eq!(preview(Opcode::Binary, 126), "82 fe 00 7e");
        assert_eq!(compressed_preview(Opcode::Text), "c1");
        assert_eq!(preview(Opcode::Binary, 65_536), "82 ff 00 00 00 00 00 01 00 00");
    }
}
