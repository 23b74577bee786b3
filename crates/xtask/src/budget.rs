//! The size of the first view, which has a limit.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::{page, project::Project};

/// The limit of the first view in bytes, as the relay serves it: compressed with brotli.
const FIRST_VIEW: u64 = 280_000;

/// The kinds of file that count. Images load when they come into view.
const KINDS: [&str; 4] = ["html", "css", "js", "wasm"];

/// A browser reads this first, and loads every file that it names.
const INDEX: &str = "index.html";

/// Brotli at its best quality, by Node: in a debug build, the Rust crate would take half a minute.
const COMPRESS: &str = "const { brotliCompressSync } = require('zlib');\
    for (const file of process.argv.slice(1)) console.log(brotliCompressSync(require('fs').readFileSync(file)).length)";

/// Prints the size of each file. Fails if the first view is larger than its limit.
pub(crate) fn check(project: &Project) -> Result<()> {
    let dist = project.path(page::DIST);
    let index = project.shell.read_file(dist.join(INDEX))?;
    let files: Vec<_> = page::files(&dist)?.into_iter().filter(|file| counts(file)).collect();
    let paths: Vec<_> = files.iter().map(|file| dist.join(file)).collect();
    let output = cmd!(project.shell, "node --eval {COMPRESS} {paths...}").quiet().read()?;

    let (mut first, mut later) = (Vec::new(), Vec::new());
    for (file, compressed) in files.iter().zip(output.lines()) {
        let compressed: u64 = compressed.parse().context("Node did not print the size of a compressed file")?;
        let plain = dist.join(file).metadata()?.len();
        let list = if is_first_view(file, &index) { &mut first } else { &mut later };
        list.push((file.as_path(), compressed, plain));
    }
    let total = print("first view", &first);
    println!("{total:>9}             in total; the limit is {FIRST_VIEW}");
    if !later.is_empty() {
        let total = print("loaded later", &later);
        println!("{total:>9}             in total");
    }
    ensure!(
        total <= FIRST_VIEW,
        "the first view has {total} bytes, {} more than its limit of {FIRST_VIEW}. Remove something from it, or load it later \
         as CONTRIBUTING.md describes",
        total - FIRST_VIEW
    );
    Ok(())
}

/// Prints a line for each file. Gives the sum of the compressed sizes.
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

/// Whether a browser loads the file with the page. The page's script loads the others when they are needed.
fn is_first_view(file: &Path, index: &str) -> bool {
    file == Path::new(INDEX) || index.contains(&*file.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_in_index_html_are_the_first_view() {
        let index = "<link rel=stylesheet href=/page-1.css><script type=module src=/page-2.js></script>";
        let files = ["index.html", "page-1.css", "page-2.js", "details-3.wasm"];
        assert_eq!(files.map(|file| is_first_view(Path::new(file), index)), [true, true, true, false]);
    }
}
