//! Captures the text of each request of a connection, and replaces the text of responses.
//!
//! hyper passes on parsed requests and writes its own heads (lower-case names, a date). The lab shows both handshake texts byte
//! for byte, so `HeadCapture` keeps the current head as it arrived, and lets a handler set the text of a response. It also tells a
//! handler that the client has left.

use bytes::Bytes;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use wire::handshake::head::{RequestHead, values};

/// Shared by a connection's stream and its handlers. It uses a std lock, because the lock is never held across an await, and both
/// sides run in one task.
#[derive(Clone, Debug)]
pub(crate) struct HeadCapture(Arc<Mutex<CaptureState>>);

#[derive(Debug)]
pub(super) struct CaptureState {
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
    pub(super) client: Client,
    /// The beginning of what hyper has written since the last head.
    answer: Vec<u8>,
}

/// The client of a request that waits for its response.
#[derive(Debug)]
pub(super) enum Client {
    /// Nobody waits for its end.
    Unwatched,
    /// A handler wants to know when it leaves.
    Watched(Waker),
    /// It has ended its half of the connection.
    HalfClosed,
    /// The connection is lost.
    Gone,
}

/// How long a request may wait after its client has ended its half of the connection. `nc` and scripts do that and then wait for
/// the response. A browser that leaves looks the same.
const HALF_CLOSED: Duration = Duration::from_secs(2);

/// hyper's own error responses are shorter than this, in bytes.
const ANSWER: usize = 1024;

#[derive(Debug)]
pub(super) enum Inbound {
    Following {
        /// What hyper has read but not turned into a request yet, without bodies: `bytes.len() <= limit`.
        bytes: Vec<u8>,
        limit: usize,
        /// The remaining bytes of the current request's body. They are still to come, or at the front of `bytes`.
        body: u64,
    },
    /// Capturing has stopped: the start of the next head is unknown, or there will be none.
    Off,
}

#[derive(Debug)]
pub(super) enum Outbound {
    /// hyper's output is sent.
    Hyper,
    /// Waits until hyper's earlier output has been sent.
    Wanted { text: Bytes, waker: Waker },
    /// hyper's next head is discarded. `matched` bytes of the empty line at its end were seen.
    Swallowing { text: Bytes, matched: usize },
    /// The replacement is sent; `text` is the rest of it.
    Sending { text: Bytes },
}

impl HeadCapture {
    pub(super) fn new(limit: usize) -> Self {
        let inbound = Inbound::Following { bytes: Vec::new(), limit, body: 0 };
        Self(Arc::new(Mutex::new(CaptureState {
            inbound,
            outbound: Outbound::Hyper,
            client: Client::Unwatched,
            answer: Vec::new(),
        })))
    }

    /// The head of the current request, from the request line to the empty line; `None` if it was not captured. Call it once per
    /// request.
    pub(super) fn take_head(&self) -> Option<Bytes> {
        let mut state = self.lock();
        state.answer = Vec::new();
        state.inbound.take_head()
    }

    /// The bytes of an unfinished head and hyper's response to it; `None` between requests.
    pub(super) fn unfinished(&self) -> Option<(Bytes, Bytes)> {
        let mut state = self.lock();
        match &mut state.inbound {
            Inbound::Following { bytes, body: 0, .. } if !bytes.is_empty() => {
                let head = std::mem::take(bytes);
                Some((head.into(), std::mem::take(&mut state.answer).into()))
            }
            _ => None,
        }
    }

    /// Whether the end of the current request is unknown, so that it must be the last one of its connection.
    pub(super) fn lost_track(&self) -> bool {
        matches!(self.lock().inbound, Inbound::Off)
    }

    /// Stops capturing, because this request leaves HTTP.
    pub(crate) fn stop(&self) {
        self.lock().inbound = Inbound::Off;
    }

