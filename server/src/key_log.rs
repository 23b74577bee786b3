//! The secrets of TLS connections as a file with which Wireshark decrypts captures of them, in the format of `SSLKEYLOGFILE`
//! (RFC 9850).

use crate::private_file::append_private;
use rustls::KeyLog;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The largest size of the file, in bytes: the secrets of about 60,000 connections.
const MOST: u64 = 64 << 20;

/// Such a file. All connections append to it.
#[derive(Debug)]
pub(crate) struct KeyLogFile {
    path: PathBuf,
    /// `None` when nothing more can be written.
    open: Mutex<Option<Open>>,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// How many bytes may follow.
    left: u64,
}

impl KeyLogFile {
    /// Opens or creates the file, which only its owner may be able to read.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = append_private(path)?;
        let left = MOST.saturating_sub(file.metadata()?.len());
        Ok(Self { path: path.to_owned(), open: Mutex::new(Some(Open { file, left })) })
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut line = format!("{label} ");
        for byte in client_random {
            let _ = write!(line, "{byte:02x}");
        }
        line.push(' ');
        for byte in secret {
            let _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Open { file, left }) = &mut *open else { return };
        let full = || io::Error::other(format!("it has {MOST} bytes, which is the limit"));
        let written = match left.checked_sub(line.len() as u64) {
            // One write, so that other programs never see half a line.
            Some(rest) => file.write_all(line.as_bytes()).map(|()| *left = rest),
            None => Err(full()),
        };
        if let Err(error) = written {
            tracing::warn!(file = %self.path.display(), %error, "no more TLS secrets are written");
            *open = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended() {
        let path = std::env::temp_dir().join(format!("framescope-key-log-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        for secret in [[1, 0xAB], [2, 0xCD]] {
            KeyLogFile::open(&path).unwrap().log("CLIENT_RANDOM", &[0, 0xF0], &secret);
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "CLIENT_RANDOM 00f0 01ab\nCLIENT_RANDOM 00f0 02cd\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            let error = KeyLogFile::open(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        // A full file gets no more lines, and the process goes on.
        File::options().write(true).open(&path).unwrap().set_len(MOST - 3).unwrap();
        KeyLogFile::open(&path).unwrap().log("CLIENT_RANDOM", &[1], &[2]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), MOST - 3);
        std::fs::remove_file(&path).unwrap();
    }
}
