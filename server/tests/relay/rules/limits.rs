//! What rules may take: messages that wait, their bytes, and the size of what they look at.

use super::{act, ruled, say, told, unmasked};
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
