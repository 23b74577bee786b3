//! A replay: the browser's own WebSocket sends what the player says, and what comes back is kept.

use crate::net::lab_socket::{LabSocket, Payload};
use crate::ui::clock::now_us;
use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use observation::page::PageAct;
use observation::{MessageKind, Party};
use replay::differences::MAX_MESSAGES;
use replay::{Conversation, Message, Next, Pace, Player};
use std::sync::Arc;
use std::time::Duration;

/// The most content of a replay that is kept, in bytes.
const MAX_BYTES: usize = 32 << 20;
/// What the replay closes with once the server has said as much as before. RFC 6455 §7.4.1.
const NORMAL: u16 = 1000;

/// What a replay is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Not started.
    Ready,
    Connecting,
    /// Connected; how many messages were sent, and what comes next.
    Playing(usize, Next),
    /// The close code and reason, or why it could not start.
    Over(String),
}

#[derive(Clone, Copy)]
pub(super) struct Run {
    then: StoredValue<Arc<Conversation>>,
    /// What was sent and received, for the views. Set once per animation frame.
    pub(super) now: RwSignal<Arc<Conversation>>,
    pub(super) phase: RwSignal<Phase>,
    inner: StoredValue<Option<Inner>, LocalStorage>,
}

struct Inner {
    player: Player,
    socket: Option<LabSocket>,
    /// When the connection was open, in microseconds of the page's clock.
    open_us: Option<u64>,
    timer: Option<TimeoutHandle>,
    said: Conversation,
    bytes: usize,
    /// Whether the next animation frame shows what is new.
    scheduled: bool,
}

impl Run {
    pub(super) fn new(then: Arc<Conversation>) -> Self {
        let run = Self {
            then: StoredValue::new(then),
            now: RwSignal::default(),
            phase: RwSignal::new(Phase::Ready),
            inner: StoredValue::new_local(None),
        };
        on_cleanup(move || run.forget());
        run
    }

    pub(super) fn is_live(self) -> bool {
        matches!(self.phase.get(), Phase::Connecting | Phase::Playing(..))
    }

    /// Connects, and plays as soon as the connection is open.
    pub(super) fn start(self, url: &str, protocols: &[String], pace: Pace) {
        self.forget();
        let player = self.then.with_value(|then| Player::new(then, pace));
        let (socket, said) = (None, Conversation::default());
        let inner = Inner { player, socket, open_us: None, timer: None, said, bytes: 0, scheduled: false };
        self.inner.set_value(Some(inner));
        self.now.set(Arc::default());
        match LabSocket::open(url, protocols, move |act, payload| self.heard(act, payload)) {
            Ok(socket) => {
                self.phase.set(Phase::Connecting);
                self.with(|inner| inner.socket = Some(socket));
            }
            Err(thrown) => self.phase.set(Phase::Over(format!("The browser refused: {}", thrown.message))),
        }
    }

    /// Sends the next message now.
    pub(super) fn step(self) {
        self.with(|inner| inner.player.step());
        self.go_on();
    }

    pub(super) fn stop(self) {
        self.with(|inner| {
            if let Some(timer) = inner.timer.take() {
                timer.clear();
            }
            // It may be closed already. The close event says how it ended.
            let _ = inner.socket.as_ref().map(|socket| socket.close(Some(NORMAL), ""));
        });
    }

    fn forget(self) {
        let inner = self.inner.try_update_value(Option::take).flatten();
        if let Some(timer) = inner.and_then(|inner| inner.timer) {
            timer.clear();
        }
    }

    fn with<T>(self, act: impl FnOnce(&mut Inner) -> T) -> Option<T> {
        self.inner.try_update_value(|inner| inner.as_mut().map(act)).flatten()
    }

