//! What carried a request: the version of HTTP, and TLS with what was agreed on. RFC 8446.

use leptos::prelude::*;
use observation::{Http, Route, Tls};

/// Nothing where it is HTTP/1.1 in the clear, of which all else speaks.
#[component]
pub fn Carried(route: Route) -> impl IntoView {
    let two = route.http == Http::Two;
    let http = two.then(|| {
        let words = "Several requests travel on one connection, each as a stream of its own. This WebSocket is one of them, beside the page’s files and its feed. RFC 9113.";
        ("HTTP/2".to_owned(), words.to_owned())
    });
    let lines: Vec<_> = http.into_iter().chain(route.tls.iter().flat_map(tls)).collect();
    if lines.is_empty() {
        return ().into_any();
    }
    let line = |(name, words): (String, String)| {
        view! {
            <div>
                <dt>
                    <b>{name}</b>
                </dt>
                <dd>{words}</dd>
            </div>
        }
    };
    view! {
        <h3>"What carried it"</h3>
        <dl class="head">{lines.into_iter().map(line).collect_view()}</dl>
    }
    .into_any()
}

/// What was agreed on, each with what it means.
fn tls(tls: &Tls) -> [(String, String); 4] {
    let version = if tls.version == "TLS 1.3" {
        "The present version: one round trip, and all but the two hellos is encrypted, certificates too. RFC 8446."
    } else {
        "The version before the present one: certificates still cross in the clear. RFC 5246."
    };
    let name = match &tls.server_name {
        Some(name) => (
            format!("SNI {name}"),
            "Server Name Indication: the host that is meant, said in the clear in the first record, so that one address can serve many. Everyone on the path reads it. RFC 6066 §3.",
        ),
        None => (
            "no SNI".to_owned(),
            "The client named no host: the URL has an address in its place, which is no name. RFC 6066 §3.",
        ),
    };
    let alpn = match tls.alpn.as_deref() {
        Some("h2") => "The protocol inside TLS, agreed on in its handshake (ALPN, RFC 7301): HTTP/2.",
        Some(_) => {
            "The protocol inside TLS, agreed on in its handshake (ALPN, RFC 7301). On a connection of its own a browser asks for HTTP/1.1 for a WebSocket."
        }
        None => "The client offered no protocols by ALPN (RFC 7301), so it is HTTP/1.1.",
    };
    [
        (tls.version.clone(), version.to_owned()),
        (tls.cipher_suite.clone(), suite(&tls.cipher_suite)),
        (name.0, name.1.to_owned()),
        (tls.alpn.as_ref().map_or("no ALPN".to_owned(), |alpn| format!("ALPN {alpn}")), alpn.to_owned()),
    ]
}

/// What a cipher suite is made of. RFC 8446 §B.4, RFC 7905.
fn suite(name: &str) -> String {
    let cipher = match name {
        _ if name.contains("AES_128_GCM") => "AES with a key of 128 bits, in a mode (GCM)",
        _ if name.contains("AES_256_GCM") => "AES with a key of 256 bits, in a mode (GCM)",
        _ if name.contains("CHACHA20_POLY1305") => {
            "ChaCha20, fast without help of the processor, with a check (Poly1305)"
        }
        _ => return "How records are encrypted, and how the keys are made.".to_owned(),
    };
    let hash = if name.ends_with("SHA384") { "SHA-384" } else { "SHA-256" };
    format!("How each record is encrypted: {cipher} that also shows any change of it. {hash} makes the keys.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_told_by_its_parts() {
        assert!(
            suite("TLS_AES_256_GCM_SHA384").contains("256 bits") && suite("TLS_AES_256_GCM_SHA384").contains("SHA-384")
        );
        assert!(suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256").contains("ChaCha20"));
        assert!(suite("TLS_FALLBACK").starts_with("How records"));
    }
}
