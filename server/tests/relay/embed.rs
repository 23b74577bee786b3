//! Pieces of the site inside pages of other sites: who may have them in a frame, and how they are found.

use crate::support::{Answer, Lab, http};
use serde_json::Value;

const PIECES: [&str; 3] = ["/embed/lesson/first-connection/x", "/embed/challenge/first-echo", "/embed/playground"];

async fn embedding() -> Lab {
    Lab::with(|config| {
        config.embed_origin =
            ["https://lms.example", "http://localhost:8000"].map(|text| text.parse().unwrap()).to_vec();
    })
    .await
}

fn ancestors(answer: &Answer) -> &str {
    let policy = answer.header("content-security-policy").unwrap();
    policy.rsplit_once("frame-ancestors ").map_or("", |(_, ancestors)| ancestors)
}

#[tokio::test]
async fn only_pieces_may_be_embedded_and_only_by_the_listed_sites() {
    let (alone, embedding) = (Lab::new().await, embedding().await);
    for path in PIECES {
        let page = http(alone.address(), "GET", path, "").await;
        assert_eq!((page.status, ancestors(&page)), (200, "'self'"), "{path}");
        let page = http(embedding.address(), "GET", path, "").await;
        assert_eq!(
            (page.status, ancestors(&page)),
            (200, "'self' https://lms.example http://localhost:8000"),
            "{path}"
        );
        assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'; script-src 'self' "));
    }
    for path in ["/", "/course", "/challenges/first-echo", "/s/x", "/receipt", "/recording", "/healthz", "/api/course"]
    {
        let page = http(embedding.address(), "GET", path, "").await;
        assert_eq!((page.status, ancestors(&page)), (200, "'none'"), "{path}");
    }
    for path in ["/embed", "/embed/", "/embed/lesson/x", "/embed/lesson//x", "/embed/challenge/", "/embed/playground/x"]
    {
        let page = http(embedding.address(), "GET", path, "").await;
        assert_eq!((page.status, ancestors(&page)), (404, "'none'"), "{path}");
    }
}

#[tokio::test]
async fn a_page_without_an_origin_can_read_answers_only_where_pages_may_be_embedded() {
    let (alone, embedding) = (Lab::new().await, embedding().await);
    for path in ["/", "/api/course", "/embed/playground"] {
        let allowed = http(embedding.address(), "GET", path, "Origin: null\r\n").await;
        assert_eq!(allowed.header("access-control-allow-origin"), Some("null"), "{path}");
        assert!(allowed.head.to_ascii_lowercase().contains("vary: origin"), "{}", allowed.head);
        let other = http(embedding.address(), "GET", path, "Origin: https://evil.example\r\n").await;
        assert_eq!(other.header("access-control-allow-origin"), None, "{path}");
        assert!(other.head.to_ascii_lowercase().contains("vary: origin"), "a cache keeps both apart");
        let alone = http(alone.address(), "GET", path, "Origin: null\r\n").await;
        assert_eq!(alone.header("access-control-allow-origin"), None, "{path}");
    }
}

/// The answer of `/oembed` for a page of the relay at `path`.
async fn oembed(lab: &Lab, path: &str, more: &str) -> Answer {
    let url: String = form_urlencoded::byte_serialize(format!("http://lab{path}").as_bytes()).collect();
    http(lab.address(), "GET", &format!("/oembed?url={url}{more}"), "").await
}

