//! The path below which the relay has all of its URLs, for a host that serves other things too.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The most characters of a base path.
const MAX_LENGTH: usize = 200;

/// `/`, or a path such as `/framescope/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath {
    /// Without the slash at the end: empty for the whole host.
    prefix: String,
}

/// Why a text is not a base path. The message says what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BasePathError {
    #[error("a base path begins with a slash, such as /framescope; it is a path, not a whole URL")]
    NoSlash,
    #[error("a base path has no query and no fragment; remove the ? or # and everything after it")]
    Query,
    #[error("`.` and `..` are not allowed in a base path, because clients remove them; write the path that remains")]
    Dots,
    #[error("a base path has only one slash between two names, such as /tools/framescope")]
    Empty,
    #[error("`{0}` is not allowed in a base path; use letters, digits, `-`, `_`, `.` and `~`")]
    Character(char),
    #[error("a base path has at most {MAX_LENGTH} characters")]
    TooLong,
}

impl FromStr for BasePath {
    type Err = BasePathError;

    fn from_str(text: &str) -> Result<Self, BasePathError> {
        let names = text.strip_prefix('/').ok_or(BasePathError::NoSlash)?;
        if text.len() > MAX_LENGTH {
            return Err(BasePathError::TooLong);
        }
        if text.contains(['?', '#']) {
            return Err(BasePathError::Query);
        }
        let names = names.strip_suffix('/').unwrap_or(names);
        if names.is_empty() && text.len() <= 1 {
            return Ok(Self::default());
        }
        for name in names.split('/') {
            if name.is_empty() {
                return Err(BasePathError::Empty);
            }
            if matches!(name, "." | "..") {
                return Err(BasePathError::Dots);
            }
            // What every client and every proxy leaves as it is. RFC 3986 §2.3.
            if let Some(other) = name.chars().find(|char| !char.is_ascii_alphanumeric() && !"-_.~".contains(*char)) {
                return Err(BasePathError::Character(other));
            }
        }
        Ok(Self { prefix: format!("/{names}") })
    }
}

impl BasePath {
    /// Without the slash at the end: empty for the whole host.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    pub(crate) fn is_root(&self) -> bool {
        self.prefix.is_empty()
    }

    /// The URL of `path`, which begins with a slash: `/framescope/echo` for `/echo`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The rest of a URL's path, which begins with a slash; `None` if it is not below this path.
    pub(crate) fn strip<'p>(&self, path: &'p str) -> Option<&'p str> {
        path.strip_prefix(self.prefix.as_str()).filter(|rest| rest.starts_with('/'))
    }
}

/// With a slash at the end.
impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_changes_nothing() {
        for (text, expect) in [("/", "/"), ("/framescope", "/framescope/"), ("/a.b/~c_d-1/", "/a.b/~c_d-1/")] {
            assert_eq!(text.parse::<BasePath>().map(|base| base.to_string()).as_deref(), Ok(expect));
        }
    }

    #[test]
    fn what_is_no_base_path_is_refused_with_the_reason() {
        #[track_caller]
        fn check(text: &str, expect: BasePathError) {
            assert_eq!(text.parse::<BasePath>(), Err(expect), "{text}");
        }
        check("", BasePathError::NoSlash);
        check("framescope", BasePathError::NoSlash);
        check("https://lab.example/framescope", BasePathError::NoSlash);
        check("/a?b", BasePathError::Query);
        check("/a#b", BasePathError::Query);
        check("/a/../b", BasePathError::Dots);
        check("/./", BasePathError::Dots);
        check("//a", BasePathError::Empty);
        check("//", BasePathError::Empty);
        check("/a//", BasePathError::Empty);
        check("/a b", BasePathError::Character(' '));
        check("/%2e%2e", BasePathError::Character('%'));
        check("/\u{e4}", BasePathError::Character('\u{e4}'));
        check("/a\"b", BasePathError::Character('"'));
        check(&format!("/{}", "a".repeat(200)), BasePathError::TooLong);
    }

    #[test]
    fn only_what_is_below_it_belongs_to_it() {
        let base: BasePath = "/framescope".parse().unwrap();
        assert_eq!(base.url("/echo"), "/framescope/echo");
        assert_eq!(base.strip("/framescope/lab/x"), Some("/lab/x"));
        assert_eq!(base.strip("/framescope/"), Some("/"));
        for other in ["/framescope", "/framescopes/", "/", "/lab/x"] {
            assert_eq!(base.strip(other), None, "{other}");
        }
        assert_eq!(BasePath::default().strip("/lab/x"), Some("/lab/x"));
    }
}
