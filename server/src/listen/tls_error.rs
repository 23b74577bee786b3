//! Why the TLS listener has no certificate.

use std::io;
use std::path::PathBuf;
use thiserror::Error;

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
