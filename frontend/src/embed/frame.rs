//! What is around an embedded piece: the link to the whole site, and a word about storage.

use super::{Fit, height, sandboxed};
use crate::site;
use leptos::html;
use leptos::prelude::*;

pub(super) fn frame(root: NodeRef<html::Div>, fit: Fit) -> AnyView {
    sandboxed::help(root);
    height::tell(root, fit);
    let is_kept = window().local_storage().is_ok_and(|storage| storage.is_some());
    let note = (fit == Fit::Content && !is_kept)
        .then_some("This page may not store anything here, so your progress is lost when you leave.");
    view! {
        <footer class="embedded-foot">
            <span class="muted" role="note">{note}</span>
            <a href=whole() target="_blank" rel="noopener">"Open in Framescope"</a>
        </footer>
    }
    .into_any()
}

/// The URL of the same piece on the site itself.
fn whole() -> String {
    let location = window().location();
    let (path, hash) = (location.pathname().unwrap_or_default(), location.hash().unwrap_or_default());
    site::path(&of_site(site::own(&path).unwrap_or_default(), &hash))
}

/// The page of the site that has what is embedded at `path`.
fn of_site(path: &str, hash: &str) -> String {
    match path.trim_start_matches("/embed/").split('/').collect::<Vec<_>>()[..] {
        ["lesson", lesson, piece] => format!("/course/{lesson}#{piece}"),
        ["challenge", id] => format!("/challenges/{id}"),
        _ => format!("/{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::of_site;

    #[test]
    fn an_embedded_piece_has_its_place_on_the_site() {
        for (path, hash, expect) in [
            ("/embed/lesson/frames/bits", "", "/course/frames#bits"),
            ("/embed/challenge/first-echo", "", "/challenges/first-echo"),
            ("/embed/playground", "#play?message=Hi", "/#play?message=Hi"),
            ("/embed/playground", "", "/"),
        ] {
            assert_eq!(of_site(path, hash), expect);
        }
    }
}
