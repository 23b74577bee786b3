//! Python with the package `websockets`, an independent peer for the relay's tests.
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use xshell::cmd;

use super::{Tools, apt, version};

const WEBSOCKETS: &str = "17.4";

/// The oldest Python that `websockets` supports.
const PYTHON: (u32, u32) = (3, 11);

const NAMES: [&str; 6] = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];

/// Debian's packages. There, `venv` is not part of Python.
const APT: [&str; 2] = ["python3", "python3-venv"];

/// The interpreter of a virtual environment that has the package.
pub(super) fn with_websockets(tools: &Tools) -> Result<PathBuf> {
    let folder = tools.folder.join(format!("python-websockets-{WEBSOCKETS}"));
    let own = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if has_websockets(tools, &own) {
        return Ok(own);
    }
    let _lock = tools.lock("python")?;
    if has_websockets(tools, &own) {
        return Ok(own);
    }
    println!("tools: installing websockets {WEBSOCKETS} for Python");
    environment(tools, &folder)?;
    cmd!(tools.shell(), "{own} -m pip install --quiet --disable-pip-version-check websockets=={WEBSOCKETS}")
        .run()
        .with_context(|| {
            format!(
                "installing websockets failed. To do it yourself: {} -m pip install websockets=={WEBSOCKETS}",
                own.display()
            )
        })?;
    Ok(own)
}

fn has_websockets(tools: &Tools, python: &Path) -> bool {
    const ASK: &str = "import websockets; print(websockets.__version__)";
    let found = cmd!(tools.shell(), "{python} -c {ASK}").quiet().ignore_stderr().read();
    found.is_ok_and(|version| version == WEBSOCKETS)
}

/// Makes the virtual environment, with the Python on this machine or with Debian's packages.
fn environment(tools: &Tools, folder: &Path) -> Result<()> {
    let make = || {
        let python = installed(tools)?;
        cmd!(tools.shell(), "{python} -m venv --clear {folder}").quiet().ignore_stdout().ignore_stderr().run().ok()
    };
    if make().is_some() || (apt::is_root(tools) && apt::install(tools, &APT) && make().is_some()) {
        return Ok(());
    }
    let (major, minor) = PYTHON;
    bail!(
        "Python {major}.{minor} or later with the module venv is not installed. Install it and run this again. On Debian:\n  \
         sudo apt-get install {}",
        APT.join(" ")
    )
}

fn installed(tools: &Tools) -> Option<PathBuf> {
    let fits = |program: &PathBuf| version(tools.shell(), program).is_some_and(|version| is_new_enough(&version));
    NAMES.iter().filter_map(|name| tools.find(name)).find(fits)
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= PYTHON
}

#[cfg(test)]
mod tests {
    use super::is_new_enough;

    #[test]
    fn versions_before_the_oldest_python_are_rejected() {
        let asked = ["2.7.18", "3.9.2", "3.10.12", "3.11.0rc1", "3.11.7", "3.14.0", "4.0"];
        assert_eq!(asked.map(is_new_enough), [false, false, false, true, true, true, true]);
    }
}