#[tokio::test]
async fn a_consumer_gets_the_html_for_a_url() {
    let lab = embedding().await;
    let course = http(lab.address(), "GET", "/api/course", "").await.json();
    let lesson = course["lessons"][0]["id"].as_str().unwrap();
    let piece = course["lessons"][0]["pieces"][0]["id"].as_str().unwrap();
    let title = course["lessons"][0]["title"].as_str().unwrap();
    for (path, src) in [
        (format!("/course/{lesson}#{piece}"), format!("/embed/lesson/{lesson}/{piece}")),
        (format!("/embed/lesson/{lesson}/{piece}"), format!("/embed/lesson/{lesson}/{piece}")),
        ("/challenges/first-echo".to_owned(), "/embed/challenge/first-echo".to_owned()),
        ("/#play?lab=a&message=\"Hi\"".to_owned(), "/embed/playground#play?lab=a&amp;message=%22Hi%22".to_owned()),
        ("/".to_owned(), "/embed/playground".to_owned()),
    ] {
        let answer = oembed(&lab, &path, "&format=json").await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{path}");
        let rich = answer.json();
        assert_eq!((&rich["type"], &rich["version"]), (&Value::from("rich"), &Value::from("1.0")));
        assert_eq!(rich["provider_url"], "http://lab/");
        let html = rich["html"].as_str().unwrap();
        assert!(
            html.starts_with(&format!("<iframe src=\"http://lab{src}\" ")) && html.ends_with("</iframe>"),
            "{html}"
        );
    }
    let rich = oembed(&lab, &format!("/course/{lesson}#{piece}"), "&maxwidth=300&maxheight=100&more=x").await.json();
    assert_eq!((&rich["title"], &rich["width"], &rich["height"]), (&title.into(), &300.into(), &100.into()));
    assert!(rich["html"].as_str().unwrap().contains("width=\"300\" height=\"100\""));
}

#[tokio::test]
async fn a_consumer_is_told_why_there_is_nothing() {
    let lab = embedding().await;
    for (path, more, status) in [
        ("/course", "", 404),
        ("/course/no-lesson#x", "", 404),
        ("/challenges/no-challenge", "", 404),
        ("/s/x", "", 404),
        ("/", "&format=xml", 501),
        ("/", "&maxwidth=wide", 400),
        ("/", "&maxheight=0", 400),
    ] {
        assert_eq!(oembed(&lab, path, more).await.status, status, "{path}{more}");
    }
    for query in ["", "?url=https%3A%2F%2Fother.example%2F", "?url=x", "?url=ftp%3A%2F%2Flab%2F"] {
        let answer = http(lab.address(), "GET", &format!("/oembed{query}"), "").await;
        assert_eq!(answer.status, if query.is_empty() { 400 } else { 404 }, "{query}");
    }
    let alone = Lab::new().await;
    let refused = oembed(&alone, "/", "").await;
    assert_eq!(refused.status, 404);
    assert!(String::from_utf8(refused.body).unwrap().contains("--embed-origin"));
}

#[tokio::test]
async fn a_page_names_the_url_of_its_own_answer() {
    let lab = embedding().await;
    let built = http(lab.address(), "GET", "/course", "").await;
    // The placeholder has no head.
    if !String::from_utf8_lossy(&built.body).contains("</head>") {
        return;
    }
    assert!(!String::from_utf8_lossy(&built.body).contains("oembed"));
    let page = http(lab.address(), "GET", "/challenges/first-echo", "").await;
    let html = String::from_utf8(page.body).unwrap();
    assert!(html.contains("<meta name=framescope-embed content=\"https://lms.example http://localhost:8000\">"));
    let (_, link) = html.split_once("application/json+oembed").expect("a link");
    let (_, href) = link.split_once("href=\"").unwrap();
    let href = href.split('"').next().unwrap().replace("&amp;", "&");
    let answer = http(lab.address(), "GET", &href, "").await;
    assert_eq!(answer.status, 200, "{href}");
    assert!(answer.json()["html"].as_str().unwrap().contains("http://lab/embed/challenge/first-echo"));
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_site_has_the_url_that_visitors_see() {
    let lab = Lab::with(|config| {
        config.embed_origin = vec!["https://lms.example".parse().unwrap()];
        config.trusted_proxy = vec!["127.0.0.1".parse().unwrap()];
        config.public_url = vec!["https://lab.example".parse().unwrap()];
    })
    .await;
    let forwarded = "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: lab.example\r\n";
    let path = "/oembed?url=https%3A%2F%2Flab.example%2Fchallenges%2Ffirst-echo";
    for more in [forwarded, ""] {
        let answer = http(lab.address(), "GET", path, more).await;
        assert_eq!(answer.status, 200, "{more}");
        let src = "<iframe src=\"https://lab.example/embed/challenge/first-echo\" ";
        assert!(answer.json()["html"].as_str().unwrap().starts_with(src));
    }
    let page = http(lab.address(), "GET", "/challenges/first-echo", forwarded).await;
    let html = String::from_utf8(page.body).unwrap();
    // The placeholder has no head.
    if html.contains("</head>") {
        assert!(html.contains("url=https%3A%2F%2Flab.example%2Fchallenges%2Ffirst-echo"), "{html}");
    }
}
