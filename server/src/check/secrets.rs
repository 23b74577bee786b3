//! The values of environment variables that a scenario uses. They appear neither in a recording nor in the output.

use credentials::{Concealer, HeaderPattern};
use observation::{Event, Frame};
use wire::mask::MaskingKey;

/// Replaces each byte of a value.
const PLACEHOLDER: u8 = b'*';
/// Shorter values stand in too many other places.
pub(super) const SHORTEST: usize = 4;

#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    values: Vec<Vec<u8>>,
    /// The headers whose values are concealed as a whole.
    headers: Concealer,
}

impl Secrets {
    /// `values` are those of variables, in every form in which they are sent. `headers` are those that use a variable.
    pub(super) fn new(values: impl IntoIterator<Item = String>, headers: &[HeaderPattern]) -> Self {
        let mut values: Vec<_> =
            values.into_iter().filter(|value| value.len() >= SHORTEST).map(String::into_bytes).collect();
        // A value may contain another one.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self { values, headers: Concealer::new(headers) }
    }

    /// Replaces the values in `bytes`. Returns whether there were any.
    pub(super) fn conceal(&self, bytes: &mut [u8]) -> bool {
        let mut found = false;
        for value in &self.values {
            let mut at = 0;
            while let Some(next) = position(&bytes[at..], value) {
                bytes[at + next..at + next + value.len()].fill(PLACEHOLDER);
                at += next + value.len();
                found = true;
            }
        }
        found
    }

    pub(super) fn concealed(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        self.conceal(&mut bytes);
        bytes
    }

    pub(super) fn text(&self, text: &str) -> String {
        // Values are UTF-8, and so are the parts between them.
        String::from_utf8_lossy(&self.concealed(text.as_bytes())).into_owned()
    }

    /// The event without credentials and values.
    pub(super) fn event(&self, event: Event) -> Event {
        let mut event = self.headers.conceal(&event).unwrap_or(event);
        match &mut event {
            Event::Opening(opening) => {
                for text in [&mut opening.request, &mut opening.interim, &mut opening.response] {
                    self.conceal(text);
                }
            }
            Event::Refusal(refusal) => {
                for text in [&mut refusal.request, &mut refusal.interim, &mut refusal.response] {
                    self.conceal(text);
                }
                refusal.explanation = self.text(&refusal.explanation);
            }
            Event::Frame(frame) => self.frame(frame),
            Event::Closed(closed) => closed.reason = self.text(&closed.reason),
            Event::Asked(_) | Event::Tunnel(_) | Event::Records(_) | Event::Act(_) | Event::Note(_) => {}
        }
        event
    }

    fn frame(&self, frame: &mut Frame) {
        let key = frame.masking_key.map(MaskingKey);
        let unmask = |payload: &mut [u8]| key.into_iter().for_each(|key| key.apply(payload, 0));
        unmask(&mut frame.payload);
        self.conceal(&mut frame.payload);
        unmask(&mut frame.payload);
        if let Some(inflated) = &mut frame.inflated
            && self.conceal(&mut inflated.payload)
        {
            // Whoever inflates these bytes has the value.
            frame.payload.clear();
        }
    }
}

fn position(bytes: &[u8], value: &[u8]) -> Option<usize> {
    bytes.windows(value.len()).position(|window| window == value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::Inflated;
    use wire::Sender;
    use wire::header::FrameHeader;
    use wire::opcode::Opcode;

    fn secrets() -> Secrets {
        Secrets::new(["tok3n".to_owned(), "a-tok3n-b".to_owned(), "abc".to_owned()], &["X-Key".parse().unwrap()])
    }

    #[test]
    fn values_go_and_everything_keeps_its_place() {
        assert_eq!(secrets().text("é tok3n, a-tok3n-b, abc, tok3ntok3n"), "é *****, *********, abc, **********");
    }

    #[test]
    fn handshakes_and_frames_have_no_value() {
        let request = b"GET /?t=tok3n HTTP/1.1\r\nX-Key: abc\r\nCookie: a=b\r\n\r\n".to_vec();
        let opening = observation::Opening { request, ..Default::default() };
        let Event::Opening(opening) = secrets().event(Event::Opening(opening)) else { panic!() };
        assert_eq!(opening.request, b"GET /?t=***** HTTP/1.1\r\nX-Key: ***\r\nCookie: a=*\r\n\r\n");
        assert_eq!(opening.concealed, ["cookie", "x-key"]);

        let mut header = FrameHeader::unmasked(true, Opcode::Text, 7);
        header.masking_key = Some(MaskingKey([1, 2, 3, 4]));
        let mut payload = b"1 tok3n".to_vec();
        MaskingKey([1, 2, 3, 4]).apply(&mut payload, 0);
        let frame = Frame::new(Sender::Client, &header, payload, 7);
        let Event::Frame(frame) = secrets().event(Event::Frame(frame)) else { panic!() };
        assert_eq!(frame.unmasked_payload(), b"1 *****");

        let mut frame = Frame::new(Sender::Server, &FrameHeader::unmasked(true, Opcode::Text, 3), vec![1, 2, 3], 3);
        frame.inflated = Some(Inflated { payload: b"tok3n".to_vec(), bytes: 5 });
        let Event::Frame(frame) = secrets().event(Event::Frame(frame)) else { panic!() };
        assert_eq!((frame.content(), frame.payload.len(), frame.truncated()), (b"*****".to_vec(), 0, true));
    }
}
