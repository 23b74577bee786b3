//! The script of a session: set over HTTP, followed by connections, and made from a recording.

use super::{ask, close, nothing_but_a_pong, open};
use crate::support::{Lab, Raw, http, masked, with_body};
use observation::{ConnectionNumber, Event, Transcript};
use replay::{Conversation, script::script};
use serde_json::{Value, json};
use std::rc::Rc;

async fn set(lab: &Lab, script: &Value) {
    let path = format!("/api/sessions/{}/script", lab.id);
    let answer = http(lab.address(), "PUT", &path, &with_body(&script.to_string())).await;
    assert_eq!(answer.status, 204, "{}", String::from_utf8_lossy(&answer.body));
}

async fn begin(lab: &Lab) -> Raw {
    open(lab, "script=session").await
}

async fn say(raw: &mut Raw, text: &str) {
    raw.send(&masked(0x81, text.as_bytes())).await;
}

async fn heard(raw: &mut Raw) -> String {
    let (first, payload) = raw.frame().await;
    assert_eq!(first, 0x81);
    String::from_utf8(payload).unwrap()
}

#[tokio::test]
async fn each_condition_and_step_over_a_socket() {
    let lab = Lab::new().await;
    set(
        &lab,
        &json!({
            "start": {
                "enter": [{ "send": "ready" }],
                "on": [
                    { "nth": 2, "text": "a", "do": [{ "send": "the second is a" }] },
                    { "text": "a", "do": [{ "send": "a" }] },
                    { "binary": "0102", "do": [{ "binary": "ff00" }] },
                    { "when": { "regex": "^id=[0-9]+$" }, "do": [{ "template": "<{{text}}>" }] },
                    { "when": { "json": { "path": "$.of[0].id" } }, "do": [
                        { "template": "id {{$.of[0].id}}, {{ $.name }}" },
                        { "template": "missing: {{$.price}}" },
                        { "send": "after" },
                    ] },
                    { "when": { "kind": "binary", "min_bytes": 5 }, "do": [{ "template": "{{text}}!" }], "to": "last" },
                ],
                "else": [{ "template": "no: {{text}}" }],
            },
            "last": { "on": [{ "when": {}, "do": [{ "close": { "code": 4000, "reason": "over" } }] }] },
        }),
    )
    .await;
    let mut raw = begin(&lab).await;
    assert_eq!(heard(&mut raw).await, "ready");
    for (said, expect) in [("a", "a"), ("a", "the second is a"), ("a", "a"), ("id=42", "<id=42>"), ("id=x", "no: id=x")]
    {
        say(&mut raw, said).await;
        assert_eq!(heard(&mut raw).await, expect, "{said}");
    }
    say(&mut raw, r#"{"of": [{"id": 5}], "name": "é"}"#).await;
    assert_eq!([heard(&mut raw).await, heard(&mut raw).await], ["id 5, é", "after"]);
    raw.send(&masked(0x82, &[1, 2])).await;
    assert_eq!(raw.frame().await, (0x82, vec![0xff, 0]));
    // Bytes that are not text come back as bytes.
    raw.send(&masked(0x82, &[0xff; 5])).await;
    assert_eq!(raw.frame().await, (0x82, b"\xff\xff\xff\xff\xff!".to_vec()));
    say(&mut raw, "anything").await;
    assert_eq!(raw.frame().await, (0x88, close(4000, "over")));
}

#[tokio::test]
async fn a_message_that_is_too_long_only_counts() {
    let lab = Lab::new().await;
    set(
        &lab,
        &json!({ "start": { "on": [
            { "when": {}, "do": [{ "template": "{{text}}{{text}}" }] },
            { "nth": 1, "do": [{ "send": "long" }] },
        ] } }),
    )
    .await;
    let mut raw = begin(&lab).await;
    say(&mut raw, &"x".repeat((64 << 10) + 1)).await;
    assert_eq!(heard(&mut raw).await, "long");
    // The answer would be longer than 64 KiB.
    say(&mut raw, &"x".repeat(40 << 10)).await;
    nothing_but_a_pong(&mut raw).await;
    say(&mut raw, "x").await;
    assert_eq!(heard(&mut raw).await, "xx");
}

#[tokio::test]
async fn a_connection_keeps_the_script_that_it_began_with() {
    let lab = Lab::new().await;
    let says = |what: &str| json!({ "start": { "on": [{ "when": {}, "do": [{ "send": what }] }] } });
    set(&lab, &says("old")).await;
    let mut old = begin(&lab).await;
    set(&lab, &says("new")).await;
    let mut new = begin(&lab).await;
    let path = format!("/api/sessions/{}/script", lab.id);
    let answer = http(lab.address(), "GET", &path, "").await;
    assert_eq!((answer.status, answer.json()), (200, says("new")));
    assert_eq!(http(lab.address(), "DELETE", &path, "").await.status, 204);
    assert_eq!(http(lab.address(), "GET", &path, "").await.status, 404);
    for (raw, expect) in [(&mut old, "old"), (&mut new, "new")] {
        say(raw, "x").await;
        assert_eq!(heard(raw).await, expect);
    }
    let mut refused = ask(&lab, "script=session", "").await;
    let answer = String::from_utf8(refused.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("which has none"), "{answer}");
    let mut feed = lab.feed_after(u64::MAX).await;
    let _open = lab.open().await;
    let connection = feed.next().await.connection;
    let refused = feed.command(connection.0, observation::Command::Behave("script=session".into())).await;
    assert!(refused.is_some_and(|why| why.contains("the opening handshake, which is over")));
}

#[tokio::test]
async fn wrong_scripts_are_refused_with_the_reason() {
    let lab = Lab::new().await;
    let path = format!("/api/sessions/{}/script", lab.id);
    let rule = |rule: Value| json!({ "start": { "on": [rule] } }).to_string();
    let patterns = json!({ "start": { "on": vec![json!({ "when": { "regex": "a" } }); 9] } }).to_string();
    let long = json!({ "start": { "else": [{ "send": "x".repeat(256 << 10) }] } }).to_string();
    for (body, status, says) in [
        ("{".to_owned(), 422, "`script` is not valid"),
        (rule(json!({})), 422, "needs `text`, `json`, `binary`, `when` or `nth`"),
        (rule(json!({ "text": "a", "when": {} })), 422, "one of `text`, `json`, `binary` and `when`"),
        (rule(json!({ "nth": 0 })), 422, "`nth` counts messages from 1"),
        (rule(json!({ "binary": "0" })), 422, "`script` is not valid"),
        (rule(json!({ "when": { "from": "client" } })), 422, "only sees messages of its client"),
        (rule(json!({ "when": { "regex": "(" } })), 422, "the regular expression `(` is invalid"),
        (rule(json!({ "when": {}, "do": [{ "template": "{{x}}" }] })), 422, "and not `{{x}}`"),
        (rule(json!({ "when": {}, "do": vec![json!({ "template": "a" }); 17] })), 422, "at most 16 templates, not 17"),
        (json!({ "start": { "enter": [{ "template": "a" }] } }).to_string(), 422, "`template` has values of a message"),
        (patterns, 422, "at most 8 regular expressions, and this one has 9"),
        (long, 413, "larger than"),
    ] {
        let answer = http(lab.address(), "PUT", &path, &with_body(&body)).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status == status && text.contains(says), "{body}\n{} {text}", answer.status);
    }
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("script", &rule(json!({ "when": { "regex": "a" } })))
        .finish();
    let mut raw = ask(&lab, &query, "").await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.contains("a script in a URL has no regular expressions"), "{answer}");
}

