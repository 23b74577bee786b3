//! The page: from the binary and from a folder, under a strict policy.

use crate::support::{Answer, Lab, handshake, http};

fn is_strict(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
    let policy = answer.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"), "{policy}");
}

#[tokio::test]
async fn the_page_is_served_only_at_its_own_paths() {
    let lab = Lab::new().await;
    for path in ["/", "/index.html", "/s/anything", "/recording", "/?query"] {
        let page = http(lab.address(), "GET", path, "").await;
        assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        is_strict(&page);
    }
    for path in ["/nothing", "/s/", "/s/a/b", "/../Cargo.toml", "/%2e%2e/Cargo.toml", "//", "/lab", "/app.js"] {
        let missing = http(lab.address(), "GET", path, "").await;
        assert_eq!(missing.status, 404, "{path}");
        assert!(String::from_utf8(missing.body.clone()).unwrap().contains("This URL does not exist"));
        is_strict(&missing);
    }
    assert_eq!(http(lab.address(), "POST", "/", "").await.status, 405);
}

#[tokio::test]
async fn a_cached_file_is_not_sent_again() {
    let lab = Lab::new().await;
    let page = http(lab.address(), "GET", "/", "").await;
    let held = format!("If-None-Match: \"other\", {}\r\n", page.header("etag").unwrap());
    let again = http(lab.address(), "GET", "/", &held).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    is_strict(&again);
    let head = http(lab.address(), "HEAD", "/", "").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), page.header("content-length"));
}

#[tokio::test]
async fn compressed_files_go_to_clients_that_accept_them() {
    let lab = Lab::new().await;
    let plain = http(lab.address(), "GET", "/", "").await;
    assert_eq!(plain.header("content-encoding"), None);
    for encoding in ["br", "gzip"] {
        let page = http(lab.address(), "GET", "/", &format!("Accept-Encoding: {encoding}\r\n")).await;
        assert_eq!((page.header("content-encoding"), page.header("vary")), (Some(encoding), Some("accept-encoding")));
        assert!(page.body.len() < plain.body.len());
        assert_ne!(page.header("etag"), plain.header("etag"));
    }
}

/// The placeholder page names no files, so with it this test checks nothing.
#[tokio::test]
async fn files_with_a_hash_in_their_name_are_cached_forever() {
    let lab = Lab::new().await;
    let html = String::from_utf8(http(lab.address(), "GET", "/", "").await.body).unwrap();
    let names = html.split(['"', '\'', '=', ' ', '>']).filter(|name| name.starts_with('/') && name.contains('.'));
    for name in names {
        let file = http(lab.address(), "GET", name, "Accept-Encoding: br\r\n").await;
        assert_eq!((file.status, file.header("content-encoding")), (200, Some("br")), "{name}");
        assert!(file.header("cache-control").unwrap().ends_with("immutable"), "{name}");
        let wasm = name.ends_with(".wasm");
        assert_eq!(file.header("content-type") == Some("application/wasm"), wasm, "{name}");
    }
}

#[tokio::test]
async fn a_folder_serves_its_current_files() {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page");
    std::fs::create_dir_all(&folder).unwrap();
    let index = folder.join("index.html");
    std::fs::write(&index, "<script>alert(1)</script>").unwrap();
    std::fs::write(folder.join("app_bg.wasm"), b"\0asm").unwrap();
    let lab = Lab::with(|config| config.page = Some(folder.clone())).await;
    for path in ["/", "/s/anything", "/index.html"] {
        let page = http(lab.address(), "GET", path, "").await;
        assert_eq!((page.status, page.body.as_slice()), (200, &b"<script>alert(1)</script>"[..]));
        is_strict(&page);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"), "{policy}");
    }
    std::fs::write(&index, "<p>changed").unwrap();
    assert_eq!(http(lab.address(), "GET", "/", "").await.body, b"<p>changed");
    let wasm = http(lab.address(), "GET", "/app_bg.wasm", "").await;
    assert_eq!(
        (wasm.header("content-type"), wasm.header("cache-control")),
        (Some("application/wasm"), Some("no-cache"))
    );
    is_strict(&wasm);
    for path in ["/nothing", "/../page/index.html", "/%2e%2e/page/index.html"] {
        assert_eq!(http(lab.address(), "GET", path, "").await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_folder_without_a_page_is_refused_at_once() {
    let config = framescope::args::Config { page: Some("nowhere".into()), ..Default::default() };
    let error = framescope::Relay::start(config).await.unwrap_err();
    assert!(error.to_string().contains("cargo xtask serve"), "{error}");
}

/// Everything else is no document, so it may do nothing.
#[tokio::test]
async fn all_other_responses_are_strict_too() {
    let lab = Lab::new().await;
    for path in ["/healthz", "/api/routes", "/api/course", "/api/nothing", "/api/sessions/none/export.har"] {
        let answer = http(lab.address(), "GET", path, "").await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("script-src"), "{path}: {policy}");
        assert_eq!(answer.header("strict-transport-security"), None, "{path}");
    }
}

/// A refusal repeats parts of the URL. Its headers are exactly the ones that are recorded.
#[tokio::test]
async fn a_refusal_that_repeats_the_url_is_plain_text_for_every_browser() {
    let lab = Lab::new().await;
    let mut feed = lab.feed().await;
    let script = "%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [format!("/via/{script}{}", lab.path()), format!("{}?{script}", lab.path())] {
        let path = path.replace("%3C/script", "%3C%2Fscript");
        let mut raw = lab.raw().await;
        raw.send(handshake(&path, "").as_bytes()).await;
        let answer = String::from_utf8(raw.rest().await).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 400 ") && body.contains("<script>"), "{answer}");
        assert!(
            head.contains("\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"),
            "{head}"
        );
        assert_eq!(feed.refusal().await.response, answer.as_bytes());
    }
}
