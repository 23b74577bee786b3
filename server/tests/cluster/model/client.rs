//! A client of the lab that sends numbered messages and checks that they come back in order.

use super::check::{Deeds, TAG, message, numbered};
use crate::support::{Socket, soon};
use export::clock::rfc3339;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

/// How often a steady client sends. It is a load, and no test waits for it.
const PACE: Duration = Duration::from_millis(15);

pub(crate) struct Client {
    pub(crate) tag: u32,
    /// The index of the relay that has the connection.
    pub(crate) relay: usize,
    pub(crate) orphaned: bool,
    opened: SystemTime,
    orders: mpsc::UnboundedSender<Order>,
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

/// What it has heard so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    pub(crate) sent: u64,
    pub(crate) echoed: u64,
    /// The commands of observers that arrived.
    pub(crate) commands: BTreeSet<String>,
    /// The connection is over; with the code of the relay's close frame.
    pub(crate) ended: Option<Option<u16>>,
    pub(crate) faults: Vec<String>,
}

enum Order {
    /// Sends so many messages at once.
    Send(u64),
    /// Starts the closing handshake.
    Close,
    /// Ends the TCP connection.
    Drop,
}

impl Client {
    /// Opens a connection. The error is the status of the refusal, or 0 if there was no answer.
    pub(crate) async fn open(
        tag: u32,
        relay: usize,
        address: SocketAddr,
        session: &str,
        steady: bool,
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{address}/lab/{session}").into_client_request().unwrap();
        request.headers_mut().insert(TAG, tag.into());
        let (socket, _) = soon(connect_async(request)).await.map_err(|error| status(&error))?;
        let (orders, taken) = mpsc::unbounded_channel();
        let (state, heard) = watch::channel(Heard::default());
        let task = tokio::spawn(run(tag, socket, taken, state, steady));
        Ok(Self { tag, relay, orphaned: false, opened: SystemTime::now(), orders, heard, task })
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.borrow().clone()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.heard.borrow().ended.is_none()
    }

    /// Waits until `holds`, or until the connection is over.
    pub(crate) async fn until(&mut self, holds: impl Fn(&Heard) -> bool) {
        let _ = soon(self.heard.wait_for(|heard| heard.ended.is_some() || holds(heard))).await;
    }

    /// Sends `count` messages, without waiting for anything.
    pub(crate) fn send(&self, count: u64) {
        let _ = self.orders.send(Order::Send(count));
    }

    /// The connection answers as if nothing were wrong: what was sent comes back, and a message more.
    pub(crate) async fn talk(&mut self, count: u64) {
        let before = self.heard().sent;
        self.send(count);
        self.until(|heard| heard.echoed >= before + count).await;
    }

    pub(crate) async fn close(&mut self) {
        let _ = self.orders.send(Order::Close);
        self.until(|_| false).await;
    }

    pub(crate) async fn leave(&mut self) {
        let _ = self.orders.send(Order::Drop);
        self.until(|_| false).await;
    }

    /// What it has done. `lost` is when its relay found out that the others had taken it for lost, as in its log.
    pub(crate) fn deeds(&self, lost: &[String]) -> Deeds {
        let Heard { sent, echoed, ended, .. } = self.heard();
        // RFC 6455 §7.4.1 and its registry: 1012 is a service restart.
        let disowned = ended == Some(Some(1012));
        // A connection that opens at that moment may get its session before.
        let opened = rfc3339(self.opened - Duration::from_secs(2));
        let lost = disowned || lost.iter().any(|lost| *lost > opened);
        Deeds { tag: self.tag, sent, echoed, disowned, orphaned: self.orphaned, lost }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    tag: u32,
    socket: Socket,
    mut orders: mpsc::UnboundedReceiver<Order>,
    state: watch::Sender<Heard>,
    steady: bool,
) {
    let (mut sink, mut stream) = socket.split();
    let ended = tokio::select! {
        code = listen(tag, &mut stream, &state) => code,
        () = obey(tag, &mut sink, &mut orders, &state, steady) => None,
    };
    state.send_modify(|heard| heard.ended = Some(ended));
}

/// Reads to the end, and returns the code of the relay's close frame.
async fn listen(tag: u32, stream: &mut SplitStream<Socket>, state: &watch::Sender<Heard>) -> Option<u16> {
    let mut code = None;
    while let Some(Ok(message)) = stream.next().await {
        match message {
            Message::Text(text) => state.send_modify(|heard| heard.take(tag, &text)),
            Message::Close(frame) => code = frame.map(|frame| frame.code.into()),
            _ => {}
        }
    }
    code
}

/// Does what the test orders. Returns when the client has gone without a closing handshake.
async fn obey(
    tag: u32,
    sink: &mut SplitSink<Socket, Message>,
    orders: &mut mpsc::UnboundedReceiver<Order>,
    state: &watch::Sender<Heard>,
    steady: bool,
) {
    let mut pace = tokio::time::interval(PACE);
    pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let order = tokio::select! {
            biased;
            order = orders.recv() => order,
            // Nothing more while the last one is on its way, so that a stopped relay does not get a flood.
            _ = pace.tick(), if steady => match state.borrow().is_answered() {
                true => Some(Order::Send(1)),
                false => continue,
            },
        };
        match order {
            Some(Order::Send(count)) => {
                for _ in 0..count {
                    let mut number = 0;
                    state.send_modify(|heard| {
                        heard.sent += 1;
                        number = heard.sent;
                    });
                    if sink.send(Message::text(message(tag, number))).await.is_err() {
                        // The other task finds out how it ended.
                        return std::future::pending().await;
                    }
                }
            }
            Some(Order::Close) => {
                let _ = sink.close().await;
                return std::future::pending().await;
            }
            Some(Order::Drop) | None => return,
        }
    }
}

/// The status of a refusal, or 0 if the relay gave no answer.
pub(crate) fn status(error: &tungstenite::Error) -> u16 {
    match error {
        tungstenite::Error::Http(response) => response.status().as_u16(),
        _ => 0,
    }
}

impl Heard {
    fn is_answered(&self) -> bool {
        self.sent == self.echoed
    }

    fn take(&mut self, tag: u32, text: &str) {
        match numbered(text) {
            Some((of, number)) if of == tag && number == self.echoed + 1 => self.echoed = number,
            Some(_) => self.faults.push(format!("after {} echoes: {text}", self.echoed)),
            None if self.commands.insert(text.to_owned()) => {}
            None => self.faults.push(format!("twice: {text}")),
        }
    }
}
