//! A message with what is known about its connection.

use crate::lab::Record;
use decode::{Context, Limits};
use observation::{ConnectionNumber, Frame, Leg, MessageKind, Opening, Party, Seq};
use wire::handshake::connect;
use wire::handshake::head::RequestHead;

/// How many observations around a message are searched for the others that it depends on.
const NEARBY: u64 = 128;
/// How much of an earlier message is kept.
const EARLIER: usize = 4 << 10;

pub(super) struct Source {
    payload: Vec<u8>,
    pub(super) binary: bool,
    pub(super) from_client: bool,
    pub(super) subprotocol: String,
    path: String,
    opening: Option<Vec<u8>>,
    announced: Option<(Vec<u8>, usize)>,
    cut: bool,
}

impl Source {
    pub(super) fn of(
        record: &Record,
        (connection, from, kind): (ConnectionNumber, Party, MessageKind),
        seq: Seq,
        payload: Vec<u8>,
        cut: bool,
    ) -> Self {
        let opening = record.transcript.opening(connection);
        let binary = kind == MessageKind::Binary;
        Self {
            payload,
            binary,
            from_client: from == Party::Client,
            subprotocol: opening.and_then(|opening| opening.subprotocol.clone()).unwrap_or_default(),
            path: server_side(record, connection).or(opening).map_or(String::new(), path),
            opening: first_of_client(record, connection),
            announced: if binary { last_text(record, connection, from, seq) } else { None },
            cut,
        }
    }

    /// The message, and what is known about it apart from the visitor's choices.
    pub(super) fn context(&self, limits: Limits) -> (&[u8], Context<'_>) {
        let context = Context {
            binary: self.binary,
            from_client: self.from_client,
            subprotocol: &self.subprotocol,
            path: &self.path,
            opening: self.opening.as_deref(),
            announced: self.announced.as_ref().map(|(text, binaries)| (text.as_slice(), *binaries)),
            chosen: None,
            schema: None,
            cut: self.cut,
            limits,
        };
        (&self.payload, context)
    }
}

/// The opening of the connection to the server, if this is the client's side of the route through the relay.
fn server_side(record: &Record, connection: ConnectionNumber) -> Option<&Opening> {
    let connection = record.transcript.connection(connection)?;
    connection.hop.as_ref().filter(|hop| hop.leg == Leg::Near)?;
    record.transcript.opening(connection.other?)
}

/// Path and query of a request.
fn path(opening: &Opening) -> String {
    let request = &opening.request;
    let target = match RequestHead::parse(request).ok().flatten() {
        Some(head) => request.get(head.target).unwrap_or_default(),
        None => connect::fields(request).find(|(name, _)| *name == b":path").map_or(&[][..], |(_, value)| value),
    };
    String::from_utf8_lossy(target).into_owned()
}

/// The client's first message, if it is kept and came in one frame.
fn first_of_client(record: &Record, connection: ConnectionNumber) -> Option<Vec<u8>> {
    let opening = record.transcript.connection(connection)?.opening?;
    let mut after = record.transcript.after(opening).take_while(|seen| seen.seq.0 <= opening.0 + NEARBY);
    let first = after.find_map(|seen| {
        let frame = record.transcript.frame(seen.seq).filter(|_| seen.connection == connection)?;
        (frame.from == Party::Client).then_some(frame).filter(|frame| frame.position.is_some())
    })?;
    let is_whole = first.position.is_some_and(|at| at.message == 1 && at.fragment == 1 && at.last);
    is_whole.then(|| beginning(first))
}

/// The last text before a binary message, and how many binary messages came in between.
fn last_text(record: &Record, connection: ConnectionNumber, from: Party, seq: Seq) -> Option<(Vec<u8>, usize)> {
    let start = Seq(seq.0.saturating_sub(NEARBY));
    let mut binaries = 0;
    for seen in record.transcript.after(start).rev().skip_while(|seen| seen.seq >= seq) {
        let frame =
            record.transcript.frame(seen.seq).filter(|frame| seen.connection == connection && frame.from == from);
        let Some((frame, at)) = frame.and_then(|frame| Some((frame, frame.position?))) else { continue };
        match at.kind {
            MessageKind::Text if at.fragment == 1 => return Some((beginning(frame), binaries)),
            MessageKind::Binary if at.fragment == 1 => binaries += 1,
            _ => {}
        }
    }
    None
}

fn beginning(frame: &Frame) -> Vec<u8> {
    let mut content = frame.content();
    content.truncate(EARLIER);
    content
}
