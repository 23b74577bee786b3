//! Runs the wasm tests: in Chromium through chromedriver, or else in Node.
use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use super::{Tools, apt, browser, major, version};
use crate::project::Project;

/// Let Chromium run as root, and keep it from opening connections to other machines.
const FLAGS: [&str; 7] = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Where wasm tests run.
pub(crate) enum WasmRunner {
    Browser { chromium: PathBuf, driver: PathBuf, runner: PathBuf },
    Node { runner: PathBuf },
}

pub(super) fn find(tools: &Tools) -> Result<WasmRunner> {
    let Some(runner) = tools.find("wasm-bindgen-test-runner") else {
        bail!("wasm-bindgen-cli was installed, but its wasm-bindgen-test-runner is not in its folder")
    };
    let chromium = browser::chromium(tools);
    let reason = match (chromium, driver(tools)) {
        (Ok((_, chromium)), Some(driver)) => {
            let of = |program: &Path| version(tools.shell(), program).map_or(0, |version| major(&version));
            if of(&chromium) == of(&driver) {
                return Ok(WasmRunner::Browser { chromium, driver, runner });
            }
            format!("chromedriver is {}, but Chromium is {}", of(&driver), of(&chromium))
        }
        (Err(missing), _) => format!("{missing:#}"),
        (Ok(_), None) => "chromedriver is not installed (on Debian: apt-get install chromium-driver)".to_owned(),
    };
    println!("NOTE: the wasm tests run in Node, not in a browser: {reason}");
    Ok(WasmRunner::Node { runner })
}

fn driver(tools: &Tools) -> Option<PathBuf> {
    let find = || env::var_os("CHROMEDRIVER").map(PathBuf::from).or_else(|| tools.find("chromedriver"));
    find().or_else(|| if apt::is_root(tools) && apt::install(tools, &[browser::DRIVER]) { find() } else { None })
}

impl WasmRunner {
    /// The environment of cargo and the test runner.
    pub(crate) fn variables(&self, project: &Project) -> Result<Vec<(&'static str, PathBuf)>> {
        const RUNNER: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER";
        Ok(match self {
            Self::Node { runner } => vec![(RUNNER, runner.clone())],
            Self::Browser { chromium, driver, runner } => {
                let capabilities = project.wasm_target().join("webdriver.json");
                fs::create_dir_all(project.wasm_target())?;
                fs::write(&capabilities, capabilities_json(chromium))?;
                vec![
                    (RUNNER, runner.clone()),
                    ("WASM_BINDGEN_USE_BROWSER", "1".into()),
                    ("WASM_BINDGEN_TEST_TIMEOUT", "120".into()),
                    ("WASM_BINDGEN_TEST_WEBDRIVER_JSON", capabilities),
                    ("CHROMEDRIVER", driver.clone()),
                ]
            }
        })
    }
}

/// The WebDriver capabilities for this browser, as JSON.
fn capabilities_json(chromium: &Path) -> String {
    let flags = FLAGS.map(|flag| format!("\"{}\"", flag.trim_start_matches('-'))).join(", ");
    // Rust quotes a path as JSON does, for the characters in paths of browsers.
    format!("{{ \"goog:chromeOptions\": {{ \"binary\": {:?}, \"args\": [{flags}] }} }}\n", chromium)
}
