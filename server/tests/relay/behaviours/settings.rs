//! The relay refuses an unknown, malformed or contradictory setting with 400 and the reason, and records the refusal.

use super::{ask, open};
use crate::support::{Lab, handshake};

async fn check(lab: &Lab, query: &str, says: &str) {
    let mut feed = lab.feed_after(u64::MAX).await;
    let mut raw = ask(lab, query, "").await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    let refusal = feed.refusal().await;
    assert_eq!(String::from_utf8(refusal.response).unwrap(), answer);
    assert_eq!((refusal.status, refusal.rule.as_ref(), refusal.section), (Some(400), "setting", None), "{query}");
    assert_eq!(refusal.deliberate, [], "{query}: nobody wanted it");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{head}");
    assert_eq!(body, format!("{}.\n", refusal.explanation), "{query}");
    assert!(body.contains(says), "{query}: {body}");
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    let lab = Lab::with(|config| config.session_connections = 1).await;
    check(&lab, "fragmets=3", "did you mean `fragments`?").await;
    check(&lab, "zzzzzz", "no setting `zzzzzz`; `/api/behaviours` lists them").await;
    check(&lab, "delay=5", "`delay` takes a time from 1ms to 60s, such as 500ms or 5s, not `5`").await;
    check(&lab, "drip=20ms&drip=30ms", "appears twice").await;
    check(&lab, "fault=rsv9", "there is no fault `rsv9`; available: `masked`, `rsv1`").await;
    check(&lab, "fault=rsv1@0", "`rsv1@0` must name the reply").await;
    check(&lab, "fault=rsv1,masked@1", "reply 1 has two").await;
    check(&lab, "preset=nonsense", "no preset `nonsense`; available: `heartbeat`").await;
    check(&lab, "close-code=1005&close-after=1", "`close-code` takes a code that may be sent").await;
    check(&lab, "pong-within=1s", "`pong-within` requires `ping-every`").await;
    check(&lab, "refuse=500&open=drop", "a request gets one answer").await;
    check(&lab, "open=silence&greet=hi", "the connection never opens").await;
    check(&lab, "reply=none&delay=1s", "it applies to replies").await;
    check(&lab, "refuse=404&location=/", "only a 3xx response has a `Location`").await;
    check(&lab, "deflate=off&fault=broken-deflate", "which `deflate=off` turns off").await;
    // The only slot is free again after each refusal.
    open(&lab, "delay=1s").await;
}

#[tokio::test]
async fn the_body_quotes_only_a_part_of_the_query() {
    let lab = Lab::new().await;
    check(&lab, &format!("delay={}", "%C3%A9".repeat(2_000)), "not `éééé").await;
    check(&lab, &format!("{}=1", "x".repeat(8_000)), "no setting `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`").await;
    check(&lab, "greet=%00%0D%0A&greet", "twice").await;
}

#[tokio::test]
async fn echo_has_the_same_settings() {
    let lab = Lab::new().await;
    let mut raw = lab.raw().await;
    raw.send(handshake("/echo?delay=never", "").as_bytes()).await;
    assert!(raw.rest().await.starts_with(b"HTTP/1.1 400 "));
}

/// The relay accepts every example and preset that it lists for the page, exactly as listed.
#[tokio::test]
async fn all_examples_and_presets_are_accepted() {
    let lab = Lab::with(|config| config.session_connections = 1000).await;
    let catalogue = crate::support::http(lab.address(), "GET", "/api/behaviours", "").await.json();
    let examples = catalogue["settings"].as_array().unwrap().iter().map(|setting| setting["example"].as_str().unwrap());
    let presets = catalogue["presets"].as_array().unwrap();
    let queries = presets.iter().map(|preset| preset["query"].as_str().unwrap());
    let by_name = presets.iter().map(|preset| format!("preset={}", preset["name"].as_str().unwrap()));
    let all: Vec<_> = examples.chain(queries).map(str::to_owned).chain(by_name).collect();
    assert!(all.len() > 60, "{all:?}");
    let mut feed = lab.feed().await;
    for query in all {
        let raw = ask(&lab, &query, "").await;
        match feed.next().await.event {
            observation::Event::Opening(_) => {
                drop(raw);
                feed.until_closed().await;
            }
            observation::Event::Refusal(refusal) => {
                assert_ne!(refusal.rule, "setting", "{query}: {}", refusal.explanation);
                drop(raw);
                if refusal.rule == "silence" {
                    assert!(matches!(feed.next().await.event, observation::Event::Act(_)));
                }
            }
            other => panic!("{query}: {other:?}"),
        }
    }
}
