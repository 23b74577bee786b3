//! Takes a session's name out of what is exported: the name is the right to the session, and files get passed on.

use observation::{Event, Observation, SessionId};

/// What stands in its place, as many times as the name has bytes.
const PLACEHOLDER: u8 = b'x';

/// A name to be taken out.
#[derive(Clone, Debug)]
pub struct Concealed {
    name: Vec<u8>,
}

impl Concealed {
    #[must_use]
    pub fn new(session: &SessionId) -> Self {
        Self { name: session.as_str().as_bytes().to_vec() }
    }

    /// Puts the placeholder wherever the name stands in a handshake's text, and in what was read from it. Frames stay as
    /// they are: what crossed the wire there is what someone wanted to say.
    pub fn take_out(&self, observation: &mut Observation) {
        match &mut observation.event {
            Event::Opening(opening) => {
                self.blot(&mut opening.request);
                self.blot(&mut opening.response);
                opening.subprotocol.iter_mut().for_each(|text| self.blot_text(text));
                for offer in &mut opening.offers {
                    self.blot_text(&mut offer.offer);
                    offer.answer.iter_mut().chain(&mut offer.declined).for_each(|text| self.blot_text(text));
                }
            }
            Event::Refusal(refusal) => {
                self.blot(&mut refusal.request);
                self.blot(&mut refusal.response);
                self.blot_text(&mut refusal.explanation);
            }
            Event::Asked(asked) => self.blot(&mut asked.request),
            Event::Tunnel(_) | Event::Records(_) | Event::Frame(_) | Event::Act(_) | Event::Closed(_) => {}
        }
    }

    fn blot_text(&self, text: &mut String) {
        let mut bytes = std::mem::take(text).into_bytes();
        self.blot(&mut bytes);
        // Only ASCII was put in the place of ASCII, so it is UTF-8 still.
        *text = String::from_utf8(bytes).unwrap_or_default();
    }

    fn blot(&self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self.length_at(&bytes[at..]) {
                Some(length) => {
                    bytes[at..at + length].fill(PLACEHOLDER);
                    at += length;
                }
                None => at += 1,
            }
        }
    }

    /// How long the name is at the front of `bytes`, if it stands there: each of its characters is itself or, as a path may
    /// have it, `%` and two digits.
    fn length_at(&self, bytes: &[u8]) -> Option<usize> {
        let mut rest = bytes;
        for wanted in &self.name {
            let escaped = [hex(wanted >> 4), hex(wanted & 0xF)];
            rest = match rest {
                [b'%', high, low, rest @ ..] if escaped == [high.to_ascii_lowercase(), low.to_ascii_lowercase()] => {
                    rest
                }
                [first, rest @ ..] if first == wanted => rest,
                _ => return None,
            };
        }
        Some(bytes.len() - rest.len())
    }
}

fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble & 0xF)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_goes_and_every_length_stays() {
        let session = SessionId::from_random([0xA5; 16]);
        let (name, concealed) = (session.as_str(), Concealed::new(&session));
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let half = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        #[track_caller]
        fn check(concealed: &Concealed, text: &str, expect: &str) {
            let mut blotted = text.to_owned();
            concealed.blot_text(&mut blotted);
            assert_eq!((blotted.as_str(), blotted.len()), (expect, text.len()));
        }
        let x = |count| "x".repeat(count);
        let head = |name: &str| format!("GET /lab/{name}?deflate=on HTTP/1.1\r\nReferer: http://lab/s/{name}\r\n\r\n");
        check(&concealed, &head(name), &head(&x(26)));
        check(&concealed, &head(&escaped), &head(&x(78)));
        check(&concealed, &head(&half), &head(&x(28)));
        check(&concealed, &name.repeat(2), &x(52));
        for other in [format!("y{}", &name[..25]), name.to_uppercase(), String::new()] {
            check(&concealed, &other, &other);
        }
    }
}
