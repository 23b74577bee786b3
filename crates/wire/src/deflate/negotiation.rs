//! Negotiating permessage-deflate: the client's offers and the server's answer. RFC 7692 §5 and §7.1.

use crate::extension::Extension;
use std::fmt;
use thiserror::Error;

/// The registered name of the extension.
pub const NAME: &str = "permessage-deflate";

/// The largest LZ77 window is 2^15 bytes. It is also the default. RFC 7692 §7.1.2.
pub const MAX_WINDOW_BITS: u8 = 15;
/// The smallest LZ77 window is 2^8 bytes. RFC 7692 §7.1.2.
pub const MIN_WINDOW_BITS: u8 = 8;
/// zlib's smallest window for compression is 2^9 bytes.
pub const MIN_DEFLATE_BITS: u8 = 9;

/// The four parameters. RFC 7692 §7.1.
pub const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
const PARAMETERS: [&str; 4] =
    [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];

/// The settings with which a server answers offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub enabled: bool,
    /// The server compresses each message without earlier ones as context, even if the client did not ask for that.
    pub server_no_context_takeover: bool,
    /// The server asks the client to do the same.
    pub client_no_context_takeover: bool,
    /// The largest windows as powers of two: 9–15 for the server's, 8–15 for the client's.
    pub server_max_window_bits: u8,
    pub client_max_window_bits: u8,
}

impl Policy {
    /// Declines every offer.
    pub const OFF: Self = Self { enabled: false, ..Self::ON };
    /// Accepts the first valid offer and adds no limits.
    pub const ON: Self = Self {
        enabled: true,
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: MAX_WINDOW_BITS,
        client_max_window_bits: MAX_WINDOW_BITS,
    };
}

/// The negotiated parameters of a connection. Its `Display` text is the server's answer, as an extension with parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    /// 9–15; also 8 if it was read from another server's answer.
    pub server_max_window_bits: u8,
    /// 8–15.
    pub client_max_window_bits: u8,
    /// Whether the client asked for a limit of the server's window. The answer must then contain one. RFC 7692 §7.1.2.1.
    says_server_window: bool,
}

impl fmt::Display for Agreed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        if self.server_no_context_takeover {
            f.write_str("; server_no_context_takeover")?;
        }
        if self.client_no_context_takeover {
            f.write_str("; client_no_context_takeover")?;
        }
        if self.says_server_window || self.server_max_window_bits < MAX_WINDOW_BITS {
            write!(f, "; server_max_window_bits={}", self.server_max_window_bits)?;
        }
        if self.client_max_window_bits < MAX_WINDOW_BITS {
            write!(f, "; client_max_window_bits={}", self.client_max_window_bits)?;
        }
        Ok(())
    }
}

/// The result for one offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted(Agreed),
    Declined(Decline),
}

/// Why an offer was declined. The text has no capital letter at its start and no full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Decline {
    #[error("compression is switched off for this connection")]
    Off,
    #[error("the server accepted an earlier offer")]
    Late,
    #[error("`{0}` is not an extension that this relay supports")]
    OtherExtension(String),
    #[error("`{0}` is not a parameter of permessage-deflate")]
    UnknownParameter(String),
    #[error("`{0}` appears twice")]
    Repeated(&'static str),
    #[error("`{0}` must not have a value")]
    UnexpectedValue(&'static str),
    #[error("`{name}` takes a number from 8 to 15 without leading zeros, {}", found.as_ref().map_or("but it has no value".to_owned(), |found| format!("not `{found}`")))]
    WindowMalformed { name: &'static str, found: Option<String> },
    #[error("this relay compresses with zlib, whose smallest window is 2^9 bytes, not 2^{0}")]
    WindowTooSmall(u8),
    #[error(
        "this connection limits the client’s window, but without `client_max_window_bits` in the offer a server cannot ask for that"
    )]
    ClientWindowFixed,
    #[error("the relay already has as many compressed connections as it allows")]
    TooMany,
}

/// The parameters of one offer or answer, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameters {
    pub(super) server_no_context_takeover: bool,
    pub(super) client_no_context_takeover: bool,
    pub(super) server_max_window_bits: Option<u8>,
    /// `Some(15)` if the parameter has no value.
    pub(super) client_max_window_bits: Option<u8>,
}

/// Who wrote the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Offer,
    Answer,
}

