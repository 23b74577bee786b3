//! TCP keepalive: the kernel finds other ends that no longer exist. Read from the timers that Linux shows.
#![cfg(target_os = "linux")]

use crate::support::{Lab, Raw, eventually, handshake, soon};
use crate::tls::Secure;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Whether a probe is due on the end of a connection that has the address `local`.
fn has_keepalive(local: SocketAddr, remote: SocketAddr) -> bool {
    let hex = |address: SocketAddr| {
        let SocketAddr::V4(address) = address else { panic!("{address} is not IPv4") };
        format!("{:08X}:{:04X}", u32::from_ne_bytes(address.ip().octets()), address.port())
    };
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let fields = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = fields.into_iter().find(|line| line[1..3] == [hex(local), hex(remote)]).expect("the connection exists");
    // `tr`: 0 is no timer, 1 retransmission, 2 keepalive.
    line[5].starts_with("02:")
}

/// The timer of a retransmission hides the other until everything is acknowledged.
async fn check(local: SocketAddr, remote: SocketAddr) {
    eventually(async || has_keepalive(local, remote)).await;
}

#[tokio::test]
async fn accepted_connections_have_it() {
    let secure = Secure::new("keepalive").await;
    let raw = secure.lab.open().await;
    check(secure.lab.address(), raw.0.local_addr().unwrap()).await;
    let tls = secure.connect(&[b"h2"]).await;
    check(secure.lab.relay.tls_address().unwrap(), tls.get_ref().0.local_addr().unwrap()).await;
}

#[tokio::test]
async fn connections_to_other_servers_have_it() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let lab = Lab::with(|config| config.relay_to = vec![format!("ws://{address}").parse().unwrap()]).await;
    let mut raw = Raw::connect(lab.address()).await;
    raw.send(handshake(&format!("/relay/{}?to=ws://{address}", lab.id), "").as_bytes()).await;
    let (accepted, relay) = soon(server.accept()).await.unwrap();
    soon(accepted.readable()).await.unwrap();
    check(relay, address).await;
}
