//! TLS: the certificate, and what a handshake agreed on.

use super::record_capture::{RecordCapture, RecordCapturedStream};
use crate::args::Config;
use observation::Tls;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ServerConnection;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The ALPN names (RFC 7301), in the relay's order of preference.
pub(super) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// The common name of a self-signed certificate.
const NAME: &str = "Framescope, self-signed";

/// Why TLS cannot be set up. The message says what to do.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("cannot read {0} as a PEM file; check the path in --tls-cert or --tls-key")]
    Pem(PathBuf, #[source] rustls::pki_types::pem::Error),
    #[error("{0} contains no certificate; --tls-cert takes a PEM file with the server's own certificate first")]
    NoCertificate(PathBuf),
    #[error("the certificate and the key do not match; use a certificate and its own key")]
    Mismatch(#[source] rustls::Error),
    #[error("cannot create a self-signed certificate for these names; use host names or addresses with --tls-name")]
    Names(#[source] rcgen::Error),
    #[error("cannot store the self-signed certificate in {0}; choose a writable folder")]
    Keep(PathBuf, #[source] io::Error),
}

/// Creates the TLS acceptor from `config`.
pub(crate) fn acceptor(config: &Config) -> Result<TlsAcceptor, TlsError> {
    let (chain, key) = match (&config.tls_cert, &config.tls_key, &config.tls_self_signed) {
        (Some(cert), Some(key), _) => load(cert, key)?,
        (_, _, Some(Some(folder))) => kept(folder, &config.tls_name)?,
        _ => {
            let (cert, key) = self_signed(&config.tls_name)?;
            (vec![cert.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        }
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Mismatch)?;
    let mut server = builder.with_no_client_auth().with_single_cert(chain, key).map_err(TlsError::Mismatch)?;
    server.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(server)))
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn load(cert: &Path, key: &Path) -> Result<Identity, TlsError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::Pem(path, error)
    };
    let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(failed(cert))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate(cert.to_owned()));
    }
    Ok((chain, PrivateKeyDer::from_pem_file(key).map_err(failed(key))?))
}

/// The self-signed certificate in `folder`, created if it does not exist.
fn kept(folder: &Path, names: &[String]) -> Result<Identity, TlsError> {
    let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !cert_path.exists() || !key_path.exists() {
        let failed = |error| TlsError::Keep(folder.to_owned(), error);
        let (cert, key) = self_signed(names)?;
        fs::create_dir_all(folder).map_err(failed)?;
        write_private(OpenOptions::new().create(true).truncate(true), &key_path, &key.serialize_pem())
            .map_err(failed)?;
        fs::write(&cert_path, cert.pem()).map_err(failed)?;
    }
    load(&cert_path, &key_path)
}

/// Writes a file that only its owner can read. `options` say how to treat an existing file.
pub(crate) fn write_private(options: &mut OpenOptions, path: &Path, text: &str) -> io::Result<()> {
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

fn self_signed(names: &[String]) -> Result<(rcgen::Certificate, KeyPair), TlsError> {
    let mut params = CertificateParams::new(names).map_err(TlsError::Names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, NAME);
    let key = KeyPair::generate().map_err(TlsError::Names)?;
    let cert = params.self_signed(&key).map_err(TlsError::Names)?;
    Ok((cert, key))
}

/// Performs a TLS handshake on `stream`, with a record capture below it.
pub(super) async fn accept(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
) -> io::Result<(TlsStream<RecordCapturedStream<TcpStream>>, RecordCapture)> {
    let tls = acceptor.accept(RecordCapturedStream::new(stream)).await?;
    let record_capture = tls.get_ref().0.record_capture().clone();
    Ok((tls, record_capture))
}

/// What the handshake agreed on.
pub(super) fn agreed(connection: &ServerConnection) -> io::Result<Tls> {
    let unknown = || io::Error::new(ErrorKind::InvalidData, "the TLS handshake is not complete");
    let suite = connection.negotiated_cipher_suite().ok_or_else(unknown)?;
    let version = connection.protocol_version().ok_or_else(unknown)?;
    Ok(Tls {
        version: version_name(version),
        cipher_suite: suite_name(suite.suite()),
        server_name: connection.server_name().map(str::to_owned),
        alpn: connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
    })
}

/// `TLS 1.3` for rustls' `TLSv1_3`.
pub(crate) fn version_name(version: rustls::ProtocolVersion) -> String {
    version.as_str().map_or_else(|| format!("{version:?}"), |name| name.replace("TLSv", "TLS ").replace('_', "."))
}

/// The IANA name. rustls' names differ for TLS 1.3.
pub(crate) fn suite_name(suite: rustls::CipherSuite) -> String {
    suite.as_str().map_or_else(|| format!("{suite:?}"), |name| name.replace("TLS13_", "TLS_"))
}
