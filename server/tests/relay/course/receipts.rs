//! Receipts: grading, signing, verification and refusals.

use super::command::{public_key, verify};
use super::{folder, lab, lab_with, post};
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
    challenge.values(&SessionId::parse(session).unwrap())["words"].clone()
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
async fn receipt(lab: &Lab, name: Option<&str>) -> String {
    attempt(lab, &words(lab).await).await;
    let answer = ask(lab, &json!({ "challenge": "first-echo", "since": 0, "name": name })).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{}", answer.json());
    answer.json()["receipt"].as_str().unwrap().to_owned()
}

async fn judged(lab: &Lab, text: &str) -> Value {
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
    assert_eq!(lines.len(), 9, "{receipt}");
    assert_eq!(lines[..3], ["framescope receipt 1", "course: my-course", "challenge: first-echo"]);
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
    assert_eq!((&elsewhere["valid"], &elsewhere["own"]), (&json!(true), &json!(false)));
    for (text, says) in [
        ("", "This text contains no receipt"),
        ("framescope receipt 2\n", "This version does not support"),
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
    assert!(
        out.lines().next().unwrap().contains(", signed by ") && out.lines().nth(1).unwrap().starts_with("bad: "),
        "{out}"
    );
    let (code, out) = verify(&receipt, Some(&other_key));
    assert_eq!(code, 1);
    assert!(out.contains("signed by another key"), "{out}");
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

/// A client that sends its body slowly occupies one of a few slots. Others are soon told that there is no free slot.
#[tokio::test]
async fn the_number_of_attempts_graded_at_once_is_limited() {
    let lab = lab().await;
    let request = json!({ "challenge": "first-echo", "since": 0 });
    let mut slow = Vec::new();
    for _ in 0..2 {
        let mut raw = lab.raw().await;
        let head =
            format!("POST /api/sessions/{}/receipts HTTP/1.1\r\nHost: lab\r\nContent-Length: 50\r\n\r\n", lab.id);
        raw.send(head.as_bytes()).await;
        slow.push(raw);
    }
    let refused = loop {
        let answer = ask(&lab, &request).await;
        if answer.status != 422 {
            break answer;
        }
    };
    assert_eq!(refused.status, 503);
    assert!(refused.json()["hint"].as_str().unwrap().contains("Try again"));
    drop(slow);
    while ask(&lab, &request).await.status == 503 {}
    assert_eq!(ask(&lab, &request).await.status, 422);
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

#[tokio::test]
async fn a_key_is_kept_in_a_file() {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("receipts.pem");
    let first = lab_with(|config| config.receipt_key = Some(file.clone())).await;
    let receipt = receipt(&first, None).await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let second = lab_with(|config| config.receipt_key = Some(file.clone())).await;
    assert_eq!(judged(&second, &receipt).await["own"], true);
    assert!(receipt.contains(&format!("key: {}", public_key(&file))));
    std::fs::write(&file, "no key").unwrap();
    let config = framescope::args::Config { receipt_key: Some(file), ..Default::default() };
    let error = framescope::Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("contains no private key in PEM"), "{error}");
}

/// `openssl genpkey -algorithm ed25519` writes keys without the public one inside.
#[test]
fn keys_from_openssl_are_accepted() {
    let file = folder().with_extension("pem");
    // RFC 8410 §10.3
    let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    std::fs::write(&file, pem).unwrap();
    // RFC 8410 §10.1, the last 32 bytes
    assert_eq!(public_key(&file), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
}
