//! promtool, Prometheus' own checker of rules and metrics.
use std::path::PathBuf;

use super::{Tools, apt};

/// Names promtool for the tests. Without it, they skip what needs it and say why.
pub(super) const VARIABLE: &str = "FRAMESCOPE_PROMTOOL";

/// Debian's package. It is unpacked, not installed: the installation would start a server.
const PACKAGE: &str = "prometheus";

/// The promtool on PATH, or Debian's, unpacked. Prints why and gives `None` if neither is available.
pub(super) fn promtool(tools: &Tools) -> Option<PathBuf> {
    let folder = tools.folder.join("prometheus");
    let unpacked = folder.join("usr/bin/promtool");
    let found = tools.find("promtool").or_else(|| unpacked.is_file().then(|| unpacked.clone()));
    if found.is_some() {
        return found;
    }
    if let Err(error) = apt::unpack(tools, &[PACKAGE], &folder) {
        eprintln!(
            "promtool is not available ({error:#}), so the tests do not check the alert rules with it. To include that, install prometheus."
        );
    }
    unpacked.is_file().then_some(unpacked)
}
