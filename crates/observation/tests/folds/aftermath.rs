//! The effects of deliberate acts over whole connections, with the page's events before and after the relay's observations.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::rows::merge;
use crate::streams::{CLIENT, SERVER, Streams};
use observation::aftermath::{Aftermath, Carried, Reported};
use observation::event::{Cause, Closed, Count};
use observation::{Act, Citation, Deliberate, Event, Origin, Party, Seq, Transcript, Violation};
use std::rc::Rc;
use wire::opcode::Opcode;

fn deliberate(what: &'static str) -> Deliberate {
    let rule = Some(Citation::new(6455, "5.2"));
    Deliberate { by: Origin::Behaviour, what: what.into(), explanation: what.into(), rule }
}

trait Deliberately {
    /// Marks the last event as deliberate.
    fn deliberate(&mut self, what: &'static str) -> &mut Self;
    /// Makes the last frame one that a strict client rejects.
    fn wrong(&mut self, what: &'static str) -> &mut Self;
    fn act(&mut self, what: &'static str, sent: u64) -> &mut Self;
    fn close_with(&mut self, from: Party, code: u16) -> &mut Self;
    fn ended(&mut self, cause: Cause) -> &mut Self;
}

impl Deliberately for Streams {
    fn deliberate(&mut self, what: &'static str) -> &mut Self {
        match self.observations.last_mut().map(|(_, seen)| &mut seen.event) {
            Some(Event::Frame(frame)) => frame.deliberate = Some(deliberate(what)),
            Some(Event::Opening(opening)) => opening.deliberate.push(deliberate(what)),
            Some(Event::Refusal(refusal)) => refusal.deliberate.push(deliberate(what)),
            _ => panic!("the last event cannot be deliberate"),
        }
        self
    }

    fn wrong(&mut self, what: &'static str) -> &mut Self {
        let violation = wire::violation::Violation::BrokenDeflate;
        match self.observations.last_mut().map(|(_, seen)| &mut seen.event) {
            Some(Event::Frame(frame)) => frame.violations.push(Violation::from(&violation)),
            _ => panic!("no frame"),
        }
        self.deliberate(what)
    }

    fn act(&mut self, what: &'static str, sent: u64) -> &mut Self {
        self.event(1, Event::Act(Act { sent, ..Act::of(deliberate(what)) }))
    }

    fn close_with(&mut self, from: Party, code: u16) -> &mut Self {
        self.frame(1, from, true, Opcode::Close, "..");
        if let Some((_, seen)) = self.observations.last_mut()
            && let Event::Frame(frame) = &mut seen.event
        {
            frame.payload = code.to_be_bytes().to_vec();
        }
        self
    }

    fn ended(&mut self, cause: Cause) -> &mut Self {
        let (client, server) = (Count::default(), Count::default());
        let clean = cause == Cause::ClosingHandshake;
        self.event(
            1,
            Event::Closed(Closed { first: None, code: None, reason: String::new(), clean, cause, client, server }),
        )
    }
}

/// An aftermath in one line: outcome, wire, JavaScript.
fn line(aftermath: &Aftermath) -> String {
    let carried = |carried: &Carried| match carried {
        Carried::Response { status, .. } => format!("response {status:?}"),
        Carried::Close { from, close, .. } => {
            format!("{from:?} close {}", close.code.map_or(0, |code| code.0)).to_lowercase()
        }
        Carried::Pong { us, .. } => format!("pong after {us}"),
        Carried::End { cause, .. } => format!("end by {cause:?}"),
    };
    let reported = match &aftermath.reported {
        Reported::Elsewhere => "elsewhere".to_owned(),
        Reported::Events(acts) => acts.iter().map(act).collect::<Vec<_>>().join(", "),
    };
    let wire = aftermath.wire.iter().map(carried).collect::<Vec<_>>().join(", ");
    let did = aftermath.did.iter().map(|(seq, did)| format!("{} at {seq}", did.what)).collect::<Vec<_>>().join(", ");
    format!("{did}: {:?} [{wire}] [{reported}]", aftermath.outcome)
}

fn act(act: &observation::page::PageAct) -> String {
    use observation::page::PageAct as A;
    match act {
        A::Open { .. } => "open".to_owned(),
        A::Received(payload) => format!("message {}", payload.preview),
        A::Error => "error".to_owned(),
        A::Closed { code, .. } => format!("close {code}"),
        other => format!("{other:?}"),
    }
}

/// The aftermath of observation `seq` after the first `seen` observations.
fn after(streams: &Streams, seen: usize, page_first: bool, seq: u64) -> Option<String> {
    let mut streams = streams.clone();
    streams.observations.truncate(seen);
    let choices = vec![page_first; streams.events.len() + streams.observations.len()];
    let sequence = merge(&streams, 100, choices);
    let mut transcript = Transcript::new(100);
    for (_, observation) in &streams.observations {
        transcript.observe(Rc::new(observation.clone()));
    }
    let page: Vec<_> = streams.events.iter().collect();
    Aftermath::of(&transcript, &sequence, &page, Seq(seq)).as_ref().map(line)
}

/// Checks the aftermath of each observation in `expect`, for both orders of the two streams.
#[track_caller]
fn check(streams: &Streams, expect: &[(u64, &str)]) {
    for &(seq, expect) in expect {
        for page_first in [true, false] {
            let all = streams.observations.len();
            assert_eq!(
                after(streams, all, page_first, seq).as_deref(),
                Some(expect),
                "{seq}, page first: {page_first}"
            );
        }
    }
}

fn opened() -> Streams {
    let mut streams = Streams::default();
    streams.constructed(1).open(1).opening(1, true);
    streams
}

/// A browser that receives RSV1. Like Chromium, it answers with 1002 and reports 1006 to JavaScript.
fn failed() -> Streams {
    let mut streams = opened();
    streams.error(1).closed(1, 1006);
    streams.text(1, SERVER, "wrong").wrong("rsv1").close_with(CLIENT, 1002).close_with(SERVER, 1002);
    streams.ended(Cause::ClosingHandshake);
    streams
}

#[test]
fn a_fault_fails_the_connection() {
    let story =
        "Failed(CloseCode(1002)) [client close 1002, server close 1002, end by ClosingHandshake] [error, close 1006]";
    let story = format!("rsv1 at 2: {story}");
    check(&failed(), &[(2, &story), (5, &story)]);
    assert_eq!(after(&failed(), 5, true, 1), None, "nothing about the opening was deliberate");
    assert_eq!(after(&failed(), 5, true, 3), None, "nor was the client's answer");
}

#[test]
fn the_page_may_see_the_effect_before_the_cause() {
    assert_eq!(after(&failed(), 2, true, 2).as_deref(), Some("rsv1 at 2: Pending [] [error, close 1006]"));
    let so_far = "rsv1 at 2: Failed(CloseCode(1002)) [client close 1002] [error, close 1006]";
    assert_eq!(after(&failed(), 3, true, 2).as_deref(), Some(so_far));
    assert_eq!(after(&failed(), 1, true, 2), None);
}

#[test]
fn a_lenient_client_accepts_the_fault() {
    let mut streams = opened();
    streams.received(1, "odd").closed(1, 1000);
    streams.text(1, SERVER, "odd").wrong("length-not-minimal");
    check(&streams, &[(2, "length-not-minimal at 2: Accepted [] [message odd]")]);
    streams.close_with(CLIENT, 1000).close_with(SERVER, 1000).ended(Cause::ClosingHandshake);
    let end = ": Closed [client close 1000, server close 1000, end by ClosingHandshake] [close 1000]";
    check(&streams, &[(2, "length-not-minimal at 2: Accepted [] [message odd]"), (5, end)]);
}

#[test]
fn another_client_is_judged_only_by_the_wire() {
    let mut streams = Streams::default();
    streams.opening(1, false).text(1, SERVER, "wrong").wrong("masked");
    check(&streams, &[(2, "masked at 2: Pending [] [elsewhere]")]);
    streams.text(1, CLIENT, "and so on");
    check(&streams, &[(2, "masked at 2: Accepted [] [elsewhere]")]);
    streams.ended(Cause::ConnectionEnded);
    let left = "masked at 2: EndedByClient [end by ConnectionEnded] [elsewhere]";
    check(&streams, &[(2, left), (4, left)]);
}

#[test]
fn pings_are_answered_without_javascript() {
    let mut streams = opened();
    streams.frame(1, SERVER, true, Opcode::Ping, "a").deliberate("ping-every");
    check(&streams, &[(2, "ping-every at 2: Pending [] []")]);
    streams.frame(1, CLIENT, true, Opcode::Pong, "a");
    check(&streams, &[(2, "ping-every at 2: Answered [pong after 1] []")]);
    // A ping that is not answered in time leads to the end.
    streams.closed(1, 1011);
    streams
        .frame(1, SERVER, true, Opcode::Ping, "b")
        .deliberate("ping-every")
        .close_with(SERVER, 1011)
        .ended(Cause::NoPong);
    let unanswered = "ping-every at 4: Unanswered [server close 1011, end by NoPong] [close 1011]";
    check(&streams, &[(2, "ping-every at 2: Answered [pong after 1] []"), (4, unanswered), (6, unanswered)]);
}

#[test]
fn a_deliberate_message_is_a_message() {
    let mut streams = opened();
    streams.received(1, "hi").text(1, SERVER, "hi").deliberate("greet");
    check(&streams, &[(2, "greet at 2: Accepted [] [message hi]")]);
    let mut other = Streams::default();
    other.opening(1, false).text(1, SERVER, "hi").deliberate("greet");
    check(&other, &[(2, "greet at 2: Accepted [] [elsewhere]")]);
    // JavaScript does not see the first fragment yet.
    let mut streams = opened();
    streams.frame(1, SERVER, false, Opcode::Text, "h").deliberate("fragments");
    check(&streams, &[(2, "fragments at 2: Pending [] []")]);
}

#[test]
fn deliberate_closes_and_drops() {
    let mut closing = opened();
    closing.closed(1, 4000);
    closing.close_with(SERVER, 4000).deliberate("close-after");
    check(&closing, &[(2, "close-after at 2: Pending [] [close 4000]")]);
    closing.close_with(CLIENT, 4000).ended(Cause::ClosingHandshake);
    check(&closing, &[(2, "close-after at 2: Closed [client close 4000, end by ClosingHandshake] [close 4000]")]);
    let end = "close-after at 2: Closed [server close 4000, client close 4000, end by ClosingHandshake] [close 4000]";
    check(&closing, &[(4, end)]);

    let mut cut = opened();
    cut.closed(1, 1006).act("pause", 0).act("drop", 0).ended(Cause::Dropped);
    let dropped = "drop at 3: EndedByRelay [end by Dropped] [close 1006]";
    check(&cut, &[(2, "pause at 2: Silent [] []"), (3, dropped), (4, dropped)]);

    let mut after_close = opened();
    after_close.close_with(SERVER, 1000).text(1, SERVER, "late").wrong("data-after-close").close_with(CLIENT, 1000);
    check(&after_close, &[(3, "data-after-close at 3: Closed [client close 1000] []")]);
}

#[test]
fn bytes_that_are_not_a_frame_can_end_the_connection() {
    let mut streams = opened();
    streams.act("raw", 2);
    check(&streams, &[(2, "raw at 2: Pending [] []")]);
    streams.error(1).closed(1, 1006).close_with(CLIENT, 1002).ended(Cause::ClosingHandshake);
    let failed = "raw at 2: Failed(CloseCode(1002)) [client close 1002, end by ClosingHandshake] [error, close 1006]";
    check(&streams, &[(2, failed), (4, failed)]);
}

/// Nobody saw what followed, so neither the client nor a deliberate act is blamed.
#[test]
fn nothing_is_concluded_if_the_relay_is_gone() {
    let mut streams = opened();
    streams.closed(1, 1006);
    streams.frame(1, SERVER, true, Opcode::Ping, "a").deliberate("ping-every").ended(Cause::RelayLost);
    let end = ": Unknown [end by RelayLost] [close 1006]";
    check(&streams, &[(2, "ping-every at 2: Unknown [] []"), (3, end)]);

    let mut wrong = opened();
    wrong.closed(1, 1006);
    wrong.text(1, SERVER, "wrong").wrong("rsv1").close_with(SERVER, 1000).deliberate("close-after");
    wrong.ended(Cause::RelayLost);
    let what = "Unknown [server close 1000, end by RelayLost] [close 1006]";
    check(&wrong, &[(2, &format!("rsv1 at 2: {what}")), (4, &format!(": {what}"))]);
    check(&wrong, &[(3, "close-after at 3: Unknown [end by RelayLost] [close 1006]")]);

    let mut asked = Streams::default();
    asked.constructed(1).error(1).closed(1, 1006).opening(1, true).deliberate("sec-accept").ended(Cause::RelayLost);
    check(&asked, &[(1, "sec-accept at 1: Unknown [end by RelayLost] [error, close 1006]")]);
}

#[test]
fn sockets_that_never_open() {
    let mut refused = Streams::default();
    refused.constructed(1).error(1).closed(1, 1006).refusal(1);
    check(&refused, &[(1, ": NeverOpened [response Some(503)] [error, close 1006]")]);
    refused.deliberate("refuse");
    check(&refused, &[(1, "refuse at 1: NeverOpened [response Some(503)] [error, close 1006]")]);

    let mut odd = Streams::default();
    odd.constructed(1).error(1).closed(1, 1006).opening(1, true).deliberate("sec-accept");
    check(&odd, &[(1, "sec-accept at 1: Pending [] [error, close 1006]")]);
    odd.ended(Cause::ConnectionEnded);
    let never = "sec-accept at 1: NeverOpened [end by ConnectionEnded] [error, close 1006]";
    check(&odd, &[(1, never), (2, never)]);

    let mut taken = Streams::default();
    taken.constructed(1).open(1).opening(1, true).deliberate("subprotocol");
    check(&taken, &[(1, "subprotocol at 1: Accepted [] [open]")]);
}

#[test]
fn ordinary_close_codes_are_not_failures() {
    let mut streams = opened();
    streams.text(1, SERVER, "odd").wrong("rsv3").close_with(CLIENT, 1001).ended(Cause::ClosingHandshake);
    check(&streams, &[(2, "rsv3 at 2: Accepted [] []")]);
}
