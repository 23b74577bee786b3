//! The machine and the versions of a run. You need them to compare its figures with others.

use std::fs;
use std::process::{Command, Stdio};

/// The lock file that this binary was built with.
const LOCK: &str = include_str!("../../../Cargo.lock");

/// The peers and the crates that they are built on.
const PACKAGES: [&str; 7] = ["axum", "tungstenite", "fastwebsockets", "tokio-websockets", "hyper", "tokio", "mio"];

/// Two lines of Markdown.
#[must_use]
pub fn description(cores: &[usize]) -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").ok();
    let model = cpu.as_deref().and_then(model).unwrap_or("unknown CPU");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let date = said("date", &["-u", "+%Y-%m-%d %H:%M UTC"]);
    let rustc = said("rustc", &["--version"]);
    let commit = said("git", &["describe", "--always", "--dirty", "--exclude=*"]);
    let packages = PACKAGES.map(|name| format!("{name} {}", versions(LOCK, name)));
    format!(
        "{model}, {} cores, Linux {}, {date}, {rustc}, commit {commit}\n\n{}\n",
        cores.len(),
        kernel.trim(),
        packages.join(", ")
    )
}

fn model(cpuinfo: &str) -> Option<&str> {
    // ARM kernels report no model name. The implementer's number replaces it.
    let value = |name| cpuinfo.lines().find_map(|line: &str| line.strip_prefix(name)?.split_once(": ").map(|it| it.1));
    value("model name").or_else(|| value("CPU implementer"))
}

/// The first line that a command prints.
fn said(command: &str, arguments: &[&str]) -> String {
    let output = Command::new(command).args(arguments).stderr(Stdio::null()).output();
    let text = output.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let text = text.and_then(|text| String::from_utf8(text).ok());
    text.as_deref().and_then(|text| text.lines().next()).unwrap_or("unknown").to_owned()
}

fn versions(lock: &str, package: &str) -> String {
    let name = format!("name = \"{package}\"");
    let blocks = lock.split("[[package]]").filter(|block| block.lines().any(|line| line == name));
    let versions =
        blocks.filter_map(|block| block.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"')));
    versions.collect::<Vec<_>>().join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_packages_have_a_version() {
        for package in PACKAGES {
            assert!(versions(LOCK, package).starts_with(|first: char| first.is_ascii_digit()), "{package}");
        }
    }

    #[test]
    fn the_model_is_read_from_its_line() {
        let text = "processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\n";
        assert_eq!(model(text), Some("AMD EPYC"));
    }
}
