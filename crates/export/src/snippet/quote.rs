//! Quotes texts as literals, so that user input cannot become code.
//!
//! Visible characters stay as they are. Characters that control a terminal or an editor, or that change the direction of text,
//! are escaped, so a snippet is what it looks like.

use std::fmt::Write;

/// A JavaScript string. It is also safe between `<script>` and `</script>`.
pub(super) fn javascript(text: &str) -> String {
    literal(text, |c, out| match c {
        // Otherwise the text could end the element or start a comment.
        '<' => out.push_str("\\x3C"),
        c => drop(write!(out, "\\u{{{:X}}}", u32::from(c))),
    })
}

/// A Python 3 `str`.
pub(super) fn python(text: &str) -> String {
    literal(text, |c, out| match u32::from(c) {
        _ if c == '<' => out.push(c),
        code @ ..=0xFF => drop(write!(out, "\\x{code:02x}")),
        code @ ..=0xFFFF => drop(write!(out, "\\u{code:04x}")),
        code => drop(write!(out, "\\U{code:08x}")),
    })
}

/// A Rust `&str`.
pub(super) fn rust(text: &str) -> String {
    literal(text, |c, out| match c {
        '<' => out.push(c),
        c => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
    })
}

/// A POSIX shell word. Hidden characters are not escaped.
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A POSIX shell command that prints exactly this text.
pub(super) fn printf(text: &str) -> String {
    if !text.chars().any(is_hidden) {
        return format!("printf %s {}", shell(text));
    }
    // As the format of `printf`, which can express every byte.
    let mut format = String::new();
    for c in text.chars() {
        match c {
            '\n' => format.push_str("\\n"),
            '\\' => format.push_str("\\\\"),
            '%' => format.push_str("%%"),
            // A leading `-` would start an option.
            '-' if format.is_empty() => format.push_str("\\055"),
            c if is_hidden(c) => {
                let bytes = c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect::<String>();
                format.push_str(&bytes);
            }
            c => format.push(c),
        }
    }
    format!("printf {}", shell(&format))
}

/// A string in double quotes, with the escapes that the three languages share. `other` writes all other escapes.
fn literal(text: &str, other: impl Fn(char, &mut String)) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '<' => other(c, &mut out),
            c if is_hidden(c) => other(c, &mut out),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a character is invisible, according to Rust's `escape_debug`.
fn is_hidden(c: char) -> bool {
    !matches!(c, '"' | '\'' | '\\') && c.escape_debug().len() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals() {
        #[track_caller]
        fn check(text: &str, expect: [&str; 4]) {
            assert_eq!([javascript(text), python(text), rust(text), shell(text)], expect);
        }
        check("", ["\"\"", "\"\"", "\"\"", "''"]);
        check("Hello", ["\"Hello\"", "\"Hello\"", "\"Hello\"", "'Hello'"]);
        check("it's", ["\"it's\"", "\"it's\"", "\"it's\"", r"'it'\''s'"]);
        check(r#""\"#, [r#""\"\\""#, r#""\"\\""#, r#""\"\\""#, r#"'"\'"#]);
        check("a\nb\r\t", [r#""a\nb\r\t""#, r#""a\nb\r\t""#, r#""a\nb\r\t""#, "'a\nb\r\t'"]);
        check("Grüße, 世界 🦀", ["\"Grüße, 世界 🦀\"", "\"Grüße, 世界 🦀\"", "\"Grüße, 世界 🦀\"", "'Grüße, 世界 🦀'"]);
        check("</script>", [r#""\x3C/script>""#, "\"</script>\"", "\"</script>\"", "'</script>'"]);
        let metacharacters = "${x} `id` $(id) {y} *;&|";
        let double = format!("\"{metacharacters}\"");
        check(metacharacters, [&double, &double, &double, &format!("'{metacharacters}'")]);
        let hidden = "\u{1b}\u{7f}\u{202e}\u{e0001}";
        check(
            hidden,
            [
                r#""\u{1B}\u{7F}\u{202E}\u{E0001}""#,
                r#""\x1b\x7f\u202e\U000e0001""#,
                r#""\u{1b}\u{7f}\u{202e}\u{e0001}""#,
                &format!("'{hidden}'"),
            ],
        );
    }

    #[test]
    fn commands_that_print() {
        #[track_caller]
        fn check(text: &str, expect: &str) {
            assert_eq!(printf(text), expect);
            // The same in a shell.
            #[cfg(unix)]
            {
                let output = std::process::Command::new("sh").args(["-c", expect]).output().unwrap();
                assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
            }
        }
        check("Hello", "printf %s 'Hello'");
        check("", "printf %s ''");
        check("-n it's 5 %d", r"printf %s '-n it'\''s 5 %d'");
        check("a\nb", r"printf 'a\nb'");
        check("-%\\'\t", r"printf '\055%%\\'\''\011'");
        check("\u{202e}\u{1b}1\0", r"printf '\342\200\256\0331\000'");
        check("Grüße, 世界 🦀\r", r"printf 'Grüße, 世界 🦀\015'");
    }
}
