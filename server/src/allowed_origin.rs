//! The origins of other sites in `--allow-origin`.

use axum::http::HeaderValue;
use std::str::FromStr;
use url::{Origin, Url};

/// What a browser sends for a page with an opaque origin.
pub(crate) const OPAQUE: HeaderValue = HeaderValue::from_static("null");

/// The origin of another site whose pages may use the API and observe sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigin(HeaderValue);

impl FromStr for AllowedOrigin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "expected a scheme and a host, with a port if it is unusual, such as https://lms.example, or null"
                .to_owned()
        };
        if text == "null" {
            return Ok(Self(OPAQUE));
        }
        let url = Url::parse(text).map_err(|_| wrong())?;
        let is_bare =
            url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        match url.origin() {
            origin @ Origin::Tuple(..) if is_bare && matches!(url.scheme(), "http" | "https") => {
                HeaderValue::from_str(&origin.ascii_serialization()).map(Self).map_err(|_| wrong())
            }
            _ => Err(wrong()),
        }
    }
}

impl AllowedOrigin {
    /// The value of the header.
    pub(crate) fn value(&self) -> &HeaderValue {
        &self.0
    }
}
