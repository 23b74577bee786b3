//! Commands on the two sides of a hop: what each end receives, and what is recorded for its side.

mod places;
mod refused;

use super::endings::pair;
use super::{Legs, Seen, open_via};
use crate::behaviours::{name, summary};
use crate::support::{Feed, Lab, Raw, masked, soon};
use observation::command::{CloseWith, Composed, DropBy, Request};
use observation::event::Cause;
use observation::round_trip::RoundTrips;
use observation::{Act, Command, ConnectionNumber, Event, Frame, Intermediary, Observation, Origin, Party};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio_tungstenite::tungstenite::Message;

/// The connection numbers of the two sides of the first hop.
const NEAR: u32 = 1;
const FAR: u32 = 2;

/// Sends a command whose answer comes later, and waits until the relay has taken it.
async fn ask(feed: &mut Feed, id: u64, connection: u32, command: Command) {
    let request = Request { id, connection: ConnectionNumber(connection), command };
    let text = serde_json::to_string(&request).unwrap();
    soon(futures_util::SinkExt::send(&mut feed.socket, Message::text(text))).await.unwrap();
    // Commands are taken in order, and this one is refused at once. So the one before waits.
    assert_eq!(feed.command(connection, Command::Resume).await.as_deref(), Some("the relay is not paused"));
}

/// Waits for the answer to the command with that id. Returns the reason if it was refused.
async fn answer(feed: &mut Feed, id: u64) -> Option<String> {
    let answer = feed.answer().await;
    assert_eq!(answer.id, Some(id));
    answer.refused
}

/// A masked frame from the relay as a client: its first byte, its key and its unmasked payload.
async fn masked_frame(server: &mut Raw) -> (u8, [u8; 4], Vec<u8>) {
    let head = server.take(2).await;
    assert_eq!(head[1] & 0x80, 0x80, "a client masks");
    let key: [u8; 4] = server.take(4).await.try_into().unwrap();
    let payload = server.take(usize::from(head[1] & 0x7f)).await;
    (head[0], key, payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect())
}

/// The frames of a side that a command asked for.
fn by_hand(seen: &Seen) -> Vec<&Frame> {
    let frames = seen.frames().into_iter();
    frames.filter(|frame| frame.deliberate.as_ref().is_some_and(|why| why.by == Origin::Console)).collect()
}

/// The message numbers of the data frames from that end.
fn messages(seen: &Seen, from: Party) -> Vec<u64> {
    let frames = seen.frames().into_iter().filter(|frame| frame.from == from);
    frames.filter_map(|frame| Some(frame.position?.message)).collect()
}

fn text(text: &str) -> Command {
    Command::Text(text.to_owned())
}

#[tokio::test]
async fn the_client_gets_what_a_command_on_its_side_sends() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let composed = serde_json::from_str::<Composed>(r#"{"opcode": 10, "rsv2": true, "payload": "01"}"#).unwrap();
    for (command, bytes) in [
        (text("by hand"), &b"\x81\x07by hand"[..]),
        (Command::Binary(vec![0xff; 3]), b"\x82\x03\xff\xff\xff"),
        (Command::Ping(b"p".to_vec()), b"\x89\x01p"),
        (Command::Pong(b"p".to_vec()), b"\x8a\x01p"),
        (Command::Frame(composed), b"\xaa\x01\x01"),
        (Command::Raw(b"\x81\x03raw".to_vec()), b"\x81\x03raw"),
    ] {
        assert_eq!(feed.command(NEAR, command).await, None);
        assert_eq!(raw.take(bytes.len()).await, bytes);
    }
    // Nothing of it reaches the server, and the connection goes on.
    server.send(b"\x81\x05after").await;
    assert_eq!(raw.frame().await, (0x81, b"after".to_vec()));
    let frame = masked(0x81, b"hi");
    raw.send(&frame).await;
    assert_eq!(server.take(frame.len()).await, frame);
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let sent = by_hand(&near);
    let whats: Vec<_> = sent.iter().map(|frame| name(frame.deliberate.as_ref().unwrap())).collect();
    let section = |section| Some((6455, section));
    assert_eq!(
        whats,
        [
            ("text", None),
            ("binary", None),
            ("ping", section("5.5.2")),
            ("pong", section("5.5.3")),
            ("frame", section("5.2"))
        ]
    );
    assert!(sent.iter().all(|frame| frame.from == Party::Server && !frame.masked));
    let broken: Vec<_> = sent.iter().flat_map(|frame| crate::behaviours::rules(frame)).collect();
    assert_eq!(broken, ["reserved-bits"]);
    assert_eq!((near.acts()[0].deliberate.what.as_ref(), near.acts()[0].sent), ("raw", 5));
    assert!(by_hand(&far).is_empty() && far.acts().is_empty());
    // Each side counts what it has seen.
    assert_eq!((messages(&near, Party::Server), messages(&far, Party::Server)), (vec![1, 2, 3], vec![1]));
    assert_eq!((messages(&near, Party::Client), messages(&far, Party::Client)), (vec![1], vec![1]));
    let (near, far) = (near.closed(), far.closed());
    assert_eq!((near.server.frames, near.server.bytes), (6, 9 + 5 + 3 + 3 + 3 + 5 + 7));
    assert_eq!((far.server.frames, far.server.bytes), (1, 7));
    assert_eq!((near.client, far.client.frames), (far.client, 1));
}

