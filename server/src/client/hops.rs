//! What the header fields of proxies say: hop by hop, and as much of it as the relay believes.

use super::trusted::{TrustedProxy, is_trusted};
use axum::http::uri::Authority;
use observation::Scheme;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// What one proxy says about the request that it received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Hop {
    /// Whose request it was. `None` if the proxy does not say.
    pub(super) client: Option<IpAddr>,
    pub(super) scheme: Option<Scheme>,
    pub(super) host: Option<String>,
}

/// Follows the hops from the relay to the client, as long as the proxy that wrote each one is trusted. `hops` are in the order of
/// the header, so the proxy that is connected to the relay wrote the last one; `from` is that proxy's address.
pub(super) fn follow(hops: &[Hop], from: IpAddr, trusted: &[TrustedProxy]) -> Hop {
    let mut believed = Hop { client: Some(from), ..Hop::default() };
    for hop in hops.iter().rev() {
        if !believed.client.is_some_and(|writer| is_trusted(trusted, writer)) {
            break;
        }
        let Hop { client, scheme, host } = hop.clone();
        // The closer a proxy is to the client, the better it knows what the client asked for.
        believed.scheme = scheme.or(believed.scheme);
        believed.host = host.or(believed.host);
        let Some(client) = client else { break };
        believed.client = Some(client);
    }
    believed
}

/// The hops in `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, each a list or a single value. A proxy appends to the
/// first, and often replaces the others, so these belong to the last hops, and their first value also to all hops before.
pub(super) fn of_x_forwarded(clients: &str, schemes: &str, hosts: &str) -> Vec<Hop> {
    let list = |text: &'_ str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned).collect()
    };
    let (clients, schemes, hosts) = (list(clients), list(schemes), list(hosts));
    let from_end = |values: &[String], distance: usize| -> Option<String> {
        let index = values.len().checked_sub(1)?.saturating_sub(distance);
        values.get(index).cloned()
    };
    let count = clients.len().max(usize::from(!schemes.is_empty() || !hosts.is_empty()));
    (0..count)
        .rev()
        .map(|distance| Hop {
            client: clients.len().checked_sub(distance + 1).and_then(|index| address(&clients[index])),
            scheme: from_end(&schemes, distance).and_then(|text| scheme(&text)),
            host: from_end(&hosts, distance).and_then(|text| authority(&text)),
        })
        .collect()
}

/// An address, with a port or without, an IPv6 address in brackets or without.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let bracketed = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).and_then(|text| text.parse().ok());
    let address = bracketed
        .map(|address: Ipv6Addr| IpAddr::from(address))
        .or_else(|| text.parse().ok())
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(address.to_canonical())
}

/// Some proxies write `wss` for the request of a WebSocket.
pub(super) fn scheme(text: &str) -> Option<Scheme> {
    match &*text.to_ascii_lowercase() {
        "https" | "wss" => Some(Scheme::Https),
        "http" | "ws" => Some(Scheme::Http),
        _ => None,
    }
}

/// A host with or without a port. RFC 9110 §7.2.
pub(super) fn authority(text: &str) -> Option<String> {
    let authority = text.parse::<Authority>().ok().filter(|it| !it.host().is_empty() && !text.contains('@'))?;
    Some(authority.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(clients: &str, expected: &str) {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let hops = of_x_forwarded(clients, "https", "lab.example");
        let believed = follow(&hops, IpAddr::from([10, 0, 0, 1]), &trusted);
        assert_eq!(believed.client, Some(expected.parse().unwrap()), "{clients}");
        let stranger = follow(&hops, IpAddr::from([192, 0, 2, 99]), &trusted);
        let nothing = Hop { client: Some(IpAddr::from([192, 0, 2, 99])), ..Hop::default() };
        assert_eq!(stranger, nothing, "nobody else is believed");
    }

    #[test]
    fn hops_are_believed_from_the_relay_to_the_first_stranger() {
        check("192.0.2.1", "192.0.2.1");
        check("192.0.2.1:4711", "192.0.2.1");
        check("2001:db8::1", "2001:db8::1");
        check("[2001:db8::1]:80", "2001:db8::1");
        check("::ffff:192.0.2.1", "192.0.2.1");
        // What a client made up is further left.
        check("127.0.0.1, 192.0.2.1", "192.0.2.1");
        check("10.9.9.9, 192.0.2.1, 10.0.0.2", "192.0.2.1");
        check("192.0.2.1, 10.0.0.3,fd00::2", "192.0.2.1");
        // A proxy that does not know its client ends the chain.
        check("192.0.2.1, unknown", "10.0.0.1");
        check("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2");
        check("192.0.2.1, nonsense", "10.0.0.1");
        check("", "10.0.0.1");
        check(" , ", "10.0.0.1");
    }

    #[test]
    fn scheme_and_host_are_those_that_the_client_used() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let believed = |clients: &str, schemes: &str, hosts: &str| {
            let hop = follow(&of_x_forwarded(clients, schemes, hosts), IpAddr::from([10, 0, 0, 1]), &trusted);
            (hop.scheme, hop.host.unwrap_or_default())
        };
        let (http, https) = (Some(Scheme::Http), Some(Scheme::Https));
        assert_eq!(believed("192.0.2.1", "https", "lab.example"), (https, "lab.example".into()));
        assert_eq!(believed("192.0.2.1, 10.0.0.2", "https", "a, b"), (https, "a".into()));
        assert_eq!(believed("192.0.2.1, 10.0.0.2", "https, http", ""), (https, String::new()));
        // A client that claims https itself.
        assert_eq!(believed("192.0.2.1", "https, http", ""), (http, String::new()));
        assert_eq!(believed("", "HTTPS", "LAB.example:8443"), (https, "LAB.example:8443".into()));
        assert_eq!(believed("192.0.2.1", "gopher", "a b"), (None, String::new()));
        assert_eq!(believed("192.0.2.1", "wss", "user@a"), (https, String::new()));
    }
}
