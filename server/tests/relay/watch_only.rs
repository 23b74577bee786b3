//! The watch-only name of a session: it observes and exports, and nothing else, and it does not tell the full name.

use crate::hops::relay_path;
use crate::support::{Feed, Lab, Raw, handshake, http, masked, message};
use observation::{Command, SessionId};

async fn watch_name(lab: &Lab) -> String {
    let shown = http(lab.address(), "GET", &format!("/api/sessions/{}", lab.id), "").await;
    shown.json()["watch"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_watch_only_name_observes_and_nothing_else() {
    let lab = Lab::new().await;
    let watch = watch_name(&lab).await;
    assert!(SessionId::parse(&watch).unwrap().is_watch_only() && !watch.contains(&lab.id), "{watch}");
    let shown = http(lab.address(), "GET", &format!("/api/sessions/{watch}"), "").await;
    let observe = format!("/api/sessions/{watch}/observe");
    assert_eq!(shown.json(), serde_json::json!({ "id": watch, "observe": observe, "watch": watch }));
    let mut feed = Feed::open(lab.address(), &watch, 0).await;
    let mut raw = lab.open().await;
    feed.opening().await;
    raw.send(&masked(0x81, b"seen")).await;
    assert_eq!(feed.frame().await.payload_bytes, 4);

    let refused = feed.command(1, Command::Text("not sent".to_owned())).await.unwrap();
    assert!(refused.contains("watch-only") && refused.contains("full link"), "{refused}");
    assert!(feed.say("{}").await.refused.unwrap().contains("watch-only"));
    raw.frame().await;
    raw.send(&masked(0x81, b"next")).await;
    assert_eq!(raw.frame().await, (0x81, b"next".to_vec()), "nothing was sent by the command");
    for path in [format!("/lab/{watch}"), format!("/via/rewrite/lab/{watch}"), format!("/relay/{watch}?to=ws://a")] {
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, "").as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 403 "), "{path}");
        assert!(String::from_utf8(raw.rest().await).unwrap().contains("watch-only"));
    }
    let graded = http(lab.address(), "POST", &format!("/api/sessions/{watch}/receipts"), "Content-Length: 0\r\n").await;
    assert_eq!(graded.status, 403);
    assert!(graded.json()["error"].as_str().unwrap().contains("watch-only"));
    // What looks like one, but belongs to no session.
    let other = format!("watch-{}", lab.id);
    assert_eq!(http(lab.address(), "GET", &format!("/api/sessions/{other}"), "").await.status, 404);
}

/// Everything that could repeat the session's name is recorded, and an observer with the watch-only name reads all of it.
#[tokio::test]
async fn the_full_name_does_not_leak_through_it() {
    let upstream = Lab::new().await;
    let target = format!("ws://{}/echo", upstream.address());
    let lab = Lab::with(|config| config.relay_to = vec![target.parse().unwrap()]).await;
    let watch = watch_name(&lab).await;
    let escaped = lab.id.replacen('a', "%61", 1).replacen('2', "%32", 1);
    let name = &lab.id;
    let more = format!(
        "Referer: http://lab/s/{name}\r\nCookie: s={name}\r\nX-Session: {name}\r\nSec-WebSocket-Protocol: {name}\r\n"
    );
    // An opening, a middlebox with both of its sides, and a relayed connection.
    for path in [
        format!("/lab/{name}?subprotocol=first"),
        format!("/lab/{escaped}"),
        format!("/via/rewrite/lab/{name}"),
        relay_path(&lab, &target),
    ] {
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, &more).as_bytes()).await;
        raw.head().await;
        raw.send(&masked(0x88, b"\x03\xe8")).await;
    }
    // Refusals: by the lab, by a middlebox, by the relay, and of a head that is not a request.
    for path in [
        format!("/lab/{name}?unknown={name}"),
        format!("/via/{name}/lab/{name}"),
        format!("/relay/{name}?to=ws://{name}"),
    ] {
        http(lab.address(), "GET", &path, &more).await;
    }
    let mut raw = lab.raw().await;
    raw.send(format!("GET /lab/{name} HTTP/1.1\r\nbroken {name}\r\n\r\n").as_bytes()).await;
    raw.rest().await;
    let mut controller = lab.feed().await;
    controller.command(1, Command::Text("refused, because it has ended".to_owned())).await;

    // The feed, as text.
    let url = format!("ws://{}/api/sessions/{watch}/observe", lab.address());
    let (mut socket, response) = tokio_tungstenite::connect_async(url).await.unwrap();
    assert!(!format!("{response:?}").contains(name.as_str()));
    let mut seen = String::new();
    let mut count = 0;
    while count < 20 {
        let text = message(&mut socket).await.unwrap();
        if let observation::FeedMessage::Observations(items) = &text {
            count += items.len();
            // Handshakes are bytes, which JSON has in an encoded form.
            items.iter().for_each(|item| seen += &readable(&item.event));
        }
        seen += &text.to_json();
    }
    assert!(seen.contains("/lab/xxxxxxxxxxxxxxxxxxxxxxxxxx"), "the path is there, at its length");
    let found = seen.find(name.as_str()).map(|at| &seen[at.saturating_sub(100)..]);
    assert_eq!(found, None);
    // No part of the name is left of a percent-encoded one.
    assert!(!seen.contains(&escaped[..12]));
    for format in ["har", "pcapng", "json"] {
        let file = http(lab.address(), "GET", &format!("/api/sessions/{watch}/export.{format}"), "").await;
        assert_eq!(file.status, 200);
        let text = String::from_utf8_lossy(&file.body);
        assert!(!text.contains(name.as_str()) && !file.head.contains(name.as_str()), "{format}");
    }
}

/// What an event has as bytes, as text.
fn readable(event: &observation::Event) -> String {
    use observation::Event;
    let texts = match event {
        Event::Opening(opening) => vec![&opening.request, &opening.response],
        Event::Refusal(refusal) => vec![&refusal.request, &refusal.response],
        Event::Asked(asked) => vec![&asked.request],
        _ => Vec::new(),
    };
    texts.into_iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned()).collect()
}

#[tokio::test]
async fn an_observer_with_the_full_name_still_sees_it() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let _raw = Raw::open(lab.address(), &lab.path()).await;
    let request = String::from_utf8(feed.opening().await.request).unwrap();
    assert!(request.contains(&lab.path()), "{request}");
}
