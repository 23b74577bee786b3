//! TLS to another server: which certificates the relay trusts, and what it says about the others.

use super::upstream::{Upstream, switching};
use super::upstream_refusals::{leading_to, not_even_asked};
use super::{Legs, relay_path};
use crate::support::{Lab, handshake, soon};
use observation::Intermediary;
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// A server with a self-signed certificate, and that certificate as PEM.
pub(crate) async fn secure_upstream(names: &[&str]) -> (TcpListener, TlsAcceptor, String) {
    secure_upstream_with(names, |_| {}).await
}

async fn secure_upstream_with(
    names: &[&str],
    change: impl FnOnce(&mut CertificateParams),
) -> (TcpListener, TlsAcceptor, String) {
    let key = KeyPair::generate().unwrap();
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    change(&mut params);
    let cert = params.self_signed(&key).unwrap();
    let chain = vec![cert.der().clone()];
    let key = PrivatePkcs8KeyDer::from(key.serialize_der());
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key.into()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (listener, TlsAcceptor::from(Arc::new(config)), cert.pem())
}

#[tokio::test]
async fn an_untrusted_certificate() {
    let (listener, acceptor, _) = secure_upstream(&["localhost"]).await;
    let url = format!("wss://localhost:{}", listener.local_addr().unwrap().port());
    let lab = leading_to(std::slice::from_ref(&url)).await;
    let serve = async { acceptor.accept(soon(listener.accept()).await.unwrap().0).await.map(drop) };
    let (refusal, served) = tokio::join!(not_even_asked(&lab, &url), serve);
    assert!(served.is_err());
    assert_eq!((refusal.status, &*refusal.rule), (Some(502), "upstream-tls"));
    assert!(refusal.explanation.contains("--relay-ca"), "{}", refusal.explanation);
}

#[tokio::test]
async fn a_certificate_for_another_name_and_a_server_without_tls() {
    let folder = crate::tls::Folder::new("relay-names");
    std::fs::create_dir_all(&folder.0).unwrap();
    let (listener, acceptor, pem) = secure_upstream(&["elsewhere.example"]).await;
    let file = folder.0.join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let plain = Upstream::bind().await;
    let wrong = format!("wss://localhost:{}", listener.local_addr().unwrap().port());
    let none = format!("wss://localhost:{}", plain.address.port());
    let lab = Lab::with(|config| {
        config.relay_to = vec![wrong.parse().unwrap(), none.parse().unwrap()];
        config.relay_ca = Some(file);
    })
    .await;
    let serve = async { acceptor.accept(soon(listener.accept()).await.unwrap().0).await.map(drop) };
    let (refusal, _) = tokio::join!(not_even_asked(&lab, &wrong), serve);
    assert_eq!(refusal.rule, "upstream-tls");
    // The other side does not speak TLS, and answers with an HTTP error.
    let serve = async {
        let (mut stream, _) = soon(plain.accept_any()).await;
        let _ = stream.read(&mut [0; 100]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    };
    let (refusal, ()) = tokio::join!(not_even_asked(&lab, &none), serve);
    assert_eq!((refusal.status, &*refusal.rule), (Some(502), "upstream-tls"));
    assert!(refusal.explanation.contains("try ws instead"), "{}", refusal.explanation);
}

#[tokio::test]
async fn a_configured_certificate_is_trusted() {
    let folder = crate::tls::Folder::new("relay-ca");
    std::fs::create_dir_all(&folder.0).unwrap();
    let (listener, acceptor, pem) = secure_upstream(&["localhost"]).await;
    let file = folder.0.join("ca.pem");
    std::fs::write(&file, pem).unwrap();
    let url = format!("wss://localhost:{}", listener.local_addr().unwrap().port());
    let allowed = url.parse().unwrap();
    let lab = Lab::with(|config| (config.relay_to, config.relay_ca) = (vec![allowed], Some(file))).await;
    let mut feed = lab.feed().await;
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &url), "").as_bytes()).await;
    let mut server = soon(acceptor.accept(soon(listener.accept()).await.unwrap().0)).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(server.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    soon(server.write_all(switching(&head, "").as_bytes())).await.unwrap();
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
    // This message needs several records.
    let payload = crate::support::deflate::noise(2, 60_000);
    let frame = crate::support::masked(0x82, &payload);
    raw.send(&frame).await;
    let mut came = vec![0; frame.len()];
    soon(server.read_exact(&mut came)).await.unwrap();
    assert!(came == frame);
    soon(server.write_all(b"\x81\x02ok")).await.unwrap();
    assert_eq!(raw.frame().await, (0x81, b"ok".to_vec()));
    soon(server.shutdown()).await.unwrap();
    drop((raw, server));
    let (near, far) = Legs::over(&mut feed, 2).await.pair(&Intermediary::Relay);
    let tls = far.opening().route.tls.clone().unwrap();
    assert_eq!(
        (&*tls.version, tls.server_name.as_deref(), tls.alpn.as_deref()),
        ("TLS 1.3", Some("localhost"), Some("http/1.1"))
    );
    assert!(tls.cipher_suite.starts_with("TLS_"), "{tls:?}");
    assert_eq!(near.opening().route.tls, None);
    assert_eq!(near.frames(), far.frames());
}