    /// Sends `text` instead of hyper's next head, which must have no body. Resolves as soon as the handler may return its
    /// response.
    pub(crate) fn dictate(&self, text: Bytes) -> impl Future<Output = ()> + Send + use<> {
        Dictation { head_capture: self.clone(), text: Some(text) }
    }

    /// Resolves when the client has left: the connection is lost, or the client ended its half some time ago.
    pub(crate) async fn client_left(&self) {
        let _watch = Watch(self);
        let half_closed = poll_fn(|cx| {
            let mut state = self.lock();
            match &state.client {
                Client::HalfClosed => Poll::Ready(true),
                Client::Gone => Poll::Ready(false),
                Client::Unwatched | Client::Watched(_) => {
                    state.client = Client::Watched(cx.waker().clone());
                    Poll::Pending
                }
            }
        });
        if half_closed.await {
            tokio::time::sleep(HALF_CLOSED).await;
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, CaptureState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends the watch on drop.
struct Watch<'c>(&'c HeadCapture);

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.lock().client = Client::Unwatched;
    }
}

impl Client {
    pub(super) fn is_watched(&self) -> bool {
        matches!(self, Self::Watched(_))
    }

    /// The client has ended its half, or is gone.
    pub(super) fn leaves(&mut self, how: Self) {
        if let Self::Watched(waker) = std::mem::replace(self, how) {
            waker.wake();
        }
    }
}

impl CaptureState {
    /// Keeps the beginning of hyper's own output.
    pub(super) fn written(&mut self, bytes: &[u8]) {
        let room = ANSWER.saturating_sub(self.answer.len()).min(bytes.len());
        self.answer.extend_from_slice(&bytes[..room]);
    }
}

impl Inbound {
    /// How many bytes may be read now; `None` for any number.
    pub(super) fn room(&self) -> Option<usize> {
        match self {
            Self::Following { bytes, limit, .. } => Some(limit.saturating_sub(bytes.len())),
            Self::Off => None,
        }
    }

    pub(super) fn push(&mut self, mut read: &[u8]) {
        let Self::Following { bytes, body, .. } = self else { return };
        if bytes.is_empty() {
            skip_body(&mut read, body);
            if *body == 0 {
                skip_line_ends(&mut read);
            }
        }
        bytes.extend_from_slice(read);
    }

    fn take_head(&mut self) -> Option<Bytes> {
        let Self::Following { bytes, body, .. } = self else { return None };
        let Ok(Some(head)) = RequestHead::parse(bytes) else {
            *self = Self::Off;
            return None;
        };
        let text = Bytes::copy_from_slice(&bytes[..head.len]);
        let Some(length) = body_length(bytes, &head) else {
            *self = Self::Off;
            return Some(text);
        };
        *body = length;
        let mut rest = &bytes[head.len..];
        skip_body(&mut rest, body);
        if *body == 0 {
            skip_line_ends(&mut rest);
        }
        let gone = bytes.len() - rest.len();
        bytes.drain(..gone);
        Some(text)
    }
}

/// The length of the body after `head`; `None` if only reading it can tell.
fn body_length(bytes: &[u8], head: &RequestHead) -> Option<u64> {
    if values(bytes, &head.headers, "Transfer-Encoding").next().is_some() {
        return None;
    }
    let mut lengths = values(bytes, &head.headers, "Content-Length");
    let Some(length) = lengths.next() else { return Some(0) };
    // hyper has refused differing lengths. A list in one line is left to hyper.
    std::str::from_utf8(length).ok()?.parse().ok()
}

fn skip_body(bytes: &mut &[u8], body: &mut u64) {
    let here = usize::try_from(*body).unwrap_or(usize::MAX).min(bytes.len());
    *bytes = &bytes[here..];
    *body -= here as u64;
}

/// Line ends before a request line do not belong to it. RFC 9112 §2.2.
fn skip_line_ends(bytes: &mut &[u8]) {
    while let [b'\r' | b'\n', rest @ ..] = bytes {
        *bytes = rest;
    }
}

