//! The feed: a WebSocket over which an observer reads a session's log at its own pace.

use super::commands::{self, Console};
use super::error::ApiError;
use crate::admission;
use crate::client::ClientAddress;
use crate::limits::Counted;
use crate::listen::Arrival;
use crate::registry::Found;
use crate::session::{EnterError, Presence, Role};
use crate::state::AppState;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use axum::routing::get;
use export::redact::Redactor;
use observation::{Answer, Draining, FeedMessage, Hello, Recording, SUBPROTOCOL, Seq};
use serde::Deserialize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until, timeout};

/// The most observations in one message.
const BATCH: usize = 512;
/// About the most bytes in one message, as JSON.
const BATCH_BYTES: usize = 256 << 10;
/// How long observations are collected after a message that was not full. A single frame is sent immediately, and a flood of
/// frames in a few large messages.
const GATHER: Duration = Duration::from_millis(8);
/// How long a feed rests after a message, as a multiple of the time that message took. A flood therefore takes at most a fifth of
/// a core. Afterwards the feed reads from the log what it missed, or reports a gap.
const REST: u32 = 4;
/// The largest message that an observer may send, in bytes: a command.
const MAX_INCOMING: usize = 64 << 10;
/// An observer that is silent for this many ping intervals is dropped.
const SILENT_PINGS: u32 = 3;

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sessions/{session}/observe", get(observe).connect(observe))
}

#[derive(Deserialize)]
struct Resume {
    /// The number of the last observation that the observer has.
    #[serde(default)]
    after: Seq,
}

async fn observe(
    State(app): State<AppState>,
    name: Result<Path<String>, PathRejection>,
    resume: Result<Query<Resume>, QueryRejection>,
    headers: HeaderMap,
    (Extension(client), Extension(mut arrival)): (Extension<ClientAddress>, Extension<Arrival>),
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    body: Body,
) -> Result<Response, ApiError> {
    let Path(name) = name.map_err(|_| ApiError::SessionUnknown)?;
    let Found { session, watch_only } = app.registry.find_to_watch(&name).await?;
    let app = app.within(&session);
    let upgrade = upgrade.map_err(|rejection| handshake_fault(&rejection))?;
    // hyper would wait for the body before it releases the connection, with no limit.
    if !body.is_end_stream() {
        return Err(ApiError::HandshakeMalformed("it has a body".to_owned()));
    }
    let Query(Resume { after }) = resume.map_err(|_| ApiError::AfterMalformed)?;
    let upgrade = upgrade.protocols([SUBPROTOCOL]);
    if headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) && upgrade.selected_protocol().is_none() {
        return Err(ApiError::SubprotocolUnknown);
    }
    admission::admit(&app, client, &mut arrival)?;
    let share = arrival.client.as_ref().map(|client| client.enter(Counted::Observers)).transpose();
    let share = share.inspect_err(|over| app.clients.notice(over))?;
    let limit = app.config.session_observers;
    let entered = session.enter(Role::Observer, limit, arrival.client.clone()).await;
    let presence = entered.map_err(|error| match error {
        EnterError::Full => ApiError::TooManyObservers(limit),
        EnterError::Client(over) => {
            app.clients.notice(&over);
            ApiError::OverLimit(over)
        }
    })?;
    arrival.stop_following();
    let running = app.shutdown.hold();
    let upgrade = upgrade.max_message_size(MAX_INCOMING).max_frame_size(MAX_INCOMING).write_buffer_size(0);
    Ok(upgrade.on_upgrade(async move |socket| {
        let session = Arc::clone(presence.session());
        let following = session.follow().await;
        // A number that nobody has given means the end of the log, if that is known.
        let after = if following.is_complete { after.min(session.last()) } else { after };
        let (console, concealed) = match watch_only {
            false => (Some(Console::new(arrival.client.clone())), None),
            true => (None, Some(Redactor::new(session.id()))),
        };
        Observer { socket, presence, after, console, concealed, app }.run().await;
        drop((running, arrival, share, following));
    }))
}

