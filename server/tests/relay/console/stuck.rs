//! Commands to blocked connections, floods of commands, and observers that do not wait for the answer.

use super::{act, open_observed};
use crate::behaviours::{close_from_client, summary};
use crate::support::clock::Clock;
use crate::support::kernel::nothing_more;
use crate::support::{Lab, masked, message, soon};
use futures_util::{SinkExt, StreamExt};
use observation::command::{DropBy, Request};
use observation::event::Cause;
use observation::{Command, ConnectionNumber, Event, FeedMessage};
use tokio_tungstenite::tungstenite::Message;

fn request(id: u64, command: Command) -> Message {
    let request = Request { id, connection: ConnectionNumber(1), command };
    Message::text(serde_json::to_string(&request).unwrap())
}

#[tokio::test]
async fn ten_thousand_commands_in_one_burst() {
    const MANY: u64 = 10_000;
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    // A frame is half echoed, so messages must wait for the rest of it.
    raw.send(&masked(0x82, &[0; 100])[..56]).await;
    raw.take(52).await;
    let (mut sink, mut stream) = (&mut feed.socket).split();
    let say = async {
        for id in 0..MANY {
            sink.feed(request(id, Command::Text(String::new()))).await.unwrap();
        }
        sink.flush().await.unwrap();
    };
    let hear = async {
        let (mut done, mut refused) = (0, 0);
        while done + refused < MANY {
            let Some(Ok(Message::Text(text))) = stream.next().await else { continue };
            if let FeedMessage::Answer(answer) = FeedMessage::from_json(&text).unwrap() {
                match answer.refused {
                    None => done += 1,
                    Some(why) => {
                        refused += 1;
                        assert!(why.contains("wait"), "{why}");
                    }
                }
            }
        }
        (done, refused)
    };
    let ((), (done, refused)) = soon(async { tokio::join!(say, hear) }).await;
    // At most 64 commands of an observer wait, and a connection queues at most 256.
    assert!((64..=256).contains(&done), "{done}, and {refused} were refused");
    // The connection lost no data, and it executes the queued commands.
    raw.send(&masked(0x82, &[0; 100])[56..]).await;
    assert_eq!(raw.take(50).await, [0; 50]);
    let taken = b"\x81\x00".repeat(done as usize);
    assert_eq!(raw.take(taken.len()).await, taken);
    close_from_client(&mut raw).await;
}

#[tokio::test]
async fn a_connection_queues_a_limited_number_of_commands() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    raw.send(&masked(0x01, b"begun")).await;
    raw.take(7).await;
    for _ in 0..256 {
        assert_eq!(feed.command(1, Command::Text(String::new())).await, None);
    }
    for command in [Command::Text(String::new()), Command::Pause, Command::Behave(String::new())] {
        assert!(feed.command(1, command).await.unwrap().contains("try again when the relay has sent some of it"));
    }
    // The relay still reads from the client. Otherwise the connection would never end.
    raw.send(&masked(0x80, b"ended")).await;
    assert_eq!(raw.take(7).await, b"\x80\x05ended");
    assert_eq!(raw.take(512).await, b"\x81\x00".repeat(256));
    assert_eq!(feed.command(1, Command::Text(String::new())).await, None);
    assert_eq!(raw.take(2).await, b"\x81\x00");
    // Fewer large commands fit.
    raw.send(&masked(0x01, b"begun")).await;
    raw.take(7).await;
    let mut taken = 0;
    while feed.command(1, Command::Binary(vec![0; 30_000])).await.is_none() {
        taken += 1;
    }
    assert_eq!(taken, (1 << 20) / 30_000 + 1);
    assert_eq!(feed.command(1, Command::Drop(DropBy::Fin)).await, None);
}

/// Sends until all buffers of the client, which does not read, are full.
async fn fill_queue(feed: &mut crate::support::Feed) -> usize {
    let mut sent = 0;
    loop {
        let one = feed.command(1, Command::Binary(vec![0; 30_000]));
        tokio::select! {
            biased;
            refused = one => assert_eq!(refused, None),
            () = nothing_more() => return sent,
        }
        sent += 1;
    }
}

#[tokio::test]
async fn a_drop_reaches_a_connection_whose_client_does_not_read() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let sent = fill_queue(&mut feed).await;
    // One command is already waiting: it was sent, but not answered.
    let mut other = lab.feed().await;
    assert_eq!(other.command(1, Command::Drop(DropBy::Fin)).await, None);
    let (events, closed) = other.until_closed().await;
    let words = summary(&events);
    let dropped = words.iter().position(|word| word == "! drop").unwrap();
    assert!(words[dropped + 1..].iter().all(|word| word == "? binary"), "{words:?}");
    assert_eq!((closed.cause, closed.clean), (Cause::Dropped, false));
    assert!(closed.server.frames as usize <= sent + 1);
    let read = raw.rest().await.len();
    assert!(read as u64 >= closed.server.bytes);
}

