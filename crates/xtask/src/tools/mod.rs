//! The tools that builds and tests need: found where they are, or else installed into the project's own folder.
//!
//! - `cargo`: std for wasm32, trunk, wasm-bindgen, cargo-fuzz, websocat
//! - `npm`: Node's packages: wasm-opt, esbuild, Playwright
//! - `browser`: Chromium
//! - `wasm_runner`: what runs wasm tests in it
//! - `python`: Python with a package of its own
//! - `nginx`: nginx
//! - `wireshark`: tshark
mod browser;
mod cargo;
mod nginx;
mod npm;
mod python;
mod wasm_runner;
mod wireshark;

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::Result;
use xshell::{Shell, cmd};

pub(crate) use self::wasm_runner::WasmRunner;
use crate::project::Project;

/// Names another folder for the tools than `.tools/`, so that several checkouts may share one.
const FOLDER_VARIABLE: &str = "FRAMESCOPE_TOOLS";

pub(crate) struct Tools<'a> {
    project: &'a Project,
    folder: PathBuf,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(project: &'a Project) -> Self {
        let folder = env::var_os(FOLDER_VARIABLE).unwrap_or_else(|| ".tools".into());
        Self { project, folder: project.path(PathBuf::from(folder)) }
    }

    /// What building the released page takes.
    pub(crate) fn for_page(&self) -> Result<()> {
        self.wasm_target()?;
        cargo::wasm_bindgen(self)?;
        npm::page_tools(self)
    }

    /// What building the page quickly takes.
    pub(crate) fn for_quick_page(&self) -> Result<()> {
        self.wasm_target()?;
        cargo::wasm_bindgen(self)?;
        npm::page_tools(self)?;
        cargo::trunk(self)
    }

    /// The script that makes the released page of its parts; Node runs it.
    pub(crate) fn assemble(&self) -> PathBuf {
        npm::assemble(self)
    }

    /// The folder with the packages that scripts of the page are made with.
    pub(crate) fn page_tools(&self) -> PathBuf {
        npm::page_tools_folder(self)
    }

    /// What clippy for the browser takes.
    pub(crate) fn wasm_target(&self) -> Result<()> {
        cargo::wasm_target(self)
    }

    /// Gives the programs that the relay's tests run, each with the variable that names it to them.
    pub(crate) fn for_native_tests(&self) -> Result<[(&'static str, PathBuf); 3]> {
        Ok([
            self.python()?,
            ("FRAMESCOPE_WEBSOCAT", cargo::websocat(self)?),
            (wireshark::VARIABLE, wireshark::tshark(self)?),
        ])
    }

    /// Gives a Python that has `websockets`, with the variable that names it.
    pub(crate) fn python(&self) -> Result<(&'static str, PathBuf)> {
        Ok(("FRAMESCOPE_PYTHON", python::with_websockets(self)?))
    }

    pub(crate) fn for_wasm_tests(&self) -> Result<WasmRunner> {
        self.wasm_target()?;
        cargo::wasm_bindgen(self)?;
        npm::node(self)?;
        npm::e2e(self)?;
        wasm_runner::find(self)
    }

    /// Gives the Chromium to run.
    pub(crate) fn for_e2e(&self) -> Result<PathBuf> {
        npm::node(self)?;
        npm::e2e(self)?;
        browser::chromium(self)
    }

    pub(crate) fn for_fuzzing(&self) -> Result<()> {
        cargo::nightly(self)?;
        cargo::cargo_fuzz(self)
    }

    /// Gives the proxy that the relay is measured beside; `None` where it cannot be had.
    pub(crate) fn for_proxy_bench(&self) -> Option<PathBuf> {
        nginx::nginx(self)
    }

    /// PATH with the project's own tools first.
    pub(crate) fn path(&self) -> OsString {
        let own = [self.folder.join("bin"), npm::binaries(self)];
        let path = env::var_os("PATH").unwrap_or_default();
        // Fails only for a folder whose name holds the separator, and then the tools outside must do.
        env::join_paths(own.into_iter().chain(env::split_paths(&path))).unwrap_or(path)
    }

    /// `name` in the project's own tools or on PATH.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&self.path()).map(|folder| folder.join(&name)).find(|file| file.is_file())
    }

    fn shell(&self) -> &'a Shell {
        &self.project.shell
    }
}

/// The first word of `program --version` that is a version, if it runs at all.
fn version(shell: &Shell, program: &Path) -> Option<String> {
    let output = cmd!(shell, "{program} --version").quiet().ignore_stderr().read().ok()?;
    output.split_whitespace().find_map(as_version).map(str::to_owned)
}

/// `v20.20.2` is one as much as `20.20.2` or wasm-opt's `132`.
fn as_version(word: &str) -> Option<&str> {
    let number = word.strip_prefix('v').unwrap_or(word);
    number.starts_with(|first: char| first.is_ascii_digit()).then_some(number)
}

/// The number before the first dot; 0 if there is none.
fn major(version: &str) -> u32 {
    version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{as_version, major};

    #[test]
    fn versions_as_the_tools_print_them() {
        let printed =
            ["trunk 0.21.14", "wasm-opt version 132 (version_132)", "v20.20.2", "Chromium 156.0.8078.73 built"];
        let read = printed.map(|line| line.split_whitespace().find_map(as_version));
        assert_eq!(read, [Some("0.21.14"), Some("132"), Some("20.20.2"), Some("156.0.8078.73")]);
        assert_eq!(read.map(|version| version.map_or(0, major)), [0, 132, 20, 156]);
    }
}
