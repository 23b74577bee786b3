//! The page's Content-Security-Policy, with the hashes of its inline scripts.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};
use url::{Host, Url};

/// The policy for a page that only `ancestors` may have in a frame. An inline script runs only if it is unchanged.
pub(super) fn policy(html: &str, ancestors: &str) -> HeaderValue {
    let hashes: String = inline_scripts(html)
        .map(|script| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(script.as_bytes()))))
        .collect();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
         img-src 'self' blob: data:; font-src 'self'; connect-src 'self' ws: wss:; frame-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors {ancestors}"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// Nobody may have the page in a frame.
pub(super) const ALONE: &str = "'none'";

/// The policy for the frame that runs a reader's code. It has an opaque origin, so it cannot access the page or load anything
/// from here. It may run the code it gets, show images that it creates, and open WebSockets to the URLs that the page lists in the
/// query: `to=ws://host/lab/` allows all URLs that begin with this one.
///
/// Where challenges may be embedded, any page may have it in a frame: an embedded page can have an opaque origin, which no list of
/// ancestors can name. The document reveals nothing, and can do no more than any page with a worker of its own.
pub(super) fn sandbox(query: Option<&str>, embeds: bool) -> HeaderValue {
    let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let allowed = query.filter(|(name, _)| name == "to").filter_map(|(_, url)| source(&url)).take(MAX_SOURCES);
    let allowed: Vec<_> = allowed.collect();
    let allowed = if allowed.is_empty() { "'none'".to_owned() } else { allowed.join(" ") };
    let policy = format!(
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; \
         connect-src {allowed}; img-src blob: data:; style-src 'unsafe-inline'; base-uri 'none'; \
         form-action 'none'{}",
        if embeds { "" } else { "; frame-ancestors 'self'" }
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The most URLs that a sandbox may connect to.
const MAX_SOURCES: usize = 4;

/// A WebSocket URL as a source of a policy (CSP 3 §2.3.1); `None` if it cannot be one. A policy cannot name an IPv6 address, so it
/// allows the scheme instead.
fn source(url: &str) -> Option<String> {
    let url = Url::parse(url).ok().filter(|url| matches!(url.scheme(), "ws" | "wss"))?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let source = match url.host()? {
        Host::Ipv6(_) => format!("{}:", url.scheme()),
        host => format!("{}://{host}{port}{}", url.scheme(), url.path()),
    };
    source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/:%".contains(&byte)).then_some(source)
}

/// The text of inline scripts: between `<script …>` and `</script>`, without `src`. A browser hashes exactly this text.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    // The same length as `html`, so positions are the same in both.
    let lower = html.to_ascii_lowercase();
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let tag = from + lower[from..].find("<script")?;
            let begin = tag + lower[tag..].find('>')? + 1;
            let end = begin + lower[begin..].find("</script")?;
            from = end;
            let attributes = &lower[tag + "<script".len()..begin];
            if !attributes.contains("src=") {
                return Some(&html[begin..end]);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_found_as_they_stand() {
        let html = "<SCRIPT type=module nonce=''>\nimport a from 'x';\n</SCRIPT><script src=\"/b.js\"></script>é<script>2</script><script>";
        let scripts: Vec<_> = inline_scripts(html).collect();
        assert_eq!(scripts, ["\nimport a from 'x';\n", "2"]);
    }

    #[test]
    fn the_sandbox_connects_only_where_the_page_lists() {
        let connects = |query: Option<&str>| {
            let policy = sandbox(query, false);
            let policy = policy.to_str().unwrap();
            let (_, rest) = policy.split_once("connect-src ").unwrap();
            assert_eq!(policy.matches("connect-src").count(), 1, "{policy}");
            rest.split_once("; img-src ").unwrap().0.to_owned()
        };
        assert_eq!(connects(None), "'none'");
        assert_eq!(connects(Some("to=ws://Lab.example:81/lab/")), "ws://lab.example:81/lab/");
        assert_eq!(
            connects(Some("to=wss%3A%2F%2F127.0.0.1%2Fa%2Fvia%2F&to=ws://x.invalid")),
            "wss://127.0.0.1/a/via/ ws://x.invalid/"
        );
        assert_eq!(connects(Some("to=wss://[::1]:8080/lab/")), "wss:");
        for wrong in
            ["", "*", "ws:", "http://a/", "ws://a/;b", "ws://a/,b", "ws://a b/", "ws://a/*", "ws://*.a/", "ws://a/'"]
        {
            let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("to", wrong).finish();
            assert_eq!(connects(Some(&query)), "'none'", "{wrong}");
        }
        // What a source cannot contain is left out, and the rest of a URL has no meaning in one.
        assert_eq!(connects(Some("to=ws://u:p@a/lab/?q%23f")), "ws://a/lab/");
        assert_eq!(connects(Some(&"to=ws://a/&".repeat(9))), "ws://a/ ws://a/ ws://a/ ws://a/");
    }

    #[test]
    fn a_script_is_allowed_by_its_hash() {
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        let policy = policy("<script>alert(1)</script>", ALONE);
        let expected = "script-src 'self' 'wasm-unsafe-eval' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';";
        assert!(policy.to_str().unwrap().contains(expected), "{policy:?}");
    }
}
