//! Who changes rules, how, and who learns of it.

use super::{heard, say, set, try_set};
use crate::support::{Feed, Lab, Raw, http, with_body};
use observation::Rule;
use observation::rule::Then;
use serde_json::json;

const NAMED: &str = r#"[{"name": "one", "then": "drop"}, {"name": "two", "on": false, "then": {"note": "x"}}]"#;

#[tokio::test]
async fn all_observers_learn_of_changes_and_late_ones_too() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    set(&mut feed, NAMED).await;
    let rules = feed.rules().await;
    assert_eq!(rules, serde_json::from_str::<Vec<Rule>>(NAMED).unwrap());
    let mut late = lab.feed().await;
    assert_eq!(late.rules().await, rules);
    let answer = late.say(r#"{"id": 3, "rules": {"switch": {"rule": 2, "on": true}}}"#).await;
    assert_eq!((answer.id, answer.refused), (Some(3), None));
    for feed in [&mut feed, &mut late] {
        assert!(feed.rules().await[1].on);
    }
}

#[tokio::test]
async fn a_rule_is_switched_while_a_connection_is_open() {
    let lab = Lab::new().await;
    let mut raw = lab.open().await;
    let mut feed = lab.feed().await;
    set(
        &mut feed,
        r#"[{"when": {"from": "client", "text": "a"}, "then": {"replace": {"template": "b"}}, "times": 2}]"#,
    )
    .await;
    let switch = async |feed: &mut Feed, on: bool| {
        let text = format!(r#"{{"id": 1, "rules": {{"switch": {{"rule": 1, "on": {on}}}}}}}"#);
        assert_eq!(feed.say(&text).await.refused, None);
    };
    for (on, expect) in [(true, "b"), (false, "a"), (true, "b"), (true, "a")] {
        switch(&mut feed, on).await;
        raw.send(&say("a")).await;
        assert_eq!(heard(&mut raw).await, expect, "it acts twice, however often it is switched");
    }
    // Each connection counts for itself.
    let mut other = lab.open().await;
    other.send(&say("a")).await;
    assert_eq!(heard(&mut other).await, "b");
}

#[tokio::test]
async fn rules_are_set_over_http() {
    let lab = Lab::new().await;
    let path = format!("/api/sessions/{}/rules", lab.id);
    let answer = http(lab.address(), "GET", &path, "").await;
    assert_eq!((answer.status, answer.json()), (200, json!([])));
    let answer = http(lab.address(), "PUT", &path, &with_body(NAMED)).await;
    assert_eq!((answer.status, &answer.json()[0]["name"]), (200, &json!("one")));
    let answer = http(lab.address(), "PUT", &format!("{path}/1"), &with_body(r#"{"on": false}"#)).await;
    assert_eq!((answer.status, &answer.json()[0]["on"]), (200, &json!(false)));
    let answer = http(lab.address(), "GET", &path, "").await;
    assert_eq!(
        answer.json(),
        json!([{"name": "one", "on": false, "then": "drop"}, {"name": "two", "on": false, "then": {"note": "x"}}])
    );
    for (path, body, status, says) in [
        (path.clone(), "no JSON", 400, "the rules are invalid"),
        (path.clone(), r#"[{"then": {"corrupt": "nothing"}}]"#, 422, "rule 1: there is no fault `nothing`"),
        (format!("{path}/3"), r#"{"on": true}"#, 404, "there is no rule 3"),
        (format!("{path}/x"), r#"{"on": true}"#, 404, "does not exist"),
        ("/api/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa/rules".to_owned(), "[]", 404, "the session does not exist"),
    ] {
        let answer = http(lab.address(), "PUT", &path, &with_body(body)).await;
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, status, "{error}");
        assert!(error.contains(says), "{error}");
        assert!(!answer.json()["hint"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_watch_only_name_shows_rules_and_changes_none() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    set(&mut feed, NAMED).await;
    let watch = feed.hello.watch.to_string();
    let mut watching = Feed::open(lab.address(), &watch, 0).await;
    assert_eq!(watching.rules().await.len(), 2);
    let answer = watching.say(r#"{"id": 5, "rules": {"set": []}}"#).await;
    assert_eq!(answer.id, Some(5));
    assert!(answer.refused.unwrap().contains("watch-only"));
    let path = format!("/api/sessions/{watch}/rules");
    assert_eq!(http(lab.address(), "GET", &path, "").await.json().as_array().unwrap().len(), 2);
    assert_eq!(http(lab.address(), "PUT", &path, &with_body("[]")).await.status, 403);
    assert_eq!(http(lab.address(), "PUT", &format!("{path}/1"), &with_body(r#"{"on": false}"#)).await.status, 403);
}

#[tokio::test]
async fn invalid_rules_are_refused_and_say_why() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    set(&mut feed, NAMED).await;
    let one = |rule: &str| format!("[{rule}]");
    let many = |count: usize, rule: &str| format!("[{}]", vec![rule; count].join(","));
    for (rules, why) in [
        (
            one(r#"{"when": {"regex": "("}, "then": "drop"}"#),
            "rule 1: the regular expression `(` is invalid: unclosed group",
        ),
        (one(r#"{"when": {"regex": "\\w{90}"}, "then": "drop"}"#), "is too large"),
        (one(r#"{"when": {"json": {"path": "type"}}, "then": "drop"}"#), "begins with `$`"),
        (one(r#"{"when": {"json": {"path": "$..a"}}, "then": "drop"}"#), "`..a` is none of them"),
        (one(r#"{"when": {"opcode": 16}, "then": "drop"}"#), "from 0 to 15"),
        (one(r#"{"when": {"text": ""}, "then": "drop"}"#), "`text` has from 1"),
        (one(r#"{"when": {"min_bytes": 2, "max_bytes": 1}, "then": "drop"}"#), "would never act"),
        (one(r#"{"then": {"hold": {"ms": 300001}}}"#), "300000 milliseconds, and this one is 300001"),
        (one(r#"{"then": {"delay": {"ms": 0}}}"#), "from 1 to"),
        (one(r#"{"then": {"duplicate": {"copies": 11}}}"#), "from 1 to 10"),
        (one(r#"{"then": {"reorder": {"behind": 0}}}"#), "from 1 to 100"),
        (one(r#"{"then": {"replace": {"template": "{{x}}"}}}"#), "not `{{x}}`"),
        (one(r#"{"then": {"replace": {"template": "{{text"}}}"#), "without `}}`"),
        (one(r#"{"times": 0, "then": "drop"}"#), "`times` is at least 1"),
        (one(r#"{"name": "a\nb", "then": "drop"}"#), "on one line"),
        (many(33, r#"{"then": "drop"}"#), "at most 32 rules, and this list has 33"),
        (many(9, r#"{"when": {"regex": "a"}, "then": "drop"}"#), "at most 8 regular expressions, and these have 9"),
    ] {
        let refused = try_set(&mut feed, &rules).await.unwrap_or_else(|| panic!("{rules} is accepted"));
        assert!(refused.contains(why), "{refused}");
    }
    let answer = feed.say(r#"{"id": 2, "rules": {"set": [{"then": "explode"}]}}"#).await;
    assert!(answer.refused.unwrap().starts_with("these are not valid rules (unknown variant `explode`"));
    let late = lab.feed().await.rules().await;
    assert_eq!((late.len(), &late[0].then), (2, &Then::Drop), "the old rules stay");
}

#[tokio::test]
async fn rules_are_in_the_json_export() {
    let lab = Lab::new().await;
    drop(Raw::open(lab.address(), &lab.path()).await);
    let path = format!("/api/sessions/{}/export.json", lab.id);
    let without = http(lab.address(), "GET", &path, "").await.dechunked();
    assert!(without.json().get("rules").is_none());
    let mut feed = lab.feed().await;
    set(&mut feed, NAMED).await;
    let with = http(lab.address(), "GET", &path, "").await.dechunked();
    let text = with.json().to_string();
    let document = observation::Document::read(&text, text.len()).unwrap();
    assert_eq!(document.rules.unwrap().read().unwrap(), serde_json::from_str::<Vec<Rule>>(NAMED).unwrap());
}
