//! Records a connection in a session's log, or not at all.

use super::engine::LabInterceptor;
use crate::intercept::Scope;
use crate::listen::record_capture::Follower;
use crate::memory::MemoryBudget;
use crate::session::{End, FrameRecord, Kept, Mailbox, PayloadPrefix, Presence, Records};
use observation::event::{Cause, Closed, Count, Opening, Party};
use observation::{Act, ConnectionNumber, Deliberate, Event, Hop, Intermediary, Origin, Position};
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;
use wire::Sender;
use wire::close::ClosePayload;
use wire::header::FrameHeader;
use wire::incoming::Frame;
use wire::message::MessagePosition;
use wire::opcode::Opcode;
use wire::violation::Violation;

/// Receives everything that happens on one connection, in wire order.
pub(super) trait Recorder: Send + 'static {
    /// The next part of a payload that arrives in several parts.
    fn piece(&mut self, bytes: &[u8]);
    /// The next part of the current frame's decompressed payload.
    fn inflated(&mut self, bytes: &[u8]);
    /// A frame is complete. `whole` is its payload if it arrived in one part. With `echo`, the frame is sent back unchanged.
    fn received(&mut self, frame: &Frame, whole: Option<&[u8]>, echo: Option<Outbound<'_>>);
    /// Makes everything received so far visible to observers.
    fn publish(&mut self);
    /// The next part of the uncompressed content of the next compressed frame to send.
    fn deflated(&mut self, bytes: &[u8]);
    /// A frame with this payload was queued.
    fn queued(&mut self, outbound: Outbound<'_>, payload: &[u8]);
    /// The same for a deliberate frame, with the violations that a strict client finds in it.
    fn queued_deliberate(
        &mut self,
        outbound: Outbound<'_>,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        violations: &[Violation],
    );
    /// Another deliberate act, which happens once `end` bytes have been sent.
    fn act(&mut self, act: Act, end: u64);
    /// The same, and nothing is sent after those bytes.
    fn abandon(&mut self, act: Act, end: u64);
    /// An act that is unrelated to sent bytes. It is recorded immediately.
    fn note(&mut self, act: Act);
    /// The connection's mailbox for commands; `None` if it takes none.
    fn mailbox(&self) -> Option<&Arc<Mailbox>>;
    /// Whether the session has had rules. Costs a load.
    fn has_rules(&self) -> bool;
    /// What decides about the messages of this connection; `None` if rules do not act on it. `deflate` is whether it compresses.
    fn interceptor(&self, deflate: bool) -> Option<LabInterceptor>;
    /// The number of bytes sent since the connection began.
    fn written(&mut self, written: u64);
    /// The connection has ended.
    fn closed(self, cause: Cause);
}

/// A frame to send.
#[derive(Clone, Copy)]
pub(super) struct Outbound<'a> {
    pub(super) header: &'a FrameHeader,
    pub(super) position: Option<MessagePosition>,
    /// Whether it belongs to a compressed message.
    pub(super) compressed: bool,
    /// The connection's sent bytes after this frame.
    pub(super) end: u64,
}

/// What rules need to know of a connection.
struct Ruled {
    subprotocol: Option<String>,
    /// Whether it is the server side of a middlebox, where rules act on the other side.
    only_named: bool,
    memory: MemoryBudget,
    idle: Duration,
}

/// Appends to a session's log. On drop, it appends exactly one [`Closed`].
pub(super) struct SessionRecorder {
    presence: Presence,
    connection: ConnectionNumber,
    mailbox: Arc<Mailbox>,
    payload_cap: usize,
    /// The challenge that conceals what the relay does deliberately.
    concealed_by: Option<Arc<str>>,
    /// What rules need; `None` if a challenge conceals what the relay does, because then they do not act.
    ruled: Option<Box<Ruled>>,
    /// Reads the TLS records.
    tls_records: Option<Follower>,
    /// What arrived since the last publication.
    incoming: Records,
    /// Frames to send.
    outgoing: Records,
    /// The beginnings of payloads and contents that arrive in parts.
    piece: PayloadPrefix,
    inflated: PayloadPrefix,
    deflated: PayloadPrefix,
    client: Count,
    server: Count,
    /// The first close frame, and which sides have sent one.
    first_close: Option<(Party, Box<ClosePayload>)>,
    client_closed: bool,
    server_closed: bool,
    /// The relay's close frame until it was sent.
    closing: Option<(u64, Box<ClosePayload>)>,
    /// `None` once it is in the log.
    cause: Option<Cause>,
}

