//! `deploy/`: files there name only metrics and settings that the relay has, and Redis lets a relay do what it needs.

use crate::admin::{ask, metrics, watched};
use crate::support::{eventually, http};
use clap::CommandFactory;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tokio::process::Command;

fn deploy(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(file)
}

fn read(file: &str) -> String {
    std::fs::read_to_string(deploy(file)).unwrap()
}

/// The words of `text` that are names of the relay's or the process's metrics.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_metric =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !word.ends_with('_');
    let words = words.filter(is_metric);
    words.filter(|word| word.starts_with("framescope_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// The names of all series in a scrape.
fn series(scrape: &str) -> BTreeSet<String> {
    let types = scrape.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names = types.flat_map(|line| {
        let (name, kind) = line.split_once(' ').unwrap();
        let ends: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
        ends.iter().map(move |end| format!("{name}{end}"))
    });
    names.collect()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn rules_and_dashboard_name_only_metrics_that_exist() {
    let (lab, admin) = watched(|_| {}).await;
    // A violation, which ends the connection, and a refusal: a metric by reason appears with its first reason.
    let mut raw = lab.open().await;
    raw.send(&[0x81, 0x00]).await;
    raw.rest().await;
    drop(raw);
    assert_eq!(http(lab.address(), "GET", "/lab/unknown", "").await.status, 404);
    eventually(async || metrics(admin).await["framescope_websockets{path=\"lab\"}"] == 0.0).await;
    let scrape = String::from_utf8(ask(admin, "/metrics", "").await.body).unwrap();
    let exist = series(&scrape);
    for file in ["prometheus/alerts.yml", "prometheus/alerts.test.yml", "grafana/framescope.json"] {
        let used = names(&read(file));
        assert!(used.len() > 3, "{file}: {used:?}");
        let unknown: Vec<_> = used.difference(&exist).collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}; the relay has {exist:?}");
    }
    // The documentation names them too.
    let documented = names(&std::fs::read_to_string(deploy("../docs/hosting.md")).unwrap());
    assert_eq!(documented.difference(&exist).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn the_dashboard_is_json_with_a_query_in_each_panel() {
    let dashboard: serde_json::Value = serde_json::from_str(&read("grafana/framescope.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let (rows, panels): (Vec<_>, Vec<_>) = panels.iter().partition(|panel| panel["type"] == "row");
    assert!(rows.len() > 3 && panels.len() > 12);
    for panel in panels {
        let queries = panel["targets"].as_array().unwrap();
        assert!(queries.iter().all(|query| query["expr"].as_str().is_some_and(|expr| !expr.is_empty())), "{panel}");
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
async fn promtool_accepts_the_rules_and_the_metrics() {
    let Some(promtool) = std::env::var_os("FRAMESCOPE_PROMTOOL") else {
        return println!(
            "SKIPPED: this needs promtool, which `cargo xtask test native` gets from Debian's package prometheus"
        );
    };
    for arguments in
        [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"], ["check", "config", "prometheus.yml"]]
    {
        let mut command = Command::new(&promtool);
        let output = command.args(arguments).current_dir(deploy("prometheus")).output().await.unwrap();
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
    }
    let (lab, admin) = watched(|_| {}).await;
    let mut raw = lab.open().await;
    raw.send(&crate::support::masked(0x88, &1000_u16.to_be_bytes())).await;
    raw.frame().await;
    let scrape = ask(admin, "/metrics", "").await.body;
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("metrics-{}", std::process::id()));
    std::fs::write(&file, scrape).unwrap();
    let output = Command::new(&promtool).args(["check", "metrics"]).stdin(std::fs::File::open(&file).unwrap()).output();
    let output = output.await.unwrap();
    std::fs::remove_file(file).unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "check metrics: {said}");
}

/// The variables in the files for containers are settings of the relay.
#[test]
fn containers_set_only_variables_that_the_relay_reads() {
    let command = framescope::args::Arguments::command();
    let serve = command.find_subcommand("serve").unwrap();
    let known: BTreeSet<_> = serve.get_arguments().filter_map(|it| it.get_env()?.to_str()).collect();
    let files =
        ["container/compose.yml", "container/cluster.yml", "kubernetes/framescope.yml", "kubernetes/cluster.yml"];
    for file in files.into_iter().chain(["container/Containerfile", "systemd/framescope.env"]) {
        let text = read(file);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        // Compose's own, and what the files say for all.
        let names =
            words.filter(|word| word.starts_with("FRAMESCOPE_") && !["FRAMESCOPE_SITE", "FRAMESCOPE_"].contains(word));
        let names: BTreeSet<_> = names.collect();
        assert!(names.len() > 1, "{file}: {names:?}");
        assert_eq!(names.difference(&known).collect::<Vec<_>>(), Vec::<&&str>::new(), "{file}");
    }
}

/// A relay as the user of `deploy/redis/users.acl`, with the settings of `redis.conf` beside it, over TLS.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn redis_lets_a_relay_do_what_it_needs() {
    use crate::support::redis::{Options, RedisServer, User};
    use crate::support::{Feed, Lab, say};
    let acl = read("redis/users.acl");
    let rules = acl.lines().find_map(|line| line.strip_prefix("user framescope on >CHANGE-ME ")).unwrap().to_owned();
    // The settings that do not depend on the machine.
    let settings = read("redis/redis.conf");
    let of_machine = ["bind", "port", "tls-", "aclfile", "save"];
    let more = settings.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let more = more.filter(|line| !of_machine.iter().any(|start| line.starts_with(start)));
    let more = more.flat_map(|line| format!("--{line}").split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let user = Some(User { name: "framescope", password: "secret", rules });
    let options = Options { tls: true, user, more, ..Options::default() };
    let Some(redis) = RedisServer::with(options).await else { return };
    let policy: Vec<String> = redis.command(&["CONFIG", "GET", "maxmemory-policy"]).await;
    assert_eq!(policy[1], "noeviction");

    let shared = |config: &mut framescope::args::Config| {
        config.redis.redis = Some(redis.tls_url());
        config.redis.redis_ca = Some(redis.ca_file());
        config.receipt_key = Some(redis.folder.join("receipts.pem"));
    };
    let lab = Lab::with(shared).await;
    let other = Lab::with(shared).await;
    let mut feed = Feed::open(other.address(), &lab.id, 0).await;
    let mut socket = lab.client().await;
    say(&mut socket, "recorded".into()).await;
    feed.opening().await;
    feed.frame().await;
    let act = observation::Command::Drop(observation::command::DropBy::Reset);
    assert_eq!(feed.command(1, act).await, None);
    feed.until_closed().await;
    // Numbers, exports, an end by the operator, and a relay that leaves.
    assert_eq!(http(other.address(), "GET", &format!("/api/sessions/{}/export.json", lab.id), "").await.status, 200);
    other.relay.stop().await;
    let denied: Vec<redis::Value> = redis.command(&["ACL", "LOG"]).await;
    assert!(denied.is_empty(), "{denied:?}");
}
