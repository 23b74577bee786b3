//! TLS to another server: which certificates are trusted, and why a handshake failed.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
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
    #[error("TLS cannot be set up")]
    Tls(#[from] Error),
    #[error("TLS cannot be set up")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// For other servers of `/relay`.
pub(super) fn config(authorities: Option<&Path>) -> Result<ClientConfig, UpstreamsError> {
    let mut config = trusting(authorities, "--relay-ca")?;
    // The relay asks for an HTTP/1.1 upgrade.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
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

/// What went wrong in a TLS handshake, and what to do. The text begins with a capital letter after `TLS with … failed: `.
pub(super) fn explain(error: &io::Error) -> String {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return format!("{error}; check that the server speaks TLS on this port");
    };
    match tls {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "the relay does not know who signed its certificate; --relay-ca adds an authority, or a self-signed certificate"
                .to_owned()
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
            "its certificate is that of an authority, which a server should not use; --relay-ca accepts exactly this certificate"
                .to_owned()
        }
        Error::InvalidCertificate(_) => format!("{tls}; check its certificate"),
        Error::InvalidMessage(_) => format!("{tls}; the server may not speak TLS on this port: try ws instead of wss"),
        _ => format!("{tls}; check the server’s TLS settings"),
    }
}
