//! Who made a request, and how it reached the proxy in front, if one is believed.

use super::hops::{self, Hop};
use super::trusted::{TrustedProxy, is_trusted};
use super::{ClientAddress, KnownBy, forwarded};
use axum::http::{HeaderMap, HeaderName, header};
use observation::{ForwardingFields, Front};
use std::net::IpAddr;
use std::sync::Once;

/// The longest forwarding fields that are read, all lines of a kind together, in bytes.
const LONGEST: usize = 4096;
/// The most hops that are read.
const MOST: usize = 32;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// The client of a request on a connection that `connection` opened, and what the proxy in front says. From an address that is not
/// trusted, the fields are not believed.
pub(crate) fn identify(
    connection: ClientAddress,
    headers: &HeaderMap,
    trusted: &[TrustedProxy],
) -> (ClientAddress, Option<Front>) {
    let by_header = connection.known_by == KnownBy::ProxyProtocol;
    // A middlebox forwards headers that were believed, or not, when it received them.
    let believes = connection.known_by != KnownBy::Middlebox && is_trusted(trusted, connection.ip);
    let fields = believes.then(|| read(connection.ip, headers, trusted)).flatten();
    let Some((fields, believed)) = fields else {
        return (connection, by_header.then(Front::of_proxy_protocol));
    };
    let front = Front { proxy_protocol: by_header, fields: Some(fields), scheme: believed.scheme, host: believed.host };
    let client = match believed.client {
        Some(ip) if ip != connection.ip => ClientAddress { ip, known_by: KnownBy::Field },
        _ => connection,
    };
    (client, Some(front))
}

/// What the fields say, as far as it is believed. `None` if there are none.
///
/// A proxy that writes one of the two kinds may leave the other as the client sent it, and the relay cannot know which. So if a
/// request has both, only what both say is believed.
fn read(from: IpAddr, headers: &HeaderMap, trusted: &[TrustedProxy]) -> Option<(ForwardingFields, Hop)> {
    let follow = |hops: Option<Vec<Hop>>| {
        let hops = hops.filter(|hops| hops.len() <= MOST)?;
        Some(hops::follow(&hops, from, trusted))
    };
    let standard = headers.contains_key(header::FORWARDED).then(|| {
        let text = joined(headers, &header::FORWARDED)?;
        follow(forwarded::parse(&text))
    });
    let has_x = [X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST].iter().any(|name| headers.contains_key(name));
    let x = has_x.then(|| {
        let [clients, schemes, hosts] =
            [X_FORWARDED_FOR, X_FORWARDED_PROTO, X_FORWARDED_HOST].map(|name| joined(headers, &name));
        follow(Some(hops::of_x_forwarded(&clients?, &schemes?, &hosts?)))
    });
    let unusable = |fields| {
        warn_once();
        Some((fields, Hop { client: Some(from), ..Hop::default() }))
    };
    match (standard, x) {
        (None, None) => None,
        (Some(None), _) | (_, Some(None)) => unusable(ForwardingFields::Malformed),
        (Some(Some(hop)), None) => Some((ForwardingFields::Forwarded, hop)),
        (None, Some(Some(hop))) => Some((ForwardingFields::XForwarded, hop)),
        (Some(Some(one)), Some(Some(other))) => match agreed(&one, &other) {
            Some(hop) => Some((ForwardingFields::Both, hop)),
            None => unusable(ForwardingFields::Contradictory),
        },
    }
}

/// What both say. `None` if they contradict each other.
fn agreed(one: &Hop, other: &Hop) -> Option<Hop> {
    let contradict = one.client != other.client
        || one.scheme.zip(other.scheme).is_some_and(|(one, other)| one != other)
        || one.host.as_ref().zip(other.host.as_ref()).is_some_and(|(one, other)| !one.eq_ignore_ascii_case(other));
    (!contradict).then(|| Hop {
        client: one.client,
        scheme: one.scheme.and(other.scheme),
        host: one.host.clone().filter(|_| other.host.is_some()),
    })
}

/// All lines of a field as one list. RFC 9110 §5.3. `None` if they are too long or not text.
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter().map(|value| value.to_str().ok()).collect::<Option<Vec<_>>>()?;
    let length: usize = lines.iter().map(|line| line.len() + 2).sum();
    (length <= LONGEST).then(|| lines.join(", "))
}

