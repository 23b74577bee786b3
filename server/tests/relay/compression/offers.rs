//! A client's offers and which of them the relay accepts, in the response and in its record. RFC 7692 §5 and §7.1.

use crate::support::raw::ACCEPT;
use crate::support::{Lab, Raw, eventually, handshake, masked};
use framescope::args::Switch;
use observation::{Deflate, Offer};

const PLAIN: Deflate = Deflate {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 15,
    client_max_window_bits: 15,
};

/// The text of an offer, and its response or the reason why it was declined.
type Judged<'a> = (&'a str, Result<&'a str, &'a str>);

/// Sends `lines` of offers to the lab with `query`. Checks the response byte by byte, and its record.
async fn check(lab: &Lab, query: &str, lines: &[&str], judged: &[Judged<'_>], deflate: Option<Deflate>) {
    let mut feed = lab.feed_after(u64::MAX).await;
    let mut raw = lab.raw().await;
    let offers: String = lines.iter().map(|line| format!("Sec-WebSocket-Extensions: {line}\r\n")).collect();
    raw.send(handshake(&format!("{}{query}", lab.path()), &offers).as_bytes()).await;
    let answer = judged.iter().find_map(|(_, judged)| judged.ok());
    let line = answer.map_or(String::new(), |answer| format!("Sec-WebSocket-Extensions: {answer}\r\n"));
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n{line}\r\n"
    );
    assert_eq!(raw.head().await, response, "{lines:?} at {query:?}");
    let opening = feed.opening().await;
    assert_eq!(String::from_utf8(opening.response).unwrap(), response);
    let expected: Vec<_> = judged
        .iter()
        .map(|(offer, judged)| Offer {
            offer: (*offer).to_owned(),
            answer: judged.ok().map(str::to_owned),
            declined: judged.err().map(str::to_owned),
        })
        .collect();
    assert_eq!(opening.offers, expected, "{lines:?} at {query:?}");
    assert_eq!(opening.deflate, deflate, "{lines:?} at {query:?}");
}

#[tokio::test]
async fn a_browsers_offer_is_accepted() {
    let lab = Lab::new().await;
    let offer = "permessage-deflate; client_max_window_bits";
    check(&lab, "", &[offer], &[(offer, Ok("permessage-deflate"))], Some(PLAIN)).await;
}

#[tokio::test]
async fn no_offer_is_no_answer() {
    let lab = Lab::new().await;
    check(&lab, "", &[], &[], None).await;
    check(&lab, "?deflate=on&server_max_window_bits=10", &[], &[], None).await;
}

#[tokio::test]
async fn each_parameter_has_its_response() {
    let lab = Lab::new().await;
    let cases = [
        ("permessage-deflate", "permessage-deflate", PLAIN),
        (
            "permessage-deflate; server_no_context_takeover",
            "permessage-deflate; server_no_context_takeover",
            Deflate { server_no_context_takeover: true, ..PLAIN },
        ),
        (
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover",
            Deflate { client_no_context_takeover: true, ..PLAIN },
        ),
        (
            "permessage-deflate; server_max_window_bits=10",
            "permessage-deflate; server_max_window_bits=10",
            Deflate { server_max_window_bits: 10, ..PLAIN },
        ),
        // §7.1.2.1: the response must contain the parameter if the client offers it, even with the default value.
        ("permessage-deflate; server_max_window_bits=15", "permessage-deflate; server_max_window_bits=15", PLAIN),
        (
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate; client_max_window_bits=8",
            Deflate { client_max_window_bits: 8, ..PLAIN },
        ),
        (
            "permessage-deflate; server_max_window_bits=\"12\" ;client_no_context_takeover",
            "permessage-deflate; client_no_context_takeover; server_max_window_bits=12",
            Deflate { client_no_context_takeover: true, server_max_window_bits: 12, ..PLAIN },
        ),
    ];
    for (offer, answer, deflate) in cases {
        check(&lab, "", &[offer], &[(offer, Ok(answer))], Some(deflate)).await;
    }
}

#[tokio::test]
async fn the_first_acceptable_offer_is_accepted() {
    let lab = Lab::new().await;
    // One header line, several lines, spaces and empty items all give one list. RFC 9110 §5.3.
    let lines = [
        "x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=8,, ",
        "permessage-deflate; level=9 ,permessage-deflate; server_max_window_bits=11",
        "permessage-deflate",
    ];
    let judged = [
        ("x-webkit-deflate-frame", Err("`x-webkit-deflate-frame` is not an extension that this relay supports")),
        (
            "permessage-deflate; server_max_window_bits=8",
            Err("this relay compresses with zlib, whose smallest window is 2^9 bytes, not 2^8"),
        ),
        ("permessage-deflate; level=9", Err("`level` is not a parameter of permessage-deflate")),
        ("permessage-deflate; server_max_window_bits=11", Ok("permessage-deflate; server_max_window_bits=11")),
        ("permessage-deflate", Err("the server accepted an earlier offer")),
    ];
    check(&lab, "", &lines, &judged, Some(Deflate { server_max_window_bits: 11, ..PLAIN })).await;
}

