//! Which pages may use the API and observe sessions, by the `Origin` of their requests.

use crate::support::{Answer, Lab, handshake, http};

const FOREIGN: [&str; 5] = ["https://evil.example", "http://lab.evil.example", "http://localhost:1", "null", "garbage"];

async fn from(lab: &Lab, method: &str, path: &str, origin: &str) -> Answer {
    http(lab.address(), method, path, &format!("Origin: {origin}\r\nContent-Length: 0\r\n")).await
}

/// The status of a handshake.
async fn opened(lab: &Lab, path: &str, origin: &str) -> u16 {
    let mut raw = lab.raw().await;
    raw.send(handshake(path, &format!("Origin: {origin}\r\n")).as_bytes()).await;
    raw.head().await.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn other_sites_may_not_use_the_api_or_observe() {
    let lab = Lab::new().await;
    let port = lab.address().port();
    let own = [format!("http://lab:{port}"), format!("http://LAB:{port}"), "http://lab".to_owned()];
    let observe = format!("/api/sessions/{}/observe", lab.id);
    for origin in FOREIGN {
        for (method, path) in [
            ("POST", "/api/sessions".to_owned()),
            ("GET", format!("/api/sessions/{}", lab.id)),
            ("GET", format!("/api/sessions/{}/export.json", lab.id)),
            ("POST", format!("/api/sessions/{}/receipts", lab.id)),
            ("GET", "/api/nothing".to_owned()),
            ("OPTIONS", "/api/sessions".to_owned()),
        ] {
            let refused = from(&lab, method, &path, origin).await;
            assert_eq!(refused.status, 403, "{method} {path} from {origin}");
            assert!(refused.header("access-control-allow-origin").is_none());
            assert!(refused.json()["error"].as_str().unwrap().contains(origin), "{}", refused.json());
            assert!(refused.json()["hint"].as_str().unwrap().contains("--allow-origin"));
        }
        assert_eq!(opened(&lab, &observe, origin).await, 403, "{origin}");
        // Learner code and other sites are meant to connect to the lab.
        for path in [lab.path(), "/echo".to_owned(), format!("/via/rewrite{}", lab.path())] {
            assert_eq!(opened(&lab, &path, origin).await, 101, "{path} from {origin}");
        }
    }
    for origin in own {
        assert_eq!(from(&lab, "POST", "/api/sessions", &origin).await.status, 201, "{origin}");
        assert_eq!(opened(&lab, &observe, &origin).await, 101, "{origin}");
    }
    // Programs send none.
    assert_eq!(http(lab.address(), "POST", "/api/sessions", "").await.status, 201);
    // A second one does not help.
    let twice = format!("Origin: http://lab:{port}\r\nOrigin: https://evil.example\r\n");
    assert_eq!(http(lab.address(), "POST", "/api/sessions", &twice).await.status, 403);
}

#[tokio::test]
async fn an_allowed_site_may_use_the_api_and_read_the_answers() {
    let lab = Lab::with(|config| config.allow_origin = vec!["https://lms.example".parse().unwrap()]).await;
    let allowed = from(&lab, "POST", "/api/sessions", "https://lms.example").await;
    assert_eq!((allowed.status, allowed.header("access-control-allow-origin")), (201, Some("https://lms.example")));
    assert_eq!(allowed.header("access-control-allow-credentials"), None);
    assert_eq!(opened(&lab, &format!("/api/sessions/{}/observe", lab.id), "https://lms.example").await, 101);
    let asked = "Origin: https://lms.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
    let preflight = http(lab.address(), "OPTIONS", "/api/sessions", asked).await;
    assert_eq!((preflight.status, preflight.header("access-control-allow-headers")), (200, Some("content-type")));
    for origin in FOREIGN {
        let refused = from(&lab, "POST", "/api/sessions", origin).await;
        assert_eq!((refused.status, refused.header("access-control-allow-origin")), (403, None), "{origin}");
    }
}
