//! The streams of an HTTP/2 connection: which are under way, and when one is reset because its client does not read.
//!
//! hyper asks a body for more only when the client's flow-control windows allow it. A client can keep them closed, so a
//! limit that only the body checks would never apply. Here the task of the stream has the timer.

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use hyper::rt::Executor;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The most bytes of a body that are handed to hyper at once. A client must accept this much within the write timeout.
const PIECE: usize = 16 << 10;

tokio::task_local! {
    /// Since when the stream of this task waits for its client to accept a piece.
    static UNACCEPTED: Cell<Option<Instant>>;
}

/// What is under way on a connection: requests, bodies, and WebSockets.
#[derive(Clone, Debug)]
pub(super) struct UnderWay {
    tokens: TaskTracker,
    begun: Arc<AtomicU64>,
}

impl UnderWay {
    pub(super) fn new() -> Self {
        let tokens = TaskTracker::new();
        // `wait` resolves only for a closed tracker, which still gives tokens.
        tokens.close();
        Self { tokens, begun: Arc::default() }
    }

    /// The token and its clones mark the connection as in use.
    pub(super) fn begin(&self) -> TaskTrackerToken {
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.tokens.token()
    }

    /// Resolves when nothing has been under way for `time`.
    pub(super) async fn quiet_for(&self, time: Duration) {
        loop {
            self.tokens.wait().await;
            let begun = self.begun.load(Ordering::Relaxed);
            sleep(time).await;
            if self.tokens.is_empty() && self.begun.load(Ordering::Relaxed) == begun {
                return;
            }
        }
    }
}

/// Runs each stream in a task, which ends when its client accepts nothing for `patience`. hyper then resets the stream.
#[derive(Clone, Debug)]
pub(super) struct StreamExecutor {
    pub(super) patience: Duration,
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for StreamExecutor {
    fn execute(&self, stream: F) {
        tokio::spawn(UNACCEPTED.scope(Cell::new(None), until_stalled(stream, self.patience)));
    }
}

async fn until_stalled(stream: impl Future<Output = ()>, patience: Duration) {
    let mut stream = pin!(stream);
    let mut clock = None;
    poll_fn(|cx| {
        if stream.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        let Some(since) = UNACCEPTED.with(Cell::get) else { return Poll::Pending };
        let clock = clock.get_or_insert_with(|| Box::pin(sleep_until(since + patience)));
        clock.as_mut().reset(since + patience);
        ready!(clock.as_mut().poll(cx));
        tracing::debug!("an HTTP/2 stream was reset because its client does not read");
        Poll::Ready(())
    })
    .await;
}

/// A response body in pieces. It can only be polled in a task of a [`StreamExecutor`].
pub(super) struct StreamBody {
    body: Body,
    /// What `body` gave and hyper did not get yet.
    rest: Bytes,
    _under_way: TaskTrackerToken,
}

impl StreamBody {
    pub(super) fn new(body: Body, under_way: TaskTrackerToken) -> Self {
        Self { body, rest: Bytes::new(), _under_way: under_way }
    }
}

impl HttpBody for StreamBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let this = self.get_mut();
        // hyper asks again only after the client has accepted the last piece.
        UNACCEPTED.with(|since| since.set(None));
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(frame) => return Poll::Ready(Some(Ok(frame))),
                },
                other => return Poll::Ready(other),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        UNACCEPTED.with(|since| since.set(Some(Instant::now())));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (of_body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower().saturating_add(rest));
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint
    }
}
