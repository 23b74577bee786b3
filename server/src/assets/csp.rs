//! The page's Content-Security-Policy, with the hashes of its inline scripts.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use sha2::{Digest, Sha256};

/// The policy for a page. An inline script runs only if it is unchanged.
pub(super) fn policy(html: &str) -> HeaderValue {
    let hashes: String = inline_scripts(html)
        .map(|script| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(script.as_bytes()))))
        .collect();
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; \
         img-src 'self' blob: data:; font-src 'self'; connect-src 'self' ws: wss:; frame-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}

/// The policy for the frame that runs a reader's code. It has an opaque origin, so it cannot access the page or load anything
/// from here. It may run the code it gets, open WebSockets, and show images that it creates.
pub(super) const SANDBOX: HeaderValue = HeaderValue::from_static(
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; \
     connect-src ws: wss:; img-src blob: data:; style-src 'unsafe-inline'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'self'",
);

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
    fn a_script_is_allowed_by_its_hash() {
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        let policy = policy("<script>alert(1)</script>");
        let expected = "script-src 'self' 'wasm-unsafe-eval' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=';";
        assert!(policy.to_str().unwrap().contains(expected), "{policy:?}");
    }
}
