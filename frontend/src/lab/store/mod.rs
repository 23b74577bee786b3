//! The store of a lab: it owns the sockets and takes in their events, once per animation frame.

pub mod commands;
mod follow;
mod foreign_sockets;
mod intake;
pub mod journal;
pub mod open_connections;
pub mod record;
pub mod trouble;

use self::commands::Commands;
use self::intake::Intake;
use self::record::{Gate, Incoming, Record};
use crate::address::target::{self, Target};
use crate::net::api::{self, ApiError};
use crate::net::feed::{Feed, FeedEvent};
use crate::net::lab_socket::{LabSocket, Payload};
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::page::{EventNumber, PageAct, SocketNumber};
use observation::sequence::RowKey;
use observation::{Answer, Command, ConnectionNumber, Deferred, FeedMessage, Hello, Rule, Seq, SessionId};
use std::rc::Rc;

/// The largest command that the relay takes, in bytes of JSON.
const MAX_COMMAND: usize = 64 << 10;

/// The state of this page's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Session {
    /// Being created.
    Starting,
    Ready(SessionId),
    /// The relay could not create one.
    Failed(ApiError),
}

impl Session {
    pub fn id(&self) -> Option<SessionId> {
        match self {
            Self::Ready(id) => Some(id.clone()),
            Self::Starting | Self::Failed(_) => None,
        }
    }
}

/// The state of the observation feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FeedState {
    Connecting,
    Live,
    /// Disconnected; the page tries again, less and less often.
    Lost,
    /// The session has ended.
    Expired,
    Unreadable(String),
}

/// The page's newest socket, as JavaScript sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketState {
    pub number: SocketNumber,
    pub url: String,
    pub ready: ReadyState,
    /// Whether the relay records it.
    pub watched: bool,
    /// The subprotocol agreed on; empty for none.
    pub protocol: String,
    /// Whether permessage-deflate was agreed on.
    pub compresses: bool,
    /// Code, reason and `wasClean` of the close event.
    pub closed: Option<(u16, String, bool)>,
}

/// `readyState`. WebSockets Standard, §3.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ReadyState {
    Connecting,
    Open,
    Closing,
    Closed,
}

#[derive(Clone, Copy)]
pub struct Lab {
    pub session: RwSignal<Session>,
    pub feed: RwSignal<FeedState>,
    /// The relay's first message, with its limits.
    pub hello: RwSignal<Option<Hello>>,
    /// Whether the relay has said that it is about to stop.
    draining: RwSignal<bool>,
    /// Whether the relay has said that it cannot record now.
    interrupted: RwSignal<bool>,
    /// When the session began, in milliseconds of the page's clock. `None` until the relay has told.
    pub began: RwSignal<Option<f64>>,
    /// What the relay intercepts; `None` if it has told none.
    pub rules: RwSignal<Option<Deferred<Vec<Rule>>>>,
    pub record: RwSignal<Record, LocalStorage>,
    pub socket: RwSignal<Option<SocketState>>,
    /// The commands of this page and their outcomes.
    pub commands: RwSignal<Commands>,
    pub selected: RwSignal<Option<RowKey>>,
    /// On a narrow screen: whether the inspector covers the sequence.
    pub inspecting: RwSignal<bool>,
    inner: StoredValue<Inner, LocalStorage>,
}

type Script = Rc<dyn Fn(&PageAct)>;

#[derive(Default)]
struct Inner {
    feed: Option<Feed>,
    socket: Option<LabSocket>,
    /// Once it is loaded.
    intake: Option<Intake>,
    inbox: Vec<Incoming>,
    /// Whether the inbox will be emptied in the next animation frame.
    scheduled: bool,
    events: u64,
    sockets: u32,
    /// The visitor's last action. Its row is selected as soon as the relay has recorded it.
    follow: Option<EventNumber>,
    /// Instead of both: the row to select until the visitor chooses one.
    aim: Option<fn(&Record) -> Option<RowKey>>,
    /// While a reader's code runs in its sandbox.
    gate: Option<Gate>,
    /// Called with every event of the page's sockets.
    script: Option<Script>,
    /// The visitor's last command: its connection, and the last observation before it. Its result is selected too.
    follow_command: Option<(ConnectionNumber, Seq)>,
    /// Called when the session has ended.
    on_expired: Option<Rc<dyn Fn()>>,
}

