//! Checks docs/protocol.md: the tests that it names exist, and it lists every rule.

use std::{collections::BTreeSet, fs, path::Path};

/// Everything between backticks in the table rows of `text`.
fn quoted_in_tables(text: &str) -> BTreeSet<&str> {
    let rows = text.lines().filter(|line| line.starts_with('|'));
    rows.flat_map(|row| row.split('`').skip(1).step_by(2)).collect()
}

/// Adds the names of all functions in the Rust files below `folder` to `names`.
fn functions(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry of it").path();
        if path.is_dir() {
            functions(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let found = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            names.extend(found.map(str::to_owned));
        }
    }
}

#[test]
fn protocol_md_names_existing_tests_and_every_rule() {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the root is two folders above crates/xtask");
    let page = fs::read_to_string(root.join("docs/protocol.md")).expect("docs/protocol.md");
    let quoted = quoted_in_tables(&page);

    let mut names = BTreeSet::new();
    functions(&root.join("crates/wire/tests"), &mut names);
    functions(&root.join("server/tests"), &mut names);
    functions(&root.join("server/src/upstream"), &mut names);
    let tests = quoted.iter().filter(|name| name.matches('_').count() >= 2 && !PARAMETERS.contains(name));
    let gone: Vec<_> = tests.filter(|name| !names.contains(**name)).collect();
    assert!(gone.is_empty(), "no such tests: {gone:?}");

    let files = ["violation.rs", "handshake/request.rs", "handshake/answer.rs", "deflate/answer.rs"];
    let texts = files.map(|file| fs::read_to_string(root.join("crates/wire/src").join(file)).expect("the rules"));
    // Only the name of a rule has a hyphen in these lines.
    let rules = texts.iter().flat_map(|text| {
        let lines = text.lines().filter(|line| line.contains("=> \"") && line.contains('-'));
        lines.filter_map(|line| line.split('"').nth(1))
    });
    let rules: Vec<_> = rules.collect();
    assert!(rules.len() > 45, "{} rules were found: {rules:?}", rules.len());
    let missing: Vec<_> = rules.iter().filter(|rule| !quoted.contains(**rule)).collect();
    assert!(missing.is_empty(), "rules without a row: {missing:?}");
}

const PARAMETERS: [&str; 4] =
    ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits", "client_max_window_bits"];
