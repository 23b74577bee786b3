//! What is below a request: the version of HTTP, and TLS with its parameters. RFC 8446.

use leptos::prelude::*;
use observation::{Http, Route, Tls};

/// Empty for HTTP/1.1 without TLS, which needs no explanation here.
#[component]
pub fn Carried(route: Route) -> impl IntoView {
    let two = route.http == Http::Two;
    let http = two.then(|| {
        let words = "One connection carries several requests, each in its own stream. This WebSocket is one stream, beside the page’s files and its feed. RFC 9113.";
        ("HTTP/2".to_owned(), words.to_owned())
    });
    let ended = route.ended_tls().then(|| {
        let words = "A proxy in front of the relay decrypted the connection and forwards it without TLS. So the relay knows none of its parameters.";
        ("TLS ended before the relay".to_owned(), words.to_owned())
    });
    let lines: Vec<_> = http.into_iter().chain(ended).chain(route.tls.iter().flat_map(tls)).collect();
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
        <h3>"Connection below"</h3>
        <dl class="head">{lines.into_iter().map(line).collect_view()}</dl>
    }
    .into_any()
}

/// The parameters of TLS and what each means.
fn tls(tls: &Tls) -> [(String, String); 4] {
    let version = if tls.version == "TLS 1.3" {
        "The current version: one round trip, and everything but the two hellos is encrypted, including certificates. RFC 8446."
    } else {
        "The previous version: certificates are not encrypted. RFC 5246."
    };
    let name = match &tls.server_name {
        Some(name) => (
            format!("SNI {name}"),
            "Server Name Indication: the host, sent without encryption in the first record, so that one address can serve many hosts. Anyone on the path can read it. RFC 6066 §3.",
        ),
        None => ("no SNI".to_owned(), "The client sent no host name, because the URL has an IP address. RFC 6066 §3."),
    };
    let alpn = match tls.alpn.as_deref() {
        Some("h2") => "The protocol inside TLS, agreed on in its handshake (ALPN, RFC 7301): HTTP/2.",
        Some(_) => {
            "The protocol inside TLS, agreed on in its handshake (ALPN, RFC 7301). For a new WebSocket connection, a browser asks for HTTP/1.1."
        }
        None => "The client offered no protocols with ALPN (RFC 7301), so this is HTTP/1.1.",
    };
    [
        (tls.version.clone(), version.to_owned()),
        (tls.cipher_suite.clone(), suite(&tls.cipher_suite)),
        (name.0, name.1.to_owned()),
        (tls.alpn.as_ref().map_or("no ALPN".to_owned(), |alpn| format!("ALPN {alpn}")), alpn.to_owned()),
    ]
}

/// The parts of a cipher suite. RFC 8446 §B.4, RFC 7905.
fn suite(name: &str) -> String {
    let cipher = match name {
        _ if name.contains("AES_128_GCM") => "AES with a 128-bit key in GCM mode,",
        _ if name.contains("AES_256_GCM") => "AES with a 256-bit key in GCM mode,",
        _ if name.contains("CHACHA20_POLY1305") => "ChaCha20-Poly1305, fast without hardware support,",
        _ => return "How records are encrypted and keys are derived.".to_owned(),
    };
    let hash = if name.ends_with("SHA384") { "SHA-384" } else { "SHA-256" };
    format!("Each record is encrypted with {cipher} which also detects changes. {hash} derives the keys.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_explained_by_its_parts() {
        assert!(
            suite("TLS_AES_256_GCM_SHA384").contains("256-bit") && suite("TLS_AES_256_GCM_SHA384").contains("SHA-384")
        );
        assert!(suite("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256").contains("ChaCha20"));
        assert!(suite("TLS_FALLBACK").starts_with("How records"));
    }
}
