//! Exports a session in formats that other tools open, and makes code for a connection. Observations in, bytes out.
//!
//! | module | content |
//! |---|---|
//! | [`har`] | HAR 1.2 with `_webSocketMessages`, as Chrome DevTools and mitmproxy write and read it |
//! | [`pcapng`] | a capture that Wireshark dissects |
//! | [`json`] | the observations, which a page can open |
//! | `scenario` | scenarios for `framescope check`, which do again what the clients did |
//! | [`snippet`] | a client in JavaScript, Python and Rust, and for `websocat` |
//! | [`redact`] | removes the session's name |
//! | [`clock`] | converts the session's clock to the time of day |
//!
//! # What is in a file
//!
//! The first three formats contain the same observations, without the session's name: anyone who has the name can use the session,
//! and files get shared. In handshake texts, such as the path `/lab/{session}`, each byte of the name is replaced by `x`, so
//! all lengths stay correct. The same holds for tokens in URLs, headers and subprotocols, whose bytes are replaced by `*`
//! ([`credentials::tokens`]), unless [`Secrets::Kept`] is chosen. Every format says which it is. In the payload of a frame nothing is
//! replaced, and neither in the rules.
//!
//! | | HAR | pcapng | JSON |
//! |---|---|---|---|
//! | handshakes, refused ones too | as headers | byte for byte | byte for byte |
//! | frames | – | byte for byte | byte for byte |
//! | control frames, fragments, masks | – | as on the wire | as on the wire |
//! | messages | whole, inflated | – (Wireshark inflates them) | what a frame inflates to |
//! | payloads longer than the relay's cap | the start, with a comment | the start, the rest as lengths | the start |
//! | deliberate acts and broken rules | how many | comments on packets | yes |
//! | the rules of the session | – | – | yes |
//! | opens in Framescope | its messages | its connections and frames | yes |
//!
//! A WebSocket over TLS is exported decrypted. In pcapng, one over HTTP/2 is a separate connection with an equivalent HTTP/1.1
//! handshake and a comment. At an intermediary each side is a connection. A connection to a middlebox in front of TLS has only
//! records, which are only in JSON.
//!
//! If the relay kept only the start of a text, it may end in the middle of a character. In HAR it ends before that character.

mod assembly;
pub mod clock;
mod equivalent;
pub mod har;
pub mod json;
pub mod pcapng;
pub mod redact;
mod scenario;
pub mod snippet;
mod writer;

use clock::Clock;
use credentials::tokens;
use observation::document::Secrets;
use observation::{Deferred, Observation, Rule, SessionId};
use redact::Redactor;
use std::time::SystemTime;
use writer::Writer;

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Har,
    Pcapng,
    Json,
    /// What the clients did, to check a server with it.
    Scenario,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Har, Self::Pcapng, Self::Json, Self::Scenario];

    /// The file extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Har => "har",
            Self::Pcapng => "pcapng",
            Self::Json => "json",
            Self::Scenario => "toml",
        }
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Har | Self::Json => "application/json",
            Self::Scenario => "application/toml",
            // The type that Wireshark registers on desktops. IANA has none.
            Self::Pcapng => "application/x-pcapng",
        }
    }
}

/// The data of a file besides its observations.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The name to remove. It is not written.
    pub session: SessionId,
    /// When the session began. Its clock counts from here.
    pub began: SystemTime,
    /// The current time.
    pub exported: SystemTime,
    /// The port on which the relay listens.
    pub port: u16,
    /// The rules of the session, if it has any. Only JSON contains them.
    pub rules: Option<Deferred<Vec<Rule>>>,
    pub secrets: Secrets,
}

/// A file while it is written. The caller may take the output at any time.
pub struct Export {
    name: Redactor,
    secrets: Secrets,
    writer: Box<dyn Writer + Send>,
}

impl Export {
    /// Starts a file and writes its beginning to `out`.
    #[must_use]
    pub fn begin(format: Format, recording: &Recording, out: &mut Vec<u8>) -> Self {
        let clock = Clock::new(recording.began);
        let writer: Box<dyn Writer + Send> = match format {
            Format::Har => Box::new(har::Har::begin(clock, recording, out)),
            Format::Pcapng => Box::new(pcapng::Pcapng::begin(clock, recording, out)),
            Format::Json => Box::new(json::Json::begin(clock, recording, out)),
            Format::Scenario => Box::new(scenario::Scenarios::begin(recording, out)),
        };
        Self { name: Redactor::new(&recording.session), secrets: recording.secrets, writer }
    }

    /// Adds an observation. It may be written later.
    pub fn observe(&mut self, mut observation: Observation, out: &mut Vec<u8>) {
        self.name.redact(&mut observation);
        if self.secrets == Secrets::LeftOut {
            tokens::conceal(&mut observation.event);
        }
        self.writer.observe(&observation, out);
    }

    /// Writes the end of the file.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.writer.finish(out);
    }
}

/// Writes a complete file.
#[must_use]
pub fn export(format: Format, recording: &Recording, observations: impl IntoIterator<Item = Observation>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut export = Export::begin(format, recording, &mut out);
    for observation in observations {
        export.observe(observation, &mut out);
    }
    export.finish(&mut out);
    out
}

/// What a file says about the tokens in it.
fn about(secrets: Secrets) -> &'static str {
    match secrets {
        Secrets::LeftOut => {
            "Tokens in URLs, headers and subprotocols are left out: * replaces each byte. Cookies and authorizations were never recorded. \
             Messages are unchanged."
        }
        Secrets::Kept => {
            "Tokens in URLs, headers and subprotocols are in this file. Cookies and authorizations were never recorded."
        }
    }
}
