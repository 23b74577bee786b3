//! A relay between the client and the server of Python's `websockets`.

use super::{Legs, relay_path};
use crate::python::{client::run, server::Server};
use crate::support::Lab;
use observation::Intermediary;
use observation::event::Cause;
use serde_json::{Value, json};

/// Messages of every kind and size through the relay, with an independent client and server.
async fn check(parameters: Value, offer: Value) {
    let mut server = Server::start(&parameters).await;
    let url = format!("ws://{}", server.address);
    let lab = Lab::with(|config| {
        config.relay_to = vec![url.parse().unwrap()];
        config.log_bytes = 64 << 20;
    })
    .await;
    let mut feed = lab.feed().await;
    let client = format!("ws://{}{}", lab.address(), relay_path(&lab, &url));
    let arguments = [client.as_str(), &offer.to_string()];
    let (report, legs) = tokio::join!(run("client.py", &arguments), Legs::over(&mut feed, 2));
    let agreed = !parameters.is_null() && !offer.is_null();
    assert_eq!(report["agreed"].as_array().unwrap().len(), usize::from(agreed));
    assert_eq!(server.received().await, "4000 c'est fini");
    let (near, far) = legs.pair(&Intermediary::Relay);
    for leg in [&near, &far] {
        assert_eq!((leg.closed().cause, leg.closed().clean), (Cause::ClosingHandshake, true));
        assert_eq!(leg.opening().deflate.is_some(), agreed);
        assert!(leg.frames().iter().all(|frame| frame.violations.is_empty()));
        let data = leg.frames().iter().filter(|frame| frame.position.is_some_and(|it| it.last)).count();
        assert!(data >= 2 * report["sent"].as_array().unwrap().len());
    }
    assert_eq!(near.closed().client, far.closed().client);
    assert_eq!(near.closed().server, far.closed().server);
}

#[tokio::test]
async fn plain() {
    check(Value::Null, Value::Null).await;
}

#[tokio::test]
async fn compressed() {
    check(json!({}), json!({})).await;
    check(
        json!({ "server_no_context_takeover": true, "client_max_window_bits": 9 }),
        json!({ "client_max_window_bits": 12 }),
    )
    .await;
}
