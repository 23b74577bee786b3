//! Attempts to get in where one must not: other sites, other host names, responses that are split, receipts that are changed.

use super::Attack;
use crate::client::{attacker, connect, handshake, http, session};
use crate::outcome::{Outcome, Tally};
use crate::target::Target;
use anyhow::Result;
use futures_util::FutureExt;
use tokio::io::AsyncWriteExt;

pub(super) fn all() -> Vec<Attack> {
    vec![
        Attack {
            name: "cross-site pages",
            load: "requests and handshakes with the `Origin` of other sites, `null` and garbage, to the API and the feed",
            flags: &[],
            run: |target, _| origins(target).boxed(),
        },
        Attack {
            name: "DNS rebinding",
            load: "requests and handshakes for other host names on every entrance",
            flags: &[],
            run: |target, _| rebinding(target).boxed(),
        },
        Attack {
            name: "response splitting",
            load: "line ends, encoded in several ways, in every setting that becomes part of a response",
            flags: &[],
            run: |target, _| splitting(target).boxed(),
        },
        Attack {
            name: "forged receipts",
            load: "receipts with another name, another signature, another key, and twice",
            flags: &[],
            run: |target, _| receipts(target).boxed(),
        },
    ]
}

/// Counts whether what must be refused was refused.
fn outcome(tally: &Tally) -> Outcome {
    Outcome { words: tally.words(), is_good: tally.count("let in") == 0 }
}

fn judge(tally: &Tally, refused: bool) {
    tally.add(if refused { "refused" } else { "let in" });
}

/// The status of a handshake.
async fn shake(target: &Target, text: &str) -> Result<String> {
    let mut stream = connect(attacker(0), target.http).await?;
    stream.write_all(text.as_bytes()).await?;
    crate::client::head(&mut stream).await
}

async fn origins(target: Target) -> Result<Outcome> {
    let (tally, id) = (Tally::default(), session(attacker(0), &target).await?);
    for origin in
        ["https://evil.example", "http://localhost.evil.example", "http://127.0.0.1:1", "null", "x", "file://"]
    {
        let header = format!("Origin: {origin}\r\nContent-Length: 0\r\n");
        for (method, path) in [
            ("POST", "/api/sessions".to_owned()),
            ("GET", format!("/api/sessions/{id}/export.har")),
            ("POST", format!("/api/sessions/{id}/receipts")),
            ("OPTIONS", "/api/sessions".to_owned()),
        ] {
            judge(&tally, http(attacker(0), target.http, method, &path, &header).await?.0 == 403);
        }
        let observe = handshake(target.http, &format!("/api/sessions/{id}/observe"), &format!("Origin: {origin}\r\n"));
        judge(&tally, shake(&target, &observe).await?.starts_with("HTTP/1.1 403 "));
    }
    Ok(outcome(&tally))
}

async fn rebinding(target: Target) -> Result<Outcome> {
    let (tally, id) = (Tally::default(), session(attacker(0), &target).await?);
    for host in
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "localhost@evil.example"]
    {
        for path in [
            "/".to_owned(),
            "/api/course".to_owned(),
            "/echo".to_owned(),
            format!("/lab/{id}"),
            format!("/api/sessions/{id}/observe"),
        ] {
            let text = handshake(target.http, &path, "").replace(&target.http.to_string(), host);
            judge(&tally, shake(&target, &text).await?.starts_with("HTTP/1.1 4"));
        }
    }
    Ok(outcome(&tally))
}

async fn splitting(target: Target) -> Result<Outcome> {
    let (tally, id) = (Tally::default(), session(attacker(0), &target).await?);
    let ends = ["%0D%0A", "%0d%0a", "%0A", "%0D", "%E5%98%8A%E5%98%8D", "%250D%250A", "%C0%8D%C0%8A"];
    for end in ends {
        for setting in
            ["refuse=302&location=", "refuse=503&body=", "subprotocol=", "greet=", "close-reason=", "unknown="]
        {
            for path in [format!("/lab/{id}"), "/echo".to_owned(), format!("/via/rewrite/lab/{id}")] {
                let path = format!("{path}?{setting}a{end}Injected:%20yes{end}{end}b");
                let head = shake(&target, &handshake(target.http, &path, "")).await?;
                let injected = head.lines().any(|line| line.to_ascii_lowercase().starts_with("injected:"));
                judge(&tally, !injected);
            }
        }
    }
    Ok(outcome(&tally))
}

async fn receipts(target: Target) -> Result<Outcome> {
    let tally = Tally::default();
    // Nobody can make a valid one without the key, so each of these is a forgery.
    let signature = "A".repeat(86) + "==";
    let texts = [
        String::new(),
        "framescope receipt".to_owned(),
        format!(
            "-----BEGIN FRAMESCOPE RECEIPT-----\nformat: 2\ncourse: essentials\nchallenge: fragments\nname: Ada\nsignature: {signature}\n-----END FRAMESCOPE RECEIPT-----\n"
        ),
        "\u{0}".repeat(4000),
        "x".repeat(100_000),
    ];
    for text in texts {
        let more = format!("Content-Length: {}\r\n\r\n{text}", text.len());
        let (status, answer) = http(attacker(0), target.http, "POST", "/api/receipts/verify", &more).await?;
        judge(&tally, status >= 400 || answer.contains("\"valid\":false"));
    }
    Ok(outcome(&tally))
}
