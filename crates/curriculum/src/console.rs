//! Recognizes and explains what a browser prints on its console when a WebSocket fails. JavaScript cannot read these messages.

/// Only this many characters of a message are read.
const MAX_LINE: usize = 4_000;
/// The fewest letters around the URL of a translated message.
const MIN_LETTERS: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// The browser that prints it: `Chromium`, `Firefox` or `Safari`.
    pub browser: &'static str,
    pub meaning: Meaning,
    /// What happened, in one or two sentences.
    pub explanation: &'static str,
}

/// What went wrong, as far as the message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// The host name was not resolved.
    NameNotResolved,
    /// Nothing listens on that port.
    ConnectionRefused,
    /// There was no answer in time.
    TimedOut,
    /// There is no network, or a proxy did not forward the connection.
    Unreachable,
    /// The server answered with an ordinary HTTP response.
    UnexpectedStatus,
    /// The handshake response broke a rule: a header is missing, or the accept value is wrong.
    BadHandshake,
    /// TLS failed, most often because of the certificate.
    Tls,
    /// An https page must not open ws:// connections.
    MixedContent,
    /// A connection ended after it was open, or a frame broke a rule.
    LaterFailure,
    /// It failed, and the browser does not say why.
    Unsaid,
}

/// Their names in the checks of a challenge.
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

/// A part of the message in lowercase, the browser that prints it, and its meaning. The first match counts.
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

/// Recognizes a message that someone copied from a console. `url` is the one that the connection was for, if it is known: a
/// message in another language than English is only recognized if it names the same host.
#[must_use]
pub fn recognise(message: &str, url: Option<&str>) -> Option<Recognised> {
    let front: String = message.chars().take(MAX_LINE).collect::<String>().to_lowercase();
    let known = WORDINGS.into_iter().find(|(words, ..)| front.contains(words));
    let translated = || is_sentence_about(&front, url).then_some(("", "Firefox", Meaning::Unsaid));
    let (_, browser, meaning) = known.or_else(translated)?;
    Some(Recognised { browser, meaning, explanation: meaning.explanation() })
}

/// Whether a message has the form of Firefox's “can’t establish a connection to the server at URL.” in any language. Firefox
/// translates this message, while Chromium and Safari print theirs in English. The form is: words around the URL of a WebSocket.
fn is_sentence_about(message: &str, url: Option<&str>) -> bool {
    let is_of_url = |c: char| c.is_ascii_graphic() && !"\"'`<>()".contains(c);
    let Some(start) = ["wss://", "ws://"].iter().find_map(|scheme| message.find(scheme)) else { return false };
    let (before, rest) = message.split_at(start);
    let (found, after) = rest.split_at(rest.find(|c| !is_of_url(c)).unwrap_or(rest.len()));
    let Some(found) = host_of(found).filter(|_| !before.ends_with(['"', '\'', '`'])) else { return false };
    let letters = before.chars().chain(after.chars()).filter(|c| c.is_alphabetic()).count();
    letters >= MIN_LETTERS && url.is_none_or(|url| host_of(&url.to_lowercase()) == Some(found))
}

/// The host and port of a WebSocket URL. Without a path, the full stop of the sentence may follow.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?']).next()?.trim_end_matches(['.', ',']);
    (!host.is_empty()).then_some(host)
}

impl Meaning {
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, meaning)| *meaning == self).map_or("unsaid", |(name, _)| name)
    }

    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NameNotResolved => {
                "The browser found no address for this host name. It did not try a TCP connection, and it sent no request."
            }
            Self::ConnectionRefused => {
                "The host exists, but nothing listens on that port. It refused the TCP connection, so there was no HTTP."
            }
            Self::TimedOut => {
                "The host did not answer in time. A firewall that silently drops packets has this effect."
            }
            Self::Unreachable => {
                "The browser could not reach the host. There is no network, or the proxy did not forward the connection."
            }
            Self::UnexpectedStatus => {
                "A server answered with a status other than 101. The message contains the status."
            }
            Self::BadHandshake => "A server answered, but its handshake response broke a rule of RFC 6455 §4.1.",
            Self::Tls => {
                "TLS failed before the WebSocket handshake. Most often the browser does not trust the certificate."
            }
            Self::MixedContent => "The page was loaded over https, so it can only open wss:// connections.",
            Self::LaterFailure => "The connection ended unexpectedly: it was cut or reset, or the page was closed.",
            Self::Unsaid => {
                "The connection failed, and the message does not say why. It is the same for an unknown host, a closed port \
                 and a refused handshake."
            }
        }
    }
}
