//! The dependencies: cargo-deny with the rules of `deny.toml`, and the Rust version that each of them needs.
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xshell::cmd;

use crate::{project::Project, tools::Tools};

pub(crate) fn check(project: &Project, tools: &Tools) -> Result<()> {
    check_rust_versions(project)?;
    let deny = tools.cargo_deny()?;
    let shell = &project.shell;
    cmd!(shell, "{deny} --workspace --locked check --hide-inclusion-graph bans licenses sources").run()?;
    // The database is a Git repository. Without access to it, everything else is still checked.
    let fetched = cmd!(shell, "{deny} --workspace --locked fetch db").ignore_stdout().ignore_stderr().quiet().run();
    if fetched.is_err() {
        println!("NOTE: advisories are not checked, because the RustSec advisory database cannot be reached");
        return Ok(());
    }
    Ok(cmd!(shell, "{deny} --workspace --locked check advisories").run()?)
}

/// Fails if a dependency needs a newer Rust than the workspace promises. Clippy checks the code of the workspace.
fn check_rust_versions(project: &Project) -> Result<()> {
    let metadata = cmd!(project.shell, "cargo metadata --format-version 1 --locked").quiet().read()?;
    let metadata: Value = serde_json::from_str(&metadata).context("the output of cargo metadata")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let promised = packages.iter().find(|package| package["name"] == "xtask").map(|package| &package["rust_version"]);
    let promised = promised.and_then(Value::as_str).context("Cargo.toml has no rust-version")?;
    let too_new: Vec<_> = packages
        .iter()
        .filter_map(|package| Some((package, package["rust_version"].as_str()?)))
        .filter(|(_, needed)| numbers(needed) > numbers(promised))
        .map(|(package, needed)| format!("{} {} needs {needed}", package["name"], package["version"]))
        .collect();
    ensure!(
        too_new.is_empty(),
        "Cargo.toml promises Rust {promised}, but {}. Raise rust-version in Cargo.toml, or use older versions",
        too_new.join(", ")
    );
    println!("      all {} packages build with Rust {promised}", packages.len());
    Ok(())
}

/// `1.88` and `1.88.0` are the same version.
fn numbers(version: &str) -> [u32; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::numbers;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(numbers("1.88"), numbers("1.88.0"));
        assert!(numbers("1.100") > numbers("1.99.5"));
    }
}