/// The operator has to change the proxy, but each visitor could cause this.
fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "a request through a trusted proxy has forwarding headers that contradict each other or are malformed, so they are not \
             believed; let the proxy set the headers of one kind (Forwarded, or X-Forwarded-For, -Proto and -Host) and remove the \
             other kind"
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::Scheme;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    fn ask(lines: &[(&'static str, &str)]) -> (ClientAddress, Option<Front>) {
        let proxy = ClientAddress { ip: IpAddr::from([10, 0, 0, 1]), known_by: KnownBy::Socket };
        identify(proxy, &headers(lines), &["10.0.0.0/8".parse().unwrap()])
    }

    #[track_caller]
    fn check(lines: &[(&'static str, &str)], ip: &str, fields: ForwardingFields, scheme: Option<Scheme>, host: &str) {
        let (client, front) = ask(lines);
        let front = front.unwrap();
        assert_eq!(client.ip, ip.parse::<IpAddr>().unwrap(), "{lines:?}");
        assert_eq!((front.fields, front.scheme), (Some(fields), scheme), "{lines:?}");
        assert_eq!(front.host.unwrap_or_default(), host, "{lines:?}");
    }

    const STANDARD: (&str, &str) = ("forwarded", "for=192.0.2.1;proto=https;host=a.example");

    #[test]
    fn either_kind_is_believed_alone() {
        use ForwardingFields::{Forwarded, XForwarded};
        let https = Some(Scheme::Https);
        check(&[STANDARD], "192.0.2.1", Forwarded, https, "a.example");
        check(&[("forwarded", "for=192.0.2.1"), ("forwarded", "for=10.0.0.2")], "192.0.2.1", Forwarded, None, "");
        check(&[("x-forwarded-for", "192.0.2.1"), ("x-forwarded-proto", "https")], "192.0.2.1", XForwarded, https, "");
        check(&[("x-forwarded-proto", "https")], "10.0.0.1", XForwarded, https, "");
        assert_eq!(ask(&[("via", "1.1 a"), ("x-real-ip", "192.0.2.1")]).1, None);
    }

    #[test]
    fn of_both_kinds_only_what_both_say_is_believed() {
        use ForwardingFields::{Both, Contradictory};
        let https = Some(Scheme::Https);
        let client = ("x-forwarded-for", "192.0.2.1");
        let proto = ("x-forwarded-proto", "https");
        let host = ("x-forwarded-host", "A.example");
        check(&[STANDARD, client, proto, host], "192.0.2.1", Both, https, "a.example");
        // The host may be made up by the client.
        check(&[STANDARD, client, proto], "192.0.2.1", Both, https, "");
        for other in
            [("x-forwarded-for", "192.0.2.2"), ("x-forwarded-for", "unknown"), ("x-forwarded-host", "b.example")]
        {
            check(&[STANDARD, other], "10.0.0.1", Contradictory, None, "");
        }
        check(&[STANDARD, client, ("x-forwarded-proto", "http")], "10.0.0.1", Contradictory, None, "");
    }

    #[test]
    fn malformed_or_endless_fields_are_not_believed() {
        use ForwardingFields::Malformed;
        let client = ("x-forwarded-for", "192.0.2.1");
        check(&[("forwarded", "for=")], "10.0.0.1", Malformed, None, "");
        check(&[("forwarded", "for=\""), client], "10.0.0.1", Malformed, None, "");
        check(&[("x-forwarded-for", &"10.0.0.2,".repeat(MOST + 1))], "10.0.0.1", Malformed, None, "");
        check(&[("x-forwarded-for", &" ".repeat(LONGEST))], "10.0.0.1", Malformed, None, "");
        check(&[("forwarded", &"for=10.0.0.2,".repeat(MOST + 1))], "10.0.0.1", Malformed, None, "");
        let most = "10.0.0.2,".repeat(MOST - 1) + "10.0.0.9";
        check(&[("x-forwarded-for", &most)], "10.0.0.2", ForwardingFields::XForwarded, None, "");
    }

    #[test]
    fn nobody_else_is_believed() {
        let stranger = ClientAddress { ip: IpAddr::from([192, 0, 2, 9]), known_by: KnownBy::Socket };
        assert_eq!(identify(stranger, &headers(&[STANDARD]), &["10.0.0.0/8".parse().unwrap()]), (stranger, None));
        let proxy = ClientAddress { ip: IpAddr::from([10, 0, 0, 1]), known_by: KnownBy::Socket };
        assert_eq!(identify(proxy, &headers(&[STANDARD]), &[]), (proxy, None));
        // A header of the PROXY protocol names the client, and its own fields are its own.
        let named = ClientAddress { known_by: KnownBy::ProxyProtocol, ..stranger };
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(identify(named, &headers(&[STANDARD]), &trusted), (named, Some(Front::of_proxy_protocol())));
    }
}
