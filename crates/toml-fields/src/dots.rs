//! The limit on dots in the keys of TOML.

/// The most dots in one key. Each dot nests a table, and deep nesting could overflow the stack.
pub(crate) const MAX_DOTS: usize = 20;

/// The offset of a key with too many parts, or of text that looks like one.
pub(crate) fn too_many_dots(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut dots, mut after_dot) = (0, 0, false);
    while let Some(&byte) = bytes.get(at) {
        let part = match byte {
            b'"' | b'\'' => quoted(&bytes[at..]),
            byte if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) => 1,
            _ => 0,
        };
        match byte {
            _ if part > 0 => {
                let goes_on = after_dot || at.checked_sub(1).is_some_and(|before| !b" \t".contains(&bytes[before]));
                dots = if goes_on { dots } else { 0 };
                after_dot = false;
            }
            b'.' if after_dot => dots = 0,
            b'.' => (dots, after_dot) = (dots + 1, true),
            b' ' | b'\t' => {}
            _ => (dots, after_dot) = (0, false),
        }
        if dots > MAX_DOTS {
            return Some(at);
        }
        at += part.max(1);
    }
    None
}

/// The length of the quoted string at the start of `bytes`; 0 if it does not end in the same line.
fn quoted(bytes: &[u8]) -> usize {
    let mut escaped = false;
    for (at, &byte) in bytes.iter().enumerate().skip(1) {
        match byte {
            b'\n' => return 0,
            _ if escaped => escaped = false,
            b'\\' if bytes[0] == b'"' => escaped = true,
            _ if byte == bytes[0] => return at + 1,
            _ => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_bound_and_prose_has_none() {
        let key = |part: &str, parts| [part].repeat(parts).join(".");
        for (text, deep) in [
            (format!("{} = 1", key("a", 21)), false),
            (format!("{} = 1", key("a", 22)), true),
            (format!("b = {{ {} = 1 }}", key("a", 22)), true),
            (format!("[{}]", key(" \"a=b\" ", 22)), true),
            (format!("{} = 1", key("'x'", 120_000)), true),
            (format!("b = \"\"\"\n{}\n\"\"\"", "Don't. Do this. ".repeat(50)), false),
            (format!("b = \"{}\"", "a.b.c ".repeat(50)), false),
            (".".repeat(100), false),
        ] {
            assert_eq!(too_many_dots(&text).is_some(), deep, "{}", &text[..text.len().min(80)]);
        }
    }
}
