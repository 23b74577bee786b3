//! An observer that keeps what it has seen when it moves from relay to relay.

use super::client::status;
use super::view::View;
use crate::support::{Socket, soon};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use observation::ConnectionNumber;
use observation::FeedMessage;
use observation::command::{Command, Request};
use std::net::SocketAddr;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

pub(crate) struct Observer {
    pub(crate) name: String,
    /// It knows only the name for watching, so it does not see the session's name.
    pub(crate) only_watches: bool,
    /// The index of the relay to which it is, or was last, connected.
    pub(crate) relay: usize,
    view: watch::Sender<View>,
    feed: Option<Feed>,
}

struct Feed {
    sink: SplitSink<Socket, Message>,
    task: JoinHandle<()>,
}

impl Observer {
    pub(crate) fn new(name: String, only_watches: bool) -> Self {
        Self { name, only_watches, relay: 0, view: watch::Sender::default(), feed: None }
    }

    /// Connects to a relay, after what it has seen. The error is the status of the refusal, or 0 if there was no answer.
    pub(crate) async fn connect(&mut self, relay: usize, address: SocketAddr, session: &str) -> Result<(), u16> {
        self.leave().await;
        self.relay = relay;
        let after = self.view.borrow().at;
        let url = format!("ws://{address}/api/sessions/{session}/observe?after={after}");
        let (socket, _) =
            soon(connect_async(url.into_client_request().unwrap())).await.map_err(|error| status(&error))?;
        let (sink, stream) = socket.split();
        // It counts as connected before hello, so that nobody takes this for the end of the feed.
        self.view.send_modify(|view| view.open = true);
        let task = tokio::spawn(read(stream, self.view.clone()));
        self.feed = Some(Feed { sink, task });
        Ok(())
    }

    /// Ends the feed without a closing handshake.
    async fn leave(&mut self) {
        if let Some(feed) = self.feed.take() {
            feed.task.abort();
            // It may be taking a message.
            let _ = feed.task.await;
        }
        self.view.send_modify(|view| view.open = false);
    }

    pub(crate) fn view(&self) -> View {
        self.view.borrow().clone()
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.view.borrow().open
    }

    /// Waits until `holds`, or until the feed is over. Returns whether it holds.
    pub(crate) async fn until(&self, holds: impl Fn(&View) -> bool) -> bool {
        let mut changes = self.view.subscribe();
        let view = soon(changes.wait_for(|view| !view.open || holds(view))).await.unwrap();
        holds(&view)
    }

    /// Sends a command and returns at once.
    pub(crate) async fn command(&mut self, id: u64, connection: ConnectionNumber, command: Command) {
        let request = serde_json::to_string(&Request { id, connection, command }).unwrap();
        if let Some(feed) = &mut self.feed {
            // If the feed is over, its reader notices.
            let _ = soon(feed.sink.send(Message::text(request))).await;
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        if let Some(feed) = &self.feed {
            feed.task.abort();
        }
    }
}

async fn read(mut stream: SplitStream<Socket>, view: watch::Sender<View>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Text(text) = message else { continue };
        view.send_modify(|view| match FeedMessage::from_json(&text) {
            Ok(message) => view.take(message),
            Err(error) => view.faults.push(format!("{error}: {text}")),
        });
    }
    view.send_modify(|view| view.open = false);
}
