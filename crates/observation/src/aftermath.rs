//! The effects of a deliberate act: what the wire carried because of it, and which events JavaScript received.
//!
//! The same for refusals and ends of connections, deliberate or not. The result depends only on what has been seen so far, not
//! on the order in which the observations of the relay and the events of the page arrived.

use crate::event::Cause;
use crate::page::{PageAct, PageEvent};
use crate::sequence::{PageSide, RowKey, Sequence};
use crate::{Act, Closed, ConnectionNumber, Deliberate, Event, Frame, Hop, Observation, Party, Seq, Transcript};
use wire::close::{CloseCode, ClosePayload};
use wire::opcode::Opcode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aftermath {
    /// The deliberate acts, each with the observation that shows it. For an end, the acts that caused it.
    pub did: Vec<(Seq, Deliberate)>,
    /// What the wire carried as a result, in order.
    pub wire: Vec<Carried>,
    pub reported: Reported,
    pub outcome: Outcome,
}

/// Something that crossed the wire, or the end of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The response to a request that was not upgraded. `status` is `None` if the response is not HTTP or if there is none.
    Response {
        seq: Seq,
        status: Option<u16>,
    },
    Close {
        seq: Seq,
        from: Party,
        close: ClosePayload,
    },
    /// The answer to a ping, `us` microseconds after it. See [`RoundTrip`](crate::round_trip::RoundTrip) for when it is uncertain.
    Pong {
        seq: Seq,
        from: Party,
        us: u64,
        is_uncertain: bool,
    },
    End {
        seq: Seq,
        cause: Cause,
    },
}

/// What the browser reported to JavaScript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reported {
    /// The connection does not belong to a WebSocket of this page.
    Elsewhere,
    /// The events, in order. Empty if there were none so far.
    Events(Vec<PageAct>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not known yet.
    Pending,
    /// The client accepted it, and the connection stayed open.
    Accepted,
    /// There was no effect that a client could notice.
    Silent,
    /// A ping was answered.
    Answered,
    /// A ping or a close frame was not answered.
    Unanswered,
    /// The client failed the connection and sent a close frame with this code. RFC 6455 §7.1.7.
    Failed(CloseCode),
    /// The client ended the TCP connection without a close frame.
    EndedByClient,
    /// The relay ended the connection before both ends had sent a close frame.
    EndedByRelay,
    /// Both ends sent a close frame.
    Closed,
    /// The WebSocket never opened.
    NeverOpened,
    /// The relay that had the connection is gone, so nobody saw what followed.
    Unknown,
}

/// The deliberate acts in an observation.
#[must_use]
pub fn deliberate(event: &Event) -> &[Deliberate] {
    match event {
        Event::Asked(asked) => &asked.deliberate,
        Event::Tunnel(tunnel) => &tunnel.deliberate,
        Event::Opening(opening) => &opening.deliberate,
        Event::Refusal(refusal) => &refusal.deliberate,
        Event::Frame(frame) => frame.deliberate.as_slice(),
        Event::Act(act) => std::slice::from_ref(&act.deliberate),
        Event::Records(_) | Event::Closed(_) | Event::Note(_) => &[],
    }
}

impl Aftermath {
    /// The effects of the observation `seq`. `page` contains the events of the page, in order. `None` if the observation is
    /// neither deliberate nor a refusal nor an end, or if it is no longer kept.
    #[must_use]
    pub fn of(transcript: &Transcript, sequence: &Sequence, page: &[&PageEvent], seq: Seq) -> Option<Self> {
        let seen = transcript.get(seq)?;
        let scene = Scene { transcript, sequence, page, seq, connection: seen.connection };
        let did = deliberate(&seen.event).iter().map(|deliberate| (seq, deliberate.clone())).collect::<Vec<_>>();
        let (outcome, wire, reported) = match &seen.event {
            Event::Refusal(refusal) => {
                let reported = scene.reported(is_beginning_or_end);
                let over = matches!(&reported, Reported::Events(acts) if acts.iter().any(is_close));
                let outcome = if over { Outcome::NeverOpened } else { Outcome::Pending };
                (outcome, vec![Carried::Response { seq, status: refusal.status }], reported)
            }
            Event::Closed(closed) => {
                let cause = scene.led_to(closed);
                let outcome = cause.map_or_else(|| of_end(closed), |(_, outcome)| outcome);
                let did = cause.map(|(cause, _)| {
                    let of = |deliberate: &Deliberate| (cause.seq, deliberate.clone());
                    deliberate(&cause.event).iter().map(of).collect()
                });
                let (wire, reported) = (scene.closing_frames(Seq(0)), scene.reported(is_end));
                return Some(Self { did: did.unwrap_or_default(), wire, reported, outcome });
            }
            _ if did.is_empty() => return None,
            event => {
                let outcome = scene.outcome(event);
                let (wire, reported) = scene.followed(event, outcome);
                (outcome, wire, reported)
            }
        };
        Some(Self { did, wire, reported, outcome })
    }
}

