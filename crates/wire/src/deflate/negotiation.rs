//! The opening handshake of permessage-deflate: what a client offers, and what a server takes of it. RFC 7692 §5 and §7.1.

use super::NAME;
use crate::extension::Extension;
use std::fmt;
use thiserror::Error;

/// The largest LZ77 window is 2^15 bytes, and the one that holds where nothing was said. RFC 7692 §7.1.2.
pub const MAX_WINDOW_BITS: u8 = 15;
pub const MIN_WINDOW_BITS: u8 = 8;
/// zlib compresses with windows of 2^9 bytes and more.
pub const MIN_DEFLATE_BITS: u8 = 9;

/// The four parameters. RFC 7692 §7.1.
pub const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
pub const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
pub const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
pub const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";
const PARAMETERS: [&str; 4] =
    [SERVER_NO_CONTEXT_TAKEOVER, CLIENT_NO_CONTEXT_TAKEOVER, SERVER_MAX_WINDOW_BITS, CLIENT_MAX_WINDOW_BITS];

/// What a server is willing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub enabled: bool,
    /// Compress each message by itself, also if the client would not mind.
    pub server_no_context_takeover: bool,
    /// Have the client do so.
    pub client_no_context_takeover: bool,
    /// The largest windows, in bits: 9–15 for the server's, 8–15 for the client's.
    pub server_max_window_bits: u8,
    pub client_max_window_bits: u8,
}

impl Policy {
    /// Every offer is declined.
    pub const OFF: Self = Self { enabled: false, ..Self::ON };
    /// Every offer is taken as it is, as far as it can be.
    pub const ON: Self = Self {
        enabled: true,
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: MAX_WINDOW_BITS,
        client_max_window_bits: MAX_WINDOW_BITS,
    };
}

/// The parameters of a connection. As text it is the answer that a server gives to `offer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Agreed {
    pub server_no_context_takeover: bool,
    pub client_no_context_takeover: bool,
    /// 9–15; 8 too where another server has said so.
    pub server_max_window_bits: u8,
    /// 8–15.
    pub client_max_window_bits: u8,
    /// Whether the client asked for a window of the server's: then the answer must say one. RFC 7692 §7.1.2.1.
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

/// What became of one offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accepted(Agreed),
    Declined(Decline),
}

/// Why an offer was not taken. Its text is the reason, without capital and full stop.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Decline {
    #[error("compression is switched off for this connection")]
    Off,
    #[error("an offer before this one was taken already")]
    Late,
    #[error("`{0}` is no extension that this relay knows")]
    OtherExtension(String),
    #[error("`{0}` is no parameter of permessage-deflate")]
    UnknownParameter(String),
    #[error("`{0}` stands there twice")]
    Repeated(&'static str),
    #[error("`{0}` takes no value")]
    ValueUnasked(&'static str),
    #[error("`{name}` takes a number from 8 to 15 without leading zeros, and this is {}", found.as_ref().map_or("none".to_owned(), |found| format!("`{found}`")))]
    WindowMalformed { name: &'static str, found: Option<String> },
    #[error("zlib, which compresses here, has no window of 2^{0} bytes; 2^9 is its smallest")]
    WindowTooSmall(u8),
    #[error(
        "the client’s window is to be limited here, and this offer does not let a server say so: `client_max_window_bits` is missing"
    )]
    ClientWindowFixed,
    #[error("all connections that may compress at once do so already")]
    TooMany,
}

/// The parameters of one offer, as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// `Some(15)` also where it stands without a value.
    client_max_window_bits: Option<u8>,
}

/// Goes through a client's offers in their order, which is its preference, and takes the first that `policy` allows:
/// what became of each.
#[must_use]
pub fn negotiate(offers: &[Extension<'_>], policy: &Policy) -> Vec<Verdict> {
    let mut taken = false;
    let verdict = |offer| match judge(offer, policy) {
        Ok(_) if taken => Verdict::Declined(Decline::Late),
        Ok(agreed) => {
            taken = true;
            Verdict::Accepted(agreed)
        }
        Err(reason) => Verdict::Declined(reason),
    };
    offers.iter().map(verdict).collect()
}

impl Agreed {
    /// What the answer of a server settles, for those that look on; `None` for one that does not follow the rules, and for
    /// another extension.
    #[must_use]
    pub fn of_answer(answer: &Extension<'_>) -> Option<Self> {
        let said = Offer::read(answer).ok()?;
        Some(Self {
            server_no_context_takeover: said.server_no_context_takeover,
            client_no_context_takeover: said.client_no_context_takeover,
            server_max_window_bits: said.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS),
            client_max_window_bits: said.client_max_window_bits.unwrap_or(MAX_WINDOW_BITS),
            says_server_window: said.server_max_window_bits.is_some(),
        })
    }
}

fn judge(extension: &Extension<'_>, policy: &Policy) -> Result<Agreed, Decline> {
    let offer = Offer::read(extension)?;
    if !policy.enabled {
        return Err(Decline::Off);
    }
    let server = offer.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS).min(policy.server_max_window_bits);
    if server < MIN_DEFLATE_BITS {
        return Err(Decline::WindowTooSmall(server));
    }
    let client = match offer.client_max_window_bits {
        Some(bits) => bits.min(policy.client_max_window_bits),
        // §7.1.2.2: without the parameter in the offer, the answer must not have it.
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

impl Offer {
    fn read(extension: &Extension<'_>) -> Result<Self, Decline> {
        if extension.name != NAME {
            return Err(Decline::OtherExtension(extension.name.to_owned()));
        }
        let mut offer = Self::default();
        let mut seen = Vec::new();
        for (name, value) in &extension.parameters {
            let known = PARAMETERS.into_iter().find(|known| known == name);
            let name = known.ok_or_else(|| Decline::UnknownParameter((*name).to_owned()))?;
            if seen.contains(&name) {
                return Err(Decline::Repeated(name));
            }
            seen.push(name);
            let value = value.as_deref();
            match name {
                SERVER_NO_CONTEXT_TAKEOVER => offer.server_no_context_takeover = flag(name, value)?,
                CLIENT_NO_CONTEXT_TAKEOVER => offer.client_no_context_takeover = flag(name, value)?,
                SERVER_MAX_WINDOW_BITS => offer.server_max_window_bits = Some(window(name, value)?),
                // Alone it only says that the client understands it. §7.1.2.2.
                _ => offer.client_max_window_bits = Some(value.map_or(Ok(MAX_WINDOW_BITS), |_| window(name, value))?),
            }
        }
        Ok(offer)
    }
}

fn flag(name: &'static str, value: Option<&str>) -> Result<bool, Decline> {
    if value.is_some() { Err(Decline::ValueUnasked(name)) } else { Ok(true) }
}

/// §7.1.2: a decimal number from 8 to 15 without leading zeros.
fn window(name: &'static str, value: Option<&str>) -> Result<u8, Decline> {
    let bits = value.filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse().ok());
    bits.filter(|bits| (MIN_WINDOW_BITS..=MAX_WINDOW_BITS).contains(bits))
        .ok_or_else(|| Decline::WindowMalformed { name, found: value.map(str::to_owned) })
}
