//! The arguments of the commands that need no relay.

use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Args, Debug)]
pub struct ImportArguments {
    /// The capture or HAR file
    pub file: PathBuf,
    /// The file to write the recording to, as JSON [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum CourseCommand {
    /// Check a course and print its problems; exits with 1 if there are any
    Check {
        /// The folder that contains course.toml
        folder: PathBuf,
    },
    /// Create a small example course
    New {
        /// An empty or new folder
        folder: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub enum ReceiptCommand {
    /// Verify every receipt in the texts; exits with 1 if one is not valid, or if several names share one attempt
    Verify {
        /// The files with the texts [default: stdin]
        files: Vec<PathBuf>,
        /// The public key that must have signed the receipts, in base64
        #[arg(long, env = "FRAMESCOPE_RECEIPT_PUBLIC_KEY", value_name = "BASE64")]
        key: Option<String>,
        /// Accept every key; this shows only that a receipt was not changed, because anyone can create a key
        #[arg(long, conflicts_with = "key")]
        any_key: bool,
    },
    /// Print the public key of a private key
    Key {
        /// The private key, a PEM file
        file: PathBuf,
    },
}
