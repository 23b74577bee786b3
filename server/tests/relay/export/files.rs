//! Exported files in general: their names, what they must not contain, and when there is none.

use super::{LARGE, Recorded, download};
use crate::support::{Lab, http, masked};
use observation::document::FORMAT;
use observation::document::{Document, ReadError};

#[tokio::test]
async fn a_file_has_a_type_and_is_not_cached() {
    let recorded = Recorded::new().await;
    for (end, kind) in [("har", "application/json"), ("pcapng", "application/x-pcapng"), ("json", "application/json")] {
        let answer = recorded.download(&format!("export.{end}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let disposition = answer.header("content-disposition").unwrap();
        let name = disposition.strip_prefix("attachment; filename=\"framescope-").unwrap().strip_suffix("\"").unwrap();
        let pattern: String = name.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(pattern, format!("00000000-000000.{end}"));
    }
}

#[tokio::test]
async fn no_file_contains_the_session_name() {
    let recorded = Recorded::new().await;
    let id = recorded.lab.id.as_bytes();
    for end in ["har", "pcapng", "json"] {
        let body = recorded.download(&format!("export.{end}")).await.body;
        let holds = |text: &[u8]| body.windows(text.len()).any(|window| window == text);
        assert!(holds(b"/lab/xxxxxxxxxxxxxxxxxxxxxxxxxx"), "{end}");
        assert!(holds(b"/s/xxxxxxxxxxxxxxxxxxxxxxxxxx"), "{end}: in whatever header");
        assert!(!holds(id), "{end}");
    }
}

#[tokio::test]
async fn json_contains_exactly_the_observations() {
    let recorded = Recorded::new().await;
    let text = String::from_utf8(recorded.download("export.json").await.body).unwrap();
    let document = Document::read(&text, text.len()).unwrap();
    let named = serde_json::to_string(&document.observations).unwrap();
    let expect = serde_json::to_string(&recorded.observations).unwrap().replace(&recorded.lab.id, &"x".repeat(26));
    assert!(named == expect, "{named}\n{expect}");
    // The recorded times are within this minute.
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let now = export::clock::rfc3339(std::time::SystemTime::now());
    assert_eq!(value["format"], FORMAT);
    for time in [&document.began, &document.exported] {
        assert_eq!(time[..13], now[..13], "{time} in the hour of {now}");
        assert!(*time <= now);
    }
    assert!(document.began < document.exported);
    let short = text.len() - 1;
    assert_eq!(Document::read(&text, short), Err(ReadError::TooLarge { bytes: text.len(), limit: short }));
    // The file of one connection.
    let text = String::from_utf8(recorded.download(&format!("export.json?connection={LARGE}")).await.body).unwrap();
    let document = Document::read(&text, text.len()).unwrap();
    assert_eq!(document.observations.len(), recorded.of(LARGE).len());
    assert!(document.observations.iter().all(|observation| observation.connection.0 == LARGE));
}

#[tokio::test]
async fn an_empty_session_has_files() {
    let lab = Lab::new().await;
    let har = download(&lab, "export.har").await.json();
    assert_eq!((&har["log"]["version"], &har["log"]["entries"]), (&"1.2".into(), &serde_json::json!([])));
    let text = String::from_utf8(download(&lab, "export.json").await.body).unwrap();
    assert_eq!(Document::read(&text, 1000).unwrap().observations, []);
    assert_eq!(super::tshark::packets(&download(&lab, "export.pcapng").await.body, &[]).await.len(), 0);
}

#[tokio::test]
async fn an_impossible_export_explains_why() {
    let recorded = Recorded::new().await;
    #[track_caller]
    fn check(answer: &crate::support::Answer, status: u16, error: &str, hint: &str) {
        let json = answer.json();
        assert_eq!(answer.status, status, "{json}");
        assert!(json["error"].as_str().unwrap().contains(error), "{json}");
        assert!(json["hint"].as_str().unwrap().contains(hint), "{json}");
    }
    for end in ["har", "pcapng", "json"] {
        let unknown = download(&recorded.lab, &format!("export.{end}?connection=77")).await;
        check(&unknown, 404, "no recorded connection 77", "Omit `connection`");
        for wrong in ["x", "", "-1", "4294967296", "1&connection=2"] {
            let malformed = download(&recorded.lab, &format!("export.{end}?connection={wrong}")).await;
            check(&malformed, 400, "`connection` is", "?connection=N");
        }
        let path = format!("/api/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa/export.{end}");
        check(
            &http(recorded.lab.address(), "GET", &path, "").await,
            404,
            "session does not exist",
            "POST /api/sessions",
        );
        check(&http(recorded.lab.address(), "POST", &path, "").await, 405, "method", "GET");
    }
    check(&download(&recorded.lab, "export.txt").await, 404, "URL does not exist", "export");
}

#[tokio::test]
async fn dropped_observations_are_left_out() {
    let lab = Lab::with(|config| config.log_count = 100).await;
    let mut raw = lab.open().await;
    for _ in 0..1000 {
        raw.send(&masked(0x81, b"x")).await;
        raw.take(3).await;
    }
    let text = String::from_utf8(download(&lab, "export.json").await.body).unwrap();
    let numbers: Vec<_> = Document::read(&text, 1 << 20).unwrap().observations.iter().map(|seen| seen.seq.0).collect();
    assert_eq!(numbers, (1902..=2001).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_export_during_a_flood_has_no_gaps() {
    let lab = Lab::with(|config| config.log_count = 5000).await;
    let mut raw = lab.open().await;
    let frames = masked(0x81, b"x").repeat(1000);
    let flood = async {
        for _ in 0..200 {
            raw.send(&frames).await;
            raw.take(3 * 1000).await;
        }
    };
    let exports = async {
        for _ in 0..5 {
            let text = String::from_utf8(download(&lab, "export.json").await.body).unwrap();
            let document = Document::read(&text, 64 << 20).unwrap();
            let numbers: Vec<_> = document.observations.iter().map(|seen| seen.seq.0).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]));
            assert!(!numbers.is_empty());
        }
    };
    tokio::join!(flood, exports);
}