impl Outbound {
    /// Called when hyper flushes, which happens only after all its output was accepted.
    pub(super) fn flushed(&mut self) {
        match std::mem::replace(self, Self::Hyper) {
            Self::Wanted { text, waker } => {
                *self = Self::Swallowing { text, matched: 0 };
                waker.wake();
            }
            other => *self = other,
        }
    }

    /// Discards hyper's head from `written`. Returns the number of bytes discarded; zero if hyper's output is to be
    /// sent.
    pub(super) fn swallow(&mut self, written: &[u8]) -> usize {
        const END: &[u8] = b"\r\n\r\n";
        let Self::Swallowing { text, matched } = self else { return 0 };
        for (index, &byte) in written.iter().enumerate() {
            *matched = match byte == END[*matched] {
                true => *matched + 1,
                // The only prefix of the empty line that can begin here.
                false => usize::from(byte == END[0]),
            };
            if *matched == END.len() {
                *self = Self::Sending { text: std::mem::take(text) };
                return index + 1;
            }
        }
        written.len()
    }
}

struct Dictation {
    head_capture: HeadCapture,
    /// `None` once it is handed over.
    text: Option<Bytes>,
}

impl Future for Dictation {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let begun = self.text.take();
        let mut state = self.head_capture.lock();
        if let Some(text) = begun {
            state.outbound = Outbound::Wanted { text, waker: cx.waker().clone() };
            return Poll::Pending;
        }
        match &mut state.outbound {
            Outbound::Wanted { waker, .. } => {
                waker.clone_from(cx.waker());
                Poll::Pending
            }
            _ => Poll::Ready(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `wire` in parts of `size` bytes, and takes each head as soon as it is complete.
    fn heads(wire: &[u8], size: usize) -> Vec<String> {
        let mut inbound = Inbound::Following { bytes: Vec::new(), limit: 1024, body: 0 };
        let mut heads = Vec::new();
        for piece in wire.chunks(size) {
            inbound.push(piece);
            while let Inbound::Following { bytes, .. } = &inbound
                && matches!(RequestHead::parse(bytes), Ok(Some(_)))
            {
                heads.push(String::from_utf8(inbound.take_head().unwrap().to_vec()).unwrap());
            }
        }
        heads
    }

    #[test]
    fn heads_are_found_between_bodies_however_the_bytes_are_cut() {
        let first = "POST /a HTTP/1.1\r\nContent-Length: 27\r\n\r\n";
        let second = "GET /b HTTP/1.1\r\nhOsT:  x \r\n\r\n";
        let wire = format!("\r\n{first}GET /not-a-head HTTP/1.1\r\n\r\n\r\n{second}{second}");
        for size in [1, 2, 3, 7, 50, 1000] {
            assert_eq!(heads(wire.as_bytes(), size), [first, second, second], "pieces of {size}");
        }
    }

    #[test]
    fn after_a_chunked_body_nothing_is_followed() {
        let wire = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n";
        assert_eq!(heads(wire, 1000).len(), 1);
    }

    #[test]
    fn the_room_is_what_is_left_of_the_limit() {
        let mut inbound = Inbound::Following { bytes: Vec::new(), limit: 10, body: 0 };
        inbound.push(b"\r\n\r\nGET");
        assert_eq!(inbound.room(), Some(7));
    }

    #[test]
    fn a_head_is_swallowed_however_it_is_cut() {
        let written = b"HTTP/1.1 400 Bad\r\r\na: b\r\n\r\nafter";
        for size in 1..written.len() {
            let mut outbound = Outbound::Swallowing { text: Bytes::from_static(b"text"), matched: 0 };
            let mut left = &written[..];
            while matches!(outbound, Outbound::Swallowing { .. }) {
                let taken = outbound.swallow(&left[..size.min(left.len())]);
                assert!(taken > 0);
                left = &left[taken..];
            }
            assert_eq!(left, b"after", "pieces of {size}");
            assert!(matches!(outbound, Outbound::Sending { text } if text == "text"));
        }
    }
}
