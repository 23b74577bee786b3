//! Removes a session's name from exports. The name is secret: it gives access to the session, and files get shared.

use observation::{Deferred, Event, Observation, SessionId};

/// Replaces each byte of the name.
const PLACEHOLDER: u8 = b'x';

/// What replaces a name.
pub(crate) fn placeholder(session: &SessionId) -> String {
    char::from(PLACEHOLDER).to_string().repeat(session.as_str().len())
}

/// Removes one session's name.
#[derive(Clone, Debug)]
pub struct Redactor {
    name: Vec<u8>,
}

impl Redactor {
    #[must_use]
    pub fn new(session: &SessionId) -> Self {
        Self { name: session.as_str().as_bytes().to_vec() }
    }

    /// Replaces the name in handshake texts and in what was parsed from them. Frames stay unchanged.
    pub fn redact(&self, observation: &mut Observation) {
        match &mut observation.event {
            Event::Opening(opening) => {
                self.redact_bytes(&mut opening.request);
                self.redact_bytes(&mut opening.response);
                self.redact_bytes(&mut opening.interim);
                opening.subprotocol.iter_mut().for_each(|text| self.redact_text(text));
                for offer in &mut opening.offers {
                    self.redact_text(&mut offer.offer);
                    offer.answer.iter_mut().chain(&mut offer.declined).for_each(|text| self.redact_text(text));
                }
            }
            Event::Refusal(refusal) => {
                self.redact_bytes(&mut refusal.request);
                self.redact_bytes(&mut refusal.response);
                self.redact_bytes(&mut refusal.interim);
                self.redact_text(&mut refusal.explanation);
                refusal.violations.iter_mut().for_each(|violation| self.redact_text(&mut violation.explanation));
            }
            Event::Asked(asked) => self.redact_bytes(&mut asked.request),
            Event::Note(note) => self.redact_text(&mut note.text),
            Event::Act(act) => {
                let Some(mut handshake) = act.handshake.take().and_then(|handshake| handshake.read().ok()) else {
                    return;
                };
                self.redact_bytes(&mut handshake.before);
                self.redact_bytes(&mut handshake.after);
                act.handshake = Some(Deferred::new(&handshake));
                act.refused.iter_mut().for_each(|text| self.redact_text(text));
            }
            Event::Tunnel(_) | Event::Records(_) | Event::Frame(_) | Event::Closed(_) => {}
        }
    }

    fn redact_text(&self, text: &mut String) {
        let mut bytes = std::mem::take(text).into_bytes();
        self.redact_bytes(&mut bytes);
        // ASCII was replaced by ASCII, so the text is still UTF-8.
        *text = String::from_utf8(bytes).unwrap_or_default();
    }

    fn redact_bytes(&self, bytes: &mut [u8]) {
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

    /// The length of the name at the front of `bytes`, if it is there. Each of its characters may be percent-encoded, as in a
    /// path.
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
        let (name, redactor) = (session.as_str(), Redactor::new(&session));
        let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let half = format!("%{:02x}{}", name.as_bytes()[0], &name[1..]);
        #[track_caller]
        fn check(redactor: &Redactor, text: &str, expect: &str) {
            let mut redacted = text.to_owned();
            redactor.redact_text(&mut redacted);
            assert_eq!((redacted.as_str(), redacted.len()), (expect, text.len()));
        }
        let x = |count| "x".repeat(count);
        let head = |name: &str| format!("GET /lab/{name}?deflate=on HTTP/1.1\r\nReferer: http://lab/s/{name}\r\n\r\n");
        check(&redactor, &head(name), &head(&x(26)));
        check(&redactor, &head(&escaped), &head(&x(78)));
        check(&redactor, &head(&half), &head(&x(28)));
        check(&redactor, &name.repeat(2), &x(52));
        for other in [format!("y{}", &name[..25]), name.to_uppercase(), String::new()] {
            check(&redactor, &other, &other);
        }
    }
}
