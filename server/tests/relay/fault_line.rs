//! The network of the tests breaks as a real one does.

use crate::support::fault_line::{Direction, FaultLine};
use crate::support::soon;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server of one connection, and a client of it through the line.
async fn connected(line: &FaultLine, server: &TcpListener) -> (TcpStream, TcpStream) {
    let client = soon(TcpStream::connect(line.address)).await.unwrap();
    (client, soon(server.accept()).await.unwrap().0)
}

async fn server() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

async fn carries(from: &mut TcpStream, to: &mut TcpStream) {
    soon(from.write_all(b"ping")).await.unwrap();
    assert_eq!(soon(to.read_u32()).await.unwrap(), u32::from_be_bytes(*b"ping"));
}

#[tokio::test]
async fn a_cut_resets_both_ends_and_heals() {
    let (listener, address) = server().await;
    let line = FaultLine::to(address).await;
    let (mut client, mut server) = connected(&line, &listener).await;
    carries(&mut client, &mut server).await;
    carries(&mut server, &mut client).await;
    line.cut();
    for end in [&mut client, &mut server] {
        assert_eq!(soon(end.read_u8()).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }
    let mut client = soon(TcpStream::connect(line.address)).await.unwrap();
    assert_eq!(soon(client.read_u8()).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    line.heal();
    let (mut client, mut server) = connected(&line, &listener).await;
    carries(&mut client, &mut server).await;
    drop(client);
    assert_eq!(soon(server.read(&mut [0])).await.unwrap(), 0, "an end is forwarded as one");
}

#[tokio::test]
async fn a_stall_holds_one_direction_until_it_heals() {
    let (listener, address) = server().await;
    let line = FaultLine::to(address).await;
    let (mut client, mut server) = connected(&line, &listener).await;
    line.stall(Direction::ToUpstream);
    soon(client.write_all(b"held")).await.unwrap();
    // Comes after the held bytes could have: they have had the same way.
    carries(&mut server, &mut client).await;
    assert_eq!(server.try_read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    line.heal();
    assert_eq!(soon(server.read_u32()).await.unwrap(), u32::from_be_bytes(*b"held"));
}

#[tokio::test]
async fn a_moved_address_leads_new_connections_elsewhere() {
    let ((first, address), (second, moved)) = (server().await, server().await);
    let line = FaultLine::to(address).await;
    let (mut client, mut server) = connected(&line, &first).await;
    line.lead_to(moved);
    carries(&mut client, &mut server).await;
    line.reset();
    assert_eq!(soon(client.read_u8()).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    let (mut client, mut server) = connected(&line, &second).await;
    carries(&mut client, &mut server).await;
}
