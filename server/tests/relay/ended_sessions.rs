//! The operator lists sessions and ends one: `/sessions` on the admin listener.

use crate::admin::{ask, metrics, watched};
use crate::support::{Answer, HOUR, Lab, Raw, eventually, http, masked, message};
use observation::Party;
use observation::event::Cause;
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

const REASON: &str = "the operator ended this session";

async fn list(admin: SocketAddr, query: &str) -> Value {
    let answer = ask(admin, &format!("/sessions{query}"), "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    answer.json()
}

/// The tags of all sessions, those with the largest logs first.
pub(crate) async fn tags(admin: SocketAddr) -> Vec<String> {
    let list = list(admin, "").await;
    list["sessions"].as_array().unwrap().iter().map(|one| one["session"].as_str().unwrap().to_owned()).collect()
}

pub(crate) async fn end(admin: SocketAddr, tag: &str) -> Answer {
    http(admin, "DELETE", &format!("/sessions/{tag}"), "").await
}

/// What the close frame of an ended session has.
pub(crate) fn close_payload() -> Vec<u8> {
    [&1001_u16.to_be_bytes()[..], REASON.as_bytes()].concat()
}

async fn create(lab: &Lab) -> String {
    http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_list_has_what_an_operator_needs_and_no_names() {
    let (lab, admin) = watched(|_| {}).await;
    let other = create(&lab).await;
    let mut raw = lab.open().await;
    let mut feed = lab.feed().await;
    feed.opening().await;
    raw.send(&masked(0x82, &[0; 9000])).await;
    raw.frame().await;
    let all = list(admin, "").await;
    let [used, unused] = &all["sessions"].as_array().unwrap()[..] else { panic!("two sessions, not {all}") };
    let count = |session: &Value, name: &str| session[name].as_u64().unwrap();
    for (session, connections, observers) in [(used, 1, 1), (unused, 0, 0)] {
        assert_eq!((count(session, "connections"), count(session, "observers")), (connections, observers), "{all}");
        assert!(count(session, "age_s") >= count(session, "idle_s"), "{all}");
        let tag = session["session"].as_str().unwrap();
        assert!(tag.len() == 12 && tag.bytes().all(|digit| digit.is_ascii_hexdigit()), "{tag}");
    }
    assert!(count(used, "log_bytes") >= 4096 && count(unused, "log_bytes") == 0, "{all}");
    assert_eq!(all["more"], 0);
    let text = all.to_string();
    assert!(!text.contains(&lab.id) && !text.contains(&other), "{text}");

    let first = list(admin, "?limit=1").await;
    assert_eq!((first["sessions"].as_array().unwrap().len(), &first["more"]), (1, &Value::from(1)));
    assert_eq!(first["sessions"][0]["session"], used["session"]);
    for wrong in ["?limit=1001", "?limit=-1", "?limit=x"] {
        assert_eq!(ask(admin, &format!("/sessions{wrong}"), "").await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn an_ended_session_closes_its_connections_and_is_unknown_afterwards() {
    let (lab, admin) = watched(|_| {}).await;
    let mut raw = lab.open().await;
    let mut feed = lab.feed().await;
    feed.opening().await;
    let tag = tags(admin).await.remove(0);
    let other = create(&lab).await;
    let mut untouched = Raw::open(lab.address(), &format!("/lab/{other}")).await;

    let answer = end(admin, &tag).await;
    assert_eq!((answer.status, &*answer.body), (204, &b""[..]));
    assert_eq!(raw.frame().await, (0x88, close_payload()));
    raw.send(&masked(0x88, &1001_u16.to_be_bytes())).await;
    assert_eq!(raw.rest().await, b"");
    let (_, closed) = feed.until_closed().await;
    assert_eq!((closed.cause, closed.first, closed.clean), (Cause::Operator, Some(Party::Server), true));
    assert_eq!(closed.reason, REASON);
    assert_eq!(message(&mut feed.socket).await, Err(Some(1001)));
    drop(feed);

    for path in ["", "/export.json", "/observe"] {
        let status = http(lab.address(), "GET", &format!("/api/sessions/{}{path}", lab.id), "").await.status;
        assert_eq!(status, 404, "{path}");
    }
    assert_eq!(http(lab.address(), "GET", &lab.path(), "").await.status, 404);
    let again = end(admin, &tag).await;
    let words = String::from_utf8(again.body).unwrap();
    assert!(again.status == 404 && words.contains("no session has this tag"), "{words}");

    untouched.send(&masked(0x81, b"Hello")).await;
    assert_eq!(untouched.frame().await, (0x81, b"Hello".to_vec()));
    assert_eq!(tags(admin).await.len(), 1);
}

#[tokio::test]
async fn the_log_of_an_ended_session_is_freed() {
    let (lab, admin) = watched(|_| {}).await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x82, &[0; 9000])).await;
    raw.frame().await;
    let feed = lab.feed().await;
    assert!(metrics(admin).await["framescope_log_bytes"] > 0.0);
    assert_eq!(end(admin, &tags(admin).await[0]).await.status, 204);
    drop((raw, feed));
    eventually(async || metrics(admin).await["framescope_log_bytes"] == 0.0).await;
}

/// The attack: a client that neither reads nor answers, and an observer that does the same.
#[tokio::test]
async fn nobody_can_hold_up_the_end_of_a_session() {
    // Only the grace period ends them.
    let change = |config: &mut framescope::args::Config| {
        config.shutdown_grace = Duration::from_secs(8);
        (config.close_timeout, config.write_timeout) = (HOUR, HOUR);
    };
    let (lab, admin) = watched(change).await;
    let mut silent = lab.open().await;
    let mut waiting = Raw::connect(lab.address()).await;
    waiting.send(crate::support::handshake(&format!("{}?open=silence", lab.path()), "").as_bytes()).await;
    let mut deaf = lab.open().await;
    let frame = masked(0x82, &vec![0; 1 << 20]);
    let flood = async { while tokio::io::AsyncWriteExt::write_all(&mut deaf.0, &frame).await.is_ok() {} };
    let _ = tokio::time::timeout(Duration::from_millis(500), flood).await;
    let _feed = lab.feed().await;
    assert_eq!(end(admin, &tags(admin).await[0]).await.status, 204);
    assert_eq!(silent.frame().await, (0x88, close_payload()));
    assert_eq!(silent.rest().await, b"");
    assert_eq!(waiting.rest().await, b"");
    eventually(async || {
        let now = metrics(admin).await;
        now["framescope_log_bytes"] == 0.0 && now["framescope_websockets{path=\"lab\"}"] == 0.0
    })
    .await;
}

#[tokio::test]
async fn a_web_page_can_neither_list_nor_end_sessions() {
    let (lab, admin) = watched(|_| {}).await;
    let mut raw = lab.open().await;
    let tag = tags(admin).await.remove(0);
    let own = format!("Origin: http://{admin}\r\n");
    for from_page in [&own, "Origin: null\r\n", "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"] {
        for (method, path) in [("GET", "/sessions".to_owned()), ("DELETE", format!("/sessions/{tag}"))] {
            let answer = http(admin, method, &path, from_page).await;
            let words = String::from_utf8(answer.body).unwrap();
            assert!(answer.status == 403 && words.contains("curl"), "{method} {from_page} {words}");
        }
    }
    // What a page would have to ask first. Fetch standard, §3.2.2.
    let asked = format!("{own}Access-Control-Request-Method: DELETE\r\n");
    let preflight = http(admin, "OPTIONS", &format!("/sessions/{tag}"), &asked).await;
    assert!(preflight.status >= 400 && preflight.header("access-control-allow-origin").is_none());
    raw.send(&masked(0x81, b"Hello")).await;
    assert_eq!(raw.frame().await, (0x81, b"Hello".to_vec()));
    // An operator who types the address into a browser.
    assert_eq!(ask(admin, "/sessions", "Sec-Fetch-Site: none\r\n").await.status, 200);
}

#[tokio::test]
async fn visitors_can_neither_list_nor_end_sessions() {
    let (lab, admin) = watched(|_| {}).await;
    let tag = tags(admin).await.remove(0);
    for (method, path) in [("GET", "/sessions".to_owned()), ("DELETE", format!("/sessions/{tag}"))] {
        let answer = http(lab.address(), method, &path, "").await;
        let text = String::from_utf8_lossy(&answer.body);
        assert!(answer.status >= 400 && !text.contains(&tag), "{method} {} {text}", answer.status);
    }
    assert_eq!(tags(admin).await, [tag]);
}
