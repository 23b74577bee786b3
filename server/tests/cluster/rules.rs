//! Rules of a session on several relays: each relay obeys them, whichever relay was asked to change them.

use crate::cluster::Cluster;
use crate::support::{Feed, Raw, eventually, handshake, http, masked, soon, with_body};
use observation::command::{AnswerHeld, Composed, Edited, Forward, ForwardHead};
use observation::{Command, Event, Origin, Rule};
use serde_json::Value;
use tokio::net::TcpListener;

/// Puts JSON at this path of the session on a relay. Returns its answer: the list of the rules, or why it refuses.
async fn put(site: &Cluster, relay: usize, path: &str, json: &str) -> (u16, Value) {
    let path = format!("/api/sessions/{}{path}", site.id);
    let answer = http(site.address(relay), "PUT", &path, &with_body(json)).await;
    (answer.status, answer.json())
}

async fn rules(site: &Cluster, relay: usize) -> Value {
    site.get(relay, "/rules").await.json()
}

/// Waits until a message is held. Returns its connection and its number.
async fn held(feed: &mut Feed) -> (u32, u64) {
    loop {
        let next = feed.next().await;
        if let Event::Act(act) = next.event
            && act.deliberate.by == Origin::Rule
        {
            let intercepted = act.intercepted.as_ref().unwrap().read().unwrap();
            return (next.connection.0, intercepted.held.unwrap());
        }
    }
}

const REPLACE: &str = r#"[{"name": "r", "when": {"from": "client"}, "then": {"replace": {"template": "<{{text}}>"}}}]"#;

