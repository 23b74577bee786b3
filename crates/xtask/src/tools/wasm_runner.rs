//! Where the wasm tests run: in Chromium by chromedriver, or else in Node.
use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};

use super::{Tools, browser, major, version};
use crate::project::Project;

/// Needed to run as root, and to keep a browser quiet that may reach nothing but this machine.
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
        bail!("wasm-bindgen-test-runner, which comes with wasm-bindgen-cli, is not where that was installed")
    };
    let chromium = browser::chromium(tools);
    let reason = match (chromium, driver(tools)) {
        (Ok(chromium), Some(driver)) => {
            let of = |program: &Path| version(tools.shell(), program).map_or(0, |version| major(&version));
            if of(&chromium) == of(&driver) {
                return Ok(WasmRunner::Browser { chromium, driver, runner });
            }
            format!("chromedriver is {}, but Chromium is {}", of(&driver), of(&chromium))
        }
        (Err(missing), _) => format!("{missing:#}"),
        (Ok(_), None) => "there is no chromedriver (on Debian: apt-get install chromium-driver)".to_owned(),
    };
    println!("NOTE: the wasm tests run in Node, not in a browser: {reason}");
    Ok(WasmRunner::Node { runner })
}

fn driver(tools: &Tools) -> Option<PathBuf> {
    let find = || env::var_os("CHROMEDRIVER").map(PathBuf::from).or_else(|| tools.find("chromedriver"));
    find().or_else(|| if browser::is_root(tools) && browser::apt(tools, &[browser::DRIVER]) { find() } else { None })
}

impl WasmRunner {
    /// What cargo and the runner read from their environment.
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

/// What a session of this browser is asked to be, in WebDriver's JSON.
fn capabilities_json(chromium: &Path) -> String {
    let flags = FLAGS.map(|flag| format!("\"{}\"", flag.trim_start_matches('-'))).join(", ");
    // A path is quoted as Rust does it, which for the paths of browsers is JSON's way as well.
    format!("{{ \"goog:chromeOptions\": {{ \"binary\": {:?}, \"args\": [{flags}] }} }}\n", chromium)
}