impl SessionRecorder {
    /// Records the opening handshake and opens a mailbox.
    pub(super) fn begin(
        presence: Presence,
        opening: Opening,
        payload_cap: usize,
        concealed_by: Option<Arc<str>>,
        tls_records: Option<Follower>,
        (memory, idle): (MemoryBudget, Duration),
    ) -> Self {
        let ruled = concealed_by.is_none().then(|| {
            let is_box = |hop: &Hop| matches!(hop.middle, Intermediary::Box(_));
            let only_named = opening.route.hop.as_ref().is_some_and(is_box);
            Box::new(Ruled { subprotocol: opening.subprotocol.clone(), only_named, memory, idle })
        });
        let connection = presence.session().next_connection();
        presence.session().append_event(connection, &Event::Opening(opening));
        let mailbox = Arc::default();
        presence.session().open_mailbox(connection, &mailbox);
        let mut recorder = Self {
            presence,
            connection,
            mailbox,
            payload_cap,
            concealed_by,
            ruled,
            tls_records,
            incoming: Records::default(),
            outgoing: Records::default(),
            piece: PayloadPrefix::default(),
            inflated: PayloadPrefix::default(),
            deflated: PayloadPrefix::default(),
            client: Count::default(),
            server: Count::default(),
            first_close: None,
            client_closed: false,
            server_closed: false,
            closing: None,
            // Used if the task ends without setting another cause.
            cause: Some(Cause::ConnectionLost),
        };
        recorder.record_tls();
        recorder
    }

    /// Records new TLS records.
    fn record_tls(&mut self) {
        let Some(tls_records) = &mut self.tls_records else { return };
        for records in tls_records.take() {
            self.presence.session().append_event(self.connection, &Event::Records(records));
        }
    }

    fn send(
        &mut self,
        outbound: Outbound<'_>,
        kept: Kept<'_>,
        payload_bytes: u64,
        deliberate: Option<&Deliberate>,
        violations: &[Violation],
    ) {
        let Outbound { header, position, compressed, end } = outbound;
        // Another frame may be sent while a compressed message waits for the rest of its content.
        let content = if compressed { self.deflated.take() } else { PayloadPrefix::default() };
        let concealed_by = self.concealed_by.as_deref().filter(|_| deliberate.is_some_and(is_concealable));
        let outgoing = filled(&mut self.outgoing);
        outgoing.frame(FrameRecord {
            from: Sender::Server,
            header,
            position: position.map(Position::from),
            payload_bytes,
            kept,
            inflated: compressed.then_some((&content.bytes, content.count)),
            violations,
            deliberate,
            concealed_by,
        });
        let bytes = header.len() as u64 + payload_bytes;
        outgoing.ends.push_back(End { at: end, bytes, is_frame: true });
    }

    fn append(&self, records: &mut Records) {
        self.presence.session().append(self.connection, records);
    }
}

/// Whether a challenge conceals it. An observer knows its own commands.
fn is_concealable(deliberate: &Deliberate) -> bool {
    deliberate.by == Origin::Behaviour
}

/// The payload of a close frame with `*` in place of each byte of its reason.
fn without_reason(payload: &[u8]) -> Vec<u8> {
    payload.iter().enumerate().map(|(at, &byte)| if at < 2 { byte } else { b'*' }).collect()
}

/// Replaces an empty `records` with a pooled one.
fn filled(records: &mut Records) -> &mut Records {
    if records.is_empty() {
        *records = Records::pooled();
    }
    records
}

impl Recorder for SessionRecorder {
    fn piece(&mut self, bytes: &[u8]) {
        self.piece.push(bytes, self.payload_cap);
    }

    fn inflated(&mut self, bytes: &[u8]) {
        self.inflated.push(bytes, self.payload_cap);
    }

    fn received(&mut self, frame: &Frame, whole: Option<&[u8]>, echo: Option<Outbound<'_>>) {
        let pieces = self.piece.take();
        let content = self.inflated.take();
        let front = whole.map_or(&pieces.bytes[..], |whole| &whole[..whole.len().min(self.payload_cap)]);
        // The client's reason for a close frame may name what the challenge asks for.
        let blotted = self.concealed_by.is_some() && frame.header.opcode == Opcode::Close;
        let front = if blotted { Cow::Owned(without_reason(front)) } else { Cow::Borrowed(front) };
        let kept = Kept::new(&front);
        filled(&mut self.incoming).frame(FrameRecord {
            from: Sender::Client,
            header: &frame.header,
            position: frame.position.map(Position::from),
            payload_bytes: frame.arrived,
            kept: kept.clone(),
            inflated: frame.compressed.then_some((&content.bytes, content.count)),
            violations: &frame.violations,
            deliberate: None,
            concealed_by: None,
        });
        self.client.frames += 1;
        self.client.bytes += frame.header.len() as u64 + frame.arrived;
        // An incomplete close frame does not count.
        if let Some(close) = &frame.close {
            self.client_closed = true;
            let close = || match blotted {
                true => ClosePayload::parse(&front).0,
                false => close.clone(),
            };
            self.first_close.get_or_insert_with(|| (Party::Client, Box::new(close())));
        }
        if let Some(outbound) = echo {
            self.send(outbound, kept, frame.arrived, None, &[]);
        }
    }

