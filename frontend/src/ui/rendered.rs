//! HTML that the relay rendered from Markdown and sanitized.

use crate::site;
use leptos::prelude::*;

#[component]
pub fn Rendered(html: String) -> impl IntoView {
    view! { <div class="prose-block" inner_html=reachable(&html)></div> }
}

/// The same HTML, with everything that may need scrolling reachable by keyboard.
pub fn reachable(html: &str) -> String {
    site::html(html)
        .replace("<pre", "<pre tabindex=\"0\"")
        .replace("<table", "<div class=\"scroll\" tabindex=\"0\"><table")
        .replace("</table>", "</table></div>")
}

/// Replaces paragraphs, which a label cannot contain.
pub fn inline(html: &str) -> String {
    let single = html.trim().strip_prefix("<p>").and_then(|rest| rest.strip_suffix("</p>"));
    let html = single.filter(|rest| !rest.contains("<p>")).unwrap_or(html);
    html.replace("<p>", "<span>").replace("</p>", "</span> ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_wide_is_a_stop_of_the_keyboard() {
        assert_eq!(reachable("<pre class=\"a\">b</pre>"), "<pre tabindex=\"0\" class=\"a\">b</pre>");
        assert_eq!(
            reachable("<table><tr></tr></table>"),
            "<div class=\"scroll\" tabindex=\"0\"><table><tr></tr></table></div>"
        );
    }
}