impl Lab {
    /// A store for `session`, whose feed it opens. `None` is for a session that still has to be created.
    pub fn new(session: Option<SessionId>) -> Self {
        let state = session.clone().map_or(Session::Starting, Session::Ready);
        let lab = Self {
            session: RwSignal::new(state),
            feed: RwSignal::new(FeedState::Connecting),
            hello: RwSignal::new(None),
            draining: RwSignal::new(false),
            interrupted: RwSignal::new(false),
            began: RwSignal::new(None),
            rules: RwSignal::new(None),
            record: RwSignal::new_local(Record::default()),
            socket: RwSignal::new(None),
            commands: RwSignal::new(Commands::default()),
            selected: RwSignal::new(None),
            inspecting: RwSignal::new(false),
            inner: StoredValue::new_local(Inner::default()),
        };
        if session.is_some() {
            lab.load_intake(session);
        }
        lab
    }

    /// Creates a session and calls `then` with its name.
    pub fn create_session(self, then: impl FnOnce(SessionId) + 'static) {
        self.session.set(Session::Starting);
        self.load_intake(None);
        spawn_local(async move {
            match api::create_session().await {
                Ok(id) => then(id),
                // The page may have been left meanwhile.
                Err(error) => drop(self.session.try_set(Session::Failed(error))),
            }
        });
    }

    /// Calls `then` if the relay no longer knows the session although it did: it was restarted, or the page was away for long.
    pub fn on_expired(self, then: impl Fn() + 'static) {
        self.inner.update_value(|inner| inner.on_expired = Some(Rc::new(then)));
    }

    pub fn session_id(self) -> Option<SessionId> {
        self.session.with(Session::id)
    }

    pub fn retry_feed(self) {
        self.inner.with_value(|inner| {
            if let Some(feed) = &inner.feed {
                feed.retry_now();
            }
        });
    }

    /// `new WebSocket(url, protocols)`.
    ///
    /// # Errors
    /// What the constructor threw.
    pub fn connect(self, url: &str, protocols: Vec<String>, target: Target) -> Result<(), String> {
        let number = self.inner.try_update_value(|inner| {
            inner.sockets += 1;
            // The socket before is closed. Dropping it removes its handlers.
            inner.socket = None;
            SocketNumber(inner.sockets)
        });
        let Some(number) = number else { return Ok(()) };
        let socket = LabSocket::open(url, &protocols, move |act, payload| self.heard(number, act, payload));
        let socket = socket.map_err(|thrown| thrown.message)?;
        self.inner.update_value(|inner| inner.socket = Some(socket));
        let watched = target != Target::Elsewhere;
        if let Target::Lab(fingerprint) | Target::Relayed(fingerprint) = target {
            self.take(Incoming::Expect(number, fingerprint));
        }
        self.socket.set(Some(SocketState {
            number,
            url: url.to_owned(),
            ready: ReadyState::Connecting,
            watched,
            protocol: String::new(),
            compresses: false,
            closed: None,
        }));
        self.did(number, PageAct::Constructed { url: url.to_owned(), protocols }, None);
        Ok(())
    }

    /// `socket.send(payload)`; `name` is what a file was called.
    ///
    /// # Errors
    /// What `send` threw.
    pub fn send(self, payload: Payload, name: Option<&str>) -> Result<(), String> {
        self.on_socket(|socket| socket.send(&payload))?;
        let summary = payload.summary(name);
        self.on_current(|number| self.did(number, PageAct::Sent(summary), Some(payload)));
        Ok(())
    }

    /// `socket.bufferedAmount`; 0 without a socket.
    pub fn buffered(self) -> u32 {
        self.inner.with_value(|inner| inner.socket.as_ref().map_or(0, LabSocket::buffered))
    }

    /// `socket.close(code, reason)`.
    ///
    /// # Errors
    /// What `close` threw.
    pub fn close(self, code: Option<u16>, reason: &str) -> Result<(), String> {
        self.on_socket(|socket| socket.close(code, reason))?;
        self.socket.update(|socket| {
            if let Some(socket) = socket.as_mut().filter(|socket| socket.ready < ReadyState::Closing) {
                socket.ready = ReadyState::Closing;
            }
        });
        self.on_current(|number| {
            self.did(number, PageAct::CloseCalled { code, reason: reason.to_owned() }, None);
        });
        Ok(())
    }

    /// Sends a command to the relay. Its outcome is in `commands`.
    pub fn command(self, connection: ConnectionNumber, command: Command) {
        let Some(request) = self.commands.try_update(|commands| commands.ask(connection, command)) else { return };
        let last = self.record.with_untracked(|record| record.transcript.last());
        // Plain data always becomes JSON.
        let text = serde_json::to_string(&request).unwrap_or_default();
        let outcome = self.inner.try_update_value(|inner| {
            if text.len() > MAX_COMMAND {
                return Err("it is too large: the limit is about 32,000 bytes");
            }
            let sent = inner.feed.as_ref().is_some_and(|feed| feed.send(&text));
            if !sent {
                return Err("the page is not connected to the relay right now");
            }
            (inner.follow, inner.follow_command) = (None, Some((connection, last)));
            Ok(())
        });
        if let Some(Err(why)) = outcome {
            let answer = Answer { id: Some(request.id), refused: Some(why.to_owned()) };
            self.commands.update(|commands| commands.answer(answer));
        }
    }

