//! HAR 1.2, as Chrome writes it.

use super::{
    BROKEN, COMPRESSED, CUT, DELIBERATE, LARGE, MALFORMED, REFUSED, RESET, Recorded, STILL_OPEN, TALK, TOO_BIG,
    download,
};
use crate::support::raw::ACCEPT;
use crate::support::{Lab, masked};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Checks the fields of an entry that HAR 1.2 and its readers require.
fn check_entry(entry: &Value) {
    let is_pairs = |list: &Value| {
        list.as_array().unwrap().iter().all(|pair| pair["name"].is_string() && pair["value"].is_string())
    };
    let (request, response) = (&entry["request"], &entry["response"]);
    for object in [request, response] {
        assert!(object["httpVersion"].is_string() && is_pairs(&object["headers"]) && is_pairs(&object["cookies"]));
        assert!(object["headersSize"].is_i64() && object["bodySize"].is_i64());
    }
    assert!(request["method"].is_string() && is_pairs(&request["queryString"]), "{request}");
    let url = request["url"].as_str().unwrap();
    assert!(url.starts_with("ws://") && url.contains("/lab/xxxxxxxxxxxxxxxxxxxxxxxxxx"), "{request}");
    assert!(response["status"].is_u64() && response["statusText"].is_string() && response["redirectURL"].is_string());
    assert!(response["content"]["size"].is_u64() && response["content"]["mimeType"].is_string());
    assert!(entry["cache"].is_object());
    assert_eq!((&entry["_resourceType"], &entry["serverIPAddress"]), (&json!("websocket"), &json!("127.0.0.1")));
    let timings: f64 = ["send", "wait", "receive"].iter().map(|name| entry["timings"][name].as_f64().unwrap()).sum();
    assert!((entry["time"].as_f64().unwrap() - timings).abs() < 1e-9);
    assert!(entry["startedDateTime"].as_str().unwrap().ends_with('Z'));
    let Some(messages) = entry.get("_webSocketMessages") else { return };
    let mut before = 0.0;
    for message in messages.as_array().unwrap() {
        assert!(matches!(message["type"].as_str(), Some("send" | "receive")));
        assert!(matches!(message["opcode"].as_u64(), Some(1 | 2)) && message["data"].is_string());
        let time = message["time"].as_f64().unwrap();
        assert!(time >= before && time > 1.7e9);
        before = time;
    }
}

/// The messages of one entry: `send` or `receive`, opcode, data.
fn messages(entry: &Value) -> Vec<(&str, u64, &str)> {
    let list = entry["_webSocketMessages"].as_array().unwrap().iter();
    list.map(|message| {
        (message["type"].as_str().unwrap(), message["opcode"].as_u64().unwrap(), message["data"].as_str().unwrap())
    })
    .collect()
}

/// Each message as sent, and then as received.
fn echoed<'m>(sent: &[(u64, &'m str)]) -> Vec<(&'static str, u64, &'m str)> {
    let mut both: Vec<_> =
        sent.iter().flat_map(|&(opcode, data)| [("send", opcode, data), ("receive", opcode, data)]).collect();
    both.sort_unstable();
    both
}

fn sorted<'m>(mut messages: Vec<(&'m str, u64, &'m str)>) -> Vec<(&'m str, u64, &'m str)> {
    messages.sort_unstable();
    messages
}

