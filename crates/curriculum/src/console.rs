//! What a browser prints on its console when a WebSocket fails, recognised and explained. Code is told none of it.

/// Longer lines are cut: what matters stands at the front of one, and at the end of the other browsers' after the URL.
const MAX_LINE: usize = 4_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// Whose wording it is: `Chromium`, `Firefox` or `Safari`.
    pub browser: &'static str,
    pub meaning: Meaning,
    /// What happened, in a sentence or two.
    pub words: &'static str,
}

/// What went wrong, as far as the line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// No address was found for the host's name.
    NameNotResolved,
    /// Nothing listens there.
    ConnectionRefused,
    /// No answer came in time.
    TimedOut,
    /// There is no way to the network at all, or a proxy would not pass it on.
    Unreachable,
    /// The answer to the handshake was an ordinary HTTP response.
    UnexpectedStatus,
    /// The answer was wrong: a header is missing, or the accept value is another key's.
    BadHandshake,
    /// TLS failed: the certificate, most often.
    Tls,
    /// A page on https may not open ws://.
    MixedContent,
    /// A connection that was open ended, or a frame broke a rule.
    LaterFailure,
    /// It failed, and the browser says no more.
    Unsaid,
}

/// Their names, as the checks of a challenge have them.
pub const NAMES: [(&str, Meaning); 10] = [
    ("name-not-resolved", Meaning::NameNotResolved),
    ("connection-refused", Meaning::ConnectionRefused),
    ("timed-out", Meaning::TimedOut),
    ("unreachable", Meaning::Unreachable),
    ("unexpected-status", Meaning::UnexpectedStatus),
    ("bad-handshake", Meaning::BadHandshake),
    ("tls", Meaning::Tls),
    ("mixed-content", Meaning::MixedContent),
    ("later-failure", Meaning::LaterFailure),
    ("unsaid", Meaning::Unsaid),
];

/// What stands in a line, whose wording that is, and what it means; the first that fits counts. All lower-case.
const WORDINGS: [(&str, &str, Meaning); 30] = [
    ("err_name_not_resolved", "Chromium", Meaning::NameNotResolved),
    ("err_connection_refused", "Chromium", Meaning::ConnectionRefused),
    ("err_connection_timed_out", "Chromium", Meaning::TimedOut),
    ("err_timed_out", "Chromium", Meaning::TimedOut),
    ("err_tunnel_connection_failed", "Chromium", Meaning::Unreachable),
    ("err_proxy_connection_failed", "Chromium", Meaning::Unreachable),
    ("err_internet_disconnected", "Chromium", Meaning::Unreachable),
    ("err_address_unreachable", "Chromium", Meaning::Unreachable),
    ("err_network_changed", "Chromium", Meaning::Unreachable),
    ("err_connection_reset", "Chromium", Meaning::LaterFailure),
    ("err_connection_closed", "Chromium", Meaning::LaterFailure),
    ("err_cert_", "Chromium", Meaning::Tls),
    ("err_ssl_", "Chromium", Meaning::Tls),
    ("unexpected response code", "Chromium", Meaning::UnexpectedStatus),
    ("error during websocket handshake", "Chromium", Meaning::BadHandshake),
    ("insecure websocket connection may not be initiated", "Chromium", Meaning::MixedContent),
    ("attempted to connect to the insecure websocket", "Chromium", Meaning::MixedContent),
    ("connection closed before receiving a handshake response", "Chromium", Meaning::BadHandshake),
    ("websocket is closed before the connection is established", "Chromium", Meaning::Unsaid),
    ("a server with the specified hostname could not be found", "Safari", Meaning::NameNotResolved),
    ("could not connect to the server", "Safari", Meaning::ConnectionRefused),
    ("the request timed out", "Safari", Meaning::TimedOut),
    ("the internet connection appears to be offline", "Safari", Meaning::Unreachable),
    ("there was a bad response from the server", "Safari", Meaning::UnexpectedStatus),
    ("the certificate for this server is invalid", "Safari", Meaning::Tls),
    ("not allowed to connect insecurely", "Safari", Meaning::MixedContent),
    ("was interrupted while the page was loading", "Firefox", Meaning::LaterFailure),
    ("can’t establish a connection to the server at", "Firefox", Meaning::Unsaid),
    ("can't establish a connection to the server at", "Firefox", Meaning::Unsaid),
    ("websocket connection to '", "Chromium", Meaning::Unsaid),
];

/// Recognises a line, or several, that someone copied from a console.
#[must_use]
pub fn recognise(line: &str) -> Option<Recognised> {
    let front: String = line.chars().take(MAX_LINE).collect::<String>().to_lowercase();
    let (_, browser, meaning) = WORDINGS.into_iter().find(|(words, ..)| front.contains(words))?;
    Some(Recognised { browser, meaning, words: meaning.words() })
}

impl Meaning {
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, meaning)| *meaning == self).map_or("unsaid", |(name, _)| name)
    }

    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NameNotResolved => {
                "The host’s name led to no address, so not even a TCP connection was tried. No request was ever sent, and \
                 there was no handshake to fail."
            }
            Self::ConnectionRefused => {
                "The name led to an address, and nobody listens at that port there. TCP was refused before any HTTP."
            }
            Self::TimedOut => {
                "The address was asked, and nothing came back in time: as behind a firewall that drops silently."
            }
            Self::Unreachable => {
                "The browser found no way out to that host: it has no network, or the proxy that it has to use would not \
                 pass the connection on."
            }
            Self::UnexpectedStatus => {
                "A server answered, and with something other than 101. The status is in the line."
            }
            Self::BadHandshake => "A server answered, and its answer to the handshake broke a rule of RFC 6455 §4.1.",
            Self::Tls => {
                "TLS failed before the handshake: most often the certificate is not one that the browser trusts."
            }
            Self::MixedContent => "The page came over https, and such a page may open wss:// only.",
            Self::LaterFailure => "The connection ended under way: the line was cut, or reset, or the page was left.",
            Self::Unsaid => {
                "The connection failed, and this browser’s console does not say why either: a name that is not found, a \
                 port that is closed and a refusal all read the same."
            }
        }
    }
}
