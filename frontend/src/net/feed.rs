//! The observation feed: a separate socket that reconnects automatically and resumes where it stopped.

use super::api::{self, ApiError};
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::task::spawn_local;
use observation::{FeedMessage, SUBPROTOCOL, Seq, SessionId};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, MessageEvent, WebSocket};

const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(8);

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

/// Keeps a feed open until it is dropped.
pub struct Feed(Rc<Inner>);

struct Inner {
    session: SessionId,
    /// The last number the store has.
    last: Box<dyn Fn() -> Seq>,
    tell: Box<dyn Fn(FeedEvent)>,
    line: RefCell<Option<Line>>,
    /// How many connections have been tried.
    lines: Cell<u64>,
    /// The timer of the next attempt.
    timer: RefCell<Option<TimeoutHandle>>,
    delay: RefCell<Duration>,
}

struct Line {
    socket: WebSocket,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl Feed {
    pub fn open(session: SessionId, last: impl Fn() -> Seq + 'static, tell: impl Fn(FeedEvent) + 'static) -> Self {
        let inner = Rc::new(Inner {
            session,
            last: Box::new(last),
            tell: Box::new(tell),
            line: RefCell::new(None),
            lines: Cell::new(0),
            timer: RefCell::new(None),
            delay: RefCell::new(FIRST_DELAY),
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
}

fn connect(inner: &Rc<Inner>) {
    let location = leptos::prelude::window().location();
    let scheme = if location.protocol().is_ok_and(|scheme| scheme == "https:") { "wss" } else { "ws" };
    let host = location.host().unwrap_or_default();
    let (session, after) = (&inner.session, (inner.last)());
    let url = format!("{scheme}://{host}/api/sessions/{session}/observe?after={after}");
    let Ok(socket) = WebSocket::new_with_str(&url, SUBPROTOCOL) else {
        lost(inner);
        return;
    };
    let weak = Rc::downgrade(inner);
    let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        let Some(inner) = weak.upgrade() else { return };
        *inner.delay.borrow_mut() = FIRST_DELAY;
        match FeedMessage::from_json(&event.data().as_string().unwrap_or_default()) {
            Ok(message) => (inner.tell)(FeedEvent::Message(message)),
            Err(error) => {
                // Skipping the message would lose data silently, so the feed stops here.
                let silent = inner.line.take();
                (inner.tell)(FeedEvent::Unreadable(error.to_string()));
                // Not inside this handler, which belongs to the socket.
                spawn_local(async move { drop(silent) });
            }
        }
    });
    inner.cancel_timer();
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
    let Some(session) = inner.upgrade().map(|inner| inner.session.clone()) else { return };
    let found = api::find_session(&session).await;
    // Another connection may have started meanwhile; then its result counts.
    let Some(inner) = inner.upgrade().filter(|inner| inner.lines.get() == line) else { return };
    match found {
        Err(ApiError::Unknown) => (inner.tell)(FeedEvent::Expired),
        _ => lost(&inner),
    }
}

fn lost(inner: &Rc<Inner>) {
    let delay = *inner.delay.borrow();
    *inner.delay.borrow_mut() = (delay * 2).min(LONGEST_DELAY);
    // A random fifth, so that many pages do not reconnect at the same moment.
    let delay = delay * (90 + (21.0 * js_sys::Math::random()) as u32) / 100;
    let weak = Rc::downgrade(inner);
    let again = move || {
        if let Some(inner) = weak.upgrade() {
            connect(&inner);
        }
    };
    inner.cancel_timer();
    *inner.timer.borrow_mut() = set_timeout_with_handle(again, delay).ok();
    (inner.tell)(FeedEvent::Lost);
}