#[tokio::test]
async fn an_offer_that_breaks_the_rules_is_declined_with_the_reason() {
    let lab = Lab::new().await;
    let cases = [
        ("permessage-deflate; server_no_context_takeover=1", "`server_no_context_takeover` must not have a value"),
        (
            "permessage-deflate; client_no_context_takeover; client_no_context_takeover",
            "`client_no_context_takeover` appears twice",
        ),
        (
            "permessage-deflate; server_max_window_bits",
            "`server_max_window_bits` takes a number from 8 to 15 without leading zeros, but it has no value",
        ),
        (
            "permessage-deflate; client_max_window_bits=08",
            "`client_max_window_bits` takes a number from 8 to 15 without leading zeros, not `08`",
        ),
        (
            "permessage-deflate; client_max_window_bits=16",
            "`client_max_window_bits` takes a number from 8 to 15 without leading zeros, not `16`",
        ),
        ("permessage-bzip2", "`permessage-bzip2` is not an extension that this relay supports"),
    ];
    for (offer, reason) in cases {
        check(&lab, "", &[offer], &[(offer, Err(reason))], None).await;
    }
}

#[tokio::test]
async fn the_url_selects_the_parameters() {
    let lab = Lab::new().await;
    let offer = "permessage-deflate; client_max_window_bits";
    let off = [(offer, Err("compression is switched off for this connection"))];
    check(&lab, "?deflate=off", &[offer], &off, None).await;
    let answer = "permessage-deflate; server_no_context_takeover; server_max_window_bits=10";
    let query = "?deflate=on&server_no_context_takeover&server_max_window_bits=10";
    let deflate = Deflate { server_no_context_takeover: true, server_max_window_bits: 10, ..PLAIN };
    check(&lab, query, &[offer], &[(offer, Ok(answer))], Some(deflate)).await;
    let answer = "permessage-deflate; client_no_context_takeover; client_max_window_bits=9";
    let query = "?client_no_context_takeover=&client_max_window_bits=9";
    let deflate = Deflate { client_no_context_takeover: true, client_max_window_bits: 9, ..PLAIN };
    check(&lab, query, &[offer], &[(offer, Ok(answer))], Some(deflate)).await;
    // The limit of one side never increases the window that the other side requested.
    let narrow = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=12";
    let answer = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=12";
    let query = "?server_max_window_bits=13&client_max_window_bits=14";
    let deflate = Deflate { server_max_window_bits: 9, client_max_window_bits: 12, ..PLAIN };
    check(&lab, query, &[narrow], &[(narrow, Ok(answer))], Some(deflate)).await;
}

#[tokio::test]
async fn an_offer_without_the_required_window_parameter_is_declined() {
    let lab = Lab::new().await;
    let reason = "this connection limits the client’s window, but without `client_max_window_bits` in the offer a server \
                  cannot ask for that";
    let lines = ["permessage-deflate, permessage-deflate; client_max_window_bits"];
    let answer = "permessage-deflate; client_max_window_bits=10";
    let judged = [("permessage-deflate", Err(reason)), ("permessage-deflate; client_max_window_bits", Ok(answer))];
    let deflate = Deflate { client_max_window_bits: 10, ..PLAIN };
    check(&lab, "?client_max_window_bits=10", &lines, &judged, Some(deflate)).await;
}

#[tokio::test]
async fn the_url_overrides_the_default_of_the_flag() {
    let lab = Lab::with(|config| config.deflate = Switch::Off).await;
    let offer = "permessage-deflate";
    let off = [(offer, Err("compression is switched off for this connection"))];
    check(&lab, "", &[offer], &off, None).await;
    check(&lab, "?deflate=on", &[offer], &[(offer, Ok(offer))], Some(PLAIN)).await;
    let answer = "permessage-deflate; server_no_context_takeover";
    let deflate = Deflate { server_no_context_takeover: true, ..PLAIN };
    check(&lab, "?server_no_context_takeover", &[offer], &[(offer, Ok(answer))], Some(deflate)).await;
}

#[tokio::test]
async fn the_number_of_compressed_connections_is_limited() {
    let lab = Lab::with(|config| config.max_deflate = 2).await;
    let mut first = lab.open_deflate("").await;
    // The limit is for the whole relay, not for each session.
    let echo = Raw::open_deflate(lab.address(), "/echo").await;
    let offer = "permessage-deflate";
    let full = [(offer, Err("the relay already has as many compressed connections as it allows"))];
    check(&lab, "", &[offer], &full, None).await;
    // The uncompressed connection works like any other.
    let mut plain = lab.open().await;
    plain.send(&masked(0x81, b"still here")).await;
    assert_eq!(plain.frame().await, (0x81, b"still here".to_vec()));
    let taken = async || {
        let mut raw = lab.raw().await;
        raw.send(handshake("/echo", "Sec-WebSocket-Extensions: permessage-deflate\r\n").as_bytes()).await;
        raw.head().await.contains("Sec-WebSocket-Extensions").then_some(raw)
    };
    // A slot is free after the close frame, before the client disconnects.
    first.send(&masked(0x88, b"\x03\xe8")).await;
    assert_eq!(first.close_code().await, 1000);
    let second = taken().await.expect("the slot of the first");
    assert!(taken().await.is_none());
    // It is also free if neither side sent a close frame.
    drop((echo, second));
    eventually(async || {
        let (one, other) = (taken().await, taken().await);
        one.is_some() && other.is_some()
    })
    .await;
    drop(first);
}
