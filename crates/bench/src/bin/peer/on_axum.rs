//! An echo server after the example in axum's `extract::ws`. Its limits allow far larger messages than the benchmark sends.
//!
//! Every read first fills the whole read buffer with zeros; by default, that is 128 KiB. A smaller buffer makes small messages
//! and idle connections much cheaper, but large messages more expensive, so both are measured.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use axum::serve::ListenerExt;
use std::io;
use tokio::net::TcpListener;

/// axum's default.
pub(super) const DEFAULT_READ_BUFFER: usize = 128 << 10;
/// Large enough for all small messages of one read.
pub(super) const SMALL_READ_BUFFER: usize = 16 << 10;

pub(super) async fn serve(listener: TcpListener, read_buffer: usize) -> io::Result<()> {
    let upgrade = async move |upgrade: WebSocketUpgrade| upgrade.read_buffer_size(read_buffer).on_upgrade(echo);
    let app = Router::new().route("/", any(upgrade));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, app).await
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        // tungstenite answers pings.
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}
