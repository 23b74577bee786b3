//! Notes that observers pin to what was recorded.

use crate::support::{Answer, Lab, http, masked, with_body};
use observation::{ConnectionNumber, Document, Event, Note, Observation, Seq};
use serde_json::Value;

async fn pin(lab: &Lab, about: impl ToString, text: &str) -> Answer {
    let path = format!("/api/sessions/{}/notes/{}", lab.id, about.to_string());
    http(lab.address(), "PUT", &path, &with_body(text)).await
}

fn error(answer: &Answer) -> String {
    answer.json()["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_note_is_pinned_replaced_and_removed() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x81, b"hello")).await;
    raw.frame().await;
    drop(raw);
    feed.opening().await;
    let frame = loop {
        let next = feed.next().await;
        if let Event::Frame(_) = next.event {
            break next;
        }
    };
    // The connection has ended. A note is about what was recorded, so that makes no difference.
    while !matches!(feed.next().await.event, Event::Closed(_)) {}
    let mut expect = async |text: &str| {
        let next = feed.next().await;
        assert_eq!(next.connection, ConnectionNumber(1));
        assert_eq!(next.event, Event::Note(Note { about: frame.seq, text: text.to_owned() }));
        next.seq
    };
    assert_eq!(pin(&lab, frame.seq, " The price is wrong,\nsee above. ").await.status, 204);
    expect("The price is wrong,\nsee above.").await;
    assert_eq!(pin(&lab, frame.seq, "It is right.").await.status, 204);
    let note = expect("It is right.").await;

    // The export of the session has it, and so has the export of its connection.
    for query in ["", "?connection=1"] {
        let path = format!("/api/sessions/{}/export.json{query}", lab.id);
        let file = http(lab.address(), "GET", &path, "").await.dechunked();
        let text = String::from_utf8(file.body).unwrap();
        let document = Document::read(&text, text.len()).unwrap();
        let Some(Observation { event: Event::Note(last), .. }) = document.observations.last() else {
            panic!("{text}");
        };
        assert_eq!((last.about, &*last.text), (frame.seq, "It is right."));
    }
    for format in ["har", "pcapng", "toml"] {
        let path = format!("/api/sessions/{}/export.{format}", lab.id);
        assert_eq!(http(lab.address(), "GET", &path, "").await.status, 200, "{format}");
    }

    let path = format!("/api/sessions/{}/notes/{}", lab.id, frame.seq);
    assert_eq!(http(lab.address(), "DELETE", &path, "").await.status, 204);
    expect("").await;
    assert!(error(&pin(&lab, note, "about a note").await).contains("is a note"));
}

#[tokio::test]
async fn what_is_no_note_is_refused_and_says_why() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let raw = lab.open().await;
    feed.opening().await;
    for (about, text, status, says) in [
        ("1", " \n", 422, "empty"),
        ("9", "later", 404, "no observation 9"),
        ("0", "before", 404, "no observation 0"),
        ("18446744073709551615", "last", 404, "no observation 18446744073709551615"),
        ("x", "no number", 404, "does not exist"),
        ("-1", "no number", 404, "does not exist"),
        ("1", &"x".repeat(1001), 413, "larger than 1000 bytes"),
    ] {
        let answer = pin(&lab, about, text).await;
        assert_eq!(answer.status, status, "{about}");
        assert!(error(&answer).contains(says), "{}", error(&answer));
    }
    let path = format!("/api/sessions/{}/notes/1", lab.id);
    let mut bytes = lab.raw().await;
    let head = format!("PUT {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: 2\r\n\r\n");
    bytes.send(&[head.as_bytes(), b"\xff\xfe"].concat()).await;
    assert!(bytes.head().await.starts_with("HTTP/1.1 422 "));

    let shown: Value = http(lab.address(), "GET", &format!("/api/sessions/{}", lab.id), "").await.json();
    let watching = format!("/api/sessions/{}/notes/1", shown["watch"].as_str().unwrap());
    assert_eq!(http(lab.address(), "PUT", &watching, &with_body("seen")).await.status, 403);
    assert_eq!(http(lab.address(), "DELETE", &watching, "").await.status, 403);

    // Nothing of that was recorded: the next observation is the longest note that is taken.
    let longest = "ä".repeat(500);
    assert_eq!(pin(&lab, 1, &longest).await.status, 204);
    assert_eq!(feed.next().await.event, Event::Note(Note { about: Seq(1), text: longest }));
    drop(raw);
}
