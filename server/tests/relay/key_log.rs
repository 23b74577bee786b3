//! TLS secrets in a file: with it, Wireshark decrypts what crossed the wire between the relay and another server.

use crate::check::Check;
use crate::export::tshark::{self, Packet};
use crate::hops::relay_path;
use crate::hops::upstream::switching;
use crate::hops::upstream_tls::secure_upstream;
use crate::support::{Lab, handshake, masked, soon};
use crate::tls::Folder;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// What only those who have the secrets can read.
const SECRET: &str = "for your eyes";

/// Forwards one TCP connection and keeps its bytes, as a capture does.
struct Tap {
    address: SocketAddr,
    kept: Arc<Mutex<Reads>>,
    _task: AbortOnDropHandle<()>,
}

/// What each side sent, in order.
type Reads = Vec<(Side, Vec<u8>)>;

#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

impl Tap {
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::<Mutex<Reads>>::default();
        let keep = Arc::clone(&kept);
        let task = tokio::spawn(async move {
            let (client, _) = listener.accept().await.unwrap();
            let server = TcpStream::connect(server).await.unwrap();
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            tokio::join!(
                forward(Side::Client, from_client, to_server, &keep),
                forward(Side::Server, from_server, to_client, &keep)
            );
        });
        Self { address, kept, _task: AbortOnDropHandle::new(task) }
    }

    /// A pcap file with a packet for each read.
    fn capture(&self) -> Vec<u8> {
        // LINKTYPE_RAW: packets begin with the IP header.
        let mut file = [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, 101].map(u32::to_le_bytes).concat();
        let mut sent = [0_u32; 2];
        for (from, bytes) in self.kept.lock().unwrap().iter() {
            let (own, other, ports) = match from {
                Side::Client => (0, 1, [50_000_u16, 443]),
                Side::Server => (1, 0, [443, 50_000]),
            };
            let length = u16::try_from(40 + bytes.len()).unwrap();
            let mut packet = vec![0x45, 0];
            packet.extend(length.to_be_bytes());
            packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
            packet.extend(ports.map(u16::to_be_bytes).concat());
            packet.extend([sent[own], sent[other]].map(u32::to_be_bytes).concat());
            packet.extend([0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0]);
            packet.extend(bytes);
            sent[own] += bytes.len() as u32;
            file.extend([0, 0, u32::from(length), u32::from(length)].map(u32::to_le_bytes).concat());
            file.extend(packet);
        }
        file
    }
}

async fn forward(side: Side, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, keep: &Mutex<Reads>) {
    let mut buffer = vec![0; 16_000];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        keep.lock().unwrap().push((side, buffer[..length].to_vec()));
        to.write_all(&buffer[..length]).await.unwrap();
    }
    let _ = to.shutdown().await;
}

/// The packets of a capture, decrypted with the secrets in a file.
async fn decrypted(capture: &[u8], secrets: &Path) -> Vec<Packet> {
    let secrets = format!("tls.keylog_file:{}", secrets.display());
    tshark::packets(capture, &["-d", "tcp.port==443,tls", "-o", &secrets, "-o", "tcp.check_checksum:FALSE"]).await
}

fn has(packets: &[Packet], field: &str, value: &str) -> bool {
    packets.iter().any(|packet| packet.text(field).split('|').any(|part| part == value))
}

/// Answers one handshake. Takes the client's text, sends `ok` and a close frame, and ends the connection when that is answered.
async fn serve(listener: TcpListener, acceptor: TlsAcceptor) {
    let mut server = soon(acceptor.accept(soon(listener.accept()).await.unwrap().0)).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(server.read_u8()).await.unwrap());
    }
    server.write_all(switching(std::str::from_utf8(&head).unwrap(), "").as_bytes()).await.unwrap();
    soon(server.read_exact(&mut [0; 6 + SECRET.len()])).await.unwrap();
    server.write_all(b"\x81\x02ok").await.unwrap();
    server.write_all(b"\x88\x02\x03\xe8").await.unwrap();
    soon(server.read_exact(&mut [0; 6 + 2])).await.unwrap();
    server.shutdown().await.unwrap();
}

#[tokio::test]
async fn wireshark_decrypts_the_server_side_of_a_relay() {
    let folder = Folder::new("key-log");
    std::fs::create_dir_all(&folder.0).unwrap();
    let (ca, log) = (folder.0.join("ca.pem"), folder.0.join("keys.log"));
    let (listener, acceptor, pem) = secure_upstream(&["localhost"]).await;
    std::fs::write(&ca, pem).unwrap();
    let tap = Tap::to(listener.local_addr().unwrap()).await;
    let url = format!("wss://localhost:{}", tap.address.port());
    let allowed = url.parse().unwrap();
    let lab = Lab::with(|config| {
        (config.relay_to, config.relay_ca) = (vec![allowed], Some(ca));
        config.operation.relay_key_log = Some(log.clone());
    })
    .await;
    let client = async {
        let mut raw = lab.raw().await;
        raw.send(handshake(&relay_path(&lab, &format!("{url}/room")), "").as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
        raw.send(&masked(0x81, SECRET.as_bytes())).await;
        assert_eq!(raw.frame().await, (0x81, b"ok".to_vec()));
        raw.send(&masked(0x88, b"\x03\xe8")).await;
        raw.rest().await;
    };
    tokio::join!(client, serve(listener, acceptor));
    let capture = tap.capture();
    let packets = decrypted(&capture, &log).await;
    assert!(has(&packets, "http.request.uri", "/room"));
    assert!(has(&packets, "websocket.payload.text", SECRET) && has(&packets, "websocket.payload.text", "ok"));
    // Without the file, nothing of it can be read.
    let none = folder.0.join("none.log");
    std::fs::write(&none, "").unwrap();
    let packets = decrypted(&capture, &none).await;
    assert!(packets.iter().all(|packet| packet.text("http.request.uri").is_empty() && !packet.is_websocket()));
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_others_can_read_is_a_startup_error() {
    use framescope::Relay;
    use framescope::args::Config;
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("key-log-public");
    std::fs::create_dir_all(&folder.0).unwrap();
    let log = folder.0.join("keys.log");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    config.operation.relay_key_log = Some(log);
    let error = Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("--relay-key-log") && error.contains("chmod 600"), "{error}");
}

#[tokio::test]
async fn wireshark_decrypts_a_check() {
    let (listener, acceptor, pem) = secure_upstream(&["localhost"]).await;
    let tap = Tap::to(listener.local_addr().unwrap()).await;
    let check = Check::new(
        "[[scenario]]\nname = \"one\"\nconnect.tls.authority = \"ca.pem\"\n\
         steps = [{ send.text = \"for your eyes\" }, { expect.text = \"ok\" }, { expect.close.code = 1000 }]\n",
    );
    check.write("ca.pem", pem);
    let url = format!("wss://localhost:{}/room", tap.address.port());
    let run = check.run_with(&url, &["a.toml", "--key-log", "keys.log"], &[]);
    let (ran, ()) = tokio::join!(run, serve(listener, acceptor));
    ran.passed();
    let packets = decrypted(&tap.capture(), &check.folder.0.join("keys.log")).await;
    assert!(has(&packets, "http.request.uri", "/room") && has(&packets, "websocket.payload.text", SECRET));
    // It cannot be written.
    let ran = check.run_with(&url, &["a.toml", "--key-log", "none/keys.log"], &[]).await;
    assert_eq!(ran.code, 2, "{ran:#?}");
    ran.says(&["name another file with --key-log"]);
}
