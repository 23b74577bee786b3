//! The observation feed: a socket of its own, which comes back by itself and resumes where it was.

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
    /// The feed is off; it will be tried again.
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
    /// How many lines have been tried.
    lines: Cell<u64>,
    /// The next try.
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

    /// Tries again at once.
    pub fn retry_now(&self) {
        self.0.cancel_timer();
        connect(&self.0);
    }

    /// Sends a text to the relay; `false` while there is no open line to it.
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
        // It closes or is closed already; there is no one left to tell.
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
                // What is skipped would be missing without a word: better to stop here.
                let silent = inner.line.take();
                (inner.tell)(FeedEvent::Unreadable(error.to_string()));
                // Not while this handler, which is the line's, is running.
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

/// A socket is not told why it failed; asking over HTTP tells a session that is gone from a relay that is.
async fn find_out_why(inner: Weak<Inner>, line: u64) {
    let Some(session) = inner.upgrade().map(|inner| inner.session.clone()) else { return };
    let found = api::find_session(&session).await;
    // Meanwhile another line may have been tried, which then tells its own story.
    let Some(inner) = inner.upgrade().filter(|inner| inner.lines.get() == line) else { return };
    match found {
        Err(ApiError::Unknown) => (inner.tell)(FeedEvent::Expired),
        _ => lost(&inner),
    }
}

fn lost(inner: &Rc<Inner>) {
    let delay = *inner.delay.borrow();
    *inner.delay.borrow_mut() = (delay * 2).min(LONGEST_DELAY);
    // A fifth at random, so that a class does not come back as one.
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
