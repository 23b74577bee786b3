//! The observation feed: a separate socket that reconnects automatically and resumes where it stopped.

use super::api::{self, ApiError};
use crate::site;
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::task::spawn_local;
use observation::{FeedMessage, SUBPROTOCOL, Seq, SessionId};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

/// The longest delay before the first attempt to reconnect, and about the delay before the second one.
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(8);
/// How long a connection attempt, or finding out why one failed, may take. A proxy may wait much longer for a relay that is gone.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the feed tells the store.
pub enum FeedEvent {
    Message(FeedMessage),
    /// The feed is disconnected and will reconnect.
    Lost,
    /// The relay does not know the session.
    Expired,
    /// The relay speaks another version of the feed.
    Unreadable(String),
}

/// Reads a message of the feed. The error says why it cannot be read.
pub type Read = fn(&str) -> Result<FeedMessage, String>;

/// Keeps a feed open until it is dropped.
pub struct Feed(Rc<Inner>);

struct Inner {
    session: SessionId,
    /// The last number the store has.
    last: Box<dyn Fn() -> Seq>,
    read: Read,
    tell: Box<dyn Fn(FeedEvent)>,
    line: RefCell<Option<Line>>,
    /// How many connections have been tried.
    lines: Cell<u64>,
    /// The timer of the next attempt, or of the current one.
    timer: RefCell<Option<TimeoutHandle>>,
    /// How many attempts in a row have failed.
    failures: Cell<u32>,
}

struct Line {
    socket: WebSocket,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Feed {
    pub fn open(
        session: SessionId,
        last: impl Fn() -> Seq + 'static,
        read: Read,
        tell: impl Fn(FeedEvent) + 'static,
    ) -> Self {
        let inner = Rc::new(Inner {
            session,
            last: Box::new(last),
            read,
            tell: Box::new(tell),
            line: RefCell::new(None),
            lines: Cell::new(0),
            timer: RefCell::new(None),
            failures: Cell::new(0),
        });
        connect(&inner);
        Self(inner)
    }

    /// Reconnects at once.
    pub fn retry_now(&self) {
        self.0.cancel_timer();
        connect(&self.0);
    }

    /// Sends a text to the relay; `false` if there is no open connection.
    pub fn send(&self, text: &str) -> bool {
        let line = self.0.line.borrow();
        let open = line.as_ref().filter(|line| line.socket.ready_state() == WebSocket::OPEN);
        open.is_some_and(|line| line.socket.send_with_str(text).is_ok())
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.cancel_timer();
        self.0.line.take();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // It is closing or closed already.
        let _ = self.socket.close();
    }
}

impl Inner {
    fn cancel_timer(&self) {
        if let Some(timer) = self.timer.take() {
            timer.clear();
        }
    }

    /// Calls `then` after `time`, unless another timer is set before.
    fn set_timer(self: &Rc<Self>, time: Duration, then: impl Fn(&Rc<Self>) + 'static) {
        self.cancel_timer();
        let weak = Rc::downgrade(self);
        let then = move || {
            if let Some(inner) = weak.upgrade() {
                then(&inner);
            }
        };
        *self.timer.borrow_mut() = set_timeout_with_handle(then, time).ok();
    }
}

fn connect(inner: &Rc<Inner>) {
    let location = leptos::prelude::window().location();
    let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let (session, after) = (&inner.session, (inner.last)());
    let path = site::path(&format!("/api/sessions/{session}/observe"));
    let url = format!("{scheme}://{host}{path}?after={after}");
    let Ok(socket) = WebSocket::new_with_str(&url, SUBPROTOCOL) else {
        lost(inner);
        return;
    };
    let weak = Rc::downgrade(inner);
    let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(inner) = weak.upgrade() else { return };
        inner.failures.set(0);
        inner.cancel_timer();
        match (inner.read)(&event.data().as_string().unwrap_or_default()) {
            Ok(message) => (inner.tell)(FeedEvent::Message(message)),
            Err(why) => {
                // Skipping the message would lose data silently, so the feed stops here.
                let silent = inner.line.take();
                (inner.tell)(FeedEvent::Unreadable(why));
                // Not inside this handler, which belongs to the socket.
                spawn_local(async move { drop(silent) });
            }
        }
    });
    // The relay's first message comes right after the handshake.
    inner.set_timer(PATIENCE, lost);
    let line = inner.lines.get() + 1;
    inner.lines.set(line);
    let weak = Rc::downgrade(inner);
    let close = Closure::<dyn FnMut(CloseEvent)>::new(move |_| spawn_local(find_out_why(weak.clone(), line)));
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(close.as_ref().unchecked_ref()));
    *inner.line.borrow_mut() = Some(Line { socket, _message: message, _close: close });
}

/// A failed socket gives no reason. A request over HTTP tells whether the session is gone or the relay does not answer.
async fn find_out_why(inner: Weak<Inner>, line: u64) {
    // Another connection may have started meanwhile; then its result counts.
    let current = || inner.upgrade().filter(|inner| inner.lines.get() == line);
    let Some(session) = current().map(|inner| {
        inner.set_timer(PATIENCE, lost);
        inner.session.clone()
    }) else {
        return;
    };
    let found = api::find_session(&session).await;
    let Some(inner) = current() else { return };
    match found {
        Err(ApiError::Unknown) => {
            inner.cancel_timer();
            (inner.tell)(FeedEvent::Expired);
        }
        _ => lost(&inner),
    }
}

fn lost(inner: &Rc<Inner>) {
    // If it is still connecting, it must not be heard any more.
    inner.line.take();
    let failures = inner.failures.get();
    inner.failures.set(failures.saturating_add(1));
    inner.set_timer(delay(failures, js_sys::Math::random()), connect);
    (inner.tell)(FeedEvent::Lost);
}

/// The time before the next attempt, after so many failed ones in a row. `random` is in 0..1, so that many pages do not reconnect
/// at the same moment. The first attempt comes soon, because another relay may be ready.
fn delay(failures: u32, random: f64) -> Duration {
    match failures.checked_sub(1) {
        None => FIRST_DELAY.mul_f64(random),
        Some(more) => (FIRST_DELAY * 2u32.saturating_pow(more.min(16))).min(LONGEST_DELAY).mul_f64(0.9 + random / 5.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_attempt_comes_soon_and_the_next_ones_later_and_later() {
        let range = |failures| [0.0, 0.5, 1.0].map(|random| delay(failures, random).as_millis());
        assert_eq!(range(0), [0, 250, 500]);
        assert_eq!(range(1), [450, 500, 550]);
        assert_eq!(range(2), [900, 1_000, 1_100]);
        assert_eq!(range(5), [7_200, 8_000, 8_800]);
        assert_eq!(range(6), range(5));
        assert_eq!(range(u32::MAX), range(5));
    }
}
