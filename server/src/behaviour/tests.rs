//! Parses queries, and checks each error message.

use super::model::*;
use super::*;
use observation::command::DropBy;
use std::time::Duration;
use wire::close::CloseCode;
use wire::deflate::Policy;
use wire::incoming::Limits;
use wire::message::MessageKind;

fn read(query: &str) -> Result<Behaviour, SettingError> {
    Behaviour::parse(query, Policy::ON)
}

fn talk(query: &str) -> ConnectionBehaviour {
    read(query).unwrap_or_else(|error| panic!("{query}: {error}")).talk
}

#[track_caller]
fn refused(query: &str, says: &str) {
    let error = read(query).expect_err(query).to_string();
    assert!(error.contains(says), "{query}: {error}");
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn compression() {
    #[track_caller]
    fn check(query: &str, expect: Policy) {
        assert_eq!(read(query).map(|behaviour| behaviour.deflate), Ok(expect), "{query}");
    }
    check("", Policy::ON);
    check("&", Policy::ON);
    check("deflate=on", Policy::ON);
    check("deflate=off", Policy::OFF);
    let server = Policy { server_no_context_takeover: true, server_max_window_bits: 9, ..Policy::ON };
    check("server_no_context_takeover&server_max_window_bits=9", server);
    let client = Policy { client_no_context_takeover: true, client_max_window_bits: 8, ..Policy::ON };
    check("deflate=on&client_max_window_bits=8&client_no_context_takeover=", client);
    refused("deflat=on", "no setting `deflat`; did you mean `deflate`?");
    refused("deflate", "`deflate` takes `on` or `off`, not ``");
    refused("deflate=yes", "not `yes`");
    refused("deflate=on&deflate=on", "`deflate` appears twice; write it once");
    refused("server_no_context_takeover=1", "`server_no_context_takeover` takes no value");
    refused("server_max_window_bits=8", "from 9 to 15, not `8`");
    refused("client_max_window_bits=16", "from 8 to 15");
    refused("client_max_window_bits", "from 8 to 15, not ``");
    refused("server_max_window_bits=-1", "from 9");
    refused("deflate=off&server_max_window_bits=9", "remove one of them");
    refused("deflate=off&fault=broken-deflate", "`broken-deflate` requires compression");
    refused(&format!("{}=1", "é".repeat(10_000)), "é…`");
}

#[test]
fn what_is_left_out_is_as_the_relay_has_it() {
    let read = |query| Behaviour::parse(query, Policy::OFF).unwrap().deflate.enabled;
    assert_eq!((read(""), read("deflate=on"), read("server_no_context_takeover")), (false, true, true));
    assert_eq!((read("fault=rsv1"), read("fault=rsv1,broken-deflate@9")), (false, true));
    let behaviour = Behaviour::parse("", Policy::ON).unwrap();
    assert_eq!((behaviour.opening, behaviour.talk.is_plain_echo()), (OpeningBehaviour::default(), true));
    // Explicit defaults mean the same.
    let explicit = "reply=echo&pong=on&close-answer=on&subprotocol=first&deflate=on";
    assert_eq!(Behaviour::parse(explicit, Policy::ON), Behaviour::parse("", Policy::ON));
}

#[test]
fn one_kind_may_be_asked_for() {
    assert_eq!(talk("deflate=on").accept, None);
    assert_eq!(talk("accept=text").accept, Some(MessageKind::Text));
    assert_eq!(talk("accept=binary&deflate=off").accept, Some(MessageKind::Binary));
    refused("accept=both", "`accept` takes `text` or `binary`, not `both`");
    refused("accept", "not ``");
}

#[test]
fn the_opening() {
    let opening = |query: &str| read(query).unwrap().opening;
    assert_eq!(opening("open-delay=60s").delay, Some(millis(60_000)));
    let refuse = |status, location: Option<&str>, body: Option<&str>| {
        let (location, body) = (location.map(str::to_owned), body.map(str::to_owned));
        OpeningAnswer::Refuse(Refuse { status, location, body })
    };
    assert_eq!(opening("refuse=300").answer, refuse(300, None, None));
    assert_eq!(opening("body=a+b%26c&refuse=599").answer, refuse(599, None, Some("a b&c")));
    assert_eq!(opening("refuse=399&location=/x?y%26z").answer, refuse(399, Some("/x?y&z"), None));
    assert_eq!(opening("open=silence").answer, OpeningAnswer::Silence);
    assert_eq!(opening("open=drop").answer, OpeningAnswer::Drop(DropBy::Fin));
    assert_eq!(opening("open=reset").answer, OpeningAnswer::Drop(DropBy::Reset));
    assert_eq!(opening("open=garbage").answer, OpeningAnswer::Garbage);
    assert_eq!(opening("sec-accept=wrong").accept, AcceptValue::Wrong);
    assert_eq!(opening("sec-accept=missing").accept, AcceptValue::Missing);
    let omitted = |query| (opening(query).without_upgrade, opening(query).without_connection);
    assert_eq!(omitted("omit=upgrade"), (true, false));
    assert_eq!(omitted("omit=connection"), (false, true));
    assert_eq!(omitted("omit=both"), (true, true));
    assert_eq!(opening("subprotocol=none").subprotocol, SubprotocolChoice::None);
    assert_eq!(opening("subprotocol=unoffered").subprotocol, SubprotocolChoice::Unoffered);
    assert!(opening("extension=unoffered").unoffered_extension);
    refused("refuse=299", "`refuse` takes a number from 300 to 599, not `299`");
    refused("refuse=600", "not `600`");
    refused("refuse=teapot", "not `teapot`");
    refused("location=/", "`location` requires `refuse`; add `refuse`, or remove `location`");
    refused("body=x", "`body` requires `refuse`");
    refused("refuse=400&location=/", "`refuse` and `location` contradict each other: only a 3xx response");
    refused("refuse=304&body=x", "a 304 response has no body");
    refused("refuse=301&location=a%0d%0ab", "`location` becomes a header of the response");
    refused("refuse=301&location=a+b", "printable ASCII only");
    refused("refuse=301&location=%C3%A9", "printable ASCII only");
    refused(
        &format!("refuse=500&body={}", "x".repeat(1025)),
        "`body` takes at most 1024 bytes, but this value has 1025",
    );
    refused("refuse=500&open=silence", "`refuse` and `open` contradict each other: a request gets one answer");
    refused("refuse=500&greet=hi", "`refuse` and `greet` contradict each other: the connection never opens");
    refused("open=drop&sec-accept=wrong", "`open` and `sec-accept` contradict each other");
    refused("open=nothing", "`silence` or `drop` or `reset` or `garbage`");
    refused("omit=host", "`upgrade` or `connection` or `both`");
    refused("extension=offered", "`extension` takes `unoffered`, not `offered`");
    refused("open-delay=61s", "`open-delay` takes a time from 1ms to 60s, such as 500ms or 5s, not `61s`");
}

#[test]
fn what_becomes_of_messages() {
    assert!(talk("reply=none").silent);
    assert_eq!((talk("fragments=1").fragments, talk("fragments=100").fragments), (Some(1), Some(100)));
    assert!(talk("fragments=2&fragment-pings").fragment_pings);
    assert_eq!(talk("delay=1ms&reply=echo").delay, Some(millis(1)));
    assert_eq!(talk("drip=1s").drip, Some(millis(1000)));
    assert_eq!(talk("greet=").greet, Some(String::new()));
    assert_eq!(talk("push-every=20ms").push, Some(Push { every: millis(20), text: None }));
    assert_eq!(talk("push=&push-every=10m").push, Some(Push { every: millis(600_000), text: Some(String::new()) }));
    assert_eq!(talk("max-message=64KiB").max_message, Some(65_536));
    refused("fragments=0", "from 1 to 100, not `0`");
    refused("fragments=101", "from 1 to 100");
    refused("fragment-pings", "`fragment-pings` requires `fragments`");
    refused("fragments=2&fragment-pings=on", "takes no value");
    refused("delay=0s", "from 1ms to 60s");
    refused("delay=2m", "from 1ms to 60s");
    refused("drip=2s", "from 1ms to 1s");
    refused("push-every=19ms", "from 20ms to 600s");
    refused("push=x", "`push` requires `push-every`");
    refused(&format!("greet={}", "x".repeat(1025)), "at most 1024 bytes");
    refused("max-message=big", "`max-message` takes a size such as 1000 or 64KiB, not `big`");
    refused("reply=none&delay=1s", "`reply=none` and `delay` contradict each other: it applies to replies");
    refused("fault=rsv1&reply=none", "`reply=none` and `fault` contradict each other");
    refused("reply=maybe", "`echo` or `none`");
}

#[test]
fn a_limit_counts_where_it_is_the_smaller_one() {
    let most = Limits { frame: 100, message: 200 };
    assert_eq!(talk("max-message=150").limits(&most), Limits { frame: 100, message: 150 });
    assert_eq!(talk("max-message=0").limits(&most), Limits { frame: 0, message: 0 });
    assert_eq!(talk("max-message=1GiB").limits(&most), most);
    assert_eq!(ConnectionBehaviour::default().limits(&most), most);
}

#[test]
fn the_heartbeat() {
    let payload = "x".repeat(125);
    assert_eq!(
        talk(&format!("ping-every=1s&pong-within=60s&ping-payload={payload}")).heartbeat,
        Some(Heartbeat { every: millis(1000), payload: Some(payload), within: Some(millis(60_000)) })
    );
    assert!(talk("pong=off").no_pong);
    assert_eq!(talk("idle=20ms").idle, Some(Idle { after: millis(20), drop: None }));
    assert_eq!(talk("idle=1h&idle-end=close").idle, Some(Idle { after: millis(3_600_000), drop: None }));
    assert_eq!(talk("idle=1s&idle-end=drop").idle, Some(Idle { after: millis(1000), drop: Some(DropBy::Fin) }));
    assert_eq!(talk("idle-end=reset&idle=1s").idle, Some(Idle { after: millis(1000), drop: Some(DropBy::Reset) }));
    refused(&format!("ping-every=1s&ping-payload={}", "x".repeat(126)), "at most 125 bytes, but this value has 126");
    refused("ping-payload=x", "`ping-payload` requires `ping-every`");
    refused("pong-within=1s", "`pong-within` requires `ping-every`");
    refused("ping-every=11m", "from 20ms to 600s");
    refused("idle=61m", "from 20ms to 3600s");
    refused("idle-end=drop", "`idle-end` requires `idle`");
    refused("idle=1s&idle-end=fin", "`close` or `drop` or `reset`");
    refused("pong=no", "`on` or `off`");
}

#[test]
fn closing() {
    let close = |query: &str| talk(query).close.unwrap();
    assert_eq!(
        close("close-after=3"),
        CloseAfter { when: After::Messages(3), code: CloseCode::NORMAL, reason: String::new() }
    );
    let reason = "é".repeat(61);
    assert_eq!(
        close(&format!("close-after=20ms&close-code=4999&close-reason={reason}")),
        CloseAfter { when: After::Time(millis(20)), code: CloseCode(4999), reason }
    );
    for code in [1000, 1003, 1007, 1014, 3000, 4999] {
        assert_eq!(close(&format!("close-after=1&close-code={code}")).code, CloseCode(code));
    }
    for code in ["999", "1004", "1005", "1006", "1015", "2999", "5000", "65536", "-1", "x"] {
        refused(&format!("close-after=1&close-code={code}"), &format!("not `{code}`; the fault `close-1005`"));
    }
    assert!(talk("close-answer=off").no_close_answer);
    let drop = |query: &str| talk(query).drop.unwrap();
    assert_eq!(drop("drop-after=1000000"), DropAfter { when: After::Messages(1_000_000), by: DropBy::Fin });
    assert_eq!(drop("drop-after=1h&drop-by=fin").by, DropBy::Fin);
    assert_eq!(drop("drop-after=1h&drop-by=reset").by, DropBy::Reset);
    refused("close-after=0", "a time such as 5s or a number of messages such as 3, not `0`");
    refused("close-after=1000001", "a time such as 5s");
    refused("drop-after=2h", "`drop-after` takes a time such as 5s");
    refused("close-code=1000", "`close-code` requires `close-after`");
    refused("close-reason=x", "`close-reason` requires `close-after`");
    refused("drop-by=fin", "`drop-by` requires `drop-after`");
    refused(&format!("close-after=1&close-reason={}", "x".repeat(124)), "at most 123 bytes, but this value has 124");
}

#[test]
fn faults() {
    use Fault::*;
    assert_eq!(talk("fault=rsv1").faults, [(1, Rsv1)]);
    assert_eq!(talk("fault=masked@1000000,cut-off@2").faults, [(1_000_000, Masked), (2, CutOff)]);
    for fault in Fault::ALL {
        assert_eq!(talk(&format!("fault={}@7", fault.words().name)).faults, [(7, fault)]);
    }
    let many = |count| format!("fault={}", (1..=count).map(|n| format!("rsv1@{n}")).collect::<Vec<_>>().join(","));
    assert_eq!(talk(&many(32)).faults.len(), 32);
    refused(&many(33), "a connection can have at most 32 faults");
    refused("fault=", "there is no fault ``; available: `masked`, `rsv1`,");
    refused("fault=rsv4@1", "no fault `rsv4`");
    refused("fault=rsv1,", "no fault ``");
    refused("fault=rsv1@0", "`rsv1@0` must name the reply as `@N`, with a number from 1 to 1000000");
    refused("fault=rsv1@1000001", "from 1 to 1000000");
    refused("fault=rsv1@x", "`rsv1@x` must name the reply");
    refused("fault=rsv1@2,masked@2", "reply 2 has two faults; a reply can have one");
}

#[test]
fn presets_and_what_is_added_to_them() {
    assert_eq!(talk("preset=heartbeat&delay=1s").delay, Some(millis(1000)));
    assert_eq!(talk("delay=1s&preset=heartbeat").heartbeat, talk("preset=heartbeat").heartbeat);
    refused("preset=heartbeat&ping-every=1s", "`ping-every` appears twice");
    refused("preset=", "there is no preset ``; available: `heartbeat`, `idle-cut`,");
    refused("preset=preset=heartbeat", "no preset `preset=heartbeat`");
    refused("preset=maintenance&greet=hi", "the connection never opens");
}

#[test]
fn an_open_connection_has_its_handshake_behind_it() {
    let read = |query| Behaviour::parse_open(query).map_err(|error| error.to_string());
    assert_eq!(read(""), Ok(ConnectionBehaviour::default()));
    assert_eq!(read("fragments=2"), Ok(talk("fragments=2")));
    assert_eq!(read("preset=heartbeat"), Ok(talk("preset=heartbeat")));
    assert_eq!(read("fault=broken-deflate"), Ok(talk("fault=broken-deflate")));
    for (query, name) in [
        ("open-delay=1s", "open-delay"),
        ("refuse=500", "refuse"),
        ("delay=1s&deflate=on", "deflate"),
        ("preset=black-hole", "open"),
        ("server_max_window_bits=9", "server_max_window_bits"),
    ] {
        let says =
            format!("`{name}` applies to the opening handshake, which is over; connect again with it in the URL");
        assert_eq!(read(query), Err(says), "{query}");
    }
    assert!(read("fragmets=2").unwrap_err().contains("did you mean `fragments`?"));
}

#[test]
fn names_are_guessed_only_where_they_are_near() {
    refused("pingevery=1s", "did you mean `ping-every`?");
    refused("close-cod=1", "did you mean `close-code`?");
    refused("something-else", "`/api/behaviours` lists them");
    refused("=x", "no setting ``; `/api/behaviours` lists them");
    refused("Delay=1s", "did you mean `delay`?");
}

#[test]
fn ranges_and_choices_are_drawn() {
    assert!((2..=6).contains(&talk("silent-after=2-6").silent_after.unwrap()));
    assert_eq!(talk("silent-after=3").silent_after, Some(3));
    assert_eq!(talk("greet-bytes=8").greet_bytes.map(|bytes| bytes.len()), Some(8));
    assert!([Fault::Rsv1, Fault::Masked].contains(&talk("fault=rsv1|masked@2").faults[0].1));
    refused("silent-after=6-2", "`silent-after` takes the smaller number first: `2-6`, not `6-2`");
    refused("silent-after=2-", "from 1 to 1000, not ``");
    refused("silent-after=0", "from 1 to 1000, not `0`");
    refused("shuffle=17", "from 2 to 16, not `17`");
    refused("greet-bytes=1025", "from 1 to 1024");
    refused("greet=a&greet-bytes=8", "the server sends one greeting");
    refused("fault=rsv1|nonsense", "there is no fault `nonsense`");
    refused("reply=none&shuffle=2", "there are none");
    refused("reply=none&silent-after=2", "there are none");
}