    fn publish(&mut self) {
        self.record_tls();
        if !self.incoming.is_empty() {
            let mut records = std::mem::take(&mut self.incoming);
            self.append(&mut records);
            records.give_back();
        }
    }

    fn deflated(&mut self, bytes: &[u8]) {
        self.deflated.push(bytes, self.payload_cap);
    }

    fn queued(&mut self, outbound: Outbound<'_>, payload: &[u8]) {
        self.queued_deliberate(outbound, payload, None, &[]);
    }

    fn queued_deliberate(
        &mut self,
        outbound: Outbound<'_>,
        payload: &[u8],
        deliberate: Option<&Deliberate>,
        violations: &[Violation],
    ) {
        if outbound.header.opcode == Opcode::Close {
            let close = || (outbound.end, Box::new(ClosePayload::parse(payload).0));
            self.closing.get_or_insert_with(close);
        }
        let kept = Kept::new(&payload[..payload.len().min(self.payload_cap)]);
        self.send(outbound, kept, payload.len() as u64, deliberate, violations);
    }

    fn act(&mut self, mut act: Act, end: u64) {
        let bytes = act.sent;
        act.bytes.truncate(self.payload_cap);
        let concealed_by = self.concealed_by.as_deref().filter(|_| is_concealable(&act.deliberate));
        let outgoing = filled(&mut self.outgoing);
        match concealed_by {
            Some(challenge) => outgoing.concealed_event(&Event::Act(act), challenge),
            None => outgoing.event(&Event::Act(act)),
        }
        outgoing.ends.push_back(End { at: end, bytes, is_frame: false });
    }

    fn abandon(&mut self, act: Act, end: u64) {
        let whole = self.outgoing.ends.partition_point(|other| other.at <= end);
        if whole < self.outgoing.ends.len() {
            self.outgoing = self.outgoing.take_front(whole);
        }
        self.closing.take_if(|(at, _)| *at > end);
        self.act(act, end);
    }

    fn note(&mut self, act: Act) {
        self.presence.session().append_event(self.connection, &Event::Act(act));
    }

    fn mailbox(&self) -> Option<&Arc<Mailbox>> {
        Some(&self.mailbox)
    }

    #[inline]
    fn has_rules(&self) -> bool {
        self.ruled.is_some() && self.presence.session().rules().have_changed(0)
    }

    fn interceptor(&self, deflate: bool) -> Option<LabInterceptor> {
        let Ruled { subprotocol, only_named, memory, idle } = self.ruled.as_deref()?;
        let session = self.presence.session();
        let scope = Scope {
            numbers: vec![self.connection],
            subprotocol: subprotocol.clone(),
            path: String::new(),
            only_named: *only_named,
            is_lab: true,
            idle: *idle,
            deflate,
        };
        let rules = Arc::clone(session.rules());
        Some(LabInterceptor::new(rules, session.now_us(), scope, memory, self.payload_cap))
    }

    fn written(&mut self, written: u64) {
        let whole = self.outgoing.ends.partition_point(|end| end.at <= written);
        if whole == 0 {
            return;
        }
        let mut gone = match whole == self.outgoing.ends.len() {
            true => std::mem::take(&mut self.outgoing),
            false => self.outgoing.take_front(whole),
        };
        for End { bytes, is_frame, .. } in &gone.ends {
            self.server.frames += u64::from(*is_frame);
            self.server.bytes += bytes;
        }
        if let Some((_, close)) = self.closing.take_if(|(end, _)| *end <= written) {
            self.server_closed = true;
            self.first_close.get_or_insert((Party::Server, close));
        }
        self.append(&mut gone);
        gone.give_back();
        self.record_tls();
    }

    fn closed(mut self, cause: Cause) {
        self.cause = Some(cause);
    }
}

impl Drop for SessionRecorder {
    fn drop(&mut self) {
        let Some(cause) = self.cause.take() else { return };
        self.publish();
        for pending in self.presence.session().close_mailbox(self.connection) {
            let why = "the connection ended before this was done";
            self.note(Act::refused(&pending.command, why.to_owned()));
            pending.answer(Some(why.to_owned()));
        }
        let (first, close) = self.first_close.take().unzip();
        let ClosePayload { code, reason } = close.map(|close| *close).unwrap_or_default();
        let closed = Closed {
            first,
            code: code.map(|code| code.0),
            reason,
            clean: self.client_closed && self.server_closed,
            cause,
            client: self.client,
            server: self.server,
        };
        self.presence.session().append_event(self.connection, &Event::Closed(closed));
    }
}