#[tokio::test]
async fn each_connection_is_an_entry_with_complete_messages() {
    let recorded = Recorded::new().await;
    let har = recorded.download("export.har").await.json();
    let log = &har["log"];
    assert_eq!((&log["version"], &log["creator"]["name"]), (&json!("1.2"), &json!("Framescope")));
    let entries = log["entries"].as_array().unwrap();
    let numbers: Vec<_> = entries.iter().map(|entry| entry["connection"].as_str().unwrap().to_owned()).collect();
    assert_eq!(numbers, (TALK..=STILL_OPEN).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(entries.is_sorted_by_key(|entry| entry["startedDateTime"].as_str().unwrap()));
    entries.iter().for_each(check_entry);
    let entry = |number: u32| &entries[number as usize - 1];
    let comment = |number: u32| entry(number)["comment"].as_str().unwrap_or_default();

    let binary = [&[0, 1, 2, 0xff][..], &[7; 300]].map(|bytes| STANDARD.encode(bytes));
    let said = [(1, "Grüße, 世界"), (1, ""), (2, binary[0].as_str()), (2, &binary[1]), (1, "in three pieces")];
    assert_eq!(sorted(messages(entry(TALK))), echoed(&said));
    // Two pings, their pongs, the unsolicited pong, and both close frames.
    assert_eq!(comment(TALK), "control frames left out: 7");
    let talk = entry(TALK);
    let header = |of: &Value, name: &str| {
        let headers = of["headers"].as_array().unwrap();
        headers.iter().find(|pair| pair["name"] == name).map(|pair| pair["value"].as_str().unwrap().to_owned())
    };
    assert_eq!(header(&talk["response"], "Sec-WebSocket-Accept").as_deref(), Some(ACCEPT));
    assert_eq!(header(&talk["request"], "Sec-WebSocket-Protocol").unwrap(), format!("chat, {}", "x".repeat(26)));
    assert_eq!(
        (&talk["response"]["status"], &talk["response"]["statusText"]),
        (&json!(101), &json!("Switching Protocols"))
    );
    assert_eq!(entry(COMPRESSED)["request"]["queryString"], json!([{ "name": "deflate", "value": "on" }]));

    let again = "again and again and again";
    assert_eq!(sorted(messages(entry(COMPRESSED))), echoed(&[(1, again), (1, again), (1, "")]));
    for (number, status, says) in [(REFUSED, 426, "Version: 8"), (MALFORMED, 400, "HTTP/1.1")] {
        let refused = entry(number);
        assert!(refused.get("_webSocketMessages").is_none());
        assert_eq!(refused["response"]["status"], json!(status));
        assert!(comment(number).starts_with("refused: ") && comment(number).contains(says), "{}", comment(number));
    }
    let body = entry(REFUSED)["response"]["content"]["text"].as_str().unwrap();
    assert!(body.to_lowercase().contains("version"), "{body}");
    assert_eq!(entry(REFUSED)["response"]["content"]["size"], json!(body.len()));
    for number in [BROKEN, TOO_BIG] {
        assert_eq!(sorted(messages(entry(number))), echoed(&[(1, "before")]));
        assert_eq!(comment(number), "control frames left out: 1; frames that broke a rule left out: 1");
    }
    assert_eq!(messages(entry(CUT)), []);
    assert_eq!(comment(CUT), "frames of messages without a beginning or end left out: 1");
    assert!(comment(DELIBERATE).contains("frames that broke a rule left out: 1"), "{}", comment(DELIBERATE));
    assert!(!messages(entry(RESET)).is_empty());
    assert_eq!(messages(entry(STILL_OPEN)), []);
    assert_eq!(comment(STILL_OPEN), "frames of messages without a beginning or end left out: 2");
}

#[tokio::test]
async fn large_messages_are_truncated() {
    let recorded = Recorded::new().await;
    let har = recorded.download(&format!("export.har?connection={LARGE}")).await.json();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    check_entry(&entries[0]);
    let list = entries[0]["_webSocketMessages"].as_array().unwrap();
    assert_eq!(list.len(), 12);
    for message in list {
        let data = message["data"].as_str().unwrap();
        let front = if message["opcode"] == 2 { STANDARD.decode(data).unwrap() } else { data.as_bytes().to_vec() };
        match message.get("comment") {
            None => assert_eq!(data, "behind it"),
            Some(comment) => {
                assert_eq!(front.len(), 16 << 10);
                assert!(front.iter().enumerate().all(|(at, byte)| *byte == b'a' + (at % 26) as u8));
                let says = comment.as_str().unwrap();
                assert!(says == "the relay kept the first 16384 of 20000 bytes" || says.ends_with("of 200000 bytes"));
            }
        }
    }
}

#[tokio::test]
async fn a_truncated_text_ends_between_characters() {
    let lab = Lab::with(|config| config.payload_cap = 5).await;
    let mut raw = lab.open().await;
    raw.send(&masked(0x81, "aüüüüü".as_bytes())).await;
    raw.frame().await;
    // The text of the second fragment is left out, because bytes before it are missing.
    raw.send(&[masked(0x01, "ääääää".as_bytes()), masked(0x80, b"end")].concat()).await;
    raw.message().await;
    let har = download(&lab, "export.har").await.json();
    let list = har["log"]["entries"][0]["_webSocketMessages"].as_array().unwrap().clone();
    let data: Vec<_> =
        list.iter().map(|message| (message["data"].as_str().unwrap(), message["comment"].as_str().unwrap())).collect();
    let first = ("aüü", "the relay kept the first 5 of 11 bytes");
    let second = ("ää", "the relay kept the first 5 of 15 bytes");
    assert_eq!(data, [first, first, second, second]);
}

#[tokio::test]
async fn a_connection_without_its_start_is_an_entry() {
    let lab = Lab::with(|config| config.log_count = 4).await;
    let mut raw = lab.open().await;
    for text in ["one", "two", "three"] {
        raw.send(&masked(0x81, text.as_bytes())).await;
        raw.frame().await;
    }
    let har = download(&lab, "export.har").await.json();
    let entry = &har["log"]["entries"][0];
    assert_eq!(
        messages(entry),
        [("send", 1, "two"), ("receive", 1, "two"), ("send", 1, "three"), ("receive", 1, "three")]
    );
    assert_eq!(entry["comment"], "the handshake is no longer in the relay's log");
    assert_eq!((&entry["request"]["method"], &entry["response"]["status"]), (&json!("GET"), &json!(101)));
}

/// The address that was dialed, the interim responses and the content of a chunked body of another server.
#[tokio::test]
async fn another_servers_address_and_response() {
    use crate::hops::{ask, relay_path, upstream::Upstream};
    let upstream = Upstream::bind_to("127.0.0.2").await;
    let lab = Lab::with(|config| config.relay_to = vec![upstream.url("").parse().unwrap()]).await;
    let refuse = async {
        let (mut server, _) = upstream.accept_silently().await;
        let head = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n";
        server.send(format!("{head}\r\n2\r\nno\r\n0\r\n\r\n").as_bytes()).await;
    };
    let path = relay_path(&lab, &upstream.url("/"));
    tokio::join!(ask(&lab, &path, ""), refuse);
    let har = download(&lab, "export.har").await.json();
    let entry = |leg: &str| {
        let entries = har["log"]["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["comment"].as_str().unwrap().starts_with(leg)).unwrap()
    };
    assert_eq!(entry("client side")["serverIPAddress"], "127.0.0.1");
    let far = entry("server side");
    assert_eq!((&far["serverIPAddress"], &far["response"]["status"]), (&json!("127.0.0.2"), &json!(403)));
    assert_eq!((&far["response"]["content"]["text"], &far["response"]["content"]["size"]), (&json!("no"), &json!(2)));
    assert_eq!(far["response"]["bodySize"], 12);
    assert!(far["comment"].as_str().unwrap().contains("interim responses: HTTP/1.1 103 Early Hints"), "{far}");
}
