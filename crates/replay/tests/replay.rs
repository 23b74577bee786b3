//! Conversations by hand: what is sent when, what differs, and the script of the server's side.

use observation::{MessageKind, Party};
use replay::{Conversation, Ending, Load, Message, Next, Pace, Player, Row, compare, script::script};
use serde_json::json;

fn message(from: Party, at_ms: u64, text: &str) -> Message {
    let content = text.as_bytes().to_vec();
    Message { from, kind: MessageKind::Text, at_us: at_ms * 1_000, bytes: content.len() as u64, content }
}

fn client(at_ms: u64, text: &str) -> Message {
    message(Party::Client, at_ms, text)
}

fn server(at_ms: u64, text: &str) -> Message {
    message(Party::Server, at_ms, text)
}

fn of(messages: Vec<Message>) -> Conversation {
    Conversation { messages, ..Conversation::default() }
}

#[test]
fn messages_are_sent_at_their_times_or_faster() {
    let messages = vec![server(110, "hi"), client(150, "a"), server(160, "b"), client(300, "c")];
    let recorded = Conversation { opened_us: 100_000, ..of(messages) };
    let mut player = Player::new(&recorded, Pace::Times(1));
    assert_eq!((player.next(0), player.next(49_999)), (Next::At(50_000), Next::At(50_000)));
    assert_eq!(player.next(50_000), Next::Send(1));
    player.sent();
    assert_eq!((player.next(60_000), player.progress()), (Next::At(200_000), (1, 2)));
    player.step();
    assert_eq!(player.next(60_000), Next::Send(3), "a step does not wait");
    player.sent();
    assert_eq!((player.next(60_000), player.progress()), (Next::Over, (2, 2)));
    assert_eq!(Player::new(&recorded, Pace::Times(10)).next(0), Next::At(5_000));
}

#[test]
fn messages_wait_for_steps_or_for_answers() {
    let recorded = of(vec![client(1, "a"), server(2, "b"), server(3, "c"), client(4, "d")]);
    let mut steps = Player::new(&recorded, Pace::Steps);
    assert_eq!(steps.next(9_000_000), Next::Step);
    steps.step();
    assert_eq!(steps.next(0), Next::Send(0));
    steps.sent();
    assert_eq!(steps.next(9_000_000), Next::Step, "a step is one message");

    let mut answers = Player::new(&recorded, Pace::Answers);
    assert_eq!(answers.next(0), Next::Send(0));
    answers.sent();
    assert_eq!(answers.next(9_000_000), Next::Answers(2));
    answers.received();
    assert_eq!(answers.next(0), Next::Answers(1));
    answers.received();
    assert_eq!(answers.next(0), Next::Send(3));
}

#[test]
fn a_message_with_only_its_beginning_is_not_sent() {
    let cut = Message { bytes: 9, ..client(1, "abc") };
    let player = Player::new(&of(vec![cut, client(2, "d")]), Pace::Times(1));
    assert_eq!((player.progress(), player.next(2_000)), ((0, 1), Next::Send(1)));
}

#[test]
fn equal_messages_are_paired_and_the_others_in_order() {
    let then = of(vec![client(1, "a"), server(2, "one"), server(3, "tick 1"), client(4, "b"), server(5, "end")]);
    let now = of(vec![client(1, "a"), server(2, "new"), server(3, "one"), server(4, "tick 22"), client(5, "b")]);
    let compared = compare(&then, &now);
    assert_eq!(
        compared.rows,
        [Row::Same(0, 0), Row::OnlyNow(1), Row::Same(1, 2), Row::Different(2, 3, 5), Row::Same(3, 4), Row::OnlyThen(4)]
    );
    assert_eq!(compared.different, 3);
    let same = compare(&then, &then);
    assert_eq!((same.different, same.rows.len()), (0, 5));
}

#[test]
fn a_message_of_which_the_beginning_was_kept_is_compared_by_that() {
    let cut = Message { content: b"long an".to_vec(), ..server(1, "long and more") };
    let then = of(vec![cut, server(2, "longer than the other")]);
    let now = of(vec![server(1, "long and more"), server(2, "longer than it was 12")]);
    assert_eq!(compare(&then, &now).rows, [Row::Same(0, 0), Row::Different(1, 1, 12)]);
    let other = of(vec![server(1, "long and less")]);
    assert_eq!(compare(&of(then.messages[..1].to_vec()), &other).rows, [Row::Same(0, 0)], "the end is not known");
}

