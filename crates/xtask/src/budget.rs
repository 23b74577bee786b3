//! What a first visit downloads, held to a limit.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::{page, project::Project};

/// Bytes of the first view as the relay serves it, compressed by brotli.
const FIRST_VIEW: u64 = 250_000;

/// The kinds of file that a first view needs. Others (pictures, lessons) are fetched when looked at.
const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

/// Brotli at its best, in Node's own compiled copy: in a debug build of ours this would take half a minute.
const COMPRESS: &str = "const { brotliCompressSync } = require('zlib');\
    for (const file of process.argv.slice(1)) console.log(brotliCompressSync(require('fs').readFileSync(file)).length)";

/// Prints the size of each file and fails if together they are over the limit.
pub(crate) fn check(project: &Project) -> Result<()> {
    let dist = project.path(page::DIST);
    let files: Vec<_> = page::files(&dist)?.into_iter().filter(|file| is_first_view(file)).collect();
    let paths: Vec<_> = files.iter().map(|file| dist.join(file)).collect();
    let output = cmd!(project.shell, "node --eval {COMPRESS} {paths...}").quiet().read()?;

    let mut total = 0;
    println!("   brotli      plain  first view");
    for (file, compressed) in files.iter().zip(output.lines()) {
        let compressed: u64 = compressed.parse().context("the size of a compressed file")?;
        let plain = dist.join(file).metadata()?.len();
        println!("{compressed:>9} {plain:>10}  {}", file.display());
        total += compressed;
    }
    println!("{total:>9}             together, of {FIRST_VIEW} allowed");
    ensure!(
        total <= FIRST_VIEW,
        "the first view weighs {total} bytes, {} over its limit: take something out of the page, or load it later",
        total - FIRST_VIEW
    );
    Ok(())
}

fn is_first_view(file: &Path) -> bool {
    file.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
}