/// An observation, with everything needed to judge its effects.
#[derive(Clone, Copy)]
struct Scene<'a> {
    transcript: &'a Transcript,
    sequence: &'a Sequence,
    page: &'a [&'a PageEvent],
    seq: Seq,
    connection: ConnectionNumber,
}

impl<'a> Scene<'a> {
    /// The end that the relay does not play: the client, or on the server side of `/relay`, the server.
    fn peer(self) -> Party {
        let hop = self.transcript.connection(self.connection).and_then(|connection| connection.hop.as_ref());
        if hop.is_some_and(Hop::leads_to_a_server) { Party::Server } else { Party::Client }
    }

    /// The connection's observations after this one.
    fn after(self) -> impl Iterator<Item = &'a Observation> {
        let Self { transcript, seq, connection, .. } = self;
        transcript.after(seq).map(|seen| &**seen).filter(move |seen| seen.connection == connection)
    }

    fn outcome(self, event: &Event) -> Outcome {
        let end = self.after().find_map(|seen| match &seen.event {
            Event::Closed(closed) => Some(closed),
            _ => None,
        });
        match event {
            Event::Opening(_) => match self.reported(is_beginning_or_end) {
                _ if self.peer_frames().next().is_some() => Outcome::Accepted,
                Reported::Events(acts) if acts.iter().any(|act| matches!(act, PageAct::Open { .. })) => {
                    Outcome::Accepted
                }
                _ if end.is_some_and(is_lost) => Outcome::Unknown,
                _ if end.is_some() => Outcome::NeverOpened,
                _ => Outcome::Pending,
            },
            Event::Frame(frame) if is_trap(frame) => self.of_trap(end),
            Event::Frame(frame) => match (frame.opcode(), end) {
                (Opcode::Ping, _) if self.pong().is_some() => Outcome::Answered,
                (Opcode::Ping, Some(closed)) if is_lost(closed) => Outcome::Unknown,
                (Opcode::Ping, Some(_)) => Outcome::Unanswered,
                (Opcode::Ping, None) => Outcome::Pending,
                (Opcode::Close, _) if self.peer_close().is_some() => Outcome::Closed,
                (Opcode::Close, Some(closed)) => of_end(closed),
                (Opcode::Close, None) => Outcome::Pending,
                (Opcode::Pong, _) => Outcome::Silent,
                _ if matches!(self.reported_for_row(), Reported::Events(acts) if acts.is_empty()) => Outcome::Pending,
                _ => Outcome::Accepted,
            },
            Event::Act(act) if act.refused.is_some() => Outcome::Silent,
            Event::Act(act) if act.sent > 0 => self.of_trap(end),
            Event::Act(act) => match end {
                Some(closed) if self.ends(act, closed) => of_end(closed),
                _ => Outcome::Silent,
            },
            // The middlebox has forwarded it. The connection on its other side shows the effects.
            Event::Asked(_) | Event::Tunnel(_) | Event::Note(_) => Outcome::Silent,
            Event::Refusal(_) | Event::Records(_) | Event::Closed(_) => Outcome::Pending,
        }
    }

    /// How the client reacted to bytes that a strict client rejects.
    fn of_trap(self, end: Option<&Closed>) -> Outcome {
        match (self.peer_close(), end) {
            (Some(ClosePayload { code: Some(code), .. }), _) if says_failed(code) => Outcome::Failed(code),
            (Some(_), _) if self.relay_has_closed() => Outcome::Closed,
            // The client accepted the bytes and closed for another reason.
            (Some(_), _) => Outcome::Accepted,
            (None, Some(closed)) => of_end(closed),
            (None, None) => match self.reported_for_row() {
                Reported::Events(acts) if !acts.is_empty() => Outcome::Accepted,
                _ if self.peer_frames().next().is_some() => Outcome::Accepted,
                _ => Outcome::Pending,
            },
        }
    }

    /// What the wire carried as a result, and what the browser reported to JavaScript.
    fn followed(self, event: &Event, outcome: Outcome) -> (Vec<Carried>, Reported) {
        match (event, outcome) {
            (Event::Opening(_), Outcome::Accepted) => {
                (Vec::new(), self.reported(|act| matches!(act, PageAct::Open { .. })))
            }
            (Event::Opening(_), _) => (self.closing_frames(self.seq), self.reported(is_beginning_or_end)),
            (Event::Frame(frame), _) if frame.opcode() == Opcode::Ping && !is_trap(frame) => {
                let end = (outcome == Outcome::Unanswered).then(|| self.closing_frames(self.seq));
                let reported = if end.is_some() { self.reported(is_end) } else { self.reported_for_row() };
                (self.pong().into_iter().chain(end.unwrap_or_default()).collect(), reported)
            }
            (Event::Frame(frame), Outcome::Pending | Outcome::Accepted) if is_trap(frame) || is_close_frame(frame) => {
                // The browser may have failed the connection before the relay's record of it arrives.
                let reported =
                    if outcome == Outcome::Accepted { self.reported_for_row() } else { self.reported(is_end) };
                (Vec::new(), reported)
            }
            (Event::Frame(frame), _) if !is_trap(frame) && !is_close_frame(frame) => {
                (Vec::new(), self.reported_for_row())
            }
            (Event::Act(_), Outcome::Silent | Outcome::Accepted) => (Vec::new(), self.reported_for_row()),
            _ => (self.closing_frames(self.seq), self.reported(is_end)),
        }
    }

    /// The deliberate act that caused this end, and its outcome.
    fn led_to(self, closed: &Closed) -> Option<(&'a Observation, Outcome)> {
        if is_lost(closed) {
            return None;
        }
        let before = self.transcript.iter().rev().skip_while(|seen| seen.seq >= self.seq);
        let own = before.map(|seen| &**seen).filter(|seen| seen.connection == self.connection);
        let deliberate_events = own.filter(|seen| !deliberate(&seen.event).is_empty());
        deliberate_events.enumerate().find_map(|(nth_from_end, seen)| {
            // Finding an outcome scans everything that followed, and a heartbeat sends thousands of deliberate pings. So skip
            // those that cannot have caused the end.
            let may_lead = match &seen.event {
                Event::Frame(frame) if is_trap(frame) || is_close_frame(frame) => true,
                Event::Frame(frame) => frame.opcode() == Opcode::Ping && closed.cause == Cause::NoPong,
                Event::Act(act) => act.sent > 0 || nth_from_end == 0,
                _ => true,
            };
            if !may_lead {
                return None;
            }
            let outcome = Self { seq: seen.seq, ..self }.outcome(&seen.event);
            let leads = match &seen.event {
                Event::Frame(frame) if is_trap(frame) => outcome != Outcome::Accepted,
                Event::Frame(frame) => is_close_frame(frame) || outcome == Outcome::Unanswered,
                _ => !matches!(outcome, Outcome::Silent | Outcome::Accepted | Outcome::Pending),
            };
            leads.then_some((seen, outcome))
        })
    }

    /// Whether an act without bytes caused the end `closed`: there was no other deliberate act in between.
    fn ends(self, act: &Act, closed: &Closed) -> bool {
        let of_relay = matches!(
            closed.cause,
            Cause::Dropped | Cause::Reset | Cause::NoPong | Cause::Idle | Cause::DeliberateClose
        );
        let last = !self.after().any(|seen| !deliberate(&seen.event).is_empty());
        act.refused.is_none() && of_relay && last
    }

    /// The close frames after `seq`, and the end.
    fn closing_frames(self, seq: Seq) -> Vec<Carried> {
        let carried = |seen: &Observation| match &seen.event {
            Event::Frame(frame) if is_close_frame(frame) => {
                let close = ClosePayload::parse(&frame.unmasked_payload()).0;
                Some(Carried::Close { seq: seen.seq, from: frame.from, close })
            }
            Event::Closed(closed) => Some(Carried::End { seq: seen.seq, cause: closed.cause }),
            _ => None,
        };
        Self { seq, ..self }.after().filter_map(carried).collect()
    }

    fn peer_frames(self) -> impl Iterator<Item = &'a Frame> {
        let peer = self.peer();
        self.after().filter_map(move |seen| match &seen.event {
            Event::Frame(frame) if frame.from == peer => Some(frame),
            _ => None,
        })
    }

    fn peer_close(self) -> Option<ClosePayload> {
        let close = self.peer_frames().find(|frame| is_close_frame(frame))?;
        Some(ClosePayload::parse(&close.unmasked_payload()).0)
    }

    /// Whether the relay had sent a close frame before.
    fn relay_has_closed(self) -> bool {
        let mut before =
            self.transcript.iter().filter(|seen| seen.seq < self.seq && seen.connection == self.connection);
        before.any(|seen| match &seen.event {
            Event::Frame(frame) => frame.from != self.peer() && is_close_frame(frame),
            _ => false,
        })
    }

    fn pong(self) -> Option<Carried> {
        let trip = self.transcript.round_trips().of(self.connection).rev().find(|trip| trip.ping == self.seq)?;
        let (us, is_uncertain) = (trip.us, trip.is_uncertain);
        Some(Carried::Pong { seq: trip.pong, from: self.peer(), us, is_uncertain })
    }

    /// The events of the socket that `which` selects.
    fn reported(self, which: impl Fn(&PageAct) -> bool) -> Reported {
        let Some(socket) = self.sequence.owner(self.connection) else { return Reported::Elsewhere };
        let fits = |event: &&&PageEvent| event.socket == socket && which(&event.act);
        Reported::Events(self.page.iter().filter(fits).map(|event| event.act.clone()).collect())
    }

    /// The events in the row of this frame or act.
    fn reported_for_row(self) -> Reported {
        let keys = [RowKey::Frame(self.seq), RowKey::Act(self.seq)];
        let position = keys.into_iter().find_map(|key| self.sequence.position(key));
        let row = position.and_then(|index| self.sequence.get(index));
        let numbers = match row.map(|row| row.page) {
            Some(PageSide::Events(numbers)) => numbers,
            _ if self.sequence.owner(self.connection).is_none() => return Reported::Elsewhere,
            _ => Vec::new(),
        };
        let acts = self.page.iter().filter(|event| numbers.contains(&event.number)).map(|event| event.act.clone());
        Reported::Events(acts.collect())
    }
}

