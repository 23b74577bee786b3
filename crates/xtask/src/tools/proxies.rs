//! Proxies that stand in front of a relay: nginx, HAProxy, Caddy and Apache httpd. The tests run the relay behind each, and the benchmark
//! compares nginx with it. `framescope check` reaches servers through others: tinyproxy and microsocks.
use std::path::PathBuf;

use super::{Tools, unpacked::Program};

const NGINX: Program = Program {
    variable: "FRAMESCOPE_NGINX",
    name: "nginx",
    place: "usr/sbin/nginx",
    packages: &["nginx", "libnginx-mod-stream"],
};
const OTHERS: [Program; 3] = [
    Program { variable: "FRAMESCOPE_HAPROXY", name: "haproxy", place: "usr/sbin/haproxy", packages: &["haproxy"] },
    Program { variable: "FRAMESCOPE_CADDY", name: "caddy", place: "usr/bin/caddy", packages: &["caddy"] },
    Program { variable: "FRAMESCOPE_APACHE", name: "apache2", place: "usr/sbin/apache2", packages: &["apache2-bin"] },
];

/// Proxies in front of a server that `framescope check` reaches through them: HTTP CONNECT, and SOCKS5.
const FORWARD: [Program; 2] = [
    Program {
        variable: "FRAMESCOPE_TINYPROXY",
        name: "tinyproxy",
        place: "usr/bin/tinyproxy",
        packages: &["tinyproxy-bin"],
    },
    Program {
        variable: "FRAMESCOPE_MICROSOCKS",
        name: "microsocks",
        place: "usr/bin/microsocks",
        packages: &["microsocks"],
    },
];

/// nginx for the benchmark. Prints why and gives `None` if it is not available.
pub(super) fn nginx(tools: &Tools) -> Option<PathBuf> {
    NGINX.found_or_unpacked(tools, "the benchmark leaves out the relay as a proxy")
}

/// nginx for the browser tests of several relays, with its environment variable. Prints why and gives `None` if it is not available.
pub(super) fn nginx_for_cluster(tools: &Tools) -> Option<(&'static str, PathBuf)> {
    let program = NGINX.found_or_unpacked(tools, "the browser tests of several relays are skipped")?;
    Some((NGINX.variable, program))
}

/// The available proxies, each with the environment variable for its path. Prints why one is missing.
pub(super) fn all(tools: &Tools) -> Vec<(&'static str, PathBuf)> {
    let found = |proxy: &Program, otherwise: &str| {
        let program = proxy.found_or_unpacked(tools, otherwise)?;
        Some((proxy.variable, program))
    };
    let reverse = std::iter::once(&NGINX).chain(&OTHERS);
    let reverse = reverse.filter_map(|proxy| found(proxy, "the tests that run the relay behind it are skipped"));
    let forward =
        FORWARD.iter().filter_map(|proxy| found(proxy, "the tests of `framescope check` with it are skipped"));
    reverse.chain(forward).collect()
}
