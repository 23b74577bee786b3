//! Rules over real sockets: which frames they act on, what each end then receives, and what is recorded.

mod actions;
mod changes;
mod compression;
mod conditions;
mod decoded;
mod handshake_edits;
mod handshakes;
mod holds;
mod lab;
mod limits;

use crate::hops::endings::pair;
use crate::support::{Feed, Lab, Raw, masked};
use observation::rule::RulesRequest;
use observation::{Act, Event, Intercepted, Origin};

/// The client's and the server's side of `/relay` with these rules, and an observer.
async fn ruled(rules: &str) -> (Lab, Raw, Raw, Feed) {
    let (lab, raw, server) = pair(|_| {}).await;
    let mut feed = lab.feed().await;
    set(&mut feed, rules).await;
    (lab, raw, server, feed)
}

/// Replaces all rules with these, as JSON.
async fn set(feed: &mut Feed, rules: &str) {
    assert_eq!(try_set(feed, rules).await, None);
}

/// The same. Returns the reason if they were refused.
async fn try_set(feed: &mut Feed, rules: &str) -> Option<String> {
    let text = format!(r#"{{"id": 11, "rules": {{"set": {rules}}}}}"#);
    assert!(serde_json::from_str::<RulesRequest>(&text).is_ok(), "{text}");
    let answer = feed.say(&text).await;
    assert_eq!(answer.id, Some(11));
    answer.refused
}

/// The next act of a rule on a message, with what it intercepted.
async fn act(feed: &mut Feed) -> (Act, Intercepted) {
    loop {
        if let Event::Act(act) = feed.next().await.event
            && act.deliberate.by == Origin::Rule
            && act.handshake.is_none()
        {
            let intercepted = act.intercepted.as_ref().expect("a rule says what it intercepted").read().unwrap();
            return (act, intercepted);
        }
    }
}

/// The name of the next act, the content before and the contents after.
async fn summary(feed: &mut Feed) -> (String, String, Vec<String>) {
    let (act, intercepted) = act(feed).await;
    let text = |content: &observation::Content| String::from_utf8(content.payload.clone()).unwrap();
    (act.deliberate.what.into(), text(&intercepted.before), intercepted.after.iter().map(text).collect())
}

/// A text frame from the client.
fn say(text: &str) -> Vec<u8> {
    masked(0x81, text.as_bytes())
}

/// A text frame from a server.
fn tell(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81, u8::try_from(text.len()).unwrap()];
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// Reads a frame from a client and unmasks it.
async fn unmasked(server: &mut Raw) -> (u8, Vec<u8>) {
    let head = server.take(2).await;
    assert_eq!(head[1] & 0x80, 0x80, "a client masks");
    let length = match head[1] & 0x7f {
        126 => usize::from(u16::from_be_bytes(server.take(2).await.try_into().unwrap())),
        short => usize::from(short),
    };
    let key = server.take(4).await;
    let payload = server.take(length).await;
    (head[0], payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect())
}

/// The text of the next message that a server gets.
async fn told(server: &mut Raw) -> String {
    let (first, payload) = unmasked(server).await;
    assert_eq!(first, 0x81);
    String::from_utf8(payload).unwrap()
}

/// The text of the next message that a client gets.
async fn heard(raw: &mut Raw) -> String {
    let (first, payload) = raw.frame().await;
    assert_eq!(first, 0x81);
    String::from_utf8(payload).unwrap()
}
