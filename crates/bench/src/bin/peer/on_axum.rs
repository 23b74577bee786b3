//! After the example in axum's `extract::ws`; its limits allow messages far larger than those sent here.
//!
//! Every read fills the read buffer with zeros first, all 128 KiB of it by default. A smaller one makes small messages and
//! idle connections much cheaper and large messages dearer, so both are measured.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use axum::serve::ListenerExt;
use std::io;
use tokio::net::TcpListener;

/// What axum has when nothing is said.
pub(super) const DEFAULT_READ_BUFFER: usize = 128 << 10;
/// Enough for the small messages of a whole read.
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
        // Pings are answered by tungstenite.
        if matches!(message, Message::Text(_) | Message::Binary(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}
