//! TLS: the certificate, and what a handshake agreed on.

use super::certificate::{CertificateFiles, CertificateWatch, CurrentCertificate, certified};
use super::record_capture::{RecordCapture, RecordCapturedStream};
use super::tls_error::TlsError;
use crate::args::Config;
use crate::metrics::Metrics;
use crate::private_file::write_private;
use observation::Tls;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::server::ServerConnection;
use rustls::{ServerConfig, SupportedProtocolVersion, version};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The ALPN names (RFC 7301), in the relay's order of preference.
pub(super) const H2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// Older versions have known weaknesses. RFC 8996.
const VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

/// The common name of a self-signed certificate.
const NAME: &str = "Framescope, self-signed";

/// Creates the TLS acceptor from `config`, and what keeps its certificate up to date if it comes from files.
pub(crate) fn acceptor(
    config: &Config,
    metrics: &Arc<Metrics>,
) -> Result<(TlsAcceptor, Option<CertificateWatch>), TlsError> {
    let files = match (&config.tls_cert, &config.tls_key, &config.tls_self_signed) {
        (Some(cert), Some(key), _) => Some(CertificateFiles { cert: cert.clone(), key: key.clone() }),
        (_, _, Some(Some(folder))) => Some(kept(folder, &config.tls_name)?),
        _ => None,
    };
    let (certificate, content) = match &files {
        Some(files) => {
            let content = files.read()?;
            (files.parse(&content)?, Some(content))
        }
        None => {
            let (cert, key) = self_signed(&config.tls_name)?;
            let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
            (certified(vec![cert.der().clone()], key)?, None)
        }
    };
    let current = Arc::new(CurrentCertificate::new(certificate));
    let watch = files
        .zip(content)
        .map(|(files, content)| CertificateWatch::new(files, content, Arc::clone(&current), Arc::clone(metrics)));
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(&VERSIONS).map_err(TlsError::Mismatch)?;
    let mut server = builder.with_no_client_auth().with_cert_resolver(current);
    server.alpn_protocols = vec![H2.to_vec(), HTTP_1_1.to_vec()];
    Ok((TlsAcceptor::from(Arc::new(server)), watch))
}

/// The self-signed certificate in `folder`, created if it does not exist.
fn kept(folder: &Path, names: &[String]) -> Result<CertificateFiles, TlsError> {
    let (cert_path, key_path) = (folder.join("cert.pem"), folder.join("key.pem"));
    if !cert_path.exists() || !key_path.exists() {
        let failed = |error| TlsError::Keep(folder.to_owned(), error);
        let (cert, key) = self_signed(names)?;
        fs::create_dir_all(folder).map_err(failed)?;
        // A new file, because others may have the old one open.
        match fs::remove_file(&key_path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => write_private(&key_path, &key.serialize_pem()).map_err(failed)?,
        }
        fs::write(&cert_path, cert.pem()).map_err(failed)?;
    }
    Ok(CertificateFiles { cert: cert_path, key: key_path })
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
