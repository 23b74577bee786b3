//! What rules may take: messages that wait, their bytes, and the size of what they look at.

use super::{act, compression, ruled, say, set, told, unmasked};
use crate::support::deflate::Deflating;
use crate::support::masked;
use observation::{Event, Origin};

#[tokio::test]
async fn when_too_many_messages_wait_the_next_one_goes_on() {
    let (_lab, mut raw, mut server, mut feed) = ruled(r#"[{"then": {"hold": {"ms": 60000}}}]"#).await;
    for number in 0..65 {
        raw.send(&say(&number.to_string())).await;
    }
    assert_eq!(told(&mut server).await, "64");
    for _ in 0..64 {
        assert_eq!(act(&mut feed).await.0.refused, None);
    }
    let (full, _) = act(&mut feed).await;
    assert_eq!(
        (&*full.deliberate.what, full.refused.as_deref()),
        ("hold", Some("64 messages of this connection already wait"))
    );
}

#[tokio::test]
async fn when_too_many_bytes_wait_the_next_message_goes_on() {
    let (_lab, mut raw, mut server, mut feed) = ruled(r#"[{"then": {"hold": {"ms": 60000}}}]"#).await;
    let large = masked(0x82, &[b'x'; 900_000]);
    raw.send(&large).await;
    assert_eq!(act(&mut feed).await.0.refused, None);
    raw.send(&large).await;
    assert_eq!(server.take(large.len()).await, large);
    let (full, _) = act(&mut feed).await;
    assert!(full.refused.unwrap().contains("2 MiB"));
}

#[tokio::test]
async fn no_rule_looks_at_a_message_of_more_than_a_mebibyte() {
    let (_lab, mut raw, mut server, mut feed) = ruled(r#"[{"then": "drop"}]"#).await;
    // In one frame, and in fragments with a ping between them.
    let whole = masked(0x82, &vec![7; (1 << 20) + 1]);
    let part = vec![7; 600_000];
    let fragments = [masked(0x02, &part), masked(0x00, &part), masked(0x89, b"p"), masked(0x80, &part)].concat();
    for large in [whole, fragments] {
        let sent = large.clone();
        let (sent, got) = tokio::join!(raw.send(&sent), server.take(large.len()));
        let () = sent;
        assert_eq!(got, large);
        loop {
            if let Event::Act(act) = feed.next().await.event {
                assert_eq!((act.deliberate.by, &*act.deliberate.what), (Origin::Limit, "rules-size"));
                break;
            }
        }
    }
    raw.send(&[say("dropped"), masked(0x8a, b"")].concat()).await;
    assert_eq!(unmasked(&mut server).await, (0x8a, vec![]));
}

#[tokio::test]
async fn a_broken_frame_goes_on_with_everything_after_it() {
    let (_lab, mut raw, mut server, mut feed) = ruled(r#"[{"when": {"text": "drop"}, "then": "drop"}]"#).await;
    let sent = [masked(0x01, b"begun"), masked(0x83, b"reserved"), say("drop"), b"anything".to_vec()].concat();
    raw.send(&sent).await;
    assert_eq!(server.take(sent.len()).await, sent);
    raw.send(b"more").await;
    assert_eq!(server.take(4).await, b"more");
    loop {
        if let Event::Act(act) = feed.next().await.event {
            assert_eq!(act.deliberate.what, "lost");
            return;
        }
    }
}

/// The attack: compressed messages of a kilobyte that a rule makes a mebibyte each, for a client that does not read.
#[tokio::test]
async fn what_rules_make_of_messages_is_bounded() {
    const COUNT: usize = 40;
    let (_lab, mut raw, mut server, mut feed) = compression::pair("; server_no_context_takeover").await;
    set(&mut feed, r#"[{"when": {"from": "server"}, "then": {"corrupt": "rsv2"}}]"#).await;
    let content = vec![b'x'; 1 << 20];
    let mut sent = Vec::new();
    for _ in 0..COUNT {
        let message = Deflating::new().message(&content);
        sent.extend([0xC1, 126]);
        sent.extend(u16::try_from(message.len()).unwrap().to_be_bytes());
        sent.extend(message);
    }
    server.send(&sent).await;
    let mut passed = 0;
    while passed == 0 {
        if let Event::Act(act) = feed.next().await.event
            && act.deliberate.by == Origin::Limit
        {
            assert_eq!(act.deliberate.what, "rules-output");
            passed += 1;
        }
    }
    let mut changed = 0;
    for _ in 0..COUNT {
        let (first, payload) = raw.frame().await;
        match first {
            0xA1 => assert_eq!(payload, content),
            0xC1 => assert!(payload.len() < 2000),
            _ => panic!("neither a fault nor the message: {first:#x}"),
        }
        changed += usize::from(first == 0xA1);
    }
    assert!((1..COUNT / 2).contains(&changed), "{changed} of {COUNT} are changed");
}
