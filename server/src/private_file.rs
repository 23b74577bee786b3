//! Files with private keys and other secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Creates a file that only its owner can read and write. It must not exist, because an existing file keeps its permissions.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

/// Opens a file to append to it, and creates it if it is not there. Only its owner may be able to read and write it.
pub(crate) fn append_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    if std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o077 != 0 {
        let why = "other users of this machine can read or change it; run `chmod 600` on it";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(file)
}

/// Warns if other users of this machine can read the file or change it. Its group may read it, because some systems give
/// services their keys that way.
#[cfg(unix)]
pub(crate) fn warn_if_public(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS: u32 = 0o027;
    let Ok(mode) = std::fs::metadata(path).map(|file| file.permissions().mode() & 0o777) else { return };
    if mode & OTHERS != 0 {
        tracing::warn!(
            file = %path.display(),
            mode = format!("{mode:03o}"),
            "other users of this machine can read or change this private key; run `chmod 600` on it, and replace the key if \
             somebody may have read it"
        );
    }
}

#[cfg(not(unix))]
pub(crate) fn warn_if_public(_: &Path) {}
