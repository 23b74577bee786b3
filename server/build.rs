//! Puts the page into the binary: each file of `dist/`, plain and compressed, in a table that `assets` reads.

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
    let mut table = String::from("static FILES: &[File] = &[\n");
    for (number, (name, bytes)) in files.iter().enumerate() {
        let hash = Sha256::digest(bytes).iter().take(12).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let forms = [
            ("plain", bytes.clone()),
            ("brotli", smaller(brotli(bytes)?, bytes)),
            ("gzip", smaller(gzip(bytes)?, bytes)),
        ];
        let _ = write!(table, "File {{ name: {name:?}, mime: {:?}, hash: {hash:?}", mime(name));
        for (form, bytes) in forms {
            let file = format!("{number}.{form}");
            fs::write(out.join(&file), bytes)?;
            let _ = write!(table, ", {form}: include_bytes!({file:?})");
        }
        table.push_str(" },\n");
    }
    table.push_str("];\n");
    fs::write(out.join("page.rs"), table)
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
    let release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: if release { 11 } else { 5 },
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
