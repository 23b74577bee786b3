//! TLS: an authority of one's own, and client certificates.

use super::{Check, one};
use crate::support::{Lab, soon};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};
use tokio_util::task::AbortOnDropHandle;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// A certificate for `name`, and its key, as PEM and DER.
    fn certify(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.signed_by(&key, &self.0).unwrap(), key)
    }
}

/// TLS in front of the relay's plain listener.
struct Secured {
    address: SocketAddr,
    _task: AbortOnDropHandle<()>,
}

impl Secured {
    /// The server's certificate is of `authority`, which must also have signed the client's if `asks`.
    async fn start(authority: &Authority, asks: bool, relay: SocketAddr) -> Self {
        let (certificate, key) = authority.certify("localhost");
        let builder = ServerConfig::builder();
        let mut roots = RootCertStore::empty();
        roots.add(authority.0.der().clone()).unwrap();
        let builder = match asks {
            true => builder.with_client_cert_verifier(WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap()),
            false => builder.with_no_client_auth(),
        };
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = builder.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut tls) = acceptor.accept(tcp).await else { return };
                    let mut relay = TcpStream::connect(relay).await.unwrap();
                    let _ = copy_bidirectional(&mut tls, &mut relay).await;
                });
            }
        });
        Self { address, _task: AbortOnDropHandle::new(task) }
    }

    fn url(&self) -> String {
        format!("wss://localhost:{}/echo", self.address.port())
    }
}

const ECHO: &str = "steps = [{ send.text = \"a\" }, { expect.text = \"a\" }]";

#[tokio::test]
async fn an_authority_of_ones_own() {
    let lab = Lab::new().await;
    let authority = Authority::new();
    let server = Secured::start(&authority, false, lab.relay.address()).await;
    let check = Check::new(&one(ECHO));
    let ran = soon(check.run(&server.url())).await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&["TLS with localhost failed: this check does not know who signed its certificate; `authority` in `connect.tls` adds an authority"]);
    check.write("ca.pem", authority.0.pem());
    check.write("a.toml", one(&format!("connect.tls.authority = \"ca.pem\"\n{ECHO}")));
    check.run(&server.url()).await.passed();
    let ran = check.run(&server.url().replace("localhost", "127.0.0.1")).await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&["use a name that is in the certificate"]);
    // The recording has what TLS agreed on.
    check.write("a.toml", one("connect.tls.authority = \"ca.pem\"\nhandshake.status = 401"));
    check.run(&server.url()).await.failed(&["came: status 101"]);
    let first = &check.recording("a-one.json").observations[0].event;
    let observation::Event::Opening(opening) = first else { panic!("{first:?}") };
    let tls = opening.route.tls.as_ref().unwrap();
    assert_eq!((&*tls.version, tls.server_name.as_deref()), ("TLS 1.3", Some("localhost")));
}

#[tokio::test]
async fn a_client_certificate() {
    let lab = Lab::new().await;
    let (authority, other) = (Authority::new(), Authority::new());
    let server = Secured::start(&authority, true, lab.relay.address()).await;
    let check = Check::new("");
    check.write("ca.pem", authority.0.pem());
    let scenario = |more: &str| one(&format!("connect.tls = {{ authority = \"ca.pem\"{more} }}\n{ECHO}"));
    check.write("a.toml", scenario(""));
    let ran = check.run(&server.url()).await;
    assert_eq!(ran.code, 3, "{ran:#?}");
    ran.says(&["the server requires a client certificate and got none; add one that it trusts"]);
    let identity = ", certificate = \"client.pem\", key = \"client-key.pem\"";
    check.write("a.toml", scenario(identity));
    for (of, trusted) in [(&authority, true), (&other, false)] {
        let (certificate, key) = of.certify("client.example");
        check.write("client.pem", certificate.pem());
        check.write("client-key.pem", key.serialize_pem());
        let ran = check.run(&server.url()).await;
        if trusted {
            ran.passed();
        } else {
            assert_eq!(ran.code, 3, "{ran:#?}");
            ran.says(&["the server refused the connection with the TLS alert"]);
        }
    }
    // A key of another certificate, and a file that has none.
    check.write("client-key.pem", KeyPair::generate().unwrap().serialize_pem());
    let ran = check.run(&server.url()).await;
    assert_eq!(ran.code, 2, "{ran:#?}");
    ran.says(&["a.toml:3: the client certificate cannot be used: ", "are PEM files that belong together"]);
    check.write("client.pem", "");
    let ran = check.run(&server.url()).await;
    assert_eq!(ran.code, 2, "{ran:#?}");
    ran.says(&["client.pem contains no certificate"]);
}
