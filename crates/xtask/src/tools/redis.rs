//! Redis. The tests start it themselves, many times.
use std::path::PathBuf;

use super::{Tools, unpacked::Program};

/// Names the server for the tests. Without it, they skip what needs it.
pub(crate) const VARIABLE: &str = "FRAMESCOPE_REDIS_SERVER";

/// The server and `redis-cli` are one package; the package `redis-server` has only the service.
const SERVER: Program = Program {
    variable: VARIABLE,
    name: "redis-server",
    place: "usr/bin/redis-server",
    packages: &["redis-server", "redis-tools"],
};

/// The server, with the environment variable for its path. Prints why and gives `None` if it is not available.
pub(super) fn server(tools: &Tools) -> Option<(&'static str, PathBuf)> {
    let program = SERVER.found_or_unpacked(tools, "the tests of relays that share their sessions are skipped")?;
    Some((VARIABLE, program))
}
