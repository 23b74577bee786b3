//! The page's URLs, and what a request accepts.

use crate::base_path::BasePath;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The file that runs a reader's code, in a frame at `/sandbox`.
pub(super) const SANDBOX: &str = "sandbox.html";

/// The page's own URLs, in addition to `/s/{session}`, `/course/{lesson}`, `/challenges/{challenge}` and what can be embedded.
const OWN: [&str; 6] = ["", "course", "challenges", "receipt", "recording", "index.html"];

/// The file for a URL. The page's own URLs all lead to index.html, which selects the view.
pub(super) fn file_at(path: &str) -> Option<&str> {
    let path = path.strip_prefix('/')?;
    let one_of_many = |prefix: &str| path.strip_prefix(prefix).is_some_and(|id| !id.is_empty() && !id.contains('/'));
    if OWN.contains(&path) || ["s/", "course/", "challenges/"].into_iter().any(one_of_many) || is_piece(path) {
        return Some("index.html");
    }
    Some(if path == "sandbox" { SANDBOX } else { path })
}

/// Whether the page at `path` is one that other sites may have in a frame: `/embed/lesson/{lesson}/{piece}`,
/// `/embed/challenge/{challenge}` or `/embed/playground`.
pub(super) fn is_embedded(path: &str) -> bool {
    path.strip_prefix('/').is_some_and(is_piece)
}

fn is_piece(path: &str) -> bool {
    match path.split('/').collect::<Vec<_>>()[..] {
        ["embed", "playground"] => true,
        ["embed", "challenge", id] => !id.is_empty(),
        ["embed", "lesson", lesson, piece] => !lesson.is_empty() && !piece.is_empty(),
        _ => false,
    }
}

/// Whether the client's cached copy has this tag.
pub(crate) fn is_current(headers: &HeaderMap, tag: &str) -> bool {
    let held = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let mut held = held.flat_map(|line| line.split(',')).map(|held| held.trim().trim_start_matches("W/"));
    held.any(|held| held == tag || held == "*")
}

/// Whether a person will read the response.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    accepted.flat_map(|line| line.split(',')).any(|item| item.trim().starts_with("text/html"))
}

pub(crate) fn not_found(base: &BasePath) -> Response {
    let text = format!("This URL does not exist. The playground is at {base}\n");
    (StatusCode::NOT_FOUND, [(header::CACHE_CONTROL, "no-cache")], text).into_response()
}