/// Judges a client's offers in order of preference and accepts the first that `policy` allows. Returns one verdict per offer.
#[must_use]
pub fn negotiate(offers: &[Extension<'_>], policy: &Policy) -> Vec<Verdict> {
    let mut accepted = false;
    let verdict = |offer| match judge(offer, policy) {
        Ok(_) if accepted => Verdict::Declined(Decline::Late),
        Ok(agreed) => {
            accepted = true;
            Verdict::Accepted(agreed)
        }
        Err(reason) => Verdict::Declined(reason),
    };
    offers.iter().map(verdict).collect()
}

impl Agreed {
    /// Reads the parameters from a server's answer, for an observer of the connection. `None` if the answer is malformed or
    /// names another extension.
    #[must_use]
    pub fn of_answer(answer: &Extension<'_>) -> Option<Self> {
        let (parameters, faults) = Parameters::read(answer, Side::Answer);
        (answer.name == NAME && faults.is_empty()).then(|| Self::of(&parameters))
    }

    pub(super) fn of(answer: &Parameters) -> Self {
        Self {
            server_no_context_takeover: answer.server_no_context_takeover,
            client_no_context_takeover: answer.client_no_context_takeover,
            server_max_window_bits: answer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS),
            client_max_window_bits: answer.client_max_window_bits.unwrap_or(MAX_WINDOW_BITS),
            says_server_window: answer.server_max_window_bits.is_some(),
        }
    }
}

fn judge(extension: &Extension<'_>, policy: &Policy) -> Result<Agreed, Decline> {
    if extension.name != NAME {
        return Err(Decline::OtherExtension(extension.name.to_owned()));
    }
    let (offer, faults) = Parameters::read(extension, Side::Offer);
    if let Some(fault) = faults.into_iter().next() {
        return Err(fault);
    }
    if !policy.enabled {
        return Err(Decline::Off);
    }
    let server = offer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS).min(policy.server_max_window_bits);
    if server < MIN_DEFLATE_BITS {
        return Err(Decline::WindowTooSmall(server));
    }
    let client = match offer.client_max_window_bits {
        Some(bits) => bits.min(policy.client_max_window_bits),
        // §7.1.2.2: if the offer lacks the parameter, the answer must not contain it.
        None if policy.client_max_window_bits < MAX_WINDOW_BITS => return Err(Decline::ClientWindowFixed),
        None => MAX_WINDOW_BITS,
    };
    Ok(Agreed {
        server_no_context_takeover: offer.server_no_context_takeover || policy.server_no_context_takeover,
        client_no_context_takeover: offer.client_no_context_takeover || policy.client_no_context_takeover,
        server_max_window_bits: server,
        client_max_window_bits: client,
        says_server_window: offer.server_max_window_bits.is_some(),
    })
}

impl Parameters {
    /// The valid parameters of permessage-deflate, and what is wrong with the others.
    pub(super) fn read(extension: &Extension<'_>, side: Side) -> (Self, Vec<Decline>) {
        let (mut parameters, mut faults, mut seen) = (Self::default(), Vec::new(), Vec::new());
        for (name, value) in &extension.parameters {
            let Some(name) = PARAMETERS.into_iter().find(|known| known == name) else {
                faults.push(Decline::UnknownParameter((*name).to_owned()));
                continue;
            };
            if seen.contains(&name) {
                faults.push(Decline::Repeated(name));
                continue;
            }
            seen.push(name);
            faults.extend(parameters.set(name, value.as_deref(), side).err());
        }
        (parameters, faults)
    }

    fn set(&mut self, name: &'static str, value: Option<&str>, side: Side) -> Result<(), Decline> {
        match name {
            SERVER_NO_CONTEXT_TAKEOVER => self.server_no_context_takeover = flag(name, value)?,
            CLIENT_NO_CONTEXT_TAKEOVER => self.client_no_context_takeover = flag(name, value)?,
            SERVER_MAX_WINDOW_BITS => self.server_max_window_bits = Some(window(name, value)?),
            // In an offer, the parameter without a value only says that the client supports it. §7.1.2.2.
            _ if value.is_none() && side == Side::Offer => self.client_max_window_bits = Some(MAX_WINDOW_BITS),
            _ => self.client_max_window_bits = Some(window(name, value)?),
        }
        Ok(())
    }
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, Decline> {
    if value.is_some() { Err(Decline::UnexpectedValue(name)) } else { Ok(true) }
}

/// §7.1.2: a decimal number from 8 to 15 without leading zeros.
fn window(name: &'static str, value: Option<&str>) -> Result<u8, Decline> {
    let bits = value.filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse().ok());
    bits.filter(|bits| (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(bits))
        .ok_or_else(|| Decline::WindowMalformed { name, found: value.map(str::to_owned) })
}
