//! Opening handshakes that rules hold on their way through `/relay`: they go on, edited or not, or are refused.

use super::{heard, say, set, told, try_set};
use crate::hops::upstream::Upstream;
use crate::hops::{Legs, ask, field, fields, relay_path};
use crate::support::clock::Clock;
use crate::support::raw::ACCEPT;
use crate::support::{Feed, Lab, Raw, handshake, http};
use crate::tls::{Secure, http2};
use observation::command::{AnswerHeld, Composed, Edited, Forward, ForwardHead, RefuseHeld};
use observation::event::Cause;
use observation::rule::{Expiry, HandshakePart};
use observation::{Act, Command, Event, InterceptedHandshake, Intermediary, Origin, Refusal};

pub(super) const HOLD_BOTH: &str = r#"[
    {"name": "request", "when": {"handshake": "request"}, "then": {"hold": {"ms": 60000}}},
    {"name": "response", "when": {"handshake": "response"}, "then": {"hold": {"ms": 60000}}}]"#;
pub(super) const HOLD_REQUEST: &str = r#"[{"when": {"handshake": "request"}, "then": {"hold": {"ms": 60000}}}]"#;
pub(super) const HOLD_RESPONSE: &str = r#"[{"when": {"handshake": "response"}, "then": {"hold": {"ms": 60000}}}]"#;

/// A relay in front of a server that the test plays, with an observer, and rules.
pub(super) struct Between {
    pub(super) lab: Lab,
    pub(super) upstream: Upstream,
    pub(super) feed: Feed,
}

impl Between {
    pub(super) async fn with(rules: &str) -> Self {
        let upstream = Upstream::bind().await;
        let allowed = upstream.url("/ws").parse().unwrap();
        let lab = Lab::with(|config| config.relay_to = vec![allowed]).await;
        let mut feed = lab.feed().await;
        set(&mut feed, rules).await;
        Self { lab, upstream, feed }
    }

    /// A client that asks for the server. `query` is added to the relay's own.
    pub(super) async fn client(&self, query: &str, more: &str) -> Raw {
        let mut raw = self.lab.raw().await;
        let path = format!("{}{query}", relay_path(&self.lab, &self.upstream.url("/ws/a%3Fb=c")));
        raw.send(handshake(&path, more).as_bytes()).await;
        raw
    }

    /// Waits for the next act of a rule on a handshake.
    pub(super) async fn act(&mut self) -> (Act, InterceptedHandshake) {
        act(&mut self.feed).await
    }

    /// Waits until a handshake is held. Returns its number and its head.
    pub(super) async fn held(&mut self) -> (u64, String) {
        let (done, held) = self.act().await;
        assert_eq!((&*done.deliberate.what, held.after.len()), ("hold", 0));
        assert!(held.until_us.is_some() && held.expiry == Some(Expiry::Forward));
        (held.held.unwrap(), String::from_utf8(held.before).unwrap())
    }

    async fn refusal(&mut self) -> Refusal {
        loop {
            if let Event::Refusal(refusal) = self.feed.next().await.event {
                return refusal;
            }
        }
    }

    pub(super) async fn forward(&mut self, held: u64) {
        assert_eq!(self.feed.command(1, Command::Forward(Forward { held, edited: None })).await, None);
    }

    /// Forwards it with another head. Returns why that was refused, if it was.
    pub(super) async fn edit(&mut self, held: u64, head: &str) -> Option<String> {
        self.feed.command(1, Command::ForwardHead(ForwardHead { held, head: head.to_owned() })).await
    }
}

async fn act(feed: &mut Feed) -> (Act, InterceptedHandshake) {
    loop {
        if let Event::Act(act) = feed.next().await.event
            && act.deliberate.by == Origin::Rule
        {
            let handshake = act.handshake.as_ref().expect("a rule says what it intercepted").read().unwrap();
            return (act, handshake);
        }
    }
}