#[tokio::test]
async fn the_server_gets_masked_frames_from_a_command_on_its_side() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let mut keys = Vec::new();
    for _ in 0..2 {
        assert_eq!(feed.command(FAR, text("by hand")).await, None);
        let (first, key, payload) = masked_frame(&mut server).await;
        assert_eq!((first, payload), (0x81, b"by hand".to_vec()));
        keys.push(key);
    }
    assert_ne!(keys[0], keys[1], "the keys are not predictable");
    let frame = masked(0x81, b"hi");
    raw.send(&frame).await;
    assert_eq!(server.take(frame.len()).await, frame);
    // A composed frame is masked only if the command says so.
    let bare = serde_json::from_str::<Composed>(r#"{"opcode": 9, "payload": "6869"}"#).unwrap();
    let keyed = Composed { masking_key: Some([1, 2, 3, 4]), ..bare.clone() };
    assert_eq!(feed.command(FAR, Command::Frame(keyed)).await, None);
    assert_eq!(server.take(8).await, b"\x89\x82\x01\x02\x03\x04ik");
    assert_eq!(feed.command(FAR, Command::Frame(bare)).await, None);
    assert_eq!(server.take(4).await, b"\x89\x02hi");
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let sent = by_hand(&far);
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|frame| frame.from == Party::Client));
    assert_eq!((sent[0].content(), sent[0].masking_key), (b"by hand".to_vec(), Some(keys[0])));
    assert_eq!(crate::behaviours::rules(sent[3]), ["client-frame-unmasked"]);
    assert!(sent[..3].iter().all(|frame| frame.violations.is_empty()));
    assert!(by_hand(&near).is_empty());
    assert_eq!((messages(&near, Party::Client), messages(&far, Party::Client)), (vec![1], vec![1, 2, 3]));
}

/// Both sides of the closing handshake that a command begins are clean.
#[tokio::test]
async fn a_close_frame_on_either_side() {
    let close = || Command::Close(CloseWith { code: Some(4000), reason: "by hand".to_owned() });
    let payload = [&4000_u16.to_be_bytes()[..], b"by hand"].concat();
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    assert_eq!(feed.command(NEAR, close()).await, None);
    assert_eq!(raw.frame().await, (0x88, payload.clone()));
    assert!(feed.command(NEAR, text("late")).await.unwrap().contains("has sent its close frame"));
    let reply = masked(0x88, b"\x0f\xa0");
    raw.send(&reply).await;
    assert_eq!(server.take(reply.len()).await, reply);
    server.send(b"\x88\x02\x0f\xa0").await;
    drop(server);
    raw.rest().await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert!(near.closed().clean && far.closed().clean);
    assert_eq!((near.closed().first, near.closed().code), (Some(Party::Server), Some(4000)));
    assert_eq!((far.closed().first, far.closed().code), (Some(Party::Client), Some(4000)));

    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    assert_eq!(feed.command(FAR, close()).await, None);
    let (first, _, said) = masked_frame(&mut server).await;
    assert_eq!((first, said), (0x88, payload));
    server.send(b"\x88\x02\x0f\xa0").await;
    assert_eq!(raw.frame().await, (0x88, b"\x0f\xa0".to_vec()));
    raw.send(&reply).await;
    assert_eq!(server.take(reply.len()).await, reply);
    drop(server);
    raw.rest().await;
    drop(raw);
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    assert!(near.closed().clean && far.closed().clean);
    assert_eq!((near.closed().first, far.closed().first), (Some(Party::Server), Some(Party::Client)));
}

#[tokio::test]
async fn either_side_is_dropped() {
    for (side, by) in [(NEAR, DropBy::Fin), (FAR, DropBy::Fin), (NEAR, DropBy::Reset), (FAR, DropBy::Reset)] {
        let (lab, mut raw, mut server) = pair(|_| {}).await;
        let mut feed = lab.feed().await;
        // Half a frame does not hold it up.
        server.send(b"\x82\x7e\x01\x00half").await;
        raw.take(8).await;
        assert_eq!(feed.command(side, Command::Drop(by)).await, None);
        for end in [&mut raw, &mut server] {
            let ended = soon(end.0.read_to_end(&mut Vec::new())).await;
            match by {
                DropBy::Fin => assert_eq!(ended.unwrap(), 0),
                DropBy::Reset => assert_eq!(ended.unwrap_err().kind(), ErrorKind::ConnectionReset),
            }
        }
        let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
        let (own, other) = if side == NEAR { (near, far) } else { (far, near) };
        assert_eq!((own.closed().cause, other.closed().cause), (by.into(), Cause::OtherLeg));
        assert_eq!((own.acts()[0].deliberate.what.as_ref(), other.acts().len()), ("drop", 0));
    }
}

