//! The tools that builds and tests need. xtask uses the ones on the machine, and installs the others.
//!
//! - `cargo`: std for wasm32, trunk, wasm-bindgen, cargo-deny, cargo-fuzz, websocat
//! - `npm`: Node's packages: wasm-opt, esbuild, Playwright
//! - `browser`: Chromium and Firefox
//! - `wasm_runner`: runs wasm tests in Chromium
//! - `python`: Python with the package `websockets`
//! - `proxies`: nginx, HAProxy, Caddy, Apache httpd, tinyproxy, microsocks
//! - `redis`: redis-server
//! - `wireshark`: tshark
//! - `prometheus`: promtool
//! - `apt`: Debian's packages
//! - `unpacked`: programs of packages that are unpacked instead of installed
mod apt;
mod browser;
mod cargo;
mod npm;
mod prometheus;
mod proxies;
mod python;
mod redis;
mod unpacked;
mod wasm_runner;
mod wireshark;

use std::{
    env,
    ffi::OsString,
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::Result;
use xshell::{Shell, cmd};

pub(crate) use self::{redis::VARIABLE as REDIS_SERVER, wasm_runner::WasmRunner};
use crate::{lock::lock, project::Project};

/// Names another folder for the tools.
const FOLDER_VARIABLE: &str = "FRAMESCOPE_TOOLS";

pub(crate) struct Tools<'a> {
    project: &'a Project,
    /// Has a folder for each version of each tool, so all checkouts can share it.
    folder: PathBuf,
}

impl<'a> Tools<'a> {
    pub(crate) fn new(project: &'a Project) -> Self {
        let named = env::var_os(FOLDER_VARIABLE).map(PathBuf::from);
        let folder = named.or_else(cache_folder).unwrap_or_else(|| ".tools".into());
        Self { project, folder: project.path(folder) }
    }

    /// For the build of the released page.
    pub(crate) fn for_page(&self) -> Result<()> {
        self.wasm_target()?;
        cargo::wasm_bindgen(self)?;
        npm::page_tools(self)
    }

    /// For the quick build of the page.
    pub(crate) fn for_quick_page(&self) -> Result<()> {
        self.for_page()?;
        cargo::trunk(self)
    }

    /// The folder with the npm packages that build the page.
    pub(crate) fn page_tools(&self) -> PathBuf {
        npm::page_tools_folder(self)
    }

    pub(crate) fn wasm_target(&self) -> Result<()> {
        cargo::wasm_target(self)
    }

    /// Gives its path.
    pub(crate) fn cargo_deny(&self) -> Result<PathBuf> {
        cargo::cargo_deny(self)
    }

    /// Gives the programs that the relay's tests run. The tests find each one through its environment variable.
    pub(crate) fn for_native_tests(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        let mut programs = vec![
            self.python()?,
            (wireshark::VARIABLE, wireshark::tshark(self)?),
            ("FRAMESCOPE_WEBSOCAT", cargo::websocat(self)?),
        ];
        programs.extend(prometheus::promtool(self).map(|promtool| (prometheus::VARIABLE, promtool)));
        programs.extend(proxies::all(self));
        programs.extend(redis::server(self));
        Ok(programs)
    }

    /// Gives the available programs among those that a site of several relays needs, each with the environment variable for its path.
    pub(crate) fn for_cluster(&self) -> Vec<(&'static str, PathBuf)> {
        redis::server(self).into_iter().chain(proxies::nginx_for_cluster(self)).collect()
    }

    /// Gives a Python that has `websockets`, with the environment variable for its path.
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

    /// Gives the browsers, each with the environment variable for its path.
    pub(crate) fn for_e2e(&self) -> Result<[(&'static str, PathBuf); 3]> {
        npm::node(self)?;
        npm::e2e(self)?;
        Ok([browser::chromium(self)?, browser::headless_chromium(self)?, browser::firefox(self)?])
    }

    pub(crate) fn for_fuzzing(&self) -> Result<()> {
        cargo::nightly(self)?;
        cargo::cargo_fuzz(self)
    }

    /// Gives the proxy that the benchmark compares with the relay, or `None` if it is not available.
    pub(crate) fn for_proxy_bench(&self) -> Option<PathBuf> {
        proxies::nginx(self)
    }

    /// Redis for `cargo xtask bench cluster`. Prints why if it is not available.
    pub(crate) fn for_cluster_bench(&self) -> Option<PathBuf> {
        redis::server(self).map(|(_, program)| program)
    }

    /// PATH with the installed tools first.
    pub(crate) fn path(&self) -> OsString {
        let own = cargo::folders(self).into_iter().chain([npm::binaries(self)]);
        let path = env::var_os("PATH").unwrap_or_default();
        // Fails only if the name of a folder has the separator of PATH in it.
        env::join_paths(own.chain(env::split_paths(&path))).unwrap_or(path)
    }

    /// Finds `name` in the installed tools or on PATH.
    fn find(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", env::consts::EXE_SUFFIX);
        env::split_paths(&self.path()).map(|folder| folder.join(&name)).find(|file| file.is_file())
    }

    /// Lets one process at a time install `name`. Check again after this: another process may have installed it.
    fn lock(&self, name: &str) -> Result<File> {
        lock(&self.folder.join(format!("{name}.lock")), &format!("installs {name}"))
    }

    fn shell(&self) -> &'a Shell {
        &self.project.shell
    }
}

fn cache_folder() -> Option<PathBuf> {
    let named = env::var_os(if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_CACHE_HOME" }).map(PathBuf::from);
    let cache = named.filter(|folder| folder.is_absolute()).or_else(|| Some(env::home_dir()?.join(".cache")))?;
    Some(cache.join("framescope/tools"))
}

/// The version that `program --version` prints, if the program runs at all.
fn version(shell: &Shell, program: &Path) -> Option<String> {
    let output = cmd!(shell, "{program} --version").quiet().ignore_stderr().read().ok()?;
    output.split_whitespace().find_map(as_version).map(str::to_owned)
}

/// Accepts `v20.20.2`, `20.20.2` and wasm-opt's `132`.
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
        let printed = ["trunk 0.21.14", "wasm-opt version 132 (version_132)", "v20.20.2", "Mozilla Firefox 153.8.0esr"];
        let read = printed.map(|line| line.split_whitespace().find_map(as_version));
        assert_eq!(read, [Some("0.21.14"), Some("132"), Some("20.20.2"), Some("153.8.0esr")]);
        assert_eq!(read.map(|version| version.map_or(0, major)), [0, 132, 20, 153]);
    }
}
