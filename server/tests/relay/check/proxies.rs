//! Real proxies: tinyproxy for HTTP CONNECT, and microsocks for SOCKS5.

use super::{Check, Ran, one};
use crate::support::program::{Program, free};
use crate::support::{Lab, soon};
use std::net::SocketAddr;
use std::process::Stdio;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;

/// A proxy process that ends with the test.
struct Proxy {
    _child: Child,
    address: SocketAddr,
}

/// Waits until a program listens.
async fn listens(address: SocketAddr) {
    soon(async {
        while TcpStream::connect(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// tinyproxy on an address that no other program takes, with these lines in its configuration.
async fn tinyproxy(check: &Check, ip: [u8; 4], lines: &str) -> Option<Proxy> {
    let program = Program::find("FRAMESCOPE_TINYPROXY")?;
    let address = free(ip);
    let (host, port) = (address.ip(), address.port());
    check.write(
        "tinyproxy.conf",
        format!("Listen {host}\nPort {port}\nTimeout 600\nMaxClients 20\nAllow 127.0.0.0/8\n{lines}\n"),
    );
    let mut command = program.command();
    command.arg("-d").arg("-c").arg(check.folder.0.join("tinyproxy.conf")).stdout(Stdio::null());
    let child = command.spawn().unwrap();
    listens(address).await;
    Some(Proxy { _child: child, address })
}

async fn microsocks(ip: [u8; 4], login: Option<(&str, &str)>) -> Option<Proxy> {
    let program = Program::find("FRAMESCOPE_MICROSOCKS")?;
    let address = free(ip);
    let mut command = program.command();
    command.args(["-i", &address.ip().to_string(), "-p", &address.port().to_string()]).stderr(Stdio::null());
    if let Some((name, password)) = login {
        command.args(["-u", name, "-P", password]);
    }
    let child = command.spawn().unwrap();
    listens(address).await;
    Some(Proxy { _child: child, address })
}

const ECHO: &str = "steps = [{ send.text = \"a\" }, { expect.text = \"a\" }]";

async fn through(check: &Check, url: &str, proxy: &str) -> Ran {
    check.write("a.toml", one(&format!("connect.proxy = \"{proxy}\"\n{ECHO}")));
    check.run_with(url, &["a.toml"], &[("PASSWORD", "p4ss.word")]).await
}

#[track_caller]
fn unreachable(ran: &Ran, says: &str) {
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&[says]);
}

#[tokio::test]
async fn through_an_http_proxy() {
    let lab = Lab::new().await;
    let check = Check::new("");
    let relay = lab.relay.address();
    let allowed = format!("ConnectPort {}", relay.port());
    let Some(proxy) = tinyproxy(&check, [127, 0, 0, 61], &allowed).await else { return };
    let (url, through_it) = (format!("ws://{relay}/echo"), format!("http://{}", proxy.address));
    through(&check, &url, &through_it).await.passed();
    // tinyproxy looks up the name.
    through(&check, &format!("ws://localhost:{}/echo", relay.port()), &through_it).await.passed();
    // It allows one port only.
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let ran = through(&check, &format!("ws://{other}/"), &through_it).await;
    unreachable(&ran, &format!("answered CONNECT {other} with status 403; check that it allows this host and port"));
    let ran = through(&check, &url, &format!("http://{other}")).await;
    unreachable(&ran, "the proxy is not reached: cannot connect to 127.0.0.1:");
    // The relay is an HTTP server, but no proxy.
    let ran = through(&check, &url, &format!("http://{relay}")).await;
    unreachable(&ran, "answered CONNECT");
}

#[tokio::test]
async fn through_an_http_proxy_with_a_login() {
    let lab = Lab::new().await;
    let check = Check::new("");
    let Some(proxy) = tinyproxy(&check, [127, 0, 0, 62], "BasicAuth me p4ss.word").await else { return };
    let url = format!("ws://{}/echo", lab.relay.address());
    through(&check, &url, &format!("http://me:${{PASSWORD}}@{}", proxy.address)).await.passed();
    let ran = through(&check, &url, &format!("http://{}", proxy.address)).await;
    unreachable(&ran, "requires a login (status 407); write it into the URL");
    let ran = through(&check, &url, &format!("http://me:${{PASSWORD}}x@{}", proxy.address)).await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    assert!(!ran.out.contains("p4ss"), "{ran:#?}");
}

#[tokio::test]
async fn through_a_socks_proxy() {
    let lab = Lab::new().await;
    let check = Check::new("");
    let relay = lab.relay.address();
    let Some(proxy) = microsocks([127, 0, 0, 63], None).await else { return };
    for scheme in ["socks5", "socks5h"] {
        for host in ["127.0.0.1", "localhost"] {
            let url = format!("ws://{host}:{}/echo", relay.port());
            through(&check, &url, &format!("{scheme}://{}", proxy.address)).await.passed();
        }
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let ran = through(&check, &format!("ws://{gone}/"), &format!("socks5://{}", proxy.address)).await;
    unreachable(&ran, &format!("did not connect to {gone} ("));
    let ran = through(&check, &format!("ws://{relay}/echo"), &format!("socks5://{relay}")).await;
    unreachable(&ran, "did not connect to");
}

#[tokio::test]
async fn through_a_socks_proxy_with_a_login() {
    let lab = Lab::new().await;
    let check = Check::new("");
    let Some(proxy) = microsocks([127, 0, 0, 64], Some(("me", "p4ss.word"))).await else { return };
    let url = format!("ws://{}/echo", lab.relay.address());
    through(&check, &url, &format!("socks5://me:${{PASSWORD}}@{}", proxy.address)).await.passed();
    let ran = through(&check, &url, &format!("socks5://{}", proxy.address)).await;
    unreachable(&ran, "check the login");
}
