//! The command `import`: makes a recording of a capture or a HAR file.

use crate::args::ImportArguments;
use anyhow::{Context, bail};
use import::Limits;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Writes the recording, and what could not be read to stderr.
///
/// # Errors
/// If a file cannot be read or written, or if nothing can be read from it.
pub fn run(arguments: &ImportArguments) -> anyhow::Result<()> {
    let ImportArguments { file, output } = arguments;
    let bytes = read(file)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let document = import::import(&bytes, &Limits::COMMAND, now)
        .map_err(|error| anyhow::anyhow!("cannot import {}: {error}", file.display()))?;
    drop(bytes);
    if let Some(import) = &document.import {
        let mut stderr = std::io::stderr().lock();
        for problem in &import.problems {
            writeln!(stderr, "{}: {}: {}", file.display(), problem.place, problem.text)?;
        }
        if import.more_problems > 0 {
            writeln!(stderr, "{}: {} more problems are not listed", file.display(), import.more_problems)?;
        }
    }
    match output {
        Some(path) => {
            let cannot = || format!("cannot write {}", path.display());
            let mut out = BufWriter::new(File::create(path).with_context(cannot)?);
            serde_json::to_writer(&mut out, &document).with_context(cannot)?;
            out.write_all(b"\n").and_then(|()| out.flush()).with_context(cannot)
        }
        None => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            serde_json::to_writer(&mut out, &document).context("cannot write to stdout")?;
            out.write_all(b"\n").and_then(|()| out.flush()).context("cannot write to stdout")
        }
    }
}

/// Reads a file, and one byte more than the limit at most.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(cannot)?;
    if file.metadata().with_context(cannot)?.is_dir() {
        bail!("cannot read {}: it is a folder; name a capture or a HAR file", path.display());
    }
    let mut bytes = Vec::new();
    file.take(Limits::COMMAND.file + 1).read_to_end(&mut bytes).with_context(cannot)?;
    Ok(bytes)
}