fn of_end(closed: &Closed) -> Outcome {
    match closed.cause {
        _ if closed.clean => Outcome::Closed,
        Cause::RelayLost => Outcome::Unknown,
        Cause::ConnectionEnded | Cause::ConnectionLost => Outcome::EndedByClient,
        Cause::NoCloseAnswer | Cause::NoPong => Outcome::Unanswered,
        _ => Outcome::EndedByRelay,
    }
}

fn is_lost(closed: &Closed) -> bool {
    closed.cause == Cause::RelayLost
}

/// Whether a strict client rejects the frame, or reads its length differently.
fn is_trap(frame: &Frame) -> bool {
    !frame.violations.is_empty() || frame.payload_bytes != frame.length
}

fn is_close_frame(frame: &Frame) -> bool {
    frame.opcode() == Opcode::Close
}

/// Whether a close code reports a fault of the other end. RFC 6455 §7.4.1.
fn says_failed(code: CloseCode) -> bool {
    matches!(code.0, 1002 | 1003 | 1007..=1010)
}

fn is_close(act: &PageAct) -> bool {
    matches!(act, PageAct::Closed { .. })
}

fn is_end(act: &PageAct) -> bool {
    matches!(act, PageAct::Error | PageAct::Closed { .. })
}

fn is_beginning_or_end(act: &PageAct) -> bool {
    is_end(act) || matches!(act, PageAct::Open { .. })
}
