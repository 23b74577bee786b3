//! The head of a handshake as an observer has edited it. Values that are concealed from observers are put back where they were not
//! changed.

/// The head before it was edited.
pub(super) struct OriginalHead<'a> {
    pub(super) head: &'a [u8],
    /// The head as observers see it: with `*` for each byte of a credential.
    pub(super) recorded: &'a [u8],
}

/// An edited head, line by line.
#[derive(Debug)]
pub(super) struct EditedHead {
    pub(super) first: Vec<u8>,
    pub(super) headers: Vec<EditedHeader>,
}

#[derive(Debug)]
pub(super) struct EditedHeader {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
    /// Whether the original has the same header with the same value.
    pub(super) is_original: bool,
}

/// A line of the original: what it is, and what observers see of it.
struct Line<'a> {
    real: &'a [u8],
    shown: &'a [u8],
}

impl EditedHead {
    /// Reads what an observer has typed, with one character for each byte. `most` is the size of the largest head, in bytes.
    ///
    /// # Errors
    /// Why it is no head, and what to write instead. Without a capital letter at the start and without a full stop.
    pub(super) fn parse(typed: &str, original: &OriginalHead<'_>, most: usize) -> Result<Self, String> {
        if typed.len() > most {
            return Err(format!(
                "the head has {} bytes, and this relay takes at most {most} (--max-head); make it shorter",
                typed.len()
            ));
        }
        let typed = typed.replace("\r\n", "\n");
        let mut typed: Vec<_> = typed.split('\n').collect();
        while typed.last().is_some_and(|line| line.is_empty()) {
            typed.pop();
        }
        let Some((&first, typed)) = typed.split_first() else {
            return Err("the head is empty; write its first line, and a header in each line after it".to_owned());
        };
        let mut lines = original.lines();
        let Line { real, shown } = lines.next().unwrap_or(Line { real: b"", shown: b"" });
        let bytes = bytes_of(first, 1)?;
        let first = if bytes == shown { real.to_vec() } else { ascii(bytes, 1)? };
        let mut left: Vec<_> = lines.collect();
        let mut headers = Vec::new();
        for (index, line) in typed.iter().enumerate() {
            headers.push(header(line, index + 2, &mut left)?);
        }
        Ok(Self { first, headers })
    }

    /// The values of the headers with that name, joined into one list. Empty if there are none.
    pub(super) fn list(&self, name: &str) -> String {
        let all = self.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        all.map(|header| String::from_utf8_lossy(&header.value)).collect::<Vec<_>>().join(", ")
    }

    /// The text, with its empty line.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut text = self.first.clone();
        text.extend_from_slice(b"\r\n");
        for EditedHeader { name, value, .. } in &self.headers {
            text.extend_from_slice(name.as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"\r\n");
        text
    }
}

impl<'a> OriginalHead<'a> {
    /// The lines up to the empty one.
    fn lines(&self) -> impl Iterator<Item = Line<'a>> + use<'a> {
        let split =
            |head: &'a [u8]| head.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        // Concealing keeps every byte in its place, so both have the same lines.
        let lines = split(self.head).zip(split(self.recorded)).map(|(real, shown)| Line { real, shown });
        lines.take_while(|line| !line.real.is_empty())
    }
}

/// A header from a line that was typed. If it is one of the original that is `left`, it takes its place and its real value.
fn header(line: &str, number: usize, left: &mut Vec<Line<'_>>) -> Result<EditedHeader, String> {
    let line = bytes_of(line, number)?;
    let Some((name, value)) = parts(&line) else {
        return Err(format!("line {number} is not a header; each line after the first is `Name: value`"));
    };
    let is_it = |line: &Line<'_>| {
        parts(line.shown).is_some_and(|(other, shown)| other.eq_ignore_ascii_case(name) && shown == value)
    };
    let original = left.iter().position(is_it).map(|at| left.remove(at));
    let (value, is_original) = match original.as_ref().and_then(|line| parts(line.real)) {
        Some((_, real)) => (real.to_vec(), true),
        None => (ascii(value.to_vec(), number)?, false),
    };
    // `parts` has checked that it is a token.
    Ok(EditedHeader { name: String::from_utf8_lossy(name).into_owned(), value, is_original })
}

/// The name and the value of a header; `None` if the name is not a token. RFC 9110 §5.1.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_token = !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(b));
    is_token.then(|| (name, value.trim_ascii()))
}

fn bytes_of(line: &str, number: usize) -> Result<Vec<u8>, String> {
    let byte = |c: char| u8::try_from(u32::from(c)).map_err(|_| unprintable(number));
    line.chars().map(byte).collect()
}

/// What is new in a head is printable ASCII. So no line can become two.
fn ascii(bytes: Vec<u8>, number: usize) -> Result<Vec<u8>, String> {
    let is_printable = bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
    if is_printable { Ok(bytes) } else { Err(unprintable(number)) }
}

fn unprintable(number: usize) -> String {
    format!("line {number} has a character that is not printable ASCII; remove it, or escape it if it is in a URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &[u8] = b"GET /a HTTP/1.1\r\nHost: b\r\nCookie: s=abc\r\nCookie: t=def\r\nX: \xe9\r\n\r\n";
    const RECORDED: &[u8] = b"GET /a HTTP/1.1\r\nHost: b\r\nCookie: s=***\r\nCookie: t=***\r\nX: \xe9\r\n\r\n";

    fn parse(typed: &str) -> Result<EditedHead, String> {
        EditedHead::parse(typed, &OriginalHead { head: HEAD, recorded: RECORDED }, 200)
    }

    #[test]
    fn what_is_not_changed_keeps_its_real_value_wherever_it_is() {
        #[track_caller]
        fn check(typed: &str, expect: &[u8]) {
            assert_eq!(parse(typed).unwrap().bytes().escape_ascii().to_string(), expect.escape_ascii().to_string());
        }
        let same = String::from_utf8_lossy(RECORDED).replace('\u{fffd}', "\u{e9}");
        check(&same, HEAD);
        check(
            "GET /a HTTP/1.1\ncookie:t=***\nX:  \u{e9} \nCookie: s=***",
            b"GET /a HTTP/1.1\r\ncookie: t=def\r\nX: \xe9\r\nCookie: s=abc\r\n\r\n",
        );
        // Each value is put back once, and only under its name. What was changed goes on as it was typed.
        check(
            "GET /b HTTP/1.1\nCookie: s=***\nCookie: s=***\nX: s=***\nCookie: t=**",
            b"GET /b HTTP/1.1\r\nCookie: s=abc\r\nCookie: s=***\r\nX: s=***\r\nCookie: t=**\r\n\r\n",
        );
    }

    #[test]
    fn what_is_no_head_says_which_line() {
        #[track_caller]
        fn check(typed: &str, says: &str) {
            let error = parse(typed).unwrap_err();
            assert!(error.contains(says), "{typed}: {error}");
        }
        check("", "is empty");
        check("\r\n\r\n", "is empty");
        check("GET /a HTTP/1.1\nHost", "line 2 is not a header");
        check("GET /a HTTP/1.1\n\nHost: b", "line 2 is not a header");
        check("GET /a HTTP/1.1\nHost: b\nno name: c", "line 3 is not a header");
        check("GET /a HTTP/1.1\nHost: b\rX: c", "line 2 has a character");
        check("GET /\u{e9} HTTP/1.1", "line 1 has a character");
        check("GET /a HTTP/1.1\nX: \u{e9}\u{e9}", "line 2 has a character");
        check("GET /a HTTP/1.1\nX: \u{20ac}", "line 2 has a character");
        check(&"x".repeat(201), "at most 200");
    }
}
