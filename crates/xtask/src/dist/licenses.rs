//! The licenses of everything inside the binary, with their texts: crates of the relay and of the page, and the page's npm packages.
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;
use xshell::cmd;

use crate::{page, project::Project, tools::Tools};

/// What only builds the page and is not in it.
const NPM_TOOLS: [&str; 3] = ["binaryen", "esbuild", "@esbuild"];
/// The beginnings of the names of files that have a license or a notice, in upper case.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// A package that is inside.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    license: String,
    folder: PathBuf,
}

pub(super) fn collect(project: &Project, tools: &Tools) -> Result<String> {
    let mut packages = crates(project, "framescope", "x86_64-unknown-linux-gnu")?;
    packages.extend(crates(project, page::CRATE, page::TARGET)?);
    packages.extend(npm(&tools.page_tools().join("node_modules"))?);
    text(&packages)
}

/// The crates that `root` links for `target`, without those that only build it or test it.
fn crates(project: &Project, root: &str, target: &str) -> Result<BTreeSet<Package>> {
    let metadata = cmd!(project.shell, "cargo metadata --format-version 1 --locked --filter-platform {target}").quiet();
    linked(&serde_json::from_str(&metadata.read()?)?, root)
}

fn linked(metadata: &Value, root: &str) -> Result<BTreeSet<Package>> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let packages: BTreeMap<_, _> =
        list(&metadata["packages"]).into_iter().map(|package| (text(&package["id"]), package)).collect();
    let nodes: BTreeMap<_, _> =
        list(&metadata["resolve"]["nodes"]).into_iter().map(|node| (text(&node["id"]), node)).collect();
    let is_root = |(_, package): &(&String, &Value)| package["name"] == root && package["source"].is_null();
    let (root, _) = packages.iter().find(is_root).with_context(|| format!("the workspace has no package {root}"))?;
    let (mut found, mut left) = (BTreeSet::new(), vec![root.clone()]);
    while let Some(id) = left.pop() {
        if !found.insert(id.clone()) {
            continue;
        }
        for dependency in list(&nodes[&id]["deps"]) {
            // `null` is a normal dependency; the others are `dev` and `build`.
            if list(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"].is_null()) {
                left.push(text(&dependency["pkg"]));
            }
        }
    }
    let foreign = found.iter().map(|id| &packages[id]).filter(|package| !package["source"].is_null());
    let package = |package: &Value| Package {
        name: text(&package["name"]),
        version: text(&package["version"]),
        license: text(&package["license"]),
        folder: Path::new(&text(&package["manifest_path"])).parent().map(Path::to_owned).unwrap_or_default(),
    };
    Ok(foreign.map(package).collect())
}

/// The npm packages in `modules`, and those in the folders of scopes such as `@codemirror`.
fn npm(modules: &Path) -> Result<BTreeSet<Package>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(modules).with_context(|| format!("{} is missing", modules.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if NPM_TOOLS.contains(&name.as_str()) || name.starts_with('.') {
            continue;
        }
        if name.starts_with('@') {
            found.extend(npm(&entry.path())?);
            continue;
        }
        let manifest: Value = serde_json::from_str(&fs::read_to_string(entry.path().join("package.json"))?)?;
        let text = |key: &str| manifest[key].as_str().unwrap_or_default().to_owned();
        found.insert(Package {
            name: text("name"),
            version: text("version"),
            license: text("license"),
            folder: entry.path(),
        });
    }
    Ok(found)
}

/// A list of all packages, and each text once with the packages that have it.
fn text(packages: &BTreeSet<Package>) -> Result<String> {
    let mut out = String::from("Framescope contains these packages. Their licenses follow.\n\n");
    let mut texts = BTreeMap::<String, BTreeSet<String>>::new();
    for package in packages {
        let Package { name, version, license, folder } = package;
        anyhow::ensure!(!license.is_empty(), "{name} {version} names no license");
        let files = texts_in(folder)?;
        let note = if files.is_empty() { "; the package has no text of it" } else { "" };
        writeln!(out, "{name} {version}: {license}{note}")?;
        for file in files {
            texts.entry(file).or_default().insert(format!("{name} {version}"));
        }
    }
    for (text, of) in texts {
        let of = of.into_iter().collect::<Vec<_>>().join(", ");
        write!(out, "\n{}\n{of}\n\n{}\n", "=".repeat(80), text.trim_end())?;
    }
    Ok(out)
}

fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut files: Vec<_> = fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let is_license = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_uppercase()).unwrap_or_default();
        path.is_file() && NAMES.iter().any(|begin| name.starts_with(begin)) && !name.ends_with(".SPDX")
    };
    let texts = files.into_iter().filter(is_license).map(fs::read);
    texts.map(|bytes| Ok(String::from_utf8_lossy(&bytes?).replace("\r\n", "\n"))).collect()
}

#[cfg(test)]
mod tests {
    use super::linked;
    use serde_json::json;

    #[test]
    fn only_what_is_linked_counts() {
        let package = |name: &str, source: Option<&str>| json!({ "id": name, "name": name, "version": "1.0.0", "license": "MIT", "source": source, "manifest_path": format!("/{name}/Cargo.toml") });
        let dep = |name: &str, kinds: &[Option<&str>]| {
            let kinds: Vec<_> = kinds.iter().map(|kind| json!({ "kind": kind })).collect();
            json!({ "pkg": name, "dep_kinds": kinds })
        };
        let registry = Some("registry");
        let metadata = json!({
            "packages": [
                package("root", None), package("own", None), package("used", registry), package("both", registry),
                package("builds", registry), package("tests", registry), package("deep", registry),
            ],
            "resolve": { "nodes": [
                { "id": "root", "deps": [dep("own", &[None]), dep("builds", &[Some("build")]), dep("tests", &[Some("dev")])] },
                { "id": "own", "deps": [dep("used", &[None]), dep("both", &[Some("dev"), None])] },
                { "id": "used", "deps": [dep("deep", &[None])] },
                { "id": "both", "deps": [] }, { "id": "builds", "deps": [] }, { "id": "tests", "deps": [] }, { "id": "deep", "deps": [] },
            ] },
        });
        let names: Vec<_> = linked(&metadata, "root").unwrap().into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["both", "deep", "used"]);
        assert!(linked(&metadata, "used").is_err(), "not of the workspace");
    }
}
