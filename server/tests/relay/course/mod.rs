//! The course: its addresses, the commands for authors, and receipts for passed challenges.

mod addresses;
mod command;
mod concealed;
mod dialogues;
mod receipt_keys;
mod receipts;
mod sandbox;
mod starters;

use crate::support::{Answer, Lab, Raw};
use framescope::args::Config;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The path of a folder for one test, which does not exist yet.
fn folder() -> PathBuf {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("course-{}-{number}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// A relay with the starter course for authors.
async fn lab() -> Lab {
    lab_with(|_| {}).await
}

async fn lab_with(change: impl FnOnce(&mut Config)) -> Lab {
    let folder = folder();
    framescope::course::begin(&folder).unwrap();
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    std::fs::write(folder.join("assets/a.png"), b"\x89PNG").unwrap();
    Lab::with(|config| {
        config.course = Some(folder);
        change(config);
    })
    .await
}

async fn post(address: SocketAddr, path: &str, body: &[u8]) -> Answer {
    let mut raw = Raw::connect(address).await;
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    raw.send(&[head.as_bytes(), body].concat()).await;
    let head = raw.head().await;
    let body = raw.rest().await;
    Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body }
}