#[tokio::test]
async fn rules_reach_open_connections_on_every_relay() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let mut feed = site.feed(1).await;
    let mut raw = site.open(1).await;
    raw.send(&masked(0x81, b"before")).await;
    assert_eq!(raw.frame().await.1, b"before");
    let (status, list) = put(&site, 0, "/rules", REPLACE).await;
    assert_eq!((status, &list[0]["name"]), (200, &"r".into()));
    // The observer's relay has the rules by now, and so has the connection.
    assert_eq!(feed.rules().await, serde_json::from_str::<Vec<Rule>>(REPLACE).unwrap());
    raw.send(&masked(0x81, b"after")).await;
    assert_eq!(raw.frame().await.1, b"<after>");
    // The other relay switches the rule off, for both.
    assert_eq!(put(&site, 1, "/rules/1", r#"{"on": false}"#).await.0, 200);
    eventually(async || rules(&site, 0).await[0]["on"] == false).await;
    raw.send(&masked(0x81, b"off")).await;
    assert_eq!(raw.frame().await.1, b"off");
    assert_eq!(put(&site, 0, "/rules/2", r#"{"on": false}"#).await.0, 404);
}

#[tokio::test]
async fn a_relay_that_learns_of_the_session_later_has_its_rules() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    assert_eq!(put(&site, 0, "/rules", REPLACE).await.0, 200);
    let mut raw = site.open(1).await;
    raw.send(&masked(0x81, b"first")).await;
    assert_eq!(raw.frame().await.1, b"<first>");
}

#[tokio::test]
async fn changes_at_once_leave_one_list() {
    let Some(site) = Cluster::of(3, &[]).await else { return };
    for relay in 0..3 {
        rules(&site, relay).await;
    }
    for round in 0..5 {
        let list = |relay: usize| format!(r#"[{{"name": "{relay} {round}", "then": "drop"}}]"#);
        let lists = [list(0), list(1), list(2)];
        let all = tokio::join!(
            put(&site, 0, "/rules", &lists[0]),
            put(&site, 1, "/rules", &lists[1]),
            put(&site, 2, "/rules", &lists[2])
        );
        assert_eq!((all.0.0, all.1.0, all.2.0), (200, 200, 200), "{all:?}");
    }
    eventually(async || {
        let all = [rules(&site, 0).await, rules(&site, 1).await, rules(&site, 2).await];
        all[0] == all[1] && all[1] == all[2] && all[0][0]["name"].as_str().unwrap().ends_with(" 4")
    })
    .await;
}

#[tokio::test]
async fn decisions_reach_the_relay_that_holds_a_message() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let mut feed = site.feed(0).await;
    let hold = r#"[{"when": {"from": "client", "text": "hold"}, "then": {"hold": {"ms": 300000}}}]"#;
    assert_eq!(put(&site, 0, "/rules", hold).await.0, 200);
    let mut raw = site.open(1).await;
    raw.send(&[masked(0x81, b"hold 1"), masked(0x81, b"hold 2"), masked(0x81, b"hold 3")].concat()).await;
    let (connection, one) = held(&mut feed).await;
    let (_, two) = held(&mut feed).await;
    let (_, three) = held(&mut feed).await;
    assert_eq!(feed.command(connection, Command::Forward(Forward { held: two, edited: None })).await, None);
    assert_eq!(raw.frame().await.1, b"hold 2");
    assert_eq!(feed.command(connection, Command::Discard(one)).await, None);
    let frame: Composed = serde_json::from_str(r#"{"opcode": 1, "payload": "6f6b"}"#).unwrap();
    let with = Edited { frame, compress: false };
    assert_eq!(feed.command(connection, Command::Answer(AnswerHeld { held: three, with })).await, None);
    assert_eq!(raw.frame().await.1, b"ok");
    let again = feed.command(connection, Command::Discard(one)).await.unwrap();
    assert!(again.contains("no message 1 is held"), "{again}");
}

#[tokio::test]
async fn a_held_handshake_is_edited_from_another_relay() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", server.local_addr().unwrap());
    let Some(site) = Cluster::of(2, &["--relay-to", &url]).await else { return };
    let mut feed = site.feed(0).await;
    let hold = r#"[{"when": {"handshake": "request"}, "then": {"hold": {"ms": 300000}}}]"#;
    assert_eq!(put(&site, 0, "/rules", hold).await.0, 200);
    let mut raw = Raw::connect(site.address(1)).await;
    raw.send(handshake(&format!("/relay/{}?to={url}/a", site.id), "").as_bytes()).await;
    let (connection, held) = loop {
        let next = feed.next().await;
        if let Event::Act(act) = next.event {
            break (next.connection.0, act.handshake.unwrap().read().unwrap());
        }
    };
    let head = String::from_utf8(held.before).unwrap().replace("GET /a ", "GET /b?edited ");
    let command = Command::ForwardHead(ForwardHead { held: held.held.unwrap(), head: head.clone() });
    assert_eq!(feed.command(connection, command).await, None);
    let (stream, _) = soon(server.accept()).await.unwrap();
    assert_eq!(Raw(stream).head().await, head);
}

#[tokio::test]
async fn rules_outlive_the_data_of_redis() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    let mut raw = site.open(0).await;
    assert_eq!(put(&site, 0, "/rules", REPLACE).await.0, 200);
    site.redis.flush().await;
    // The relay with the connection brings the session back, and only then the other one finds it.
    let get = async || http(site.address(1), "GET", &format!("/api/sessions/{}/rules", site.id), "").await;
    eventually(async || get().await.status == 200 && get().await.json()[0]["name"] == "r").await;
    raw.send(&masked(0x81, b"still")).await;
    assert_eq!(soon(raw.frame()).await.1, b"<still>");
}

/// A script is in the memory of one relay, and a connection may be on another one.
#[tokio::test]
async fn a_script_of_the_session_is_refused() {
    let Some(site) = Cluster::of(2, &[]).await else { return };
    for relay in 0..2 {
        let (status, answer) = put(&site, relay, "/script", r#"{"start": {"else": [{"send": "what?"}]}}"#).await;
        let error = answer["error"].as_str().unwrap();
        assert!(status == 409 && error.contains("put the script into the URL of the connection"), "{status} {error}");
        assert_eq!(site.get(relay, "/script").await.status, 404);
        let mut raw = Raw::connect(site.address(relay)).await;
        raw.send(handshake(&format!("/lab/{}?script=session", site.id), "").as_bytes()).await;
        let head = raw.head().await;
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    }
}
