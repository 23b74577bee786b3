//! The certificate of the TLS listener, and how it is replaced while the relay runs.
//!
//! Only new handshakes get the new certificate; open connections go on. The files are compared by their content every few
//! seconds. That also notices what tools for certificates do: they write a file in place, rename a new one over it, or change a
//! symbolic link above it. A file that cannot be used changes nothing, and the log says why.

use super::tls_error::TlsError;
use crate::metrics::Metrics;
use crate::private_file::warn_if_public;
use crate::shutdown::Shutdown;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

/// How often the files are compared with what is in use.
const PERIOD: Duration = Duration::from_secs(5);

pub(super) type Chain = Vec<CertificateDer<'static>>;

/// What new handshakes get. Locked for a moment by each of them.
#[derive(Debug)]
pub(crate) struct CurrentCertificate(RwLock<Arc<CertifiedKey>>);

impl CurrentCertificate {
    pub(super) fn new(certified: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(certified)))
    }

    fn replace(&self, certified: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// A certificate and its key, if they belong together.
pub(super) fn certified(chain: Chain, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, TlsError> {
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(TlsError::Mismatch)
}

/// The PEM files of a certificate chain and its key.
#[derive(Clone, Debug)]
pub(super) struct CertificateFiles {
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
}

/// Their content.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Content {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl CertificateFiles {
    pub(super) fn read(&self) -> Result<Content, TlsError> {
        let read = |path: &Path| fs::read(path).map_err(|error| pem(path)(rustls::pki_types::pem::Error::Io(error)));
        Ok(Content { cert: read(&self.cert)?, key: read(&self.key)? })
    }

    pub(super) fn parse(&self, content: &Content) -> Result<CertifiedKey, TlsError> {
        let chain = CertificateDer::pem_slice_iter(&content.cert).collect::<Result<Chain, _>>();
        let chain = chain.map_err(pem(&self.cert))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(self.cert.clone()));
        }
        warn_if_public(&self.key);
        certified(chain, PrivateKeyDer::from_pem_slice(&content.key).map_err(pem(&self.key))?)
    }
}

fn pem(path: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> TlsError {
    let path = path.to_owned();
    move |error| TlsError::Pem(path, error)
}

/// Keeps the certificate up to date.
pub(crate) struct CertificateWatch {
    files: CertificateFiles,
    current: Arc<CurrentCertificate>,
    /// What the files had when they were last used or refused.
    known: Option<Content>,
    /// What they had a moment ago, if that is something else. Both files change, and not at the same moment.
    unsettled: Option<Content>,
    metrics: Arc<Metrics>,
}

impl CertificateWatch {
    pub(super) fn new(
        files: CertificateFiles,
        known: Content,
        current: Arc<CurrentCertificate>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { files, current, known: Some(known), unsettled: None, metrics }
    }

    /// Runs until the relay shuts down. `asked` makes it read the files at once.
    pub(crate) async fn run(mut self, asked: Arc<Notify>, shutdown: Shutdown) {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let at_once = tokio::select! {
                () = shutdown.asked() => return,
                () = asked.notified() => true,
                _ = ticks.tick() => false,
            };
            // Reading two small files takes a moment, and the other tasks have the other threads.
            let checked = tokio::task::spawn_blocking(move || {
                self.check(at_once);
                self
            });
            match checked.await {
                Ok(this) => self = this,
                Err(error) => return tracing::error!(%error, "reading the certificate again failed; it stays as it is"),
            }
        }
    }

    fn check(&mut self, at_once: bool) {
        let content = match self.files.read() {
            Ok(content) => content,
            // A file that is missing for a moment is being replaced.
            Err(error) => match at_once {
                true => return self.refuse(&error),
                false => return,
            },
        };
        let is_settled = self.unsettled.take().as_ref() == Some(&content);
        if at_once || (is_settled && self.known.as_ref() != Some(&content)) {
            match self.files.parse(&content) {
                Ok(certified) => {
                    self.current.replace(certified);
                    self.metrics.certificate_reloaded(true);
                    tracing::info!(cert = %self.files.cert.display(), "new connections get the certificate as it is now");
                }
                Err(error) => self.refuse(&error),
            }
            self.known = Some(content);
        } else if self.known.as_ref() != Some(&content) {
            self.unsettled = Some(content);
        }
    }

    fn refuse(&self, error: &TlsError) {
        self.metrics.certificate_reloaded(false);
        let source = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(%error, source, "the changed certificate cannot be used; the one before stays in use");
    }
}
