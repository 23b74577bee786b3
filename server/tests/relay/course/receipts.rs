//! Receipts: grading, signing, verification and refusals.

use super::command::{verify, verify_with};
use super::{folder, lab, lab_with, post};
use crate::support::clock::Clock;
use crate::support::{Answer, Lab, Raw, http, masked};
use curriculum::challenge::Challenge;
use observation::SessionId;
use serde_json::{Value, json};
use sha2::Digest;
use std::collections::BTreeMap;

/// The text that this session must send.
async fn words(lab: &Lab) -> String {
    words_of(lab, &lab.id).await
}

async fn words_of(lab: &Lab, session: &str) -> String {
    let answer = http(lab.address(), "GET", "/api/course/challenges/first-echo", "").await;
    let challenge: Challenge = serde_json::from_slice(&answer.body).unwrap();
    challenge.open_values(&SessionId::parse(session).unwrap())["words"].clone()
}

/// Sends `text` over a new connection to the challenge's address and waits for the echo.
async fn attempt(lab: &Lab, text: &str) {
    attempt_at(lab, &format!("{}?deflate=off", lab.path()), text).await;
}

async fn attempt_at(lab: &Lab, path: &str, text: &str) {
    let mut raw = Raw::open(lab.address(), path).await;
    raw.send(&masked(0x81, text.as_bytes())).await;
    raw.frame().await;
}

async fn ask(lab: &Lab, request: &Value) -> Answer {
    post(lab.address(), &format!("/api/sessions/{}/receipts", lab.id), request.to_string().as_bytes()).await
}

/// A receipt for a passed attempt.
pub(super) async fn receipt(lab: &Lab, name: Option<&str>) -> String {
    attempt(lab, &words(lab).await).await;
    let answer = ask(lab, &json!({ "challenge": "first-echo", "since": 0, "name": name })).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.json());
    answer.json()["receipt"].as_str().unwrap().to_owned()
}