/// What `openssl req -x509` makes: a certificate of an authority, signed by itself.
fn own_authority(params: &mut CertificateParams) {
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
}

#[tokio::test]
async fn a_certificate_that_is_its_own_authority_is_trusted_where_it_is_listed() {
    let folder = crate::tls::Folder::new("relay-own-ca");
    std::fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("ca.pem");
    let old = |params: &mut CertificateParams| {
        own_authority(params);
        (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 1, 1));
    };
    let (listed, other, unlisted, expired) = tokio::join!(
        secure_upstream_with(&["localhost"], own_authority),
        secure_upstream_with(&["elsewhere.example"], own_authority),
        secure_upstream_with(&["localhost"], own_authority),
        secure_upstream_with(&["localhost"], old),
    );
    std::fs::write(&file, [&*listed.2, &*other.2, &*expired.2].concat()).unwrap();
    let all = [&listed, &other, &unlisted, &expired];
    let urls = all.map(|(listener, ..)| format!("wss://localhost:{}", listener.local_addr().unwrap().port()));
    let allowed = urls.iter().map(|url| url.parse().unwrap()).collect();
    let lab = Lab::with(|config| (config.relay_to, config.relay_ca) = (allowed, Some(file))).await;
    for ((listener, acceptor, _), url, says) in [
        (&other, &urls[1], "use a name that is in the certificate"),
        (&unlisted, &urls[2], "--relay-ca"),
        (&expired, &urls[3], "needs a new certificate"),
    ] {
        let serve = async { acceptor.accept(soon(listener.accept()).await.unwrap().0).await.map(drop) };
        let (refusal, _) = tokio::join!(not_even_asked(&lab, url), serve);
        assert_eq!((refusal.status, &*refusal.rule), (Some(502), "upstream-tls"), "{says}");
        assert!(refusal.explanation.contains(says), "{}", refusal.explanation);
    }
    let mut raw = lab.raw().await;
    raw.send(handshake(&relay_path(&lab, &urls[0]), "").as_bytes()).await;
    let mut server = soon(listed.1.accept(soon(listed.0.accept()).await.unwrap().0)).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(server.read_u8()).await.unwrap());
    }
    soon(server.write_all(switching(std::str::from_utf8(&head).unwrap(), "").as_bytes())).await.unwrap();
    assert!(raw.head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn an_unreadable_authority_file_is_a_startup_error() {
    use framescope::Relay;
    use framescope::args::Config;
    let folder = crate::tls::Folder::new("relay-no-ca");
    std::fs::create_dir_all(&folder.0).unwrap();
    let file = folder.0.join("ca.pem");
    for text in [None, Some(""), Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let listen = ([127, 0, 0, 1], 0).into();
        let config = Config { listen, relay_ca: Some(file.clone()), ..Config::default() };
        let error = Relay::start(config).await.unwrap_err();
        assert!(error.to_string().contains("--relay-ca"), "{error}");
    }
}