#[tokio::test]
async fn both_parts_are_held_and_go_on_as_they_were() {
    let mut between = Between::with(HOLD_BOTH).await;
    let mut raw = between.client("", "Origin: http://page\r\nSec-WebSocket-Protocol: one, two\r\n").await;
    let (request, before) = between.held().await;
    assert!(before.starts_with("GET /ws/a?b=c HTTP/1.1\r\nHost: ") && before.ends_with("\r\n\r\n"), "{before}");
    // Nothing has arrived at the server yet.
    let refused = between.feed.command(1, Command::Text("early".to_owned())).await.unwrap();
    assert!(refused.contains("not open yet"), "{refused}");
    between.forward(request).await;
    let (mut server, head) = between.upstream.accept_with("Sec-WebSocket-Protocol: two\r\n").await;
    assert_eq!(head, before);
    let (forwarded, became) = between.act().await;
    assert_eq!((&*forwarded.deliberate.what, became.held, became.part), ("forward", Some(1), HandshakePart::Request));
    assert_eq!(became.after, before.as_bytes());

    let (response, text) = between.held().await;
    assert_eq!((request, response), (1, 2));
    assert!(text.contains(ACCEPT) && text.contains("Sec-WebSocket-Protocol: two\r\n"), "{text}");
    between.forward(response).await;
    assert_eq!(between.act().await.1.after, text.as_bytes());
    assert_eq!(raw.head().await, text);
    raw.send(&say("hello")).await;
    assert_eq!(told(&mut server).await, "hello");
    // Messages that are held later have numbers of their own.
    set(&mut between.feed, r#"[{"then": {"hold": {"ms": 60000}}}]"#).await;
    raw.send(&say("hold")).await;
    let (_, message) = super::act(&mut between.feed).await;
    assert_eq!(message.held, Some(3));
    between.forward(3).await;
    assert_eq!(told(&mut server).await, "hold");
    drop((raw, server));
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    assert_eq!(
        (far.opening().request.as_slice(), near.opening().response.as_slice()),
        (head.as_bytes(), text.as_bytes())
    );
    assert!(near.opening().deliberate.is_empty() && far.acts().is_empty());
}

#[tokio::test]
async fn a_held_request_is_refused_with_the_status_that_an_observer_chooses() {
    for (command, what, status) in [
        (Command::Refuse(RefuseHeld { held: 1, status: 429 }), "refuse", "429"),
        (Command::Discard(1), "discard", "403"),
    ] {
        let mut between = Between::with(HOLD_REQUEST).await;
        let mut raw = between.client("", "").await;
        between.held().await;
        let (wrong, other) = (RefuseHeld { held: 1, status: 200 }, RefuseHeld { held: 7, status: 400 });
        assert!(between.feed.command(1, Command::Refuse(wrong)).await.unwrap().contains("from 400 to 599"));
        assert!(between.feed.command(1, Command::Refuse(other)).await.unwrap().contains("no handshake 7 is held"));
        assert_eq!(between.feed.command(1, command).await, None);
        let head = raw.head().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(String::from_utf8(raw.rest().await).unwrap().contains("rule 1 held the request to the server"));
        let (refused, became) = between.act().await;
        assert_eq!((&*refused.deliberate.what, became.after.len()), (what, 0));
        let refusal = between.refusal().await;
        assert_eq!((&*refusal.rule, refusal.deliberate[0].by), ("intercepted", Origin::Rule));
        assert_eq!(refusal.status.unwrap().to_string(), status);
        assert!(!between.upstream.was_called().await);
    }
}

#[tokio::test]
async fn a_refused_response_ends_the_server_side_too() {
    let mut between = Between::with(HOLD_RESPONSE).await;
    let mut raw = between.client("", "").await;
    let (mut server, _) = between.upstream.accept().await;
    let (held, _) = between.held().await;
    assert_eq!(between.feed.command(1, Command::Refuse(RefuseHeld { held, status: 503 })).await, None);
    assert!(raw.head().await.starts_with("HTTP/1.1 503 "));
    assert_eq!(server.rest().await, b"");
    let (near, far) = Legs::over(&mut between.lab.feed().await, 2).await.pair(&Intermediary::Relay);
    assert_eq!((near.refusal().status, far.closed().cause), (Some(503), Cause::OtherLeg));
}

#[tokio::test]
async fn a_handshake_goes_on_or_is_refused_when_its_time_is_over() {
    for (then, status) in [("forward", "101"), ("drop", "403")] {
        let rules = format!(
            r#"[{{"when": {{"handshake": "response"}}, "then": {{"hold": {{"ms": 5000, "then": "{then}"}}}}}}]"#
        );
        let mut between = Between::with(&rules).await;
        let mut raw = between.client("", "").await;
        let (_server, _) = between.upstream.accept().await;
        let clock = Clock::stop();
        let (_, held) = clock.pass_until(between.act()).await;
        assert_eq!(held.expiry, Some(if then == "drop" { Expiry::Drop } else { Expiry::Forward }));
        let head = clock.pass_until(raw.head()).await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        let (over, _) = clock.pass_until(between.act()).await;
        assert!(over.deliberate.explanation.contains("its time was over"), "{over:?}");
    }
}

#[tokio::test]
async fn rules_delay_note_and_refuse_handshakes_without_an_observer() {
    let rules = r#"[{"name": "seen", "when": {"handshake": "request", "text": "Origin: http://page"}, "then": {"note": "from the page"}},
        {"when": {"handshake": "request"}, "then": {"delay": {"ms": 3000}}}]"#;
    let mut between = Between::with(rules).await;
    let _raw = between.client("", "Origin: http://page\r\n").await;
    let clock = Clock::stop();
    let (noted, _) = clock.pass_until(between.act()).await;
    assert_eq!(noted.deliberate.explanation, "rule 1 (seen) matched: from the page");
    let (delayed, waits) = clock.pass_until(between.act()).await;
    assert_eq!((&*delayed.deliberate.what, waits.held), ("delay", None));
    assert!(waits.until_us.is_some());
    let (server, _) = clock.pass_until(between.upstream.accept()).await;
    drop((server, clock));

    let between = Between::with(r#"[{"when": {"handshake": "request"}, "then": "drop"}]"#).await;
    let (status, text) = ask(&between.lab, &relay_path(&between.lab, &between.upstream.url("/ws")), "").await;
    assert!(status == 403 && text.contains("rule 1 refuses the request to the server"), "{text}");
    assert!(!between.upstream.was_called().await);
}

#[tokio::test]
async fn a_client_that_leaves_while_its_handshake_is_held_is_recorded() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let raw = between.client("", "").await;
    let (held, _) = between.held().await;
    drop(raw);
    let (over, became) = between.act().await;
    assert_eq!((&*over.deliberate.what, became.held, became.after.len()), ("discard", Some(held), 0));
    assert_eq!(between.refusal().await.rule, "left-early");
    let refused = between.feed.command(1, Command::Discard(held)).await.unwrap();
    assert!(refused.contains("is not open"), "{refused}");
    assert!(!between.upstream.was_called().await);
}