pub(super) async fn judged(lab: &Lab, text: &str) -> Value {
    let answer = post(lab.address(), "/api/receipts/verify", text.as_bytes()).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

#[tokio::test]
async fn a_passed_challenge_has_a_receipt() {
    let lab = lab().await;
    let now = || format!("passed: {}Z", &export::clock::rfc3339(std::time::SystemTime::now())[..19]);
    let before = now();
    let receipt = receipt(&lab, Some("  Ada \u{A0} Lovelace ")).await;
    let after = now();
    let lines: Vec<_> = receipt.lines().collect();
    assert_eq!(lines.len(), 12, "{receipt}");
    assert_eq!(lines[..3], ["framescope receipt 2", "course: my-course", "challenge: first-echo"]);
    // The challenge as the relay serves it, and a tag that does not reveal the session.
    let content = http(lab.address(), "GET", "/api/course/challenges/first-echo", "").await.body;
    assert_eq!(lines[3], format!("content: sha256:{}", hex::encode(sha2::Sha256::digest(&content))));
    assert_eq!(lines[4], format!("relay: {}", env!("CARGO_PKG_VERSION")));
    let tag = sha2::Sha256::digest(format!("framescope session tag\n{}", lab.id));
    assert_eq!(lines[5], format!("session: {}", hex::encode(&tag[..16])));
    let lines = [&lines[..3], &lines[6..]].concat();
    assert!((before.as_str()..=after.as_str()).contains(&lines[3]), "{before} to {after}: {}", lines[3]);
    assert_eq!(lines[4..6], ["name: Ada Lovelace", "checks: 2, 0 on the learner's word"]);
    assert!(lines[6].starts_with("evidence: sha256:") && lines[6].len() == 17 + 64);
    assert!(!receipt.contains(&lab.id), "the session's name is the right to it");
    let key = http(lab.address(), "GET", "/api/receipts/key", "").await.json()["key"].as_str().unwrap().to_owned();
    assert_eq!(lines[7], format!("key: {key}"));

    let verdict = judged(&lab, &receipt).await;
    assert_eq!((&verdict["valid"], &verdict["own"], &verdict["reason"]), (&json!(true), &json!(true), &Value::Null));
    assert_eq!((&verdict["name"], &verdict["challenge"]), (&json!("Ada Lovelace"), &json!("first-echo")));
    assert_eq!((&verdict["checks"], &verdict["on_word"], &verdict["key"]), (&json!(2), &json!(0), &json!(key)));
    // A quoted receipt with other line ends, verified with only the public key.
    let mail: String = receipt.lines().map(|line| format!("> {line}\r\n")).collect();
    let (code, out) = verify(format!("Hello!\r\n{mail}\r\n{receipt}"), Some(&key));
    assert_eq!((code, out.lines().count()), (0, 2), "{out}");
    assert!(out.starts_with("valid: my-course/first-echo, ") && out.contains("Ada Lovelace"), "{out}");
    // A receipt in an email with another encoding.
    let (code, out) = verify([b"Gr\xFC\xDFe:\r\n".as_slice(), mail.as_bytes()].concat(), Some(&key));
    assert_eq!((code, out.lines().count()), (0, 1), "{out}");
}

#[tokio::test]
async fn the_evidence_is_what_observers_saw() {
    let lab = lab().await;
    let receipt = receipt(&lab, None).await;
    assert!(!receipt.contains("name:"));
    let mut feed = lab.feed().await;
    let (mut hash, mut hashes) = (sha2::Sha256::new(), Vec::new());
    for _ in 1..feed.hello.next.0 {
        hash.update(serde_json::to_vec(&feed.next().await).unwrap());
        hash.update("\n");
        hashes.push(hex::encode(hash.clone().finalize()));
    }
    // The connection may have ended in the meantime.
    let is_in = |hash: &String| receipt.contains(&format!("evidence: sha256:{hash}\n"));
    assert!(hashes.iter().any(is_in), "{receipt}\n{hashes:?}");
}

#[tokio::test]
async fn changed_and_foreign_receipts_are_detected() {
    let (lab, other) = (lab().await, lab_with(|_| {}).await);
    let receipt = receipt(&lab, Some("Ada")).await;
    let changed = receipt.replace("Ada", "Bob");
    let verdict = judged(&lab, &changed).await;
    assert_eq!(verdict["valid"], false);
    assert!(verdict["reason"].as_str().unwrap().contains("changed after it was signed"), "{verdict}");
    assert!(verdict.get("name").is_none());
    // Another relay can verify the receipt, but reports that it did not sign it.
    let elsewhere = judged(&other, &receipt).await;
    assert_eq!(
        (&elsewhere["valid"], &elsewhere["own"], &elsewhere["unchanged"]),
        (&json!(false), &json!(false), &json!(true))
    );
    assert!(elsewhere["reason"].as_str().unwrap().contains("signed by an unknown key"), "{elsewhere}");
    assert_eq!(elsewhere["name"], "Ada");
    for (text, says) in [
        ("", "This text contains no receipt"),
        ("framescope receipt 3\n", "This version does not support"),
        ("framescope receipt 2\ncourse: a\nchallenge: b\n", "“content: …” is missing"),
        ("framescope receipt 1\ncourse: a\n", "“challenge: …” is missing"),
        (&format!("{receipt}{receipt}"), "This text contains 2 receipts"),
    ] {
        let verdict = judged(&lab, text).await;
        assert_eq!(verdict["valid"], false);
        assert!(verdict["reason"].as_str().unwrap().contains(says), "{verdict}");
    }
    let other_key =
        http(other.address(), "GET", "/api/receipts/key", "").await.json()["key"].as_str().unwrap().to_owned();
    let (code, out) = verify(format!("{receipt}\n{changed}"), None);
    assert_eq!(code, 1);
    let lines: Vec<_> = out.lines().collect();
    assert!(lines[0].starts_with("unknown: ") && lines[0].contains("signed by an unknown key"), "{out}");
    assert!(lines[1].starts_with("bad: "), "{out}");
    // Any key is accepted only on request, and a forger's receipt is no yes without that.
    let (code, out) = verify(&receipt, None);
    assert_eq!((code, out.starts_with("unknown: ")), (1, true), "{out}");
    let (code, out) = verify_with(&["--any-key"], &receipt);
    assert_eq!((code, out.starts_with("unchanged: ")), (0, true), "{out}");
    let (code, out) = verify(&receipt, Some(&other_key));
    assert_eq!(code, 1);
    assert!(out.contains("signed by another key"), "{out}");
}

/// One attempt can be signed under any number of names.
#[tokio::test]
async fn several_names_on_one_session_are_flagged() {
    let lab = lab().await;
    let (ada, grace) = (receipt(&lab, Some("Ada")).await, receipt(&lab, Some("Grace")).await);
    let key = http(lab.address(), "GET", "/api/receipts/key", "").await.json()["key"].as_str().unwrap().to_owned();
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    let files = ["ada.txt", "grace.txt"].map(|name| folder.join(name).to_str().unwrap().to_owned());
    std::fs::write(&files[0], &ada).unwrap();
    std::fs::write(&files[1], &grace).unwrap();
    let (code, out) = verify_with(&[&files[0], &files[1], "--key", &key], "");
    let lines: Vec<_> = out.lines().collect();
    assert_eq!((code, lines.len()), (1, 3), "{out}");
    for (line, file) in lines.iter().zip(&files) {
        assert!(line.starts_with(&format!("{file}: valid: my-course/first-echo, ")), "{out}");
    }
    assert!(lines[2].starts_with("shared: session ") && lines[2].ends_with("several names: Ada, Grace"), "{out}");
    // Each of them alone is valid, and so are several receipts for one name.
    assert_eq!(verify(&ada, Some(&key)).0, 0);
    assert_eq!(verify(format!("{ada}\n{ada}"), Some(&key)).0, 0);
}

#[tokio::test]
async fn a_failed_attempt_explains_what_differs() {
    let lab = lab().await;
    attempt(&lab, "something else").await;
    let request = json!({ "challenge": "first-echo", "since": 0 });
    let answer = ask(&lab, &request).await;
    assert_eq!(answer.status, 422);
    let report: curriculum::grade::Report = serde_json::from_slice(&answer.body).unwrap();
    let met: BTreeMap<_, _> = report.verdicts.iter().map(|verdict| (verdict.check.as_str(), verdict.met)).collect();
    assert_eq!(met, BTreeMap::from([("connected", true), ("sent", false)]));
    assert!(answer.json()["error"].as_str().unwrap().contains("does not pass every check"));
    // Observations from before the attempt do not count.
    attempt(&lab, &words(&lab).await).await;
    assert_eq!(ask(&lab, &request).await.status, 200);
    let last = lab.feed().await.hello.next.0 - 1;
    assert_eq!(ask(&lab, &json!({ "challenge": "first-echo", "since": last + 1000 })).await.status, 422);
    assert_eq!(ask(&lab, &json!({ "challenge": "first-echo", "since": u64::MAX })).await.status, 422);
}

#[tokio::test]
async fn the_values_of_another_session_do_not_pass() {
    let lab = lab().await;
    let words = words(&lab).await;
    // One in a thousand sessions has the same words.
    let other = loop {
        let other = http(lab.address(), "POST", "/api/sessions", "").await.json()["id"].as_str().unwrap().to_owned();
        if words_of(&lab, &other).await != words {
            break other;
        }
    };
    attempt_at(&lab, &format!("/lab/{other}?deflate=off"), &words).await;
    let request = json!({ "challenge": "first-echo", "since": 0 }).to_string();
    let answer = post(lab.address(), &format!("/api/sessions/{other}/receipts"), request.as_bytes()).await;
    assert_eq!(answer.status, 422);
    let report: curriculum::grade::Report = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(report.verdicts[1].found, format!("The last message you sent was the text “{words}”."));
}

#[tokio::test]
async fn other_addresses_of_the_session_do_not_count() {
    let lab = lab().await;
    let words = words(&lab).await;
    let request = json!({ "challenge": "first-echo", "since": 0 });
    for path in
        [lab.path(), format!("{}?deflate=off&delay=1ms", lab.path()), format!("/via/rewrite{}?deflate=off", lab.path())]
    {
        attempt_at(&lab, &path, &words).await;
        let answer = ask(&lab, &request).await;
        assert_eq!(answer.status, 422, "{path}");
        let report: curriculum::grade::Report = serde_json::from_slice(&answer.body).unwrap();
        assert!(report.verdicts[1].found.contains("You connected to a different address"), "{path}: {report:?}");
    }
    attempt(&lab, &words).await;
    assert_eq!(ask(&lab, &request).await.status, 200);
}

/// A relay whose course has a second challenge, with these lines changed.
async fn lab_with_a_second(changes: &[(&str, &str)]) -> Lab {
    let folder = folder();
    framescope::course::begin(&folder).unwrap();
    let (first, second) = (folder.join("challenges/first-echo"), folder.join("challenges/second"));
    std::fs::create_dir_all(&second).unwrap();
    for file in std::fs::read_dir(first).unwrap() {
        let file = file.unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        let text = changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
        std::fs::write(second.join(file.file_name()), text).unwrap();
    }
    let outline = folder.join("course.toml");
    let text = std::fs::read_to_string(&outline).unwrap();
    std::fs::write(&outline, text.replace("[\"first-echo\"]", "[\"first-echo\", \"second\"]")).unwrap();
    Lab::with(|config| config.course = Some(folder)).await
}

#[tokio::test]
async fn an_attempt_counts_only_for_its_own_challenge() {
    let lab = lab_with_a_second(&[("count = 2", "count = 3")]).await;
    attempt(&lab, &words(&lab).await).await;
    assert_eq!(ask(&lab, &json!({ "challenge": "second", "since": 0 })).await.status, 422);
    assert_eq!(ask(&lab, &json!({ "challenge": "first-echo", "since": 0 })).await.status, 200);
}

#[tokio::test]
async fn a_route_with_a_middlebox_must_match_exactly() {
    let lab = lab_with_a_second(&[
        ("deflate=off\"", "deflate=off&greet={{words}}\"\nvia = \"slow,rate=1MiB,latency=1ms\""),
        ("is = \"{{words}}\"", "at-least = 1"),
    ])
    .await;
    let request = json!({ "challenge": "second", "since": 0 });
    for (prefix, status) in [("", 422), ("/via/slow", 422), ("/via/slow,rate=1MiB,latency=1ms", 200)] {
        attempt_at(&lab, &format!("{prefix}{}?challenge=second", lab.path()), "hello").await;
        assert_eq!(ask(&lab, &request).await.status, status, "{prefix}");
    }
}

/// The attack: requests whose bodies do not arrive. They hold nothing that others need.
#[tokio::test]
async fn a_body_that_does_not_arrive_holds_no_slot() {
    let lab = lab().await;
    let request = json!({ "challenge": "first-echo", "since": 0 });
    let mut unsent = Vec::new();
    for _ in 0..2 * std::thread::available_parallelism().unwrap().get() {
        let mut raw = lab.raw().await;
        let head =
            format!("POST /api/sessions/{}/receipts HTTP/1.1\r\nHost: lab\r\nContent-Length: 50\r\n\r\n", lab.id);
        raw.send(head.as_bytes()).await;
        unsent.push(raw);
    }
    for _ in 0..5 {
        assert_eq!(ask(&lab, &request).await.status, 422);
    }
    let clock = Clock::stop();
    for mut raw in unsent {
        assert!(clock.pass_minutes_until(raw.head()).await.starts_with("HTTP/1.1 408 "));
    }
}

#[tokio::test]
async fn request_bodies_count_toward_the_memory_budget() {
    let lab = lab_with(|config| config.max_unfinished = 100).await;
    for path in [format!("/api/sessions/{}/receipts", lab.id), "/api/receipts/verify".to_owned()] {
        let refused = post(lab.address(), &path, &[b' '; 101]).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, Some("10")));
        assert!(refused.json()["error"].as_str().unwrap().contains("no memory left"), "{}", refused.json());
        // Each gives its memory back.
        assert!(post(lab.address(), &path, &[b' '; 100]).await.status != 503);
    }
}

