//! Rules, their messages, and what they record.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::check;
use observation::command::{AnswerHeld, Composed, Edited, Forward, ForwardHead, RefuseHeld, Request};
use observation::rule::{
    CloseCode, Delay, Duplicate, Expiry, FieldIs, HandshakePart, Hold, JsonIs, Reorder, Replace, RulesChange,
    RulesRequest, Switch, Then, When,
};
use observation::{
    Act, Citation, Command, ConnectionNumber, Content, Deferred, Deliberate, Event, FeedMessage, Intercepted,
    InterceptedHandshake, MessageKind, Observation, Party, Rule,
};

fn rule(when: When, then: Then) -> Rule {
    Rule { name: String::new(), on: true, when, then, times: None }
}

/// A rule of each kind, with each condition.
fn one_of_each() -> Vec<Rule> {
    let json = |is| Some(JsonIs { path: "$.type".to_owned(), is });
    let late = When { from: Some(Party::Server), json: json(Some("price".into())), ..When::default() };
    vec![
        Rule { name: "late price".to_owned(), times: Some(1), ..rule(late, Then::Hold(Hold::default())) },
        Rule {
            on: false,
            ..rule(When { opcode: Some(9), ..When::default() }, Then::Hold(Hold { ms: 5_000, then: Expiry::Drop }))
        },
        rule(When { text: Some("secret".to_owned()), ..When::default() }, Then::Drop),
        rule(
            When { kind: Some(MessageKind::Binary), max_bytes: Some(16), ..When::default() },
            Then::Delay(Delay { ms: 3_000 }),
        ),
        rule(
            When { regex: Some("^id=[0-9]+$".to_owned()), ..When::default() },
            Then::Duplicate(Duplicate { copies: 1 }),
        ),
        rule(When { json: json(None), ..When::default() }, Then::Reorder(Reorder::default())),
        rule(
            When { field: Some(FieldIs { name: "event".to_owned(), is: Some("chat".to_owned()) }), ..When::default() },
            Then::Drop,
        ),
        rule(
            When { subprotocol: Some("chat".to_owned()), ..When::default() },
            Then::Replace(Replace::Regex { find: "(a)b".to_owned(), with: "$1c".to_owned() }),
        ),
        rule(
            When { connection: Some(ConnectionNumber(2)), ..When::default() },
            Then::Replace(Replace::Json { path: "$.price".to_owned(), with: 12.into() }),
        ),
        rule(
            When { min_bytes: Some(1_000), ..When::default() },
            Then::Replace(Replace::Template("{{$.id}}".to_owned())),
        ),
        rule(When { opcode: Some(2), ..When::default() }, Then::Corrupt("rsv1".to_owned())),
        rule(
            When { text: Some("bye".to_owned()), ..When::default() },
            Then::Close(CloseCode { code: 1001, reason: String::new() }),
        ),
        rule(
            When { handshake: Some(HandshakePart::Request), text: Some("Origin:".to_owned()), ..When::default() },
            Then::Hold(Hold::default()),
        ),
        rule(When::default(), Then::Note("a message that no rule has changed".to_owned())),
    ]
}

fn edited() -> Edited {
    let frame = Composed {
        fin: true,
        rsv1: false,
        rsv2: false,
        rsv3: false,
        opcode: 1,
        masking_key: None,
        length_bits: None,
        length: None,
        payload: b"{}".to_vec(),
    };
    Edited { frame, compress: true }
}

#[test]
fn rules() {
    golden!("rules", one_of_each());
    let late = one_of_each().drain(..1).collect();
    golden!("feed-rules", FeedMessage::<Observation>::Rules(Deferred::new(&late)));
    let text = serde_json::to_string(&one_of_each()).expect("rules serialize");
    assert_eq!(serde_json::from_str::<Vec<Rule>>(&text).expect("rules"), one_of_each());
}

