//! A button that copies the HTML with which another site shows a piece of this one.

use super::copy_button::CopyButton;
use crate::site;
use leptos::prelude::*;

/// What the frame may do. Without `allow-same-origin`, progress is not stored.
const SANDBOX: &str = "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads";

/// Shown only where the relay lets other sites embed pieces, and not in an embedded piece.
#[component]
pub fn EmbedButton(
    /// The path below `/embed/`, with its fragment.
    #[prop(into)]
    path: String,
    /// The title of the frame.
    #[prop(into)]
    title: String,
    /// Its height before the page tells its own, in CSS pixels.
    height: u32,
    #[prop(default = "Embed")] words: &'static str,
) -> impl IntoView {
    let is_shown = !site::is_embedded() && !site::embedding_sites().is_empty();
    is_shown.then(|| {
        let origin = window().location().origin().unwrap_or_default();
        let text = html(&format!("{origin}{}", site::path(&format!("/embed/{path}"))), &title, height);
        view! { <CopyButton text=Signal::stored(text) words/> }
    })
}

fn html(src: &str, title: &str, height: u32) -> String {
    format!(
        "<iframe src=\"{}\" title=\"{}\" width=\"100%\" height=\"{height}\" style=\"border: 0\" loading=\"lazy\" \
         sandbox=\"{SANDBOX}\" allow=\"clipboard-write\"></iframe>",
        escaped(src),
        escaped(title)
    )
}

/// A text as the value of an attribute in double quotes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::html;

    #[test]
    fn what_is_copied_is_one_element() {
        let html = html("https://h/embed/playground#play?lab=a&message=%22", "A \"first\" <b>", 640);
        assert!(html.starts_with("<iframe src=\"https://h/embed/playground#play?lab=a&amp;message=%22\" title=\"A &quot;first&quot; &lt;b>\" "));
        assert_eq!(html.matches('"').count(), 16);
    }
}