#[tokio::test]
async fn dropped_observations_are_not_evidence() {
    let lab = lab_with(|config| config.log_count = 50).await;
    let mut raw = lab.open().await;
    for _ in 0..100 {
        raw.send(&masked(0x81, b"x")).await;
        raw.frame().await;
    }
    let last = lab.feed().await.hello.next.0 - 1;
    let answer = ask(&lab, &json!({ "challenge": "first-echo", "since": 0 })).await;
    assert_eq!(answer.status, 409);
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains(&format!("observations 1 to {}", last - 50)), "{error}");
    // The log still has everything after `last`.
    attempt(&lab, &words(&lab).await).await;
    assert_eq!(ask(&lab, &json!({ "challenge": "first-echo", "since": last })).await.status, 200);
}

#[tokio::test]
async fn malformed_requests_are_refused() {
    let lab = lab().await;
    let path = format!("/api/sessions/{}/receipts", lab.id);
    let status = async |body: &[u8]| post(lab.address(), &path, body).await.status;
    assert_eq!(status(b"").await, 400);
    assert_eq!(status(b"{}").await, 400);
    assert_eq!(status(br#"{"challenge": "first-echo", "since": 0, "more": 1}"#).await, 400);
    assert_eq!(status(br#"{"challenge": "other", "since": 0}"#).await, 404);
    assert_eq!(status(&vec![b' '; (256 << 10) + 1]).await, 413);
    for name in ["a\nb", "\u{202E}a", "a\u{1b}[2J", &"x".repeat(81)] {
        let request = json!({ "challenge": "first-echo", "since": 0, "name": name });
        assert_eq!(status(request.to_string().as_bytes()).await, 400, "{name:?}");
    }
    let request = json!({ "challenge": "first-echo", "since": 0 }).to_string();
    let unknown = post(lab.address(), "/api/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa/receipts", request.as_bytes()).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(post(lab.address(), "/api/receipts/verify", &[b'a'; 4097]).await.status, 413);
    assert_eq!(post(lab.address(), "/api/receipts/verify", b"\xFF").await.status, 400);
    assert_eq!(http(lab.address(), "GET", "/api/receipts/verify", "").await.status, 405);
}

#[tokio::test]
async fn results_from_the_page_are_marked_as_unverified() {
    let folder = folder();
    framescope::course::begin(&folder).unwrap();
    let file = folder.join("challenges/first-echo/challenge.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let check = "[[checks]]\nid = \"returned\"\nwants = \"It returns 7.\"\nreturned = { is = 7 }\n\n[[wrong]]";
    std::fs::write(&file, text.replace("[[wrong]]", check).replace("\"anywhere\"", "\"browser\"")).unwrap();
    let lab = Lab::with(|config| config.course = Some(folder)).await;
    attempt(&lab, &words(&lab).await).await;
    let mut request = json!({ "challenge": "first-echo", "since": 0 });
    assert_eq!(ask(&lab, &request).await.status, 422);
    // Fields that grading does not read can have any type.
    request["told"] = json!({ "returned": 7, "printed": "x", "threw": [], "ended": 1 });
    let answer = ask(&lab, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let receipt = answer.json()["receipt"].as_str().unwrap().to_owned();
    assert!(receipt.contains("\nchecks: 3, 1 on the learner's word\n"), "{receipt}");
}
