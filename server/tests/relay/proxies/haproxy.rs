//! HAProxy: in front of HTTP, and forwarding TCP.

use super::program::{Running, filled, write};
use super::{BehindTcp, check_front, check_idle_cut, check_journey, identity, relay, tls};
use crate::support::program::{Program, free};
use crate::support::{masked, soon};
use crate::tls::Secure;
use crate::tls::http2::{Client, VERSION, ask, connect, take};
use std::fs;
use std::net::SocketAddr;

/// HAProxy in front of that relay, at `address`, after `changes` of its configuration.
async fn start(program: &Program, secure: &Secure, address: SocketAddr, changes: &[(&str, &str)]) -> Running {
    let both = identity(secure).map(|path| fs::read_to_string(path).unwrap()).concat();
    let pem = secure.folder.0.join("haproxy.pem");
    fs::write(&pem, both).unwrap();
    let filling = [
        ("bind :443 ", &*format!("bind {address} ")),
        ("/etc/haproxy/lab.example.pem", &pem.display().to_string()),
        ("127.0.0.1:8080", &secure.lab.address().to_string()),
    ];
    run(program, &filled("haproxy/framescope.cfg", &[&filling, changes].concat()), &[address]).await
}

async fn run(program: &Program, text: &str, addresses: &[SocketAddr]) -> Running {
    let (folder, path) = write(&format!("haproxy-{}", addresses[0].port()), "haproxy.cfg", text);
    // -db: in the foreground, as one process.
    program.start(folder, &["-db", "-f", &path], addresses).await
}

#[tokio::test]
async fn haproxy_ends_tls() {
    let Some(program) = Program::find("FRAMESCOPE_HAPROXY") else { return };
    let address = free([127, 77, 2, 1]);
    let secure = relay("haproxy", address).await;
    let _haproxy = start(&program, &secure, address, &[]).await;
    check_journey(&secure, address).await;
}

/// HAProxy takes a WebSocket over HTTP/2, and makes an upgrade of HTTP/1.1 of it.
#[tokio::test]
async fn haproxy_forwards_a_websocket_of_http_2() {
    let Some(program) = Program::find("FRAMESCOPE_HAPROXY") else { return };
    let address = free([127, 77, 2, 2]);
    let secure = relay("haproxy-h2", address).await;
    let _haproxy = start(&program, &secure, address, &[]).await;
    let mut feed = secure.lab.feed().await;
    let (client, connection) = soon(h2::client::handshake(tls(&secure, address, b"h2").await)).await.unwrap();
    tokio::spawn(connection);
    let mut client: Client = soon(client.ready()).await.unwrap();
    let (response, mut sending) = ask(&mut client, connect(&secure.lab.path(), "websocket", &[VERSION])).await;
    assert_eq!(response.status(), 200);
    let opening = feed.opening().await;
    check_front(&opening.route, "localhost");
    assert!(opening.request.starts_with(b"GET "));
    sending.send_data(masked(0x81, b"over two").into(), false).unwrap();
    assert_eq!(take(&mut response.into_body(), 10).await, b"\x81\x08over two");
}

#[tokio::test]
async fn haproxy_cuts_an_idle_connection_after_its_tunnel_timeout() {
    let Some(program) = Program::find("FRAMESCOPE_HAPROXY") else { return };
    let address = free([127, 77, 2, 3]);
    let secure = relay("haproxy-idle", address).await;
    let _haproxy = start(&program, &secure, address, &[("timeout tunnel 65m", "timeout tunnel 200ms")]).await;
    check_idle_cut(&secure, address).await;
}

#[tokio::test]
async fn haproxy_forwards_tcp_with_the_proxy_protocol() {
    let Some(program) = Program::find("FRAMESCOPE_HAPROXY") else { return };
    let (plain, secured) = (free([127, 77, 2, 4]), free([127, 77, 2, 4]));
    let relay = BehindTcp::new("haproxy-tcp", secured).await;
    let [http, https] = relay.addresses();
    let text = filled(
        "haproxy/passthrough.cfg",
        &[
            ("bind :80\n", &*format!("bind {plain}\n")),
            ("bind :443\n", &format!("bind {secured}\n")),
            ("127.0.0.1:8080", &http),
            ("127.0.0.1:8443", &https),
        ],
    );
    let _haproxy = run(&program, &text, &[plain, secured]).await;
    relay.check(plain, secured).await;
}
