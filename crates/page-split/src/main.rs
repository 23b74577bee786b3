//! `page-split INPUT FOLDER` cuts the page apart, between the linker and wasm-bindgen.
//!
//! INPUT is wasm that was linked with `--emit-relocs`, so that every reference in it is known. FOLDER then holds
//!
//! - `page.wasm`, which has what the first view needs and goes to wasm-bindgen
//! - a module for each part that is loaded later, and one for what several parts have in common
//! - `parts.json`, which names the modules of each part, without `.wasm`
//! - `__wasm_split.js`, which is a way to load them
//!
//! It is a program of its own, and not a piece of xtask, because what it is made of takes half a minute to build.

use std::{env, fs, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use wasm_split_cli_support::{Options, transform};

/// What the first view's module imports the loaders of the other parts from.
const LINK: &str = "./__wasm_split.js";

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [input, folder] = arguments.as_slice() else { bail!("usage: page-split INPUT FOLDER") };
    let (input, folder) = (Path::new(input), Path::new(folder));
    let wasm = fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let main = folder.join("page.wasm");
    let mut options = Options::new(&wasm);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = LINK;
    options.main_module = "./page.js";
    let split = transform(options).map_err(|error| anyhow!("cutting {} apart: {error:#}", input.display()))?;
    fs::write(folder.join("parts.json"), serde_json::to_vec(&split.prefetch_map)?)?;
    Ok(())
}
