//! A folder for the files of a server.

use std::fs;
use std::path::PathBuf;

/// A folder for one run of a server. It is deleted with its content on drop.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// The path of a folder for `server`. It is not made yet.
    #[must_use]
    pub fn new(server: &str) -> Self {
        Self(std::env::temp_dir().join(format!("framescope-bench-{server}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
