//! Tools from rustup and cargo: std for wasm32, trunk, wasm-bindgen, cargo-deny, cargo-fuzz and its nightly compiler, websocat.
use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use xshell::cmd;

use super::{Tools, version};

const TARGET: &str = "wasm32-unknown-unknown";

/// Trunk 0.22 needs a newer compiler than the workspace.
const TRUNK: Tool = Tool {
    package: "trunk",
    version: Some("0.21.14"),
    binaries: &["trunk"],
    // Without native-tls it needs no OpenSSL headers; without update_check it opens no connections.
    build: &["--locked", "--no-default-features", "--features", "rustls"],
    takes: "about 5 minutes",
};

/// Its version must be that of the crate in Cargo.lock: their common format changes with each version.
const WASM_BINDGEN: Tool = Tool {
    package: "wasm-bindgen-cli",
    version: None,
    binaries: &["wasm-bindgen", "wasm-bindgen-test-runner"],
    // Not --locked: its lock file names a version that was yanked.
    build: &["--bin", "wasm-bindgen", "--bin", "wasm-bindgen-test-runner"],
    takes: "about 2 minutes",
};

const CARGO_DENY: Tool = Tool {
    package: "cargo-deny",
    version: Some("0.20.2"),
    binaries: &["cargo-deny"],
    // It runs for seconds, and an optimized build takes minutes longer.
    build: &["--locked", "--debug", "--config", "profile.dev.debug=false"],
    takes: "about a minute",
};

/// Finds and builds the fuzz targets.
const CARGO_FUZZ: Tool = Tool {
    package: "cargo-fuzz",
    version: Some("0.13.2"),
    binaries: &["cargo-fuzz"],
    build: &["--locked"],
    takes: "about a minute",
};

/// Runs a snippet in the relay's tests, which need no TLS or other optional features.
const WEBSOCAT: Tool = Tool {
    package: "websocat",
    version: Some("1.14.1"),
    binaries: &["websocat"],
    build: &["--locked", "--no-default-features", "--debug", "--config", "profile.dev.debug=false"],
    takes: "about a minute",
};

struct Tool {
    package: &'static str,
    /// `None` for wasm-bindgen, whose version is in Cargo.lock.
    version: Option<&'static str>,
    binaries: &'static [&'static str],
    /// Options for `cargo install`.
    build: &'static [&'static str],
    takes: &'static str,
}

pub(super) fn wasm_target(tools: &Tools) -> Result<()> {
    let folder = cmd!(tools.shell(), "rustc --print target-libdir --target {TARGET}").quiet().read()?;
    if Path::new(&folder).is_dir() {
        return Ok(());
    }
    let _lock = tools.lock("rustup")?;
    println!("tools: adding Rust's std for {TARGET}");
    cmd!(tools.shell(), "rustup target add {TARGET}")
        .run()
        .with_context(|| format!("Rust's std for {TARGET} is missing. To add it: rustup target add {TARGET}"))
}

pub(super) fn trunk(tools: &Tools) -> Result<()> {
    TRUNK.ensure(tools, fits_trunk)
}

/// Any later 0.21, as in Trunk.toml.
fn fits_trunk(version: &str) -> bool {
    version.strip_prefix("0.21.").and_then(|patch| patch.parse::<u32>().ok()).is_some_and(|patch| patch >= 14)
}

pub(super) fn wasm_bindgen(tools: &Tools) -> Result<()> {
    let locked = WASM_BINDGEN.version(tools)?;
    WASM_BINDGEN.ensure(tools, |version| version == locked)
}

pub(super) fn cargo_deny(tools: &Tools) -> Result<PathBuf> {
    CARGO_DENY.ensure(tools, |version| version.starts_with("0.20."))?;
    tools.find("cargo-deny").context("cargo-deny was installed, but it is not in its folder")
}

/// Fuzzing needs coverage and the address sanitizer, which only a nightly compiler has.
pub(super) fn nightly(tools: &Tools) -> Result<()> {
    if cmd!(tools.shell(), "cargo +nightly --version").quiet().ignore_stdout().ignore_stderr().run().is_ok() {
        return Ok(());
    }
    println!("tools: adding Rust's nightly toolchain");
    cmd!(tools.shell(), "rustup toolchain install nightly --profile minimal")
        .run()
        .context("fuzzing needs a nightly compiler. To add it: rustup toolchain install nightly")
}

pub(super) fn cargo_fuzz(tools: &Tools) -> Result<()> {
    CARGO_FUZZ.ensure(tools, |version| version.starts_with("0.13."))
}

/// Gives its path. The next major version has other options.
pub(super) fn websocat(tools: &Tools) -> Result<PathBuf> {
    WEBSOCAT.ensure(tools, |version| version.starts_with("1.14."))?;
    tools.find("websocat").context("websocat was installed, but it is not in its folder")
}

/// The folders of all tools here, for PATH.
pub(super) fn folders(tools: &Tools) -> Vec<PathBuf> {
    let all = [TRUNK, WASM_BINDGEN, CARGO_DENY, CARGO_FUZZ, WEBSOCAT];
    all.iter().filter_map(|tool| Some(tool.folder(tools).ok()?.join("bin"))).collect()
}

impl Tool {
    fn version(&self, tools: &Tools) -> Result<String> {
        match self.version {
            Some(version) => Ok(version.to_owned()),
            None => tools.project.locked_version("wasm-bindgen"),
        }
    }

    fn folder(&self, tools: &Tools) -> Result<PathBuf> {
        Ok(tools.folder.join(format!("{}-{}", self.package, self.version(tools)?)))
    }

    fn ensure(&self, tools: &Tools, fits: impl Fn(&str) -> bool) -> Result<()> {
        if self.is_there(tools, &fits) {
            return Ok(());
        }
        let _lock = tools.lock(self.package)?;
        if self.is_there(tools, &fits) {
            return Ok(());
        }
        let version = self.version(tools)?;
        self.install(tools, &version).with_context(|| {
            let Self { package, build, .. } = self;
            let build = build.join(" ");
            format!("installing {package} {version} failed. To install it yourself: cargo install {package}@{version} {build}")
        })
    }

    fn is_there(&self, tools: &Tools, fits: &impl Fn(&str) -> bool) -> bool {
        self.binaries.iter().all(|name| {
            tools.find(name).and_then(|program| version(tools.shell(), &program)).is_some_and(|found| fits(&found))
        })
    }

    fn install(&self, tools: &Tools, version: &str) -> Result<()> {
        let (shell, folder) = (tools.shell(), &self.folder(tools)?);
        let package = format!("{}@{version}", self.package);
        if tools.find("cargo-binstall").is_some() {
            println!("tools: downloading {package} with cargo binstall");
            if cmd!(shell, "cargo binstall --no-confirm --root {folder} {package}").run().is_ok() {
                return Ok(());
            }
        }
        println!("tools: building {package}; this takes {} and is needed once", self.takes);
        let build = self.build;
        cmd!(shell, "cargo install --quiet --force --root {folder} {package} {build...}")
            // Builds twice as fast. The result is fast enough for a page of this size.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
            // A user's own target folder may be the one that holds this program.
            .env("CARGO_TARGET_DIR", folder.join("build"))
            .run()?;
        // Large, and not needed again.
        let _ = fs::remove_dir_all(folder.join("build"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::fits_trunk;

    #[test]
    fn trunk_must_be_of_the_series_in_trunk_toml() {
        let versions = ["0.21.13", "0.21.14", "0.21.20", "0.22.1", "0.21.15-rc.1"];
        assert_eq!(versions.map(fits_trunk), [false, true, true, false, false]);
    }
}
