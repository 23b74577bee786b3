//! What tests need to know about the kernel: how much it buffers, and when it takes no more.

use crate::support::{Raw, soon};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpSocket;

/// An upper bound for the bytes that the kernel buffers between two ends that do not read: the send buffer of one side and
/// the receive buffer of the other, twice. That is a connection with its echo, or two connections with a relay between.
pub(crate) fn most_buffered() -> usize {
    2 * (largest("tcp_rmem") + largest("tcp_wmem"))
}

/// More bytes than the kernel takes for a `deaf` client.
pub(crate) fn more_than_buffered() -> usize {
    largest("tcp_wmem") + (4 << 20)
}

/// The last of three numbers: how far Linux lets a buffer grow.
fn largest(name: &str) -> usize {
    let text = std::fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    let number = text.and_then(|text| text.split_whitespace().last()?.parse().ok());
    number.unwrap_or(16 << 20)
}

/// A client that is not going to read, with a receive buffer that is full at once.
pub(crate) async fn deaf(address: SocketAddr) -> Raw {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 << 10).unwrap();
    Raw(soon(socket.connect(address)).await.unwrap())
}

/// Completes when nothing more can be expected of a relay on this thread. It has had at least 300 ms and, whatever the
/// machine does meanwhile, 300 chances to run.
pub(crate) async fn nothing_more() {
    for _ in 0..300 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
