//! The page's addresses for the course, and the iframe that runs a reader's code.

use super::folder;
use crate::support::{Lab, http};

#[tokio::test]
async fn the_course_is_part_of_the_page() {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<p>page").unwrap();
    for lab in [Lab::new().await, Lab::with(|config| config.page = Some(folder.clone())).await] {
        for path in ["/course", "/course/frames", "/course/a?b", "/challenges", "/challenges/first-echo", "/receipt"] {
            let page = http(lab.address(), "GET", path, "").await;
            assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-src 'self';") && policy.contains("style-src 'self';"), "{policy}");
            assert!(!policy.contains("unsafe-inline"));
        }
        for path in ["/course/", "/course/a/b", "/challenges/", "/challenges/a/b", "/receipt/a", "/courses"] {
            assert_eq!(http(lab.address(), "GET", path, "").await.status, 404, "{path}");
        }
        assert_eq!(http(lab.address(), "POST", "/course", "").await.status, 405);
    }
}

#[tokio::test]
async fn the_sandbox_has_its_own_policy() {
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<p>page").unwrap();
    let lab = Lab::with(|config| config.page = Some(folder.clone())).await;
    let missing = http(lab.address(), "GET", "/sandbox", "Accept: text/html\r\n").await;
    assert_eq!(missing.status, 404);
    assert!(missing.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"));
    std::fs::write(folder.join("sandbox.html"), "<p>sandbox").unwrap();
    let sandbox = http(lab.address(), "GET", "/sandbox?to=ws://lab.example/lab/", "").await;
    assert_eq!((sandbox.status, sandbox.body.as_slice()), (200, &b"<p>sandbox"[..]));
    assert!(sandbox.header("content-type").unwrap().starts_with("text/html"));
    let policy = sandbox.header("content-security-policy").unwrap();
    // `allow-same-origin` would give the code all permissions of the page.
    assert_eq!(
        policy,
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; \
         connect-src ws://lab.example/lab/; img-src blob: data:; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'self'"
    );
    assert_eq!(http(lab.address(), "GET", "/sandbox/", "").await.status, 404);
}