#[tokio::test]
async fn reading_from_either_end_is_paused() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    let frame = masked(0x81, b"up");
    assert_eq!(feed.command(NEAR, Command::Pause).await, None);
    assert_eq!(feed.command(NEAR, Command::Pause).await.as_deref(), Some("the relay is already paused"));
    raw.send(&frame).await;
    // The other direction is not paused, and when its frame has arrived, the relay has had time to read the other one too.
    server.send(b"\x81\x04down").await;
    assert_eq!(raw.frame().await, (0x81, b"down".to_vec()));
    assert_eq!(server.0.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(feed.command(NEAR, Command::Resume).await, None);
    assert_eq!(server.take(frame.len()).await, frame);

    assert_eq!(feed.command(FAR, Command::Pause).await, None);
    server.send(b"\x81\x04late").await;
    raw.send(&frame).await;
    assert_eq!(server.take(frame.len()).await, frame);
    assert_eq!(raw.0.try_read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(raw.frame().await, (0x81, b"late".to_vec()), "a pause ends by itself");
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let acts = |seen: &Seen| summary(&seen.acts().into_iter().cloned().map(Event::Act).collect::<Vec<_>>());
    assert_eq!(acts(&near), ["! pause", "? pause", "! resume"]);
    assert_eq!(acts(&far), ["! pause", "! resume"]);
    assert!(far.acts()[0].deliberate.explanation.contains("data from the server"));
}

/// The pong of a ping by command measures the way to the end that answered.
#[tokio::test]
async fn pings_measure_round_trips_on_both_sides() {
    let (lab, mut raw, mut server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    assert_eq!(feed.command(NEAR, Command::Ping(b"near".to_vec())).await, None);
    raw.take(6).await;
    let pong = masked(0x8a, b"near");
    raw.send(&pong).await;
    assert_eq!(server.take(pong.len()).await, pong, "an unsolicited pong for the server, which is allowed");
    assert_eq!(feed.command(FAR, Command::Ping(b"far".to_vec())).await, None);
    assert_eq!(masked_frame(&mut server).await.2, b"far");
    server.send(b"\x8a\x03far").await;
    assert_eq!(raw.frame().await, (0x8a, b"far".to_vec()));
    drop((raw, server));
    let mut trips = RoundTrips::new(10);
    let mut over = 0;
    while over < 2 {
        let seen: Observation = feed.next().await;
        over += u32::from(matches!(seen.event, Event::Closed(_)));
        trips.observe(&seen);
    }
    for side in [NEAR, FAR] {
        let [trip] = trips.of(ConnectionNumber(side)).collect::<Vec<_>>()[..] else { panic!("one round trip") };
        assert!(!trip.is_uncertain && trip.ping < trip.pong);
    }
}

/// A middlebox sends to the client; at the other end of its server side, the lab takes the commands.
#[tokio::test]
async fn both_sides_of_a_middlebox() {
    let lab = Lab::new().await;
    for middlebox in ["idle-cut", "slow,rate=1MiB,latency=1ms", "rewrite"] {
        let mut feed = lab.feed_after(u64::MAX).await;
        let mut raw = open_via(&lab, middlebox, "").await;
        let first = feed.next().await.connection.0;
        let (near, far) = (first, first + 1);
        raw.send(&masked(0x81, b"hi")).await;
        assert_eq!(raw.frame().await, (0x81, b"hi".to_vec()), "{middlebox}");
        assert_eq!(feed.command(near, text("from the middlebox")).await, None, "{middlebox}");
        assert_eq!(raw.frame().await, (0x81, b"from the middlebox".to_vec()));
        assert_eq!(feed.command(far, text("from the lab")).await, None);
        assert_eq!(raw.frame().await, (0x81, b"from the lab".to_vec()));
        assert_eq!(feed.command(near, Command::Drop(DropBy::Fin)).await, None);
        assert_eq!(raw.rest().await, b"");
        let (near, far) = Legs::over(&mut feed, 2).await.pair_of_box();
        assert_eq!((by_hand(&near).len(), by_hand(&far).len()), (1, 1));
        assert_eq!(messages(&near, Party::Server), [1, 2, 3]);
        assert_eq!(messages(&far, Party::Server), [1, 2]);
        assert_eq!((near.closed().cause, far.closed().cause), (Cause::Dropped, Cause::ConnectionEnded));
    }
}

impl Legs {
    /// Both sides of a middlebox, of which the first observation was read before.
    fn pair_of_box(self) -> (Seen, Seen) {
        let mut all = self.0.into_iter().map(|(number, events)| Seen { number, events });
        let (Some(near), Some(far), None) = (all.next(), all.next(), all.next()) else { panic!("two sides") };
        (near, far)
    }
}

fn acts_in(events: &[Event]) -> Vec<&Act> {
    crate::behaviours::acts(events)
}
