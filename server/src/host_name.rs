//! A host name or address in a flag or a header.

use std::str::FromStr;
use thiserror::Error;
use url::Host;

/// A host name or address, as a browser writes it in `Host`, without a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostName(Host);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected a host name or address without scheme and port, such as lab.example")]
pub struct HostNameError;

impl FromStr for HostName {
    type Err = HostNameError;

    fn from_str(text: &str) -> Result<Self, HostNameError> {
        let bracketed = text.parse::<std::net::Ipv6Addr>().map(|address| format!("[{address}]"));
        let host = without_dot(Host::parse(bracketed.as_deref().unwrap_or(text)).map_err(|_| HostNameError)?);
        match &host {
            Host::Domain(domain) if !is_host_name(domain) => Err(HostNameError),
            _ => Ok(Self(host)),
        }
    }
}

impl HostName {
    pub(crate) fn host(&self) -> &Host {
        &self.0
    }
}

/// A URL allows more characters in a domain, but no host has such a name.
fn is_host_name(domain: &str) -> bool {
    domain.split('.').all(|label| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// A full name may end with a dot.
fn without_dot(host: Host) -> Host {
    match host {
        Host::Domain(domain) => Host::Domain(domain.strip_suffix('.').map(str::to_owned).unwrap_or(domain)),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_host_alone_is_refused() {
        for wrong in ["http://a", "a:80", "a/b", "", "*.example"] {
            assert_eq!(wrong.parse::<HostName>(), Err(HostNameError), "{wrong}");
        }
    }
}