    /// Handles an event of the socket.
    fn heard(self, act: PageAct, payload: Option<Payload>) {
        match (act, payload) {
            (PageAct::Open { .. }, _) => {
                self.with(|inner| inner.open_us = Some(now_us()));
                self.go_on();
            }
            (PageAct::Received(_), Some(payload)) => {
                self.with(|inner| {
                    inner.player.received();
                    inner.keep(Party::Server, payload);
                });
                self.show();
                self.go_on();
            }
            (PageAct::Closed { code, reason, .. }, _) => {
                if let Some(timer) = self.with(|inner| inner.timer.take()).flatten() {
                    timer.clear();
                }
                let reason = if reason.is_empty() { String::new() } else { format!(", “{reason}”") };
                self.phase.set(Phase::Over(format!("The connection closed with {code}{reason}.")));
                self.show();
            }
            _ => {}
        }
    }

    /// Sends what is due, and waits for the rest.
    fn go_on(self) {
        let next = self.with(|inner| inner.send_due(&self.then.get_value()));
        let Some(Ok((sent, next))) = next else {
            if let Some(Err(why)) = next {
                self.stop();
                self.phase.set(Phase::Over(why));
            }
            return;
        };
        self.show();
        self.phase.set(Phase::Playing(sent, next));
        match next {
            Next::At(wait_us) => {
                let timer = set_timeout_with_handle(move || self.go_on(), Duration::from_micros(wait_us)).ok();
                self.with(|inner| {
                    if let Some(old) = std::mem::replace(&mut inner.timer, timer) {
                        old.clear();
                    }
                });
            }
            Next::Over if self.has_heard_all() => self.stop(),
            _ => {}
        }
    }

    /// Whether the server has said as much as before.
    fn has_heard_all(self) -> bool {
        let before = self.then.with_value(|then| then.from(Party::Server).count());
        self.with(|inner| inner.said.from(Party::Server).count() >= before).unwrap_or_default()
    }

    /// Shows what is new in the next animation frame.
    fn show(self) {
        let is_first = self.with(|inner| !std::mem::replace(&mut inner.scheduled, true));
        if is_first == Some(true) {
            request_animation_frame(move || {
                let said = self.with(|inner| {
                    inner.scheduled = false;
                    inner.said.clone()
                });
                if let Some(said) = said {
                    // The view may be gone.
                    let _ = self.now.try_set(Arc::new(said));
                }
            });
        }
    }
}

impl Inner {
    /// Sends what is due. Returns how many messages were sent so far, and what comes next; a wait from now on.
    fn send_due(&mut self, then: &Conversation) -> Result<(usize, Next), String> {
        let Some(open_us) = self.open_us else { return Ok((0, Next::Step)) };
        loop {
            let now_us = now_us().saturating_sub(open_us);
            match self.player.next(now_us) {
                Next::Send(index) => {
                    let Some((message, socket)) = then.messages.get(index).zip(self.socket.as_ref()) else {
                        return Ok((self.player.progress().0, Next::Over));
                    };
                    let payload = match message.text() {
                        Some(text) => Payload::Text(text.into()),
                        None => Payload::Binary(message.content.as_slice().into()),
                    };
                    socket.send(&payload)?;
                    self.player.sent();
                    self.keep(Party::Client, payload);
                }
                Next::At(at_us) => return Ok((self.player.progress().0, Next::At(at_us - now_us))),
                next => return Ok((self.player.progress().0, next)),
            }
        }
    }

    fn keep(&mut self, from: Party, payload: Payload) {
        let (kind, content) = match payload {
            Payload::Text(text) => (MessageKind::Text, text.as_bytes().to_vec()),
            Payload::Binary(bytes) => (MessageKind::Binary, bytes.to_vec()),
        };
        self.bytes += content.len();
        if self.said.messages.len() >= MAX_MESSAGES || self.bytes > MAX_BYTES {
            self.said.left_out += 1;
            return;
        }
        let at_us = now_us().saturating_sub(self.open_us.unwrap_or_default());
        let bytes = content.len() as u64;
        self.said.messages.push(Message { from, kind, at_us, content, bytes });
    }
}