#[tokio::test]
async fn a_watch_only_name_shows_the_script_and_changes_nothing() {
    let lab = Lab::new().await;
    let script = json!({ "start": {} });
    set(&lab, &script).await;
    let watch = lab.feed().await.hello.watch.to_string();
    let path = format!("/api/sessions/{watch}/script");
    assert_eq!(http(lab.address(), "GET", &path, "").await.json(), script);
    assert_eq!(http(lab.address(), "PUT", &path, &with_body("{}")).await.status, 403);
    assert_eq!(http(lab.address(), "DELETE", &path, "").await.status, 403);
    assert_eq!(http(lab.address(), "GET", &path, "").await.json(), script);
}

#[tokio::test]
async fn a_recording_becomes_a_server() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let behaviour = r#"{"start": {"enter": [{"send": "hello"}], "on": [
        {"text": "time", "do": [{"send": "noon"}, {"wait-ms": 30}, {"send": "one"}]},
        {"json": {"end": "$why"}, "do": [{"close": {"code": 4001, "reason": "as you wish"}}]}
    ]}}"#;
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("script", behaviour).finish();
    let mut raw = open(&lab, &query).await;
    assert_eq!(heard(&mut raw).await, "hello");
    say(&mut raw, "time").await;
    assert_eq!([heard(&mut raw).await, heard(&mut raw).await], ["noon", "one"]);
    say(&mut raw, r#"{"end": "now"}"#).await;
    assert_eq!(raw.frame().await, (0x88, close(4001, "as you wish")));
    raw.send(&masked(0x88, &close(4001, ""))).await;
    let mut transcript = Transcript::new(1000);
    loop {
        let seen = feed.next().await;
        let is_over = matches!(seen.event, Event::Closed(_));
        transcript.observe(Rc::new(seen));
        if is_over {
            break;
        }
    }
    let recorded = Conversation::of(&transcript, ConnectionNumber(1), 100).unwrap();
    assert_eq!(recorded.messages.len(), 5);
    set(&lab, &script(&recorded).script).await;

    let mut again = begin(&lab).await;
    assert_eq!(heard(&mut again).await, "hello");
    // Spaces make no difference in JSON, but nothing is answered out of turn.
    say(&mut again, r#"{"end":"now"}"#).await;
    nothing_but_a_pong(&mut again).await;
    say(&mut again, "time").await;
    assert_eq!([heard(&mut again).await, heard(&mut again).await], ["noon", "one"]);
    say(&mut again, r#"{"end":"now"}"#).await;
    assert_eq!(again.frame().await, (0x88, close(4001, "as you wish")));
}
