//! The URLs at which visitors reach the page, where they differ from the addresses that the relay listens on.

use crate::base_path::BasePath;
use crate::host_name::HostName;
use observation::Scheme;
use std::str::FromStr;
use thiserror::Error;
use url::Url;

/// A URL at which visitors reach the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: Scheme,
    host: HostName,
    port: u16,
    /// Without the slash at the end: empty for the whole host.
    path: String,
}

/// Why a value is no `--public-url`. The message says what to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PublicUrlError {
    #[error("expected a URL of the page, such as https://lab.example or http://lab.example:8080")]
    NoUrl,
    #[error(
        "expected the URL of the page, which starts with https:// or http://; the page finds the wss:// and ws:// URLs itself"
    )]
    Scheme,
    #[error("a public URL has no user name and no password; visitors type it as it is")]
    Credentials,
    #[error("a public URL has no query and no fragment; remove the ? or # and everything after it")]
    More,
}

/// Why public URLs do not fit together. The message says what to change.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PublicUrlsError {
    #[error(
        "--public-url is given twice for {0}; give at most one URL that starts with http:// and one that starts with https://"
    )]
    Twice(&'static str),
    #[error("the public URLs have different hosts, but the page uses one host for both; give both URLs the same host")]
    Hosts,
    #[error(
        "a --public-url has the path {given}/, but all URLs of this relay are below {base}/ (--base-path); give both the same path"
    )]
    Path { given: String, base: String },
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|_| PublicUrlError::NoUrl)?;
        let scheme = match url.scheme() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            "ws" | "wss" => return Err(PublicUrlError::Scheme),
            _ => return Err(PublicUrlError::NoUrl),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(PublicUrlError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(PublicUrlError::More);
        }
        let host = url.host_str().and_then(|host| host.parse().ok()).ok_or(PublicUrlError::NoUrl)?;
        let port = url.port_or_known_default().ok_or(PublicUrlError::NoUrl)?;
        let path = url.path().strip_suffix('/').unwrap_or(url.path()).to_owned();
        Ok(Self { scheme, host, port, path })
    }
}

impl PublicUrl {
    pub(crate) fn host(&self) -> &HostName {
        &self.host
    }

    /// Whether a page with that origin was loaded from this URL.
    pub(crate) fn is_origin(&self, origin: &Url) -> bool {
        let scheme = if self.scheme == Scheme::Https { "https" } else { "http" };
        let host = origin.host_str().and_then(|host| host.parse::<HostName>().ok());
        origin.scheme() == scheme
            && origin.port_or_known_default() == Some(self.port)
            && host.as_ref() == Some(&self.host)
    }
}

/// The port of the URL with that scheme.
pub(crate) fn port(urls: &[PublicUrl], scheme: Scheme) -> Option<u16> {
    urls.iter().find(|url| url.scheme == scheme).map(|url| url.port)
}

/// Checks that the URLs fit together, and to the path below which the relay has its URLs. They may leave that path out.
pub(crate) fn check(urls: &[PublicUrl], base: &BasePath) -> Result<(), PublicUrlsError> {
    for (scheme, name) in [(Scheme::Http, "http"), (Scheme::Https, "https")] {
        if urls.iter().filter(|url| url.scheme == scheme).count() > 1 {
            return Err(PublicUrlsError::Twice(name));
        }
    }
    if let Some(url) = urls.iter().find(|url| !url.path.is_empty() && url.path != base.prefix()) {
        return Err(PublicUrlsError::Path { given: url.path.clone(), base: base.prefix().to_owned() });
    }
    if urls.windows(2).any(|pair| pair[0].host != pair[1].host) { Err(PublicUrlsError::Hosts) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(texts: &[&str]) -> Vec<PublicUrl> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_scheme_a_host_and_a_port_are_read() {
        let urls = parse(&["https://Lab.example", "http://lab.example:8080/"]);
        assert_eq!((port(&urls, Scheme::Https), port(&urls, Scheme::Http)), (Some(443), Some(8080)));
        assert_eq!(port(&urls[1..], Scheme::Https), None);
        assert_eq!(check(&urls, &BasePath::default()), Ok(()));
        let of = |origin: &str| urls.iter().any(|url| url.is_origin(&Url::parse(origin).unwrap()));
        assert!(of("https://lab.example") && of("https://LAB.example:443") && of("http://lab.example:8080"));
        assert!(!of("https://lab.example:8443") && !of("http://lab.example") && !of("https://other.example"));
        assert_eq!(port(&parse(&["https://[2001:db8::1]:8443"]), Scheme::Https), Some(8443));
    }

    #[test]
    fn what_is_no_public_url_is_refused() {
        use PublicUrlError::{Credentials, More, NoUrl, Scheme};
        for (text, error) in [
            ("", NoUrl),
            ("lab.example", NoUrl),
            ("lab.example:8080", NoUrl),
            ("ftp://lab.example", NoUrl),
            ("https://", NoUrl),
            ("https://lab.example:99999", NoUrl),
            ("https://a,b", NoUrl),
            ("wss://lab.example", Scheme),
            ("https://user@lab.example", Credentials),
            ("https://lab.example/?a", More),
            ("https://lab.example#a", More),
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(error), "{text}");
        }
    }

    #[test]
    fn public_urls_have_one_host_and_two_schemes_at_most() {
        let (root, base) = (BasePath::default(), "/framescope".parse::<BasePath>().unwrap());
        let twice = check(&parse(&["https://lab.example", "https://lab.example:8443"]), &root);
        assert_eq!(twice, Err(PublicUrlsError::Twice("https")));
        assert_eq!(check(&parse(&["https://lab.example", "http://b.example"]), &root), Err(PublicUrlsError::Hosts));
        assert_eq!(check(&[], &root), Ok(()));
        let below = parse(&["https://lab.example/framescope/", "http://lab.example"]);
        assert_eq!(check(&below, &base), Ok(()));
        let error = check(&below, &root).unwrap_err().to_string();
        assert!(error.contains("the path /framescope/, but all URLs of this relay are below /"), "{error}");
    }
}
