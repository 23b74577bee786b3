//! HTML that the relay rendered from Markdown and sanitized.

use leptos::prelude::*;

#[component]
pub fn Rendered(html: String) -> impl IntoView {
    view! { <div class="prose-block" inner_html=reachable(&html)></div> }
}

/// The same HTML, with everything that may need scrolling reachable by keyboard.
pub fn reachable(html: &str) -> String {
    html.replace("<pre", "<pre tabindex=\"0\"")
        .replace("<table", "<div class=\"scroll\" tabindex=\"0\"><table")
        .replace("</table>", "</table></div>")
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
