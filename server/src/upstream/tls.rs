//! TLS to another server: which certificates are trusted, and why a handshake failed.

use crate::key_log::KeyLogFile;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error as ThisError;

/// Why the relay cannot verify other servers. The message says what to do.
#[derive(Debug, ThisError)]
pub enum UpstreamsError {
    #[error("cannot read {0}; {1} takes a PEM file with certificates")]
    Ca(PathBuf, &'static str, #[source] rustls::pki_types::pem::Error),
    #[error("{0} contains no certificate; {1} takes a PEM file with certificates")]
    NoCertificate(PathBuf, &'static str),
    #[error("{0} contains an invalid certificate; {1} takes a PEM file with certificates")]
    Invalid(PathBuf, &'static str, #[source] Error),
    #[error("cannot write TLS secrets to {0} ({1}); --relay-key-log takes a file that only you can read")]
    KeyLog(PathBuf, io::Error),
    #[error("TLS cannot be set up")]
    Tls(#[from] Error),
    #[error("TLS cannot be set up")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// For other servers of `/relay`.
pub(super) fn config(authorities: Option<&Path>, key_log: Option<&Path>) -> Result<ClientConfig, UpstreamsError> {
    let mut config = trusting(authorities, "--relay-ca")?;
    // The relay asks for an HTTP/1.1 upgrade.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if let Some(path) = key_log {
        let file = KeyLogFile::open(path).map_err(|error| UpstreamsError::KeyLog(path.to_owned(), error))?;
        config.key_log = Arc::new(file);
        tracing::warn!(
            file = %path.display(),
            "the TLS secrets of connections to other servers are written to this file: everyone who can read it can read these connections"
        );
    }
    Ok(config)
}

/// Trusts the authorities that browsers trust, and the certificates in the file `authorities`, which a flag names.
pub(crate) fn trusting(authorities: Option<&Path>, flag: &'static str) -> Result<ClientConfig, UpstreamsError> {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let listed = authorities.map(|file| read(file, flag)).transpose()?.unwrap_or_default();
    for certificate in &listed {
        let added = roots.add(certificate.clone());
        added.map_err(|error| UpstreamsError::Invalid(authorities.unwrap_or(Path::new("")).to_owned(), flag, error))?;
    }
    let provider = Arc::new(ring::default_provider());
    let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build()?;
    let verifier = Arc::new(Verifier { authorities, listed });
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn read(file: &Path, flag: &'static str) -> Result<Vec<CertificateDer<'static>>, UpstreamsError> {
    let certificates = CertificateDer::pem_file_iter(file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = certificates.map_err(|error| UpstreamsError::Ca(file.to_owned(), flag, error))?;
    if certificates.is_empty() { Err(UpstreamsError::NoCertificate(file.to_owned(), flag)) } else { Ok(certificates) }
}

/// Verifies certificates as browsers do, with one exception: a listed certificate of an authority may also be the server's own.
/// `openssl req -x509` creates such certificates.
#[derive(Debug)]
struct Verifier {
    authorities: Arc<WebPkiServerVerifier>,
    listed: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // webpki checks the dates first, so the certificate is valid now.
            Err(error) if is_authority(&error) && self.listed.contains(end_entity) => {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether the only fault is that the server's certificate is one of an authority.
fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(other.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// Says what went wrong in a TLS handshake, and what to do.
pub(crate) struct Explainer {
    /// Who verifies certificates, and what adds an authority.
    pub(crate) who: &'static str,
    pub(crate) authority: &'static str,
}

/// For `/relay`.
pub(super) const RELAY: Explainer = Explainer { who: "the relay", authority: "--relay-ca" };

impl Explainer {
    /// The text follows `TLS with … failed: `.
    pub(super) fn explain(&self, error: &io::Error) -> String {
        let Self { who, authority } = self;
        if let Some(why) = explain_alert(error) {
            return why;
        }
        let Some(tls) = tls_error(error) else {
            return format!("{error}; check that the server speaks TLS on this port");
        };
        match tls {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                format!(
                    "{who} does not know who signed its certificate; {authority} adds an authority, or a self-signed certificate"
                )
            }
            Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => {
                format!("{tls}; use a name that is in the certificate")
            }
            Error::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
                format!("{tls}; the server needs a new certificate")
            }
            error if is_authority(error) => {
                format!(
                    "its certificate is that of an authority, which a server should not use; {authority} accepts exactly this certificate"
                )
            }
            Error::InvalidCertificate(_) => format!("{tls}; check its certificate"),
            Error::InvalidMessage(_) => {
                format!("{tls}; the server may not speak TLS on this port: try ws instead of wss")
            }
            _ => format!("{tls}; check the server’s TLS settings"),
        }
    }
}

/// Why the server ended TLS with an alert; `None` if it did not. In TLS 1.3, it refuses a client certificate only after the client's
/// side of the handshake. RFC 8446 §6.
pub(crate) fn explain_alert(error: &io::Error) -> Option<String> {
    match tls_error(error)? {
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            Some("the server requires a client certificate and got none; add one that it trusts".to_owned())
        }
        Error::AlertReceived(alert) => {
            let words = "check the server’s TLS settings, and the client certificate if it requires one";
            Some(format!("the server refused the connection with the TLS alert {alert:?}; {words}"))
        }
        _ => None,
    }
}

fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Error>())
}
