//! A request that deliberately gets no HTTP answer: silence, a closed or reset connection, or bytes of another protocol.

use super::socket::Socket;
use crate::behaviour::OpeningAnswer;
use crate::listen::{Arrival, RawConnection};
use crate::session::{Presence, Session};
use crate::shutdown::Shutdown;
use crate::state::AppState;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use observation::command::DropBy;
use observation::{Act, ConnectionNumber, Deliberate, Event, Refusal};
use std::sync::Arc;
use std::time::Duration;

/// How long a request may stay unanswered.
const SILENCE: Duration = Duration::from_secs(60);
/// What an SSH server sends first. RFC 4253 §4.2.
const GARBAGE: &[u8] = b"SSH-2.0-OpenSSH_9.6\r\n";

/// A request that is not answered yet. Dropped before that, it records that the client ended the connection.
pub(super) struct PendingRequest {
    /// `None` on `/echo`, and once it has been recorded.
    session: Option<Arc<Session>>,
    arrival: Arrival,
    requested_us: u64,
    deliberate: Vec<Deliberate>,
}

impl PendingRequest {
    pub(super) fn new(
        presence: Option<&Presence>,
        arrival: Arrival,
        requested_us: u64,
        deliberate: Vec<Deliberate>,
    ) -> Self {
        Self { session: presence.map(|presence| Arc::clone(presence.session())), arrival, requested_us, deliberate }
    }

    /// The request was answered. The caller records it.
    pub(super) fn answered(mut self) {
        self.session = None;
    }

    /// Records it as answered with `response`, which is not HTTP.
    fn record(&mut self, rule: &'static str, response: Bytes) -> Option<(Arc<Session>, ConnectionNumber)> {
        let session = self.session.take()?;
        let deliberate = std::mem::take(&mut self.deliberate);
        let explanation = match deliberate.last() {
            Some(why) if rule != LEFT_EARLY => why.explanation.to_string(),
            _ => "the client ended the connection before the answer".to_owned(),
        };
        let refusal = Refusal {
            request: self.arrival.text.take().unwrap_or_default().into(),
            response: response.into(),
            status: None,
            rule: rule.into(),
            explanation,
            requested_us: self.requested_us,
            deliberate,
            route: self.arrival.route.clone(),
            ..Refusal::default()
        };
        let connection = session.next_connection();
        session.append_event(connection, &Event::Refusal(refusal));
        Some((session, connection))
    }
}

const LEFT_EARLY: &str = "left-early";

impl Drop for PendingRequest {
    fn drop(&mut self) {
        self.record(LEFT_EARLY, Bytes::new());
    }
}

/// Takes the connection from hyper without a response, and does with it what `answer` says.
pub(super) async fn leave_unanswered(
    app: AppState,
    answer: OpeningAnswer,
    rule: &'static str,
    mut pending: PendingRequest,
    presence: Option<Presence>,
    mut request: Request,
) -> Response {
    let said = if answer == OpeningAnswer::Garbage { Bytes::from_static(GARBAGE) } else { Bytes::new() };
    // hyper's own response is never sent.
    let (response, taken) = pending.arrival.leave_http(&mut request, said.clone()).await;
    let shutdown = app.shutdown.clone();
    app.shutdown.spawn(async move {
        let Some(RawConnection { stream, slot, .. }) = taken.await else { return };
        let mut socket = Socket::new(stream, slot);
        let recorded = pending.record(rule, said);
        match answer {
            OpeningAnswer::Drop(DropBy::Reset) => socket.reset(),
            OpeningAnswer::Silence => {
                let client_left = socket.wait_for_end(SILENCE, &shutdown).await;
                if let Some((session, connection)) = recorded {
                    session.append_event(connection, &Event::Act(Act::of(silence_over(client_left, &shutdown))));
                }
            }
            _ => socket.close(&shutdown).await,
        }
        drop(presence);
    });
    response
}

fn silence_over(client_left: bool, shutdown: &Shutdown) -> Deliberate {
    let explanation = match (client_left, shutdown.stage()) {
        (true, _) => "the client stopped waiting and ended the connection".to_owned(),
        (false, 0) => "the silence reached its time limit, and the relay ended the connection".to_owned(),
        (false, _) => format!("{}, so the relay ended the connection", shutdown.reason()),
    };
    Deliberate::by_behaviour("open", explanation, Some("4.1"))
}