#[tokio::test]
async fn what_decides_about_messages_does_not_decide_about_a_handshake() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let mut raw = between.client("", "").await;
    let (held, _) = between.held().await;
    let frame: Composed = serde_json::from_str(r#"{"opcode": 1, "payload": ""}"#).unwrap();
    let edited = Edited { frame, compress: false };
    for command in [
        Command::Forward(Forward { held, edited: Some(edited.clone()) }),
        Command::Answer(AnswerHeld { held, with: edited }),
    ] {
        let refused = between.feed.command(1, command).await.unwrap();
        assert!(refused.contains("`forward-head`"), "{refused}");
    }
    between.forward(held).await;
    let _server = between.upstream.accept().await;
    raw.head().await;
    // And the other way round.
    let refused = between.edit(held, "GET / HTTP/1.1").await.unwrap();
    assert!(refused.contains("nothing is held"), "{refused}");
    set(&mut between.feed, r#"[{"then": {"hold": {"ms": 60000}}}]"#).await;
    raw.send(&say("hold")).await;
    super::act(&mut between.feed).await;
    let refused = between.edit(held + 1, "GET / HTTP/1.1").await.unwrap();
    assert!(refused.contains("no handshake is held"), "{refused}");
}

#[tokio::test]
async fn conditions_choose_the_handshake() {
    let rule = |when: &str| format!(r#"[{{"when": {{{when}}}, "then": "drop"}}]"#);
    let mut between = Between::with("[]").await;
    let path = format!("{}&pass=cookie,user-agent", relay_path(&between.lab, &between.upstream.url("/ws")));
    let more = "User-Agent: mine\r\nCookie: s=secret\r\nSec-WebSocket-Protocol: one, two\r\n";
    for when in [
        r#""handshake": "request", "regex": "(?m)^User-Agent: mine\r$""#,
        r#""handshake": "request", "from": "client", "min_bytes": 50, "subprotocol": "two""#,
        r#""handshake": "request", "connection": 3"#,
    ] {
        set(&mut between.feed, &rule(when)).await;
        let (status, text) = ask(&between.lab, &path, more).await;
        assert!(status == 403 && text.contains("rule 1 refuses"), "{when}: {text}");
    }
    for when in [
        r#""handshake": "response""#,
        r#""handshake": "request", "subprotocol": "three""#,
        r#""handshake": "request", "max_bytes": 50"#,
        // A rule cannot find out a credential.
        r#""handshake": "request", "text": "secret""#,
        r#""text": "User-Agent""#,
    ] {
        set(&mut between.feed, &rule(when)).await;
        let mut raw = between.lab.raw().await;
        raw.send(handshake(&path, more).as_bytes()).await;
        let (_server, head) = between.upstream.accept_silently().await;
        assert_eq!(field(head.as_bytes(), "cookie").as_deref(), Some("s=secret"), "{when}");
    }
    for (rules, why) in [
        (r#"[{"when": {"handshake": "request", "opcode": 1}, "then": "drop"}]"#, "has no `opcode`"),
        (r#"[{"when": {"handshake": "request", "from": "server"}, "then": "drop"}]"#, "leave out `from`"),
        (
            r#"[{"when": {"handshake": "response"}, "then": {"duplicate": {"copies": 1}}}]"#,
            "`duplicate` acts on messages",
        ),
    ] {
        let refused = try_set(&mut between.feed, rules).await.unwrap();
        assert!(refused.contains(why), "{refused}");
    }
}

/// The lab and middleboxes have no other server, so rules for handshakes do nothing there.
#[tokio::test]
async fn rules_for_handshakes_leave_other_connections_alone() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    set(&mut feed, HOLD_BOTH).await;
    let mut raw = lab.open().await;
    raw.send(&say("echo")).await;
    assert_eq!(heard(&mut raw).await, "echo");
    let mut raw = crate::hops::open_via(&lab, "rewrite", "").await;
    raw.send(&say("echo")).await;
    assert_eq!(heard(&mut raw).await, "echo");
}

#[tokio::test]
async fn credentials_stay_concealed_and_go_on_with_their_values() {
    let mut between = Between::with(HOLD_REQUEST).await;
    let shown = http(between.lab.address(), "GET", &format!("/api/sessions/{}", between.lab.id), "").await;
    let watch = shown.json()["watch"].as_str().unwrap().to_owned();
    let mut watching = Feed::open(between.lab.address(), &watch, 0).await;
    let more = "Cookie: s=S3CR3T-1\r\nAuthorization: Basic S3CR3T2=\r\nUser-Agent: mine\r\n";
    let query = "&pass=cookie,authorization,user-agent&header=Api-Secret:%20S3CR3T-3&header=X-Open:%20o";
    let _raw = between.client(query, more).await;
    let (held, before) = between.held().await;
    assert_eq!(field(before.as_bytes(), "cookie").as_deref(), Some("s=********"));
    // The cookie moves, another header changes, and one is gone.
    let mut lines: Vec<_> = before.trim_end().split("\r\n").filter(|line| !line.starts_with("User-Agent")).collect();
    let cookie = lines.iter().position(|line| line.starts_with("Cookie")).unwrap();
    let cookie = lines.remove(cookie);
    lines.push(cookie);
    let head = lines.join("\n").replace("X-Open: o", "X-Open: changed");
    assert_eq!(between.edit(held, &head).await, None);
    let (_server, sent) = between.upstream.accept_silently().await;
    let sent = fields(sent.as_bytes());
    let is = |name: &str| sent.iter().find(|(other, _)| other == name).map(|(_, value)| &**value);
    assert_eq!((is("cookie"), is("authorization")), (Some("s=S3CR3T-1"), Some("Basic S3CR3T2=")));
    assert_eq!((is("x-open"), is("user-agent"), sent.last().unwrap().0.as_str()), (Some("changed"), None, "cookie"));
    let (_, became) = between.act().await;
    assert_eq!(became.concealed, ["authorization", "cookie"]);
    // Neither observers nor exports see a value; exports also leave out what a name marks as a token.
    for _ in 0..2 {
        let (act, _) = act(&mut watching).await;
        let json = serde_json::to_string(&act).unwrap();
        assert!(
            !json.contains("S3CR3T-1") && !json.contains("S3CR3T2") && json.contains("Cookie: s=********"),
            "{json}"
        );
    }
    for format in ["json", "har", "pcapng"] {
        let path = format!("/api/sessions/{}/export.{format}", between.lab.id);
        let export = http(between.lab.address(), "GET", &path, "").await.body;
        let export = String::from_utf8_lossy(&export);
        assert!(!export.contains("S3CR3T") && !export.contains(&between.lab.id), "{export}");
        if format == "json" {
            assert!(export.contains("X-Open: changed") && export.contains(r#""handshake":{"#), "{export}");
        }
    }
}

/// Over HTTP/2, a response has fields and no text, so it cannot be edited as one.
#[tokio::test]
async fn a_response_over_http_2_is_forwarded_or_refused() {
    let upstream = Upstream::bind().await;
    let allowed = upstream.url("").parse().unwrap();
    let secure = Secure::with("h2-held", |config| config.relay_to = vec![allowed]).await;
    let mut feed = secure.lab.feed().await;
    set(&mut feed, HOLD_RESPONSE).await;
    let mut client = http2::client(&secure).await;
    let path = relay_path(&secure.lab, &upstream.url("/"));
    for (number, command, status) in [
        (1, Command::Forward(Forward { held: 1, edited: None }), 200),
        (3, Command::Refuse(RefuseHeld { held: 1, status: 404 }), 404),
    ] {
        let asking = http2::ask(&mut client, http2::connect(&path, "websocket", &[http2::VERSION]));
        let deciding = async {
            let _server = upstream.accept().await;
            let (_, held) = act(&mut feed).await;
            assert!(held.before.starts_with(b":status: 200\r\n"));
            let edited = Command::ForwardHead(ForwardHead { held: 1, head: ":status: 200".to_owned() });
            assert!(feed.command(number, edited).await.unwrap().contains("over HTTP/2"));
            assert_eq!(feed.command(number, command).await, None);
            act(&mut feed).await;
        };
        let (answered, ()) = tokio::join!(asking, deciding);
        assert_eq!(answered.0.status(), status);
    }
}
