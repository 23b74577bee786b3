//! Regular expressions from visitors. The crate `regex` takes time linear in the text for any pattern. The limits here also bound the
//! factor, because one message must not keep others waiting.

use regex::{Regex, RegexBuilder};

/// The longest pattern, in bytes.
const MAX_PATTERN: usize = 250;
/// The largest compiled pattern, in bytes.
const MAX_COMPILED: usize = 64 << 10;
/// What a pattern caches while it searches, in bytes.
const MAX_CACHE: usize = 64 << 10;
/// About the most memory that a pattern takes, in bytes.
pub(crate) const MOST_BYTES: usize = MAX_COMPILED + 2 * MAX_CACHE;
/// The largest content in which a pattern is looked for, in bytes.
pub(crate) const MAX_SEARCHED: usize = 64 << 10;

/// # Errors
/// Why the pattern is refused.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN {
        let bytes = pattern.len();
        return Err(format!("a regular expression has at most {MAX_PATTERN} bytes, and this one has {bytes}"));
    }
    let built = RegexBuilder::new(pattern).size_limit(MAX_COMPILED).dfa_size_limit(MAX_CACHE).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => format!(
            "the regular expression `{pattern}` is too large; use smaller repetitions, and `[0-9]` or `[a-z]` for `\\d` or `\\w`"
        ),
        // The last line says what is wrong; those before it draw where.
        error => {
            let text = error.to_string();
            let why = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("the regular expression `{pattern}` is invalid: {why}")
        }
    })
}

/// The content as text that a pattern may search; `None` if it is too large or not UTF-8.
pub(crate) fn searched(content: &[u8]) -> Option<&str> {
    (content.len() <= MAX_SEARCHED).then(|| std::str::from_utf8(content).ok()).flatten()
}
