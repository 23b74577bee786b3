//! A recorded session in formats that other tools open, and code for the same connection: observations in, bytes out.
//!
//! | module | what it makes |
//! |---|---|
//! | [`har`] | HAR 1.2 with `_webSocketMessages`, as Chrome DevTools and mitmproxy write and read it |
//! | [`pcapng`] | a capture that Wireshark dissects |
//! | [`json`] | the observations themselves, which a page can open again |
//! | [`snippet`] | a client in JavaScript, Python, Rust and for `websocat` |
//! | [`conceal`] | takes the session's name out |
//! | [`clock`] | from the session's clock to the time of day |
//!
//! # What is in a file
//!
//! All three files are of the same observations, and have in common that the session's name is not in them: whoever has
//! the name may use the session, and files get passed on. Where it stands in the text of a handshake, as it does in each
//! path `/lab/{session}`, there are as many `x` instead, so that every length stays true. In the payload of a frame nothing
//! is replaced.
//!
//! | | HAR | pcapng | JSON |
//! |---|---|---|---|
//! | handshakes, refused ones too | as headers | byte for byte | byte for byte |
//! | frames | – | byte for byte | byte for byte |
//! | control frames, fragments, masks | – | as on the wire | as on the wire |
//! | messages | whole, inflated | – (Wireshark inflates them) | what a frame inflates to |
//! | payloads past the relay's cap | the front, with a comment | the front, the rest as lengths | the front |
//! | what was deliberate, and broken rules | how many | comments on packets | yes |
//! | opens again in Framescope | – | – | yes |
//!
//! A WebSocket over TLS is shown as what it held. One over HTTP/2 is a connection of its own in pcapng, with the handshake that
//! HTTP/1.1 would have had, and a comment that says so. Where something stands in between, each leg is a connection; of a line
//! to a middlebox in front of TLS there are only records, and they are in JSON alone.
//!
//! Text of which the relay kept only the front may end in the middle of a character; in HAR it ends before it.

pub mod clock;
pub mod conceal;
mod equivalent;
pub mod har;
pub mod json;
pub mod pcapng;
pub mod snippet;

use clock::Clock;
use conceal::Concealed;
use observation::{Observation, SessionId};
use std::time::SystemTime;

/// What a file can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Har,
    Pcapng,
    Json,
}

impl Format {
    pub const ALL: [Self; 3] = [Self::Har, Self::Pcapng, Self::Json];

    /// How the names of such files end, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Har => "har",
            Self::Pcapng => "pcapng",
            Self::Json => "json",
        }
    }

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Har | Self::Json => "application/json",
            // As Wireshark registers it on desktops; there is no other yet.
            Self::Pcapng => "application/x-pcapng",
        }
    }
}

/// What a file says besides its observations.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Is not written.
    pub session: SessionId,
    /// When the session began, from where its clock counts.
    pub began: SystemTime,
    /// Now.
    pub exported: SystemTime,
    /// The port on which the relay listens.
    pub port: u16,
}

/// A file being written. What it has written so far is the caller's to take.
pub struct Export {
    name: Concealed,
    writer: Box<dyn Writer + Send>,
}

/// One format's way to do it.
trait Writer {
    /// Takes the next observation; they come in the order of their numbers.
    fn observe(&mut self, observation: &Observation, out: &mut Vec<u8>);

    fn finish(&mut self, out: &mut Vec<u8>);
}

impl Export {
    /// Begins a file, and writes its beginning to `out`.
    #[must_use]
    pub fn begin(format: Format, recording: &Recording, out: &mut Vec<u8>) -> Self {
        let clock = Clock::new(recording.began);
        let writer: Box<dyn Writer + Send> = match format {
            Format::Har => Box::new(har::Har::begin(clock, recording.port, out)),
            Format::Pcapng => Box::new(pcapng::Pcapng::begin(clock, recording.port, out)),
            Format::Json => Box::new(json::Json::begin(clock, recording.exported, out)),
        };
        Self { name: Concealed::new(&recording.session), writer }
    }

    /// Writes what `observation` adds, which may be nothing yet.
    pub fn observe(&mut self, mut observation: Observation, out: &mut Vec<u8>) {
        self.name.take_out(&mut observation);
        self.writer.observe(&observation, out);
    }

    /// Writes the end.
    pub fn finish(mut self, out: &mut Vec<u8>) {
        self.writer.finish(out);
    }
}

/// A whole file at once.
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
