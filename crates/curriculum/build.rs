//! Puts the course and the starter for authors into the crate: each file of `course/` and `template/`, in tables that
//! `load` reads. Only where the feature `load` is on.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_LOAD").is_none() {
        return Ok(());
    }
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or_else(|| io::Error::other("cargo sets it"));
    let (root, out) = (variable("CARGO_MANIFEST_DIR")?, variable("OUT_DIR")?);
    let mut tables = String::new();
    for folder in ["course", "template"] {
        println!("cargo:rerun-if-changed={folder}");
        let mut files = Vec::new();
        collect(&root.join(folder), "", &mut files)?;
        files.sort();
        let _ = writeln!(tables, "static {}: &[(&str, &[u8])] = &[", folder.to_ascii_uppercase());
        for (name, path) in files {
            let _ = writeln!(tables, "    ({name:?}, include_bytes!({path:?})),");
        }
        tables.push_str("];\n");
    }
    fs::write(out.join("embedded.rs"), tables)
}

/// All files below `folder`, with their names below it. A folder that is not there has none.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, entry.path()));
        }
    }
    Ok(())
}
