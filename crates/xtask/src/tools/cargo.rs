//! What comes by rustup and cargo: std for wasm32, trunk, wasm-bindgen, cargo-fuzz and its nightly compiler, websocat.
use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use xshell::cmd;

use super::{Tools, version};

const TARGET: &str = "wasm32-unknown-unknown";

/// Trunk 0.22 wants a newer compiler than the workspace does.
const TRUNK: Tool = Tool {
    package: "trunk",
    binaries: &["trunk"],
    // Without native-tls it needs no OpenSSL headers, without update_check it asks nobody.
    build: &["--locked", "--no-default-features", "--features", "rustls"],
    takes: "about 5 minutes",
};
const TRUNK_VERSION: &str = "0.21.14";

/// Its version is that of the crate in Cargo.lock: the two speak a format that changes with each.
const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    binaries: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Not --locked: its lock names a version that has been withdrawn.
    build: &[],
    takes: "about 2 minutes",
};

/// Finds the fuzz targets and has them built.
const CARGO_FUZZ: Tool =
    Tool { package: "cargo-fuzz", binaries: &["cargo-fuzz"], build: &["--locked"], takes: "about a minute" };
const CARGO_FUZZ_VERSION: &str = "0.13.2";

/// Runs a snippet in the relay's tests, which take neither TLS nor any other of its features.
const WEBSOCAT: Tool = Tool {
    package: "websocat",
    binaries: &["websocat"],
    build: &["--locked", "--no-default-features"],
    takes: "about a minute",
};
const WEBSOCAT_VERSION: &str = "1.14.1";

struct Tool {
    package: &'static str,
    /// The first of them is asked for the version.
    binaries: &'static [&'static str],
    /// How `cargo install` builds it.
    build: &'static [&'static str],
    takes: &'static str,
}

pub(super) fn wasm_target(tools: &Tools) -> Result<()> {
    let folder = cmd!(tools.shell(), "rustc --print target-libdir --target {TARGET}").quiet().read()?;
    if Path::new(&folder).is_dir() {
        return Ok(());
    }
    println!("tools: adding Rust's std for {TARGET}");
    cmd!(tools.shell(), "rustup target add {TARGET}").run().with_context(|| {
        format!("Rust's std for {TARGET} is missing; with rustup it comes by: rustup target add {TARGET}")
    })
}

pub(super) fn trunk(tools: &Tools) -> Result<()> {
    TRUNK.ensure(tools, TRUNK_VERSION, fits_trunk)
}

/// Any later 0.21, as Trunk.toml asks for.
fn fits_trunk(version: &str) -> bool {
    version.strip_prefix("0.21.").and_then(|patch| patch.parse::<u32>().ok()).is_some_and(|patch| patch >= 14)
}

pub(super) fn wasm_bindgen(tools: &Tools) -> Result<()> {
    let locked = tools.project.locked_version("wasm-bindgen")?;
    WASM_BINDGEN.ensure(tools, &locked, |version| version == locked)
}

/// Only a nightly compiler can watch which ways a program takes, and its memory.
pub(super) fn nightly(tools: &Tools) -> Result<()> {
    if cmd!(tools.shell(), "cargo +nightly --version").quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Ok(());
    }
    println!("tools: adding Rust's nightly toolchain");
    cmd!(tools.shell(), "rustup toolchain install nightly --profile minimal")
        .run()
        .context("fuzzing takes a nightly compiler; with rustup it comes by: rustup toolchain install nightly")
}

pub(super) fn cargo_fuzz(tools: &Tools) -> Result<()> {
    CARGO_FUZZ.ensure(tools, CARGO_FUZZ_VERSION, |version| version.starts_with("0.13."))
}

/// Where it is. The next major version is another program, with other options.
pub(super) fn websocat(tools: &Tools) -> Result<PathBuf> {
    WEBSOCAT.ensure(tools, WEBSOCAT_VERSION, |version| version.starts_with("1.14."))?;
    tools.find("websocat").context("websocat is not where it was installed")
}

impl Tool {
    fn ensure(&self, tools: &Tools, wanted: &str, fits: impl Fn(&str) -> bool) -> Result<()> {
        self.remove_other_versions(tools, &fits);
        if self.is_there(tools, &fits) {
            return Ok(());
        }
        self.install(tools, wanted).with_context(|| {
            let Self { package, build, .. } = self;
            let build = build.join(" ");
            format!("installing {package} {wanted} failed; by hand: cargo install {package}@{wanted} {build}")
        })
    }

    fn is_there(&self, tools: &Tools, fits: &impl Fn(&str) -> bool) -> bool {
        self.binaries.iter().all(|name| {
            tools.find(name).and_then(|program| version(tools.shell(), &program)).is_some_and(|found| fits(&found))
        })
    }

    /// The project's own tools come first on PATH, so one left from another version would hide one that fits.
    fn remove_other_versions(&self, tools: &Tools, fits: &impl Fn(&str) -> bool) {
        for name in self.binaries {
            let own = tools.folder.join("bin").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            if own.exists() && !version(tools.shell(), &own).is_some_and(|found| fits(&found)) {
                println!("tools: {name} in {} is of another version", tools.folder.display());
                // If it cannot be removed, the installation below says why.
                let _ = fs::remove_file(own);
            }
        }
    }

    fn install(&self, tools: &Tools, version: &str) -> Result<()> {
        let (shell, folder) = (tools.shell(), &tools.folder);
        let package = format!("{}@{version}", self.package);
        if tools.find("cargo-binstall").is_some() {
            println!("tools: fetching {package} with cargo binstall");
            if cmd!(shell, "cargo binstall --no-confirm --root {folder} {package}").run().is_ok() {
                return Ok(());
            }
        }
        println!("tools: building {package}, once; takes {}", self.takes);
        let build = self.build;
        cmd!(shell, "cargo install --quiet --force --root {folder} {package} {build...}")
            // Twice as fast to build, and fast enough for a page of this size.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            // Elsewhere than a user's own setting, which may be the folder that this very program was built in.
            .env("CARGO_TARGET_DIR", folder.join("build"))
            .run()?;
        // What it was built from is of no further use, and large.
        let _ = fs::remove_dir_all(folder.join("build"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::fits_trunk;

    #[test]
    fn trunk_must_be_of_the_series_that_trunk_toml_asks_for() {
        let asked = ["0.21.13", "0.21.14", "0.21.20", "0.22.1", "0.21.15-rc.1"];
        assert_eq!(asked.map(fits_trunk), [false, true, true, false, false]);
    }
}
