//! The flags of `framescope check`.

use super::units::duration;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What to check, and where the results go.
#[derive(Args, Clone, Debug)]
pub struct CheckOptions {
    /// The server, as a URL with ws or wss
    pub url: String,

    /// Files with scenarios, in TOML
    #[arg(required = true)]
    pub files: Vec<PathBuf>,

    /// Write the results to this file as JUnit XML, which CI systems show
    #[arg(long, env = "FRAMESCOPE_JUNIT", value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// The folder for the recordings of failed scenarios, which the page opens under /recording
    #[arg(long, env = "FRAMESCOPE_RECORDINGS", value_name = "DIR", default_value = "framescope-recordings")]
    pub recordings: PathBuf,

    /// Append the TLS secrets of the connections to this file, so that Wireshark decrypts captures of them. Everyone who can read it
    /// can read these connections
    #[arg(long, env = "FRAMESCOPE_KEY_LOG", value_name = "FILE")]
    pub key_log: Option<PathBuf>,

    /// How long all scenarios together may take
    #[arg(long, env = "FRAMESCOPE_CHECK_TIME", value_name = "TIME", value_parser = duration, default_value = "10m")]
    pub time: Duration,
}
