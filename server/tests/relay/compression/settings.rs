//! Invalid compression settings: the relay refuses them, says what to write instead, and records the refusal.

use crate::support::{Lab, handshake};

/// Requests `query` on both addresses. The body and the record contain the reason.
async fn check(query: &str, reason: &str) {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for path in [lab.path(), "/echo".to_owned()] {
        let mut raw = lab.raw().await;
        let request = handshake(&format!("{path}?{query}"), "Sec-WebSocket-Extensions: permessage-deflate\r\n");
        raw.send(request.as_bytes()).await;
        let response = String::from_utf8(raw.rest().await).unwrap();
        let length = reason.len() + 2;
        let expected = format!(
            "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{reason}.\n"
        );
        assert_eq!(response, expected, "{path}?{query}");
        if path == "/echo" {
            continue;
        }
        let refusal = feed.refusal().await;
        assert_eq!((refusal.status, refusal.rule.as_ref(), refusal.section), (Some(400), "setting", None));
        assert_eq!(refusal.explanation, reason);
        assert_eq!(String::from_utf8(refusal.request).unwrap(), request);
        assert_eq!(String::from_utf8(refusal.response).unwrap(), response);
    }
    // The request without a session is not recorded, and no connection was opened.
    let _raw = lab.open().await;
    feed.opening().await;
}

#[tokio::test]
async fn a_name_that_is_none() {
    check("compression=on", "there is no setting `compression`; `/api/behaviours` lists them").await;
    check("deflate=on&=", "there is no setting ``; `/api/behaviours` lists them").await;
    check("deflat=on", "there is no setting `deflat`; did you mean `deflate`?").await;
}

#[tokio::test]
async fn a_value_that_is_none() {
    check("deflate", "`deflate` takes `on` or `off`, not ``").await;
    check("deflate=maybe", "`deflate` takes `on` or `off`, not `maybe`").await;
    check("server_no_context_takeover=yes", "`server_no_context_takeover` takes no value; remove the value").await;
    check("server_max_window_bits=8", "`server_max_window_bits` takes a number from 9 to 15, not `8`").await;
    check("client_max_window_bits=7", "`client_max_window_bits` takes a number from 8 to 15, not `7`").await;
}

#[tokio::test]
async fn settings_that_contradict_each_other() {
    check("deflate=on&deflate=off", "the setting `deflate` appears twice; write it once").await;
    check(
        "client_max_window_bits=9&deflate=off",
        "`client_max_window_bits` requires compression, which `deflate=off` turns off; remove one of them",
    )
    .await;
}
