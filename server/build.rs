//! Puts the page into the binary: each file of `dist/`, plain and compressed, in a table that `assets` reads. Also puts the
//! commit into the version.

#[path = "build/commit.rs"]
mod commit;

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

const PLACEHOLDER: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Framescope</title>\n\
    <h1>Framescope</h1>\n<p>This relay was built without its page. <code>cargo xtask serve</code> builds both.</p>\n";

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?);
    let dist = Path::new("../dist");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed={}", dist.display());
    println!("cargo:rustc-env=FRAMESCOPE_VERSION={}", version());
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(dist, "", &mut files)?;
    } else {
        println!(
            "cargo:warning=dist/ contains no page, so this relay shows a placeholder; `cargo xtask serve` builds both"
        );
        files.push(("index.html".to_owned(), PLACEHOLDER.as_bytes().to_vec()));
    }
    files.sort();
    let mut table = format!("static FILES: [File; {}] = [\n", files.len());
    for (number, (name, bytes)) in files.iter().enumerate() {
        let hash = Sha256::digest(bytes).iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let forms = [
            ("plain", bytes.clone()),
            ("brotli", smaller(brotli(bytes)?, bytes)),
            ("gzip", smaller(gzip(bytes)?, bytes)),
        ];
        let _ = write!(table, "File {{ name: {name:?}, mime: {:?}, hash: Cow::Borrowed({hash:?})", mime(name));
        for (form, bytes) in forms {
            let file = format!("{number}.{form}");
            fs::write(out.join(&file), bytes)?;
            let _ = write!(table, ", {form}: Bytes::from_static(include_bytes!({file:?}))");
        }
        table.push_str(" },\n");
    }
    table.push_str("];\n");
    fs::write(out.join("page.rs"), table)
}

/// The version and the commit. `FRAMESCOPE_COMMIT` names the commit if the source is not a repository.
fn version() -> String {
    println!("cargo:rerun-if-env-changed=FRAMESCOPE_COMMIT");
    println!("cargo:rerun-if-changed=build/commit.rs");
    let number = env!("CARGO_PKG_VERSION");
    let named = env::var("FRAMESCOPE_COMMIT").ok().filter(|commit| !commit.is_empty());
    if named.is_none() && !is_release() {
        // The commit would make a development build build the relay again after each commit.
        return format!("{number} (development build)");
    }
    let root = Path::new("..");
    for file in commit::files(root) {
        println!("cargo:rerun-if-changed={}", file.display());
    }
    let commit = named.or_else(|| commit::commit(root)).unwrap_or_else(|| "unknown".to_owned());
    format!("{number} (commit {commit})")
}

fn is_release() -> bool {
    env::var("PROFILE").is_ok_and(|profile| profile == "release")
}

/// All files below `folder`, with their names as in an address.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push((name, fs::read(entry.path())?));
        }
    }
    Ok(())
}

fn smaller(compressed: Vec<u8>, plain: &[u8]) -> Vec<u8> {
    if compressed.len() < plain.len() { compressed } else { Vec::new() }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    // The best quality takes long, and only a release is sent over slow lines.
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: if is_release() { 11 } else { 5 },
        lgwin: 22,
        size_hint: bytes.len(),
        ..Default::default()
    };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &bytes[..], &mut compressed, &parameters)?;
    Ok(compressed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
