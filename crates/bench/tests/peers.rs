//! A short run of the whole benchmark with the real peers. It also checks every echo.
#![cfg(target_os = "linux")]

use std::process::{Command, Output};

/// Runs `bench` with the peers as contestants.
fn bench(arguments: &[&str]) -> Output {
    let peers = ["axum", "axum-small-buffer", "fastwebsockets", "tokio-websockets"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    // `bench` expects `peer` in its folder.
    command.args(peers.map(|peer| format!("--contestant={peer}"))).args(arguments);
    command.output().expect("bench starts")
}

/// The tables in its output.
fn tables(output: &Output) -> Vec<Vec<Vec<String>>> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout.clone()).expect("bench prints text");
    let cells = |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
    let mut tables = Vec::new();
    for block in text.split("\n\n").filter(|block| block.starts_with('|')) {
        tables.push(block.lines().skip(2).map(cells).collect());
    }
    tables
}

#[test]
fn every_peer_echoes_messages_of_every_size() {
    assert!(env!("CARGO_BIN_EXE_peer").ends_with("peer"));
    let parts = ["--only=one", "--only=pipelined", "--only=16kib", "--only=1mib"];
    let schedule = ["--seconds=0.1", "--warm-up=0.05", "--rounds=1"];
    let tables = tables(&bench(&[&parts[..], &schedule].concat()));
    assert_eq!(tables.len(), 4);
    for table in tables {
        let names: Vec<_> = table.iter().map(|row| row[0].as_str()).collect();
        assert_eq!(names, ["axum `ws`", "axum `ws`, 16 KiB read buffer", "fastwebsockets", "tokio-websockets"]);
        assert!(table.iter().any(|row| row[2] == "1.00"), "one of them is the best");
        for row in table {
            assert!(row[1].replace(',', "").parse::<f64>().unwrap() > 0.0, "{row:?}");
        }
    }
}

#[test]
fn idle_connections_take_memory() {
    let tables = tables(&bench(&["--only=memory", "--memory-connections=200"]));
    let [table] = tables.as_slice() else { panic!("one table") };
    assert_eq!(table.len(), 4);
    assert!(table.iter().all(|row| row[2].parse::<f64>().unwrap() > 0.0), "{table:?}");
}

#[test]
fn a_missing_relay_is_an_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    let output = command.args(["--only=one", "--contestant=echo", "--relay=/nowhere/framescope"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nowhere/framescope does not exist"));
}
