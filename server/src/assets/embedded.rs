//! The page inside the binary, compressed at build time. The client's headers select the encoding.

use super::index::{Policies, Site, with_head};
use super::paths::{SANDBOX, file_at, is_current, not_found, wants_html};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

/// A file of the page. The build script generates the table.
#[derive(Clone)]
struct File {
    /// Relative to the root, with `/` between folders.
    name: &'static str,
    mime: &'static str,
    /// The entity tag of the plain file. Each encoding appends its own letter.
    hash: Cow<'static, str>,
    plain: Bytes,
    /// Empty if there is none, because compression does not make the file smaller.
    brotli: Bytes,
    gzip: Bytes,
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The page of one relay.
struct Page {
    site: Site,
    index: Option<File>,
    policies: Policies,
}

pub(super) fn router(site: Site) -> Router {
    let index = find("index.html").map(|built| match site.is_as_built() {
        true => built.clone(),
        false => built.changed(site.html(&built.text())),
    });
    let policies = site.policies(&index.as_ref().map(File::text).unwrap_or_default());
    let page = Arc::new(Page { site, index, policies });
    Router::new().fallback(async move |request: Request| answer(&request, &page))
}

impl Page {
    /// index.html for this request.
    fn index(&self, request: &Request) -> Option<Cow<'_, File>> {
        let index = self.index.as_ref()?;
        let link = self.site.discovery(request);
        let with = |link: String| Cow::Owned(index.changed(with_head(&index.text(), &link)));
        Some(link.map_or(Cow::Borrowed(index), with))
    }
}

fn answer(request: &Request, page: &Page) -> Response {
    let path = request.uri().path();
    let asked = file_at(path);
    let file = if asked == Some("index.html") { page.index(request) } else { asked.and_then(find).map(Cow::Borrowed) };
    let (file, found) = match file {
        Some(file) => (file, StatusCode::OK),
        // The page itself explains a 404 to a person.
        None => match page.index.as_ref().filter(|_| wants_html(request.headers())) {
            Some(index) => (Cow::Borrowed(index), StatusCode::NOT_FOUND),
            None => return not_found(&page.site.base),
        },
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let (bytes, encoding) = choose(&file, request.headers());
    let tag = format!("\"{}{}\"", file.hash, encoding.map_or("", |encoding| &encoding[..1]));
    let mut response = match is_current(request.headers(), &tag) {
        true if found.is_success() => StatusCode::NOT_MODIFIED.into_response(),
        _ => (found, bytes).into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.mime));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching(file.name)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::try_from(tag) {
        headers.insert(header::ETAG, tag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    match file.name {
        "index.html" => headers.insert(header::CONTENT_SECURITY_POLICY, page.policies.at(path).clone()),
        SANDBOX => headers.insert(header::CONTENT_SECURITY_POLICY, page.site.sandbox(request.uri().query())),
        _ => None,
    };
    response
}

fn find(name: &str) -> Option<&'static File> {
    FILES.binary_search_by_key(&name, |file| file.name).ok().map(|index| &FILES[index])
}

impl File {
    fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.plain)
    }

    /// The same file with another text. Compressed while the relay runs, so without brotli, which would take long.
    fn changed(&self, text: String) -> Self {
        let hash = hex::encode(&Sha256::digest(text.as_bytes())[..12]);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        // Writing to memory cannot fail. Without the result, the file goes out as it is.
        let gzip = gzip.write_all(text.as_bytes()).and_then(|()| gzip.finish()).unwrap_or_default();
        Self { hash: hash.into(), plain: text.into(), brotli: Bytes::new(), gzip: gzip.into(), ..*self }
    }
}

/// The smallest encoding that the client accepts. RFC 9110 §12.5.3.
fn choose(file: &File, headers: &HeaderMap) -> (Bytes, Option<&'static str>) {
    let forms = [(&file.brotli, "br"), (&file.gzip, "gzip")];
    let form = forms.into_iter().find(|(bytes, encoding)| !bytes.is_empty() && accepts(headers, encoding));
    form.map_or((file.plain.clone(), None), |(bytes, encoding)| (bytes.clone(), Some(encoding)))
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let weight = |wanted: &str| {
        let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).find_map(|item| {
            let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
            let parameters = parameters.trim();
            let q = parameters.strip_prefix("q=").or_else(|| parameters.strip_prefix("Q="));
            let weight = q.map_or(Some(1.0), |q| q.trim().parse::<f32>().ok());
            name.trim().eq_ignore_ascii_case(wanted).then_some(weight.unwrap_or(0.0))
        })
    };
    weight(encoding).or_else(|| weight("*")).is_some_and(|weight| weight > 0.0)
}

/// A file with a hash in its name never changes. Any other file is revalidated.
fn caching(name: &str) -> &'static str {
    if has_hash(name) { "public, max-age=31536000, immutable" } else { "no-cache" }
}

/// Whether trunk put a hash into the name: `style-0123456789abcdef.css`, `page-0123456789abcdef_bg.wasm`.
fn has_hash(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.split(['-', '.', '_']).skip(1).any(|part| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn encodings_are_chosen_by_what_is_accepted() {
        let form = Bytes::from_static;
        let (plain, brotli, gzip) = (form(b"plain"), form(b"b"), form(b"g"));
        let file = File { name: "a", mime: "text/css", hash: "h".into(), plain, brotli, gzip };
        let chosen = |value| choose(&file, &accept(value)).1;
        assert_eq!(chosen("gzip, deflate, br, zstd"), Some("br"));
        assert_eq!(chosen("gzip, br;q=0"), Some("gzip"));
        assert_eq!(chosen("GZIP ; q=0.5"), Some("gzip"));
        assert_eq!(chosen("*"), Some("br"));
        assert_eq!(chosen("br;q=0, *"), Some("gzip"));
        assert_eq!(chosen("identity"), None);
        assert_eq!(choose(&file, &HeaderMap::new()).1, None);
    }

    #[test]
    fn trunks_hashes_are_known() {
        let hashed = ["tokens-0123456789abcdef.css", "page-0123456789abcdef_bg.wasm", "a/page-0123456789abcdef.js"];
        let plain = ["index.html", "favicon.svg", "page-0123.js", "0123456789abcdef"];
        assert!(hashed.iter().all(|name| has_hash(name)));
        assert!(!plain.iter().any(|name| has_hash(name)));
    }
}