#[tokio::test]
async fn queued_commands_are_refused_when_the_connection_ends() {
    let lab = Lab::new().await;
    let (_raw, mut feed) = open_observed(&lab, "").await;
    fill_queue(&mut feed).await;
    // The first answer is for the command whose answer `fill_queue` no longer waited for.
    for id in 1..=9 {
        feed.socket.send(request(id, Command::Pause)).await.unwrap();
    }
    // A command for a connection that does not exist is answered at once. Its answer shows that the relay has read those before it.
    assert!(feed.command(9, Command::Pause).await.is_some());
    let clock = Clock::stop();
    clock.pass(framescope::args::Config::default().write_timeout).await;
    drop(clock);
    let mut refused = 0;
    let mut recorded = 0;
    let closed = loop {
        match message(&mut feed.socket).await.unwrap() {
            FeedMessage::Answer(answer) if answer.refused.is_some() => {
                assert_eq!(answer.refused.unwrap(), "the connection ended before this was done");
                refused += 1;
            }
            FeedMessage::Observations(observations) => {
                let acts = observations.iter().filter(|observation| {
                    matches!(&observation.event, Event::Act(act) if act.refused.as_deref() == Some("the connection ended before this was done"))
                });
                recorded += acts.count();
                if let Some(Event::Closed(closed)) = observations.last().map(|last| last.event.clone()) {
                    break closed;
                }
            }
            _ => {}
        }
    };
    assert_eq!(closed.cause, Cause::NotReading);
    assert!(recorded >= 9, "{recorded}");
    while refused < recorded {
        if let FeedMessage::Answer(answer) = message(&mut feed.socket).await.unwrap() {
            refused += usize::from(answer.refused.is_some());
        }
    }
}

#[tokio::test]
async fn at_most_64_commands_wait_for_a_blocked_connection() {
    let lab = Lab::new().await;
    let (raw, mut feed) = open_observed(&lab, "").await;
    fill_queue(&mut feed).await;
    let mut other = lab.feed_after(u64::MAX).await;
    // Per observer, and for all observers together.
    for id in 0..70 {
        other.socket.send(request(id, Command::Ping(vec![]))).await.unwrap();
    }
    let mut refused = Vec::new();
    while refused.len() < 7 {
        if let FeedMessage::Answer(answer) = message(&mut other.socket).await.unwrap() {
            refused.push((answer.id.unwrap(), answer.refused.unwrap()));
        }
    }
    // A command of the first observer waits there too.
    let (first, rest) = refused.split_first().unwrap();
    assert_eq!(first, &(63, "connection 1 already has the maximum number of pending commands".to_owned()));
    assert!(
        rest.iter().all(|(_, why)| why.contains("maximum number of pending commands")
            || why.contains("64 commands are already waiting")),
        "{rest:?}"
    );
    drop(raw);
}

#[tokio::test]
async fn observers_that_do_not_wait_for_the_answer() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "").await;
    let sent = fill_queue(&mut feed).await;
    let mut other = lab.feed_after(u64::MAX).await;
    for id in 0..10 {
        other.socket.send(request(id, Command::Ping(vec![b'0' + id as u8]))).await.unwrap();
    }
    other.socket.flush().await.unwrap();
    // A command that is answered at once shows that those before it have arrived.
    assert!(other.command(9, Command::Pause).await.is_some());
    drop(other);
    drop(feed);
    // The client reads again. The relay executes all commands, even those of disconnected observers.
    for _ in 0..=sent {
        assert_eq!(raw.frame().await.1.len(), 30_000);
    }
    for id in 0..10 {
        assert_eq!(raw.frame().await, (0x89, vec![b'0' + id]));
    }
    close_from_client(&mut raw).await;
}

/// A refusal is recorded at once, even while a frame is sent byte by byte.
#[tokio::test]
async fn a_refusal_does_not_wait_for_a_drip() {
    let lab = Lab::new().await;
    let (mut raw, mut feed) = open_observed(&lab, "drip=1s").await;
    raw.send(&masked(0x81, b"a long text")).await;
    raw.take(1).await;
    feed.frame().await;
    assert!(feed.command(1, Command::Resume).await.is_some());
    assert!(act(&mut feed).await.refused.is_some());
    // Valid commands wait, and are then executed in order.
    assert_eq!(feed.command(1, Command::Ping(b"?".to_vec())).await, None);
    assert_eq!(feed.command(1, Command::Pause).await, None);
    assert_eq!(feed.command(1, Command::Resume).await, None);
    assert_eq!(feed.command(1, Command::Behave(String::new())).await, None);
    assert_eq!(raw.take(15).await, b"\x0ba long text\x89\x01?");
    close_from_client(&mut raw).await;
    let (events, _) = feed.until_closed().await;
    assert_eq!(summary(&events), ["< text", "< ping", "! pause", "! resume", "! behave", "> close", "< close"]);
}
