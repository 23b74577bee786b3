//! What the relay will send, checked before the page asks for it.

use crate::lab::draft::hex;
use observation::Command;
use observation::command::CloseWith;
use wire::close::MAX_REASON;

/// The longest payload of a control frame, in bytes. RFC 6455 §5.5.
const MAX_CONTROL: usize = 125;

/// The payload of a ping or pong.
///
/// # Errors
/// When a control frame does not hold it.
pub fn control(text: &str) -> Result<Vec<u8>, String> {
    match text.len() {
        0..=MAX_CONTROL => Ok(text.as_bytes().to_vec()),
        bytes => Err(format!(
            "A control frame carries at most {MAX_CONTROL} bytes, but this one has {bytes}. To send it anyway, use Frame."
        )),
    }
}

/// A close frame with any code. The relay is not limited to the codes that a page may send.
///
/// # Errors
/// When it does not fit a close frame.
pub fn close(code: &str, reason: &str) -> Result<Command, String> {
    let code = match code.trim() {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| "A close code must be a number from 0 to 65535. Leave it empty to send no code.")?,
        ),
    };
    if !reason.is_empty() && code.is_none() {
        return Err("A reason needs a code before it. Add a code, such as 1000.".into());
    }
    if reason.len() > MAX_REASON {
        let bytes = reason.len();
        return Err(format!("The reason is {bytes} bytes long in UTF-8; the limit is {MAX_REASON}. Shorten it."));
    }
    Ok(Command::Close(CloseWith { code, reason: reason.to_owned() }))
}

/// Raw bytes, which need not be a frame.
///
/// # Errors
/// When there are none, or they cannot be read.
pub fn raw(text: &str) -> Result<Command, String> {
    match hex(text)? {
        bytes if bytes.is_empty() => Err("Type at least one byte, such as 81 02 68 69.".into()),
        bytes => Ok(Command::Raw(bytes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_frames_may_have_any_code() {
        let with = |code, reason: &str| Ok(Command::Close(CloseWith { code, reason: reason.into() }));
        assert_eq!(close("1005", ""), with(Some(1005), ""));
        assert_eq!(close(" 0 ", "why"), with(Some(0), "why"));
        assert_eq!(close("", ""), with(None, ""));
        assert!(close("", "why").is_err());
        assert!(close("70000", "").is_err());
        assert!(close("1000", &"é".repeat(62)).is_err_and(|said| said.contains("124 bytes")));
    }

    #[test]
    fn pings_are_short_and_raw_bytes_are_some() {
        assert_eq!(control("hi"), Ok(b"hi".to_vec()));
        assert!(control(&"x".repeat(126)).is_err_and(|said| said.contains("126")));
        assert_eq!(raw("81 7e"), Ok(Command::Raw(vec![0x81, 0x7E])));
        assert!(raw(" ").is_err());
    }
}
