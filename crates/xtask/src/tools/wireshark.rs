//! tshark, Wireshark's command-line tool. The relay's tests read captures with it.
use std::{env, path::PathBuf};

use anyhow::{Result, bail};

use super::{Tools, apt, major, version};

/// Names the tshark to use. No other one is then looked for.
pub(super) const VARIABLE: &str = "FRAMESCOPE_TSHARK";

/// The oldest version with the field names that the tests use.
const OLDEST: u32 = 4;

/// The package of Debian and its derivatives.
const APT: [&str; 1] = ["tshark"];

pub(super) fn tshark(tools: &Tools) -> Result<PathBuf> {
    if let Some(found) = installed(tools) {
        return Ok(found);
    }
    if apt::install(tools, &APT)
        && let Some(found) = installed(tools)
    {
        return Ok(found);
    }
    bail!(
        "tshark {OLDEST} or later, Wireshark's command-line tool, is not installed. Install it, on Debian with:\n  \
         sudo apt-get install {}\nor set {VARIABLE} to its path. Then run this again",
        APT.join(" ")
    )
}

fn installed(tools: &Tools) -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let fits = |program: &PathBuf| version(tools.shell(), program).is_some_and(|version| major(&version) >= OLDEST);
    named.or_else(|| tools.find("tshark")).filter(fits)
}
