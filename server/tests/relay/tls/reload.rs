//! A certificate that changes while the relay runs.

use super::{Folder, connect};
use crate::admin::metrics;
use crate::support::process::Process;
use crate::support::raw::KEY;
use crate::support::{eventually, http, masked};
use framescope::Relay;
use framescope::args::Config;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

/// A folder with a new certificate and its key.
async fn new_certificate(name: &str) -> Folder {
    let folder = Folder::new(name);
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let mut config = Config { listen: any, tls_listen: Some(any), ..Config::default() };
    config.tls_self_signed = Some(Some(folder.0.clone()));
    Relay::start(config).await.unwrap().stop().await;
    folder
}

fn certificate(folder: &Folder) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(folder.0.join("cert.pem")).unwrap()
}

fn copy(from: &Folder, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for file in ["cert.pem", "key.pem"] {
        fs::copy(from.0.join(file), to.join(file)).unwrap();
    }
}

/// A relay with a copy of that certificate, its TLS address, and that of its metrics.
async fn start(folder: &Folder, used: &Folder) -> (Relay, SocketAddr, SocketAddr) {
    copy(folder, &used.0);
    let any: SocketAddr = ([127, 0, 0, 1], 0).into();
    let mut config = Config { listen: any, tls_listen: Some(any), ..Config::default() };
    (config.tls_cert, config.tls_key) = (Some(used.0.join("cert.pem")), Some(used.0.join("key.pem")));
    (config.host, config.operation.admin_listen) = (vec!["lab".parse().unwrap()], Some(any));
    let relay = Relay::start(config).await.unwrap();
    let (tls, admin) = (relay.tls_address().unwrap(), relay.admin_address().unwrap());
    (relay, tls, admin)
}

async fn shows(tls: SocketAddr, folder: &Folder) -> bool {
    connect(tls, certificate(folder), "localhost", &[]).await.is_ok()
}

#[tokio::test]
async fn new_connections_get_the_new_certificate_and_open_ones_go_on() {
    let (first, second, used) =
        (new_certificate("reload-1").await, new_certificate("reload-2").await, Folder::new("reload"));
    let (relay, tls, admin) = start(&first, &used).await;
    let mut open = connect(tls, certificate(&first), "localhost", &[]).await.unwrap();
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {KEY}\r\n\r\n"
    );
    open.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(open.read_u8().await.unwrap());
    }
    copy(&second, &used.0);
    relay.reload_certificate();
    eventually(async || shows(tls, &second).await).await;
    assert!(!shows(tls, &first).await);
    open.write_all(&masked(0x81, b"still here")).await.unwrap();
    let mut echo = [0; 12];
    open.read_exact(&mut echo).await.unwrap();
    assert_eq!(&echo[2..], b"still here");
    assert_eq!(metrics(admin).await["framescope_certificate_reloads_total{outcome=\"done\"}"], 1.0);
    relay.stop().await;
}

#[tokio::test]
async fn files_that_change_are_noticed_without_a_signal() {
    let (first, second, used) = (new_certificate("seen-1").await, new_certificate("seen-2").await, Folder::new("seen"));
    let (relay, tls, _) = start(&first, &used).await;
    assert!(shows(tls, &first).await);
    copy(&second, &used.0);
    eventually(async || shows(tls, &second).await).await;
    relay.stop().await;
}

#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let (first, second, used) = (new_certificate("bad-1").await, new_certificate("bad-2").await, Folder::new("bad"));
    let (relay, tls, admin) = start(&first, &used).await;
    let failed = "framescope_certificate_reloads_total{outcome=\"failed\"}";
    let bad: [fn(&Path, &Folder); 3] = [
        |used, _| fs::write(used.join("cert.pem"), "-----BEGIN CERTIFICATE-----\nnothing\n").unwrap(),
        // A key that belongs to another certificate.
        |used, second| assert!(fs::copy(second.0.join("key.pem"), used.join("key.pem")).unwrap() > 0),
        |used, _| fs::remove_file(used.join("cert.pem")).unwrap(),
    ];
    for (count, spoil) in bad.into_iter().enumerate() {
        copy(&first, &used.0);
        spoil(&used.0, &second);
        relay.reload_certificate();
        eventually(async || metrics(admin).await[failed] >= (count + 1) as f64).await;
        assert!(shows(tls, &first).await);
    }
    copy(&second, &used.0);
    relay.reload_certificate();
    eventually(async || shows(tls, &second).await).await;
    relay.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_hangup_does_not_end_the_relay() {
    let relay = Process::start(&[]).await;
    let id = relay.child.id().unwrap().to_string();
    for _ in 0..2 {
        assert!(Command::new("kill").args(["-s", "HUP", &id]).status().await.unwrap().success());
        assert_eq!(http(relay.address, "GET", "/healthz", "").await.status, 200);
    }
}