#[test]
fn a_rule_needs_only_an_action() {
    let least: Rule = serde_json::from_str(r#"{"then": "drop"}"#).expect("a rule");
    assert_eq!(least, rule(When::default(), Then::Drop));
    for wrong in [
        r"{}",
        r#"{"then": "explode"}"#,
        r#"{"then": "drop", "when": {"opcodes": 1}}"#,
        r#"{"then": {"hold": {"s": 1}}}"#,
    ] {
        assert!(serde_json::from_str::<Rule>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn changes() {
    golden!("rules-switch", RulesRequest { id: 3, rules: RulesChange::Switch(Switch { rule: 1, on: false }) });
    let set = RulesChange::Set(one_of_each().drain(..1).collect());
    golden!("rules-set", RulesRequest { id: 4, rules: set });
}

#[test]
fn decisions() {
    let request = |id, command| Request { id, connection: ConnectionNumber(1), command };
    golden!("command-forward", request(5, Command::Forward(Forward { held: 1, edited: Some(edited()) })));
    golden!("command-discard", request(6, Command::Discard(2)));
    golden!("command-answer-held", request(7, Command::Answer(AnswerHeld { held: 3, with: edited() })));
    let head = "GET /v2 HTTP/1.1\nHost: localhost:9001\nSec-WebSocket-Version: 8".to_owned();
    golden!("command-forward-head", request(8, Command::ForwardHead(ForwardHead { held: 1, head })));
    golden!("command-refuse", request(9, Command::Refuse(RefuseHeld { held: 2, status: 403 })));
}

fn act(what: &'static str, section: Option<&'static str>, intercepted: &Intercepted) -> Event {
    let deliberate = Deliberate {
        rule: section.map(|section| Citation::new(6455, section)),
        ..Deliberate::by_rule(what, "what rule 1 (late price) did, in words", None)
    };
    Event::Act(Act { intercepted: Some(Deferred::new(intercepted)), ..Act::of(deliberate) })
}

#[test]
fn records() {
    let before = Content::new(1, br#"{"type":"price","is":12}"#, true, 1 << 10);
    let held = Intercepted {
        rule: 1,
        name: "late price".to_owned(),
        from: Party::Server,
        held: Some(1),
        until_us: Some(31_250_000),
        ends_us: Some(21_250_000),
        expiry: Some(Expiry::Forward),
        before: before.clone(),
        after: Vec::new(),
    };
    golden!("act-held", super::observation(9, 1_250_000, act("hold", None, &held)));
    let after = vec![Content::new(1, br#"{"type":"price","is":13}"#, true, 16)];
    assert!(after[0].is_truncated() && !before.is_truncated());
    let forwarded = Intercepted { until_us: None, ends_us: None, expiry: None, after, ..held };
    golden!("act-forwarded", super::observation(12, 8_400_120, act("forward", None, &forwarded)));
}

#[test]
fn handshakes() {
    let before = b"GET /v1 HTTP/1.1\r\nHost: localhost:9001\r\nCookie: s=***\r\n\r\n".to_vec();
    let held = InterceptedHandshake {
        rule: 2,
        name: String::new(),
        part: HandshakePart::Request,
        held: Some(1),
        until_us: Some(30_001_250),
        expiry: Some(Expiry::Forward),
        before: before.clone(),
        after: Vec::new(),
        concealed: vec!["cookie".to_owned()],
    };
    let event = |what, handshake: &InterceptedHandshake| {
        let deliberate = Deliberate::by_rule(what, "what rule 2 did with the request to the server, in words", None);
        Event::Act(Act { handshake: Some(Deferred::new(handshake)), ..Act::of(deliberate) })
    };
    golden!("act-handshake-held", super::observation(2, 1_250, event("hold", &held)));
    let after = b"GET /v2 HTTP/1.1\r\nHost: localhost:9001\r\nCookie: s=***\r\n\r\n".to_vec();
    let forwarded = InterceptedHandshake { until_us: None, expiry: None, after, ..held };
    golden!("act-handshake-edited", super::observation(3, 8_400_120, event("forward", &forwarded)));
}

#[test]
fn what_is_deferred_is_read_later() {
    let Event::Act(act) = act(
        "hold",
        None,
        &serde_json::from_str(r#"{"rule":1,"from":"client","before":{"opcode":1,"payload":"","bytes":0},"after":[]}"#)
            .expect("least"),
    ) else {
        panic!("an act")
    };
    let text = serde_json::to_string(&act).expect("it serializes");
    let mut again: Act = serde_json::from_str(&text).expect("an act");
    assert_eq!(again, act);
    assert_eq!(again.intercepted.take().expect("it is there").read().expect("it reads").rule, 1);
    let damaged: Act = serde_json::from_str(&text.replace("\"rule\":1", "\"rule\":\"1\"")).expect("still an act");
    assert!(damaged.intercepted.expect("it is there").read().is_err());
}
