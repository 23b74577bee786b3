//! `page-split INPUT FOLDER` splits the page's wasm. It runs between the linker and wasm-bindgen.
//!
//! INPUT is wasm that was linked with `--emit-relocs`, which keeps every reference. The output in FOLDER:
//!
//! - `page.wasm`: the code of the first view, for wasm-bindgen
//! - a module for each part that loads later, and one for each set of parts with common code
//! - `parts.json`: the modules of each part, without `.wasm`
//! - `__wasm_split.js`: a script that loads them
//!
//! It is not part of xtask because its dependencies take half a minute to build.

use std::{env, fs, path::Path};

use anyhow::{Context, Result, anyhow, bail};
use wasm_split_cli_support::{Options, transform};

/// The module from which the first view imports the loaders of the other parts.
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
    let split = transform(options).map_err(|error| anyhow!("splitting {} failed: {error:#}", input.display()))?;
    fs::write(folder.join("parts.json"), serde_json::to_vec(&split.prefetch_map)?)?;
    Ok(())
}
