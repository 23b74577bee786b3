//! tshark, the command line of Wireshark, by which the relay's tests read captures.
use std::{env, path::PathBuf};

use anyhow::{Result, bail};

use super::{Tools, browser, major, version};

/// Names the one to use, whatever else there is.
pub(super) const VARIABLE: &str = "FRAMESCOPE_TSHARK";

/// The oldest series whose fields have the names that the tests ask for.
const OLDEST: u32 = 4;

/// The package of Debian and those made from it.
const APT: [&str; 1] = ["tshark"];

pub(super) fn tshark(tools: &Tools) -> Result<PathBuf> {
    if let Some(found) = installed(tools) {
        return Ok(found);
    }
    if browser::apt(tools, &APT)
        && let Some(found) = installed(tools)
    {
        return Ok(found);
    }
    bail!(
        "there is no tshark {OLDEST} or later, the command line of Wireshark. Install it and run this again; on Debian:\n  \
         sudo apt-get install {}\nor set {VARIABLE} to its path",
        APT.join(" ")
    )
}

fn installed(tools: &Tools) -> Option<PathBuf> {
    let named = env::var_os(VARIABLE).map(PathBuf::from);
    let fits = |program: &PathBuf| version(tools.shell(), program).is_some_and(|version| major(&version) >= OLDEST);
    named.or_else(|| tools.find("tshark")).filter(fits)
}