fn handshake_fault(rejection: &WebSocketUpgradeRejection) -> ApiError {
    use WebSocketUpgradeRejection as R;
    match rejection {
        R::InvalidConnectionHeader(_) | R::InvalidUpgradeHeader(_) | R::MethodNotGet(_) => {
            ApiError::UpgradeExpected(rejection.body_text())
        }
        _ => ApiError::HandshakeMalformed(rejection.body_text()),
    }
}

struct Observer {
    socket: WebSocket,
    presence: Presence,
    /// The number of the last observation sent or skipped.
    after: Seq,
    /// Takes the observer's commands; `None` for one that only watches.
    console: Option<Console>,
    /// Removes the session's name for an observer that does not know it.
    concealed: Option<Redactor>,
    app: AppState,
}

/// The observer is gone or does not respond.
struct Gone;

impl Observer {
    async fn run(mut self) {
        let shutdown = self.app.shutdown.clone();
        tokio::select! {
            Err(Gone) = self.hello_and_feed() => {}
            () = shutdown.over() => {}
        }
    }

    async fn hello_and_feed(&mut self) -> Result<std::convert::Infallible, Gone> {
        self.hello().await?;
        let session = self.presence.session().clone();
        let shutdown = self.app.shutdown.clone();
        let (mut draining, mut asked) = (pin!(shutdown.draining()), pin!(shutdown.asked()));
        let mut knows_of_drain = false;
        let ping = self.app.config.observer_ping;
        let mut pings = interval_at(Instant::now() + ping, ping);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        let mut rest_until = heard;
        let mut closing = false;
        let mut interruptions = session.interruptions();
        let mut is_interrupted = false;
        let mut rules = session.rules().watch();
        if let Some(rules) = session.rules().published() {
            self.send_json(&FeedMessage::<observation::Observation>::Rules(rules)).await?;
        }
        loop {
            // Enabled before the log is read, so that no append is missed.
            let mut changed = pin!(session.changed());
            changed.as_mut().enable();
            let backlog = self.backlog();
            if backlog > 0 && Instant::now() >= rest_until {
                let began = Instant::now();
                self.send_batch().await?;
                let rest = began.elapsed() * REST;
                rest_until = Instant::now() + if backlog < BATCH as u64 { rest.max(GATHER) } else { rest };
            }
            if closing && session.is_quiet() && self.backlog() == 0 {
                return self.close().await;
            }
            let backlog = self.backlog();
            tokio::select! {
                biased;
                () = &mut draining, if !knows_of_drain => {
                    knows_of_drain = true;
                    let left_ms = u64::try_from(shutdown.drain_left().as_millis()).unwrap_or(u64::MAX);
                    self.send_json(&FeedMessage::<observation::Observation>::Draining(Draining { left_ms })).await?;
                }
                now = interruption(&mut interruptions, is_interrupted) => {
                    is_interrupted = now;
                    let recording = Recording { interrupted: now };
                    self.send_json(&FeedMessage::<observation::Observation>::Recording(recording)).await?;
                }
                Ok(()) = rules.changed() => {
                    let rules = rules.borrow_and_update().clone();
                    self.send_json(&FeedMessage::<observation::Observation>::Rules(rules)).await?;
                }
                () = &mut asked, if !closing => closing = true,
                incoming = self.socket.recv() => match incoming {
                    Some(Ok(message)) => {
                        heard = Instant::now();
                        if let Message::Text(text) = message
                            && let Some(answer) = self.take(&text).await
                        {
                            self.answer(answer).await?;
                        }
                    }
                    Some(Err(_)) | None => return Err(Gone),
                },
                Some(answer) = next_answer(&mut self.console) => self.answer(answer).await?,
                _ = pings.tick() => {
                    if heard.elapsed() >= ping * SILENT_PINGS {
                        return Err(Gone);
                    }
                    self.send(Message::Ping(Default::default())).await?;
                }
                () = sleep_until(rest_until), if backlog > 0 => {}
                () = changed, if backlog == 0 => {}
            }
        }
    }

