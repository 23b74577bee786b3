//! The paths of the checkout, and commands that run in it.
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use xshell::{Cmd, Shell, cmd};

pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Runs every command from the root.
    pub(crate) shell: Shell,
}

impl Project {
    pub(crate) fn open() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("xtask is in crates/xtask")?;
        let shell = Shell::new()?;
        shell.change_dir(root);
        // Trunk accepts only `true` or `false` here, and stops on the usual `1`.
        if std::env::var_os("NO_COLOR").is_some() {
            shell.set_var("NO_COLOR", "true");
        }
        Ok(Self { root: root.to_owned(), shell })
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo for this machine's target, in `target/`.
    pub(crate) fn host_cargo(&self, subcommand: &str) -> Cmd<'_> {
        self.cargo(subcommand).env("CARGO_TARGET_DIR", self.path("target"))
    }

    /// Cargo for wasm32, in `target-wasm/`. With separate folders, the two kinds of build never wait for each other's lock.
    pub(crate) fn wasm_cargo(&self, subcommand: &str) -> Cmd<'_> {
        self.cargo(subcommand).env("CARGO_TARGET_DIR", self.wasm_target())
    }

    fn cargo(&self, subcommand: &str) -> Cmd<'_> {
        package_variables().fold(cmd!(self.shell, "cargo {subcommand}"), Cmd::env_remove)
    }

    pub(crate) fn wasm_target(&self) -> PathBuf {
        self.path("target-wasm")
    }

    /// The relay's binary that cargo builds for `profile`: `debug` or `release`.
    pub(crate) fn relay(&self, profile: &str) -> PathBuf {
        self.path("target").join(profile).join(format!("framescope{}", std::env::consts::EXE_SUFFIX))
    }

    /// The version of `package` in Cargo.lock.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lock = self.shell.read_file("Cargo.lock")?;
        locked_version(&lock, package)
            .map(str::to_owned)
            .with_context(|| format!("Cargo.lock has no `{package}`. Run `cargo update --workspace` to complete it"))
    }
}

/// The environment variables with which `cargo run` describes xtask's own package to it. Some build scripts depend on variables of
/// these names, so with them, `cargo xtask test` and a plain `cargo test` would rebuild such dependencies in turn.
pub(crate) fn package_variables() -> impl Iterator<Item = OsString> {
    const PREFIXES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| PREFIXES.iter().any(|prefix| name.as_encoded_bytes().starts_with(prefix.as_bytes())))
}

fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_version_is_read_by_its_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.1\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"…\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "trunk"), None);
    }
}
