//! The export of a WebSocket over HTTP/2.

use super::{download, tshark};
use crate::support::masked;
use crate::tls::Secure;
use crate::tls::http2::{VERSION, ask, client, connect, take};

#[tokio::test]
async fn an_http_2_stream_is_an_entry_and_a_conversation() {
    let secure = Secure::new("h2-export").await;
    let mut feed = secure.lab.feed().await;
    let mut client = client(&secure).await;
    let path = format!("{}?deflate=off", secure.lab.path());
    let (response, mut sending) = ask(&mut client, connect(&path, "websocket", &[VERSION])).await;
    sending.send_data(masked(0x81, b"on a stream").into(), false).unwrap();
    take(&mut response.into_body(), 13).await;
    let (response, _sending) = ask(&mut client, connect(&path, "websocket", &[])).await;
    assert_eq!(response.status(), 426);
    while !matches!(feed.next().await.event, observation::Event::Refusal(_)) {}

    let har = download(&secure.lab, "export.har").await.json();
    let entries = har["log"]["entries"].as_array().unwrap();
    let [open, refused] = &entries[..] else { panic!("{entries:?}") };
    let (request, response) = (&open["request"], &open["response"]);
    let concealed = "wss://localhost/lab/xxxxxxxxxxxxxxxxxxxxxxxxxx?deflate=off";
    assert_eq!((&request["method"], &request["url"]), (&"CONNECT".into(), &concealed.into()));
    assert_eq!((&request["httpVersion"], &response["status"]), (&"HTTP/2.0".into(), &200.into()));
    assert_eq!(request["headers"][1], serde_json::json!({ "name": ":protocol", "value": "websocket" }));
    assert_eq!(request["queryString"], serde_json::json!([{ "name": "deflate", "value": "off" }]));
    assert_eq!(open["_webSocketMessages"][0]["data"], "on a stream");
    assert_eq!(refused["response"]["status"], 426);
    let body = refused["response"]["content"]["text"].as_str().unwrap();
    assert!(body.contains("Sec-WebSocket-Version"), "{body}");

    let packets = tshark::packets(&download(&secure.lab, "export.pcapng").await.body, &[]).await;
    let asked = packets.iter().find(|packet| packet.text("http.request.method") == "GET").unwrap();
    assert!(asked.text("http.request.uri").starts_with("/lab/xxxx"));
    let answered = packets.iter().find(|packet| packet.text("http.response.code") == "101").unwrap();
    assert!(
        answered.text("frame.comment").starts_with("synthesized: this handshake"),
        "{}",
        answered.text("frame.comment")
    );
    let texts: Vec<_> = packets.iter().map(|packet| packet.text("websocket.payload.text")).collect();
    assert_eq!(texts.iter().filter(|text| **text == "on a stream").count(), 2, "{texts:?}");
    assert!(packets.iter().any(|packet| packet.text("http.response.code") == "426"));
}
