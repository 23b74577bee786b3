//! Random input: the relay keeps working, each connection has one end, and every slot is freed.

use crate::support::deflate::noise;
use crate::support::{Lab, Raw, eventually, handshake, http, masked};
use observation::event::Cause;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::connect_async;

/// Sends as much as the connection accepts, and reads until it ends.
async fn pour(mut raw: Raw, bytes: &[u8]) {
    let _ = raw.0.write_all(bytes).await;
    let _ = raw.0.shutdown().await;
    let _ = crate::support::soon(raw.0.read_to_end(&mut Vec::new())).await;
}

#[tokio::test]
async fn noise_in_place_of_frames() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    for seed in 0..200 {
        let bytes = noise(seed, 300);
        pour(lab.open().await, &bytes).await;
        feed.opening().await;
        let (_, closed) = feed.until_closed().await;
        assert!(
            matches!(closed.cause, Cause::Violation | Cause::ConnectionEnded | Cause::ClosingHandshake),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn valid_frames_with_one_wrong_bit() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let good = [masked(0x01, b"abc"), masked(0x89, b"p"), masked(0x80, b"def"), masked(0x88, b"\x03\xe8bye")].concat();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 0x80 >> (bit % 8);
        pour(lab.open().await, &bytes).await;
        feed.opening().await;
        feed.until_closed().await;
    }
}

#[tokio::test]
async fn noise_in_place_of_http() {
    let lab = Lab::new().await;
    let request = handshake(&lab.path(), "");
    for seed in 0..200 {
        let bytes = noise(seed, 200);
        pour(lab.raw().await, &bytes).await;
        let mut almost = request.clone().into_bytes();
        let place = usize::from(bytes[0]) % almost.len();
        almost[place] = bytes[1];
        pour(lab.raw().await, &almost).await;
    }
    assert_eq!(http(lab.address(), "GET", "/healthz", "").await.status, 200);
}

#[tokio::test]
async fn truncated_handshakes_free_their_slots() {
    let lab = Lab::with(|config| (config.session_connections, config.max_connections) = (3, 20)).await;
    let request = handshake(&lab.path(), "");
    for cut in (0..=request.len()).step_by(5) {
        let Ok(mut stream) = tokio::net::TcpStream::connect(lab.address()).await else { continue };
        let _ = stream.write_all(&request.as_bytes()[..cut]).await;
    }
    let url = format!("ws://{}{}", lab.address(), lab.path());
    let three = async || {
        let all = [connect_async(&url).await, connect_async(&url).await, connect_async(&url).await];
        all.iter().all(Result::is_ok)
    };
    eventually(three).await;
}
