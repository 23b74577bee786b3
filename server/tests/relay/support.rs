//! A separate relay for each test, a raw client that sends exact bytes, and an observer.

pub(crate) mod clock;
pub(crate) mod deflate;
pub(crate) mod fault_line;
mod feed;
mod http;
pub(crate) mod kernel;
pub(crate) mod process;
#[cfg(target_os = "linux")]
pub(crate) mod program;
pub(crate) mod raw;
#[cfg(target_os = "linux")]
pub(crate) mod redis;
#[cfg(target_os = "linux")]
mod sharing;
mod soon;

use framescope::Relay;
use framescope::args::Config;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{self, Message};

pub(crate) use feed::{Feed, Socket, message};
pub(crate) use http::{Answer, http, with_body};
pub(crate) use raw::{DEFLATE_OFFER, Raw, handshake, masked};
pub(crate) use soon::{HOUR, eventually, soon};

/// A relay with one session.
pub(crate) struct Lab {
    pub(crate) relay: Relay,
    pub(crate) id: String,
}

impl Lab {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Config::default() };
        config.host = vec!["lab".parse().unwrap()];
        #[cfg(target_os = "linux")]
        sharing::share(&mut config).await;
        change(&mut config);
        let relay = Relay::start(config).await.unwrap();
        let created = http(relay.address(), "POST", "/api/sessions", "").await;
        let id = created.json()["id"].as_str().unwrap().to_owned();
        Self { relay, id }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.relay.address()
    }

    pub(crate) fn path(&self) -> String {
        format!("/lab/{}", self.id)
    }

    pub(crate) async fn raw(&self) -> Raw {
        Raw::connect(self.address()).await
    }

    /// A raw connection after the opening handshake.
    pub(crate) async fn open(&self) -> Raw {
        Raw::open(self.address(), &self.path()).await
    }

    /// A raw connection with permessage-deflate. `query` is appended to the path.
    pub(crate) async fn open_deflate(&self, query: &str) -> Raw {
        Raw::open_deflate(self.address(), &format!("{}{query}", self.path())).await
    }

    /// A client that shares no code with the relay.
    pub(crate) async fn client(&self) -> Socket {
        soon(connect_async(format!("ws://{}{}", self.address(), self.path()))).await.unwrap().0
    }

    pub(crate) async fn feed(&self) -> Feed {
        self.feed_after(0).await
    }

    pub(crate) async fn feed_after(&self, after: u64) -> Feed {
        Feed::open(self.address(), &self.id, after).await
    }
}

/// The next message of a lab connection, control frames included.
pub(crate) async fn heard(socket: &mut Socket) -> Message {
    soon(socket.next()).await.unwrap().unwrap()
}

pub(crate) async fn say(socket: &mut Socket, message: Message) {
    soon(socket.send(message)).await.unwrap();
}

/// The refusal that a client library received.
pub(crate) fn refused(error: tungstenite::Error) -> u16 {
    match error {
        tungstenite::Error::Http(response) => response.status().as_u16(),
        other => panic!("an HTTP answer, not {other}"),
    }
}