    /// Calls `script` with every event of the page's sockets.
    pub fn follow_script(self, script: impl Fn(&PageAct) + 'static) {
        self.inner.update_value(|inner| inner.script = Some(Rc::new(script)));
    }

    fn on_socket(self, act: impl FnOnce(&LabSocket) -> Result<(), String>) -> Result<(), String> {
        let none = || Err("There is no connection. Connect first.".to_owned());
        self.inner.with_value(|inner| inner.socket.as_ref().map_or_else(none, act))
    }

    fn on_current(self, act: impl FnOnce(SocketNumber)) {
        if let Some(number) = self.socket.with_untracked(|socket| socket.as_ref().map(|socket| socket.number)) {
            act(number);
        }
    }

    fn feed_event(self, event: FeedEvent) {
        match event {
            FeedEvent::Message(FeedMessage::Answer(answer)) => {
                if answer.refused.is_some() {
                    self.inner.update_value(|inner| inner.follow_command = None);
                }
                self.commands.update(|commands| commands.answer(answer));
            }
            FeedEvent::Message(FeedMessage::Draining(_)) => self.draining.set(true),
            FeedEvent::Message(FeedMessage::Recording(recording)) => self.interrupted.set(recording.interrupted),
            FeedEvent::Message(FeedMessage::Rules(rules)) => self.rules.set(Some(rules)),
            FeedEvent::Message(FeedMessage::Hello(hello)) => {
                // Unit tests on the host have no clock.
                let clock = if cfg!(target_arch = "wasm32") { window().performance() } else { None };
                self.began.set(clock.map(|clock| clock.now() - hello.now_us as f64 / 1000.0));
                self.hello.set(Some(hello));
                // What another relay said before no longer holds.
                self.draining.set(false);
                self.interrupted.set(false);
                self.feed_is(FeedState::Live);
            }
            FeedEvent::Message(message @ (FeedMessage::Observations(_) | FeedMessage::Gap(_))) => {
                self.feed_is(FeedState::Live);
                self.take(Incoming::Feed(message));
            }
            FeedEvent::Lost => self.feed_is(FeedState::Lost),
            FeedEvent::Expired => self.expired(),
            FeedEvent::Unreadable(why) => self.feed_is(FeedState::Unreadable(why)),
        }
    }

    fn expired(self) {
        self.feed_is(FeedState::Expired);
        let then = self.inner.with_value(|inner| inner.on_expired.clone());
        if let Some(then) = then.filter(|_| self.hello.with_untracked(Option::is_some)) {
            then();
        }
    }

    /// Sets the state of the feed, if it has changed.
    fn feed_is(self, state: FeedState) {
        if self.feed.with_untracked(|known| *known != state) {
            if state != FeedState::Live {
                self.commands.update(Commands::give_up);
            }
            self.feed.set(state);
        }
    }

    /// Handles an event of the socket.
    fn heard(self, number: SocketNumber, act: PageAct, payload: Option<Payload>) {
        self.socket.update(|socket| {
            let Some(socket) = socket.as_mut().filter(|socket| socket.number == number) else { return };
            match &act {
                PageAct::Open { protocol, extensions } => {
                    socket.ready = ReadyState::Open;
                    socket.protocol.clone_from(protocol);
                    socket.compresses = extensions.starts_with(wire::deflate::NAME);
                }
                PageAct::Closed { code, reason, was_clean } => {
                    socket.ready = ReadyState::Closed;
                    socket.closed = Some((*code, reason.clone(), *was_clean));
                }
                _ => {}
            }
        });
        let script = self.inner.try_update_value(|inner| inner.script.clone()).flatten();
        let told = script.map(|script| (script, act.clone()));
        self.event(number, act, payload);
        if let Some((script, act)) = told {
            script(&act);
        }
    }
}

/// Checks the fields and connects.
pub fn connect(lab: Lab, url: &str, protocols: &str) -> Result<(), ConnectError> {
    let session = lab.session_id();
    let target = target::judge(url, session.as_ref()).map_err(ConnectError::Url)?;
    let protocols = target::subprotocols(protocols).map_err(ConnectError::Subprotocols)?;
    lab.connect(url.trim(), protocols, target).map_err(ConnectError::Url)
}

/// Which field is wrong and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectError {
    Url(String),
    Subprotocols(String),
}
