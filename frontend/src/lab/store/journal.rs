//! What this page's JavaScript did and was told, with its payloads, both within limits.

use crate::net::lab_socket::Payload;
use crate::ui::object_url::ObjectUrl;
use observation::page::{EventNumber, PageEvent, SocketNumber};
use std::collections::{HashMap, VecDeque};

/// The most events kept. The oldest are dropped first.
const MAX_EVENTS: usize = 40_000;
/// The most payload bytes kept. The oldest payloads are dropped first.
const MAX_PAYLOAD_BYTES: usize = 64 << 20;

#[derive(Default)]
pub struct Journal {
    /// Ascending by number, without gaps.
    events: VecDeque<PageEvent>,
    /// When each socket was created, in microseconds of the page's clock.
    began_us: HashMap<SocketNumber, u64>,
    /// Of kept events only.
    payloads: HashMap<EventNumber, Held>,
    /// No payload of an event before this one is kept.
    oldest_payload: u64,
    payload_bytes: usize,
}

/// A payload, and a URL if it is an image.
pub struct Held {
    pub payload: Payload,
    pub image: Option<ObjectUrl>,
}

impl Journal {
    pub fn add(&mut self, event: PageEvent, payload: Option<Payload>) {
        if let Some(payload) = payload {
            self.hold(event.number, payload);
        }
        self.began_us.entry(event.socket).or_insert(event.at_us);
        if self.events.len() == MAX_EVENTS
            && let Some(oldest) = self.events.pop_front()
        {
            self.let_go(oldest.number);
        }
        self.events.push_back(event);
    }

    pub fn event(&self, number: EventNumber) -> Option<&PageEvent> {
        let first = self.events.front()?.number.0;
        self.events.get(usize::try_from(number.0.checked_sub(first)?).ok()?)
    }

    /// In order, as far as they are kept.
    pub fn iter(&self) -> impl Iterator<Item = &PageEvent> {
        self.events.iter()
    }

    /// Microseconds between the creation of the socket and the event.
    pub fn since_began_us(&self, event: &PageEvent) -> u64 {
        let began = self.began_us.get(&event.socket).copied();
        event.at_us.saturating_sub(began.unwrap_or(event.at_us))
    }

    pub fn payload(&self, number: EventNumber) -> Option<&Held> {
        self.payloads.get(&number)
    }

    fn hold(&mut self, number: EventNumber, payload: Payload) {
        let image = match &payload {
            Payload::Binary(bytes) => image_type(bytes).and_then(|mime| ObjectUrl::of(bytes, mime)),
            Payload::Text(_) => None,
        };
        self.payload_bytes += size(&payload);
        self.payloads.insert(number, Held { payload, image });
        while self.payload_bytes > MAX_PAYLOAD_BYTES && self.oldest_payload < number.0 {
            self.let_go(EventNumber(self.oldest_payload));
        }
    }

    fn let_go(&mut self, number: EventNumber) {
        self.oldest_payload = self.oldest_payload.max(number.0 + 1);
        if let Some(held) = self.payloads.remove(&number) {
            self.payload_bytes -= size(&held.payload);
        }
    }
}

fn size(payload: &Payload) -> usize {
    match payload {
        Payload::Text(text) => text.len(),
        Payload::Binary(bytes) => bytes.len(),
    }
}

/// The MIME type of an image format that every browser supports, from its first bytes. WHATWG MIME Sniffing, §6.1.
pub fn image_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::image_type;

    #[test]
    fn images_are_told_by_their_first_bytes() {
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        assert_eq!(image_type(b"\xff\xd8\xff\xe0"), Some("image/jpeg"));
        assert_eq!(image_type(b"GIF89a"), Some("image/gif"));
        assert_eq!(image_type(b"RIFF\x10\x00\x00\x00WEBPVP8 "), Some("image/webp"));
        assert_eq!(image_type(b"RIFF\x10\x00\x00\x00WAVEfmt "), None);
        assert_eq!(image_type(b""), None);
    }
}