#[test]
fn ends_are_never_paired_with_each_other() {
    let then = of(vec![client(1, "x"), server(2, "y")]);
    let now = of(vec![server(1, "p"), client(2, "q"), server(3, "yy")]);
    let compared = compare(&then, &now);
    assert_eq!(compared.rows, [Row::OnlyNow(0), Row::Different(0, 1, 0), Row::Different(1, 2, 1)]);
    let text = of(vec![server(1, "z")]);
    let binary = of(vec![Message { kind: MessageKind::Binary, ..server(1, "z") }]);
    assert_eq!(compare(&text, &binary).rows, [Row::Different(0, 0, 1)], "the kind differs");
}

#[test]
fn the_server_side_becomes_a_script() {
    let picture = Message { kind: MessageKind::Binary, content: vec![0, 255], bytes: 2, ..client(400, "") };
    let ending = Some(Ending { from: Some(Party::Server), code: Some(4001), reason: "enough".into(), at_us: 600_000 });
    let recorded = Conversation {
        ending,
        ..of(vec![
            server(20, "welcome"),
            client(100, r#"{"type": "login", "id": 7}"#),
            server(100, r#"{"ok": true}"#),
            server(350, "tick"),
            picture,
            client(500, r#"{"price": "$5"}"#),
        ])
    };
    let made = script(&recorded);
    assert_eq!((made.left_out, made.shortened), (0, 0));
    assert_eq!(
        made.script,
        json!({
            "start": {
                "enter": [{ "wait-ms": 20 }, { "send": "welcome" }],
                "on": [{
                    "json": { "type": "login", "id": 7 },
                    "do": [{ "send": "{\"ok\": true}" }, { "wait-ms": 250 }, { "send": "tick" }],
                    "to": "message 2"
                }]
            },
            "message 2": { "on": [{ "binary": "00ff", "to": "message 3" }] },
            "message 3": { "on": [{
                "text": "{\"price\": \"$5\"}",
                "do": [{ "wait-ms": 100 }, { "close": { "code": 4001, "reason": "enough" } }],
                "to": "end"
            }] },
            "end": {}
        })
    );
}

#[test]
fn a_script_has_a_limit_and_says_what_it_lacks() {
    let long = "x".repeat(70 << 10);
    let made = script(&of(vec![client(1, "a"), server(2, &long), client(3, "b"), server(4, &long), server(5, &long)]));
    assert_eq!((made.left_out, made.shortened), (1, 0));
    let cut = Message { bytes: 9_000, ..server(2, "beginning") };
    let made = script(&of(vec![Message { bytes: 5_000, ..client(1, "abc") }, cut, client(3, &long)]));
    assert_eq!((made.left_out, made.shortened), (0, 1));
    assert_eq!(
        made.script["start"]["on"][0]["when"],
        json!({ "kind": "text", "min_bytes": 5_000, "max_bytes": 5_000 })
    );
    assert_eq!(made.script["message 2"]["on"][0], json!({ "nth": 2, "to": "end" }));
    let many = script(&of((0..3_000).map(|n| client(n, "a")).collect()));
    assert_eq!(many.left_out, 3_000 - 999);
    assert_eq!(script(&Conversation::default()).script, json!({ "start": {} }));
}

#[test]
fn percentiles_are_round_trips_that_were_measured() {
    let load = Load::new((1..=200).rev().map(|n| n * 1_000).collect(), 2_000_000);
    assert_eq!((load.count(), load.rate()), (200, 100.0));
    assert_eq!(
        (load.percentile(50), load.percentile(99), load.percentile(100)),
        (Some(100_000), Some(198_000), Some(200_000))
    );
    let bars = load.bars(10);
    assert_eq!(bars.iter().map(|bar| bar.count).sum::<usize>(), 200);
    assert_eq!((bars.len(), bars[0].from_us, bars[9].to_us), (10, 1_000, 200_001));
    assert!(bars.windows(2).all(|pair| pair[0].to_us == pair[1].from_us));
    let one = Load::new(vec![5], 0);
    assert_eq!(
        (one.rate(), one.percentile(99), one.bars(4).iter().map(|bar| bar.count).sum::<usize>()),
        (0.0, Some(5), 1)
    );
    assert_eq!(Load::default().percentile(50), None);
    assert_eq!(Load::default().bars(4), []);
}