    /// Handles a message from the observer. Returns the answer if it is known immediately.
    async fn take(&mut self, text: &str) -> Option<Answer> {
        match &mut self.console {
            Some(console) => console.take(text, self.presence.session(), &self.app.memory).await,
            None => Some(commands::refused_to_watcher(text)),
        }
    }

    /// The number of observations that were not sent yet.
    fn backlog(&self) -> u64 {
        self.presence.session().last().0.saturating_sub(self.after.0)
    }

    async fn hello(&mut self) -> Result<(), Gone> {
        let session = self.presence.session();
        let last = session.last();
        let config = &self.app.config;
        let name = if self.concealed.is_some() { session.watch_name() } else { session.id() };
        let hello = Hello {
            session: name.clone(),
            watch: session.watch_name().clone(),
            next: Seq(last.0 + 1),
            now_us: session.now_us(),
            payload_cap: config.payload_cap,
            max_frame: config.max_frame,
            max_message: config.max_message,
            shared: session.is_shared(),
        };
        self.send_json(&FeedMessage::<observation::Observation>::Hello(hello)).await
    }

    /// Sends the next observations, as many as fit into one message.
    async fn send_batch(&mut self) -> Result<(), Gone> {
        let extract = self.presence.session().extract(self.after, BATCH, BATCH_BYTES);
        if let Some(gap) = extract.gap {
            self.send_json(&FeedMessage::<observation::Observation>::Gap(gap)).await?;
            self.app.metrics.feed_gap(gap.to.0 - gap.from.0 + 1);
            self.after = gap.to;
        }
        let mut observations = extract.visible(|challenge| self.presence.session().has_passed(challenge));
        if let Some(concealed) = &self.concealed {
            observations.iter_mut().for_each(|observation| concealed.redact(observation));
        }
        let Some(last) = observations.last().map(|observation| observation.seq) else { return Ok(()) };
        let message = FeedMessage::Observations(observations).to_json();
        // Meanwhile the log goes on, so the next message has more.
        self.app.observer_bytes.send(message.len()).await;
        self.send(Message::text(message)).await?;
        self.after = last;
        Ok(())
    }

    async fn close(&mut self) -> Result<std::convert::Infallible, Gone> {
        let shutdown = &self.app.shutdown;
        let frame = CloseFrame { code: shutdown.close_code().0, reason: shutdown.reason().into() };
        self.send(Message::Close(Some(frame))).await?;
        let answer = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(self.app.config.close_timeout, answer).await;
        Err(Gone)
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), Gone> {
        self.send_json(&FeedMessage::<observation::Observation>::Answer(answer)).await
    }

    async fn send_json<O>(&mut self, message: &FeedMessage<O>) -> Result<(), Gone>
    where
        O: std::borrow::Borrow<observation::Observation> + serde::Serialize,
    {
        self.send(Message::text(message.to_json())).await
    }

    /// Sends a message. Fails if the observer does not read in time.
    async fn send(&mut self, message: Message) -> Result<(), Gone> {
        let limit: Duration = self.app.config.write_timeout;
        timeout(limit, self.socket.send(message)).await.map_err(|_| Gone)?.map_err(|_| Gone)
    }
}

/// Resolves when recording is interrupted or goes on, other than `now`. Never for a session of one relay.
async fn interruption(interruptions: &mut Option<watch::Receiver<bool>>, now: bool) -> bool {
    if let Some(interruptions) = interruptions
        && let Ok(changed) = interruptions.wait_for(|is| *is != now).await
    {
        return *changed;
    }
    std::future::pending().await
}

/// The next answer from a connection. Never resolves if none is pending.
async fn next_answer(console: &mut Option<Console>) -> Option<Answer> {
    match console {
        Some(console) => console.answer().await,
        None => std::future::pending().await,
    }
}
