//! An observer.

use super::soon::soon;
use futures_util::{SinkExt, StreamExt};
use observation::command::{self, Command};
use observation::event::{Closed, Frame, Opening, Refusal};
use observation::{ConnectionNumber, Draining, Event, FeedMessage, Gap, Hello, Observation, Rule, Seq};
use std::collections::VecDeque;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// An observer. While it reads, it checks that the numbers have only the announced gaps.
pub(crate) struct Feed {
    pub(crate) socket: Socket,
    pub(crate) hello: Hello,
    pub(crate) last: Seq,
    pub(crate) gaps: Vec<Gap>,
    /// How many observations each message had.
    pub(crate) batches: Vec<usize>,
    ready: VecDeque<Observation>,
    answers: VecDeque<command::Answer>,
    /// The lists of rules that the relay has sent.
    pub(crate) rules: VecDeque<Vec<Rule>>,
    /// What the relay said before it stops.
    draining: Option<Draining>,
}

impl Feed {
    pub(crate) async fn open(address: SocketAddr, id: &str, after: u64) -> Self {
        let url = format!("ws://{address}/api/sessions/{id}/observe?after={after}");
        let mut request = url.into_client_request().unwrap();
        let protocol = HeaderValue::from_static(observation::SUBPROTOCOL);
        request.headers_mut().insert("sec-websocket-protocol", protocol.clone());
        let (mut socket, response) = soon(connect_async(request)).await.unwrap();
        assert_eq!(response.headers().get("sec-websocket-protocol"), Some(&protocol));
        let FeedMessage::Hello(hello) = message(&mut socket).await.unwrap() else {
            panic!("the feed begins with hello")
        };
        let last = Seq(after.min(hello.next.0 - 1));
        Self {
            socket,
            hello,
            last,
            gaps: Vec::new(),
            batches: Vec::new(),
            ready: VecDeque::new(),
            answers: VecDeque::new(),
            rules: VecDeque::new(),
            draining: None,
        }
    }

    pub(crate) async fn next(&mut self) -> Observation {
        loop {
            if let Some(observation) = self.ready.pop_front() {
                return observation;
            }
            self.take_in().await;
        }
    }

    async fn take_in(&mut self) {
        match message(&mut self.socket).await.expect("the feed continues") {
            FeedMessage::Hello(_) => panic!("hello comes once"),
            FeedMessage::Gap(gap) => {
                assert_eq!(gap.from, Seq(self.last.0 + 1));
                assert!(gap.from <= gap.to);
                self.last = gap.to;
                self.gaps.push(gap);
            }
            FeedMessage::Observations(items) => {
                assert!(!items.is_empty());
                for item in &items {
                    assert_eq!(item.seq, Seq(self.last.0 + 1));
                    self.last = item.seq;
                }
                self.batches.push(items.len());
                self.ready.extend(items);
            }
            FeedMessage::Answer(answer) => self.answers.push_back(answer),
            FeedMessage::Draining(draining) => self.draining = Some(draining),
            FeedMessage::Recording(_) => {}
            FeedMessage::Rules(rules) => self.rules.push_back(rules.read().unwrap()),
        }
    }

    /// Waits until the relay has said that it is about to stop.
    pub(crate) async fn draining(&mut self) -> Draining {
        loop {
            if let Some(draining) = self.draining {
                return draining;
            }
            self.take_in().await;
        }
    }

    /// The next list of rules.
    pub(crate) async fn rules(&mut self) -> Vec<Rule> {
        loop {
            if let Some(rules) = self.rules.pop_front() {
                return rules;
            }
            self.take_in().await;
        }
    }

    /// Sends this text, and returns the relay's answer.
    pub(crate) async fn say(&mut self, text: &str) -> command::Answer {
        soon(self.socket.send(Message::text(text))).await.unwrap();
        self.answer().await
    }

    /// The relay's next answer.
    pub(crate) async fn answer(&mut self) -> command::Answer {
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return answer;
            }
            self.take_in().await;
        }
    }

    /// Sends a command. Returns the reason if it was refused.
    pub(crate) async fn command(&mut self, connection: u32, command: Command) -> Option<String> {
        let request = command::Request { id: 7, connection: ConnectionNumber(connection), command };
        let answer = self.say(&serde_json::to_string(&request).unwrap()).await;
        assert_eq!(answer.id, Some(7));
        answer.refused
    }

    pub(crate) async fn opening(&mut self) -> Opening {
        match self.next().await.event {
            Event::Opening(opening) => opening,
            other => panic!("an opening, not {other:?}"),
        }
    }

    pub(crate) async fn refusal(&mut self) -> Refusal {
        match self.next().await.event {
            Event::Refusal(refusal) => refusal,
            other => panic!("a refusal, not {other:?}"),
        }
    }

    pub(crate) async fn frame(&mut self) -> Frame {
        match self.next().await.event {
            Event::Frame(frame) => frame,
            other => panic!("a frame, not {other:?}"),
        }
    }

    pub(crate) async fn closed(&mut self) -> Closed {
        match self.next().await.event {
            Event::Closed(closed) => closed,
            other => panic!("the end, not {other:?}"),
        }
    }

    /// Everything up to the end of a connection, and that end.
    pub(crate) async fn until_closed(&mut self) -> (Vec<Event>, Closed) {
        let mut before = Vec::new();
        loop {
            match self.next().await.event {
                Event::Closed(closed) => return (before, closed),
                event => before.push(event),
            }
        }
    }
}

/// The next message of the feed; the close code when it ends.
pub(crate) async fn message(socket: &mut Socket) -> Result<FeedMessage, Option<u16>> {
    // Pings do not count, or a test would wait for as long as they come.
    let message = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(FeedMessage::from_json(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    };
    soon(message).await
}
