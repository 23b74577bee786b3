//! `/api/course` and the addresses below it.

use super::{folder, lab};
use crate::support::{Lab, Raw, handshake, http};
use curriculum::challenge::{Challenge, Solution};
use curriculum::course::{Block, Course, Lesson};
use curriculum::glossary::Glossary;
use observation::SessionId;

#[tokio::test]
async fn every_part_of_a_course_has_an_address() {
    let lab = lab().await;
    let get = async |path: &str| http(lab.address(), "GET", &format!("/api/course{path}"), "").await;
    let course: Course = serde_json::from_slice(&get("").await.body).unwrap();
    assert_eq!((course.id.as_str(), course.lessons.len(), course.challenges.len()), ("my-course", 1, 1));
    let lesson: Lesson = serde_json::from_slice(&get("/lessons/hello").await.body).unwrap();
    let pieces: Vec<_> = lesson.blocks.iter().filter_map(Block::piece).collect();
    assert_eq!(pieces, course.lessons[0].pieces);
    let challenge: Challenge = serde_json::from_slice(&get("/challenges/first-echo").await.body).unwrap();
    assert_eq!(challenge.summary, course.challenges[0]);
    let solution: Solution = serde_json::from_slice(&get("/challenges/first-echo/solution").await.body).unwrap();
    assert!(solution.code.contains("socket.send"));
    let text = String::from_utf8(get("/challenges/first-echo").await.body).unwrap();
    assert!(!text.contains("something else"), "a wrong attempt is no business of the page's");
    let glossary: Glossary = serde_json::from_slice(&get("/glossary").await.body).unwrap();
    assert!(course.glossary && glossary.terms[1].definition == lesson.terms[0]);
    let asset = get("/assets/a.png").await;
    assert_eq!((asset.status, asset.header("content-type")), (200, Some("image/png")));
    assert_eq!(asset.body, b"\x89PNG");

    for path in [
        "",
        "/glossary",
        "/lessons/hello",
        "/challenges/first-echo",
        "/challenges/first-echo/solution",
        "/assets/a.png",
    ] {
        let answer = get(path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-cache")), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let held = format!("If-None-Match: {}\r\n", answer.header("etag").unwrap());
        let again = http(lab.address(), "GET", &format!("/api/course{path}"), &held).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    for path in ["/lessons/other", "/challenges/other", "/challenges/other/solution", "/assets/..%2fcourse.toml"] {
        let missing = get(path).await;
        assert_eq!(missing.status, 404, "{path}");
        assert!(missing.json()["hint"].as_str().unwrap().contains("GET /api/course"), "{path}");
    }
    assert_eq!(http(lab.address(), "POST", "/api/course", "").await.status, 405);
}

#[tokio::test]
async fn the_built_in_course_is_served_completely() {
    let lab = Lab::new().await;
    let get = async |path: String| http(lab.address(), "GET", &path, "").await;
    let answer = get("/api/course".to_owned()).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let course: Course = serde_json::from_slice(&answer.body).unwrap();
    for lesson in &course.lessons {
        let answer = get(format!("/api/course/lessons/{}", lesson.id)).await;
        let read: Lesson = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(read.title, lesson.title);
    }
    for challenge in &course.challenges {
        let answer = get(format!("/api/course/challenges/{}", challenge.id)).await;
        let read: Challenge = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(read.summary, *challenge);
        assert_eq!(get(format!("/api/course/challenges/{}/solution", challenge.id)).await.status, 200);
    }
}

/// The URL does not reveal the settings that the learner must find out.
#[tokio::test]
async fn a_challenge_id_selects_its_settings() {
    let folder = folder();
    framescope::course::begin(&folder).unwrap();
    let file = folder.join("challenges/first-echo/challenge.md");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"deflate=off\"", "\"deflate=off&push-every=50ms&push={{words}} %26 all\""))
        .unwrap();
    let lab = Lab::with(|config| config.course = Some(folder)).await;
    let answer = http(lab.address(), "GET", "/api/course/challenges/first-echo", "").await;
    let challenge: Challenge = serde_json::from_slice(&answer.body).unwrap();
    let words = challenge.open_values(&SessionId::parse(&lab.id).unwrap())["words"].clone();
    for prefix in ["", "/via/slow"] {
        let mut raw = Raw::open(lab.address(), &format!("{prefix}{}?challenge=first-echo", lab.path())).await;
        assert_eq!(raw.frame().await, (0x81, format!("{words} & all").into_bytes()));
    }
    let mut feed = lab.feed().await;
    let request = feed.opening().await.request;
    assert!(String::from_utf8_lossy(&request).contains("?challenge=first-echo HTTP/1.1"));
    for (query, says) in
        [("challenge=other", "no setting `challenge`"), ("challenge=first-echo&a", "no setting `challenge`")]
    {
        let mut raw = lab.raw().await;
        raw.send(handshake(&format!("{}?{query}", lab.path()), "").as_bytes()).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 400 "), "{query}");
        assert!(String::from_utf8(raw.rest().await).unwrap().contains(says), "{query}");
    }
}

#[tokio::test]
async fn a_course_with_problems_prevents_the_start() {
    let folder = folder();
    framescope::course::begin(&folder).unwrap();
    std::fs::write(folder.join("challenges/first-echo/starter.js"), b"\xFF").unwrap();
    let lesson = folder.join("lessons/hello.md");
    let text = std::fs::read_to_string(&lesson).unwrap();
    std::fs::write(&lesson, text.replace("deflate=off&fragments=2", "deflate=off&fragment=2")).unwrap();
    let config = framescope::args::Config { course: Some(folder), ..Default::default() };
    let error = framescope::Relay::start(config).await.unwrap_err().to_string();
    let lines: Vec<_> = error.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "challenges/first-echo/starter.js:1: the file is not valid UTF-8. Save it as UTF-8.",
            "lessons/hello.md:50: the lab rejects this query: there is no setting `fragment`; did you mean `fragments`? See `/api/behaviours` for the settings it accepts.",
        ]
    );
    let config = framescope::args::Config { course: Some("nowhere".into()), ..Default::default() };
    let error = framescope::Relay::start(config).await.unwrap_err().to_string();
    assert!(error.contains("the folder nowhere does not exist"), "{error}");
}
