//! What a first visit downloads, held to a limit.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::{page, project::Project};

/// Bytes of the first view as the relay serves it, compressed by brotli.
const FIRST_VIEW: u64 = 250_000;

/// The kinds of file that count. Pictures are fetched when looked at.
const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

/// What a browser reads first; whatever it names, it loads at once.
const INDEX: &str = "index.html";

/// Brotli at its best, in Node's own compiled copy: in a debug build of ours this would take half a minute.
const COMPRESS: &str = "const { brotliCompressSync } = require('zlib');\
    for (const file of process.argv.slice(1)) console.log(brotliCompressSync(require('fs').readFileSync(file)).length)";

/// Prints the size of each file and fails if those of the first view are together over the limit.
pub(crate) fn check(project: &Project) -> Result<()> {
    let dist = project.path(page::DIST);
    let index = project.shell.read_file(dist.join(INDEX))?;
    let files: Vec<_> = page::files(&dist)?.into_iter().filter(|file| counts(file)).collect();
    let paths: Vec<_> = files.iter().map(|file| dist.join(file)).collect();
    let output = cmd!(project.shell, "node --eval {COMPRESS} {paths...}").quiet().read()?;

    let (mut first, mut later) = (Vec::new(), Vec::new());
    for (file, compressed) in files.iter().zip(output.lines()) {
        let compressed: u64 = compressed.parse().context("the size of a compressed file")?;
        let plain = dist.join(file).metadata()?.len();
        let list = if is_first_view(file, &index) { &mut first } else { &mut later };
        list.push((file.as_path(), compressed, plain));
    }
    let total = print("first view", &first);
    println!("{total:>9}             together, of {FIRST_VIEW} allowed");
    if !later.is_empty() {
        let total = print("loaded later", &later);
        println!("{total:>9}             together");
    }
    ensure!(
        total <= FIRST_VIEW,
        "the first view weighs {total} bytes, {} over its limit: take something out of the page, or load it later, as \
         CONTRIBUTING.md describes",
        total - FIRST_VIEW
    );
    Ok(())
}

/// Prints a line for each file, and gives the sum of what they weigh compressed.
fn print(title: &str, files: &[(&Path, u64, u64)]) -> u64 {
    println!("   brotli      plain  {title}");
    for (file, compressed, plain) in files {
        println!("{compressed:>9} {plain:>10}  {}", file.display());
    }
    files.iter().map(|(_, compressed, _)| compressed).sum()
}

fn counts(file: &Path) -> bool {
    file.extension().is_some_and(|kind| KINDS.iter().any(|known| kind == *known))
}

/// Whether a visitor's browser loads it with the page. The page's script fetches the others when they are wanted.
fn is_first_view(file: &Path, index: &str) -> bool {
    file == Path::new(INDEX) || index.contains(&*file.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_index_html_names_is_the_first_view() {
        let index = "<link rel=stylesheet href=/page-1.css><script type=module src=/page-2.js></script>";
        let files = ["index.html", "page-1.css", "page-2.js", "details-3.wasm"];
        assert_eq!(files.map(|file| is_first_view(Path::new(file), index)), [true, true, true, false]);
    }
}
