//! Single pieces of the site inside pages of other sites: which sites may show them, and how they find them.
//!
//! | module | what it does |
//! |---|---|
//! | `oembed` | `/oembed`: the HTML that embeds a URL of this site |
//! | `opaque` | answers pages that are embedded without an origin |

pub(crate) mod oembed;
pub(crate) mod opaque;

use crate::host_name::HostName;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;
use url::Url;

/// An origin whose pages may embed pieces of this site: `https://lms.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedOrigin(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "expected the origin of a site, such as https://lms.example: a scheme, a host without *, a port if it is not the usual one, and nothing after it"
)]
pub struct EmbedOriginError;

impl FromStr for EmbedOrigin {
    type Err = EmbedOriginError;

    fn from_str(text: &str) -> Result<Self, EmbedOriginError> {
        let url = Url::parse(text).map_err(|_| EmbedOriginError)?;
        let is_host = url.host_str().is_some_and(|host| host.parse::<HostName>().is_ok());
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if !matches!(url.scheme(), "http" | "https") || !is_host || has_more || has_user {
            return Err(EmbedOriginError);
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

/// As in a Content-Security-Policy.
impl fmt::Display for EmbedOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The origins with a space between them.
pub(crate) fn list(origins: &[EmbedOrigin]) -> String {
    origins.iter().map(EmbedOrigin::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_read_as_browsers_write_it() {
        for (text, expect) in [
            ("https://lms.example", "https://lms.example"),
            ("https://LMS.example:443/", "https://lms.example"),
            ("http://localhost:8000", "http://localhost:8000"),
            ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        ] {
            assert_eq!(text.parse::<EmbedOrigin>().map(|origin| origin.to_string()).as_deref(), Ok(expect));
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for wrong in [
            "",
            "*",
            "lms.example",
            "https://*.lms.example",
            "https://lms.example/course",
            "https://lms.example?a",
            "https://a@lms.example",
            "https://a;b",
            "https://a'b",
            "ftp://lms.example",
            "null",
            "https:",
        ] {
            assert_eq!(wrong.parse::<EmbedOrigin>(), Err(EmbedOriginError), "{wrong}");
        }
    }
}
