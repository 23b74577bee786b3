//! A relay as a process of its own.

use anyhow::{Context, Result, ensure};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

/// Stopped when the last one is dropped. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) http: SocketAddr,
    pub(crate) tls: SocketAddr,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pid: i32,
    /// How many bytes the relay has logged.
    pub(crate) logged: Arc<AtomicU64>,
    inner: Arc<Inner>,
}

struct Inner {
    child: Mutex<Child>,
    _folder: Folder,
}

/// A new folder, deleted on drop.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Result<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("framescope-attack-{}-{number}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Target {
    /// Starts a relay on loopback, where its limits per client apply for once.
    pub(crate) async fn start(relay: &Path, flags: &[&str]) -> Result<Self> {
        let folder = Folder::new()?;
        let mut child = Command::new(relay)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--tls-listen",
                "127.0.0.1:0",
                "--client-limits-on-loopback",
                "on",
            ])
            .arg("--tls-self-signed")
            .arg(&folder.0)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", relay.display()))?;
        let mut lines = BufReader::new(child.stdout.take().context("no stdout")?).lines();
        let mut address = async |scheme: &str| -> Result<SocketAddr> {
            let line = lines.next_line().await?.context("the relay did not start")?;
            let address = line.rsplit_once(scheme).context("the relay printed no address")?.1;
            Ok(address.parse()?)
        };
        let (http, tls) = (address("http://").await?, address("https://").await?);
        let logged = Arc::<AtomicU64>::default();
        let (mut log, counted) = (child.stderr.take().context("no stderr")?, Arc::clone(&logged));
        tokio::spawn(async move {
            let mut part = [0; 4096];
            while let Ok(count @ 1..) = log.read(&mut part).await {
                counted.fetch_add(count as u64, Ordering::Relaxed);
            }
        });
        let certificate = CertificateDer::from_pem_file(folder.0.join("cert.pem"))?;
        let pid = i32::try_from(child.id().context("the relay has ended")?)?;
        let inner = Arc::new(Inner { child: Mutex::new(child), _folder: folder });
        Ok(Self { http, tls, certificate, pid, logged, inner })
    }

    /// The most memory that the process has had.
    pub(crate) fn peak_mib(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
        ensure!(kib > 0, "the process uses no memory");
        Ok(kib / 1024)
    }

    /// How many descriptors are open.
    pub(crate) fn descriptors(&self) -> Result<u64> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.pid))?.count() as u64)
    }

    pub(crate) fn is_running(&self) -> bool {
        let mut child = self.inner.child.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(child.try_wait(), Ok(None))
    }
}
