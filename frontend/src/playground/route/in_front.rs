//! What the page can prove about a proxy in front of the relay: it compares how its own request left the browser with how the relay
//! received it.

use observation::{ForwardingFields, Http, Routes, Scheme};
use wasm_bindgen::{JsCast, JsValue};

/// How the browser sent the request for the list of routes, as in ALPN: `h2`. `None` if the browser does not say.
pub(super) fn page_protocol() -> Option<String> {
    let performance = leptos::prelude::window().performance()?;
    let get_entries: js_sys::Function = get(&performance, "getEntriesByType")?.dyn_into().ok()?;
    let entries: js_sys::Array = get_entries.call1(&performance, &"resource".into()).ok()?.dyn_into().ok()?;
    let named = |entry: &JsValue| get(entry, "name")?.as_string().filter(|name| name.ends_with("/api/routes"));
    let entry = entries.iter().rfind(|entry| named(entry).is_some())?;
    get(&entry, "nextHopProtocol")?.as_string().filter(|protocol| !protocol.is_empty())
}

fn get(value: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(value, &name.into()).ok()
}

/// One sentence or two for each thing that is known; empty if nothing shows a proxy.
pub(super) fn words(routes: &Routes, page_is_secure: bool, page_protocol: Option<&str>) -> Vec<String> {
    let arrived = &routes.arrived;
    let mut known = Vec::new();
    if page_is_secure && arrived.tls.is_none() {
        known.push(
            "This page was loaded over https, but its requests reach the relay without TLS. So TLS ends at a proxy, and the relay sees no TLS records."
                .to_owned(),
        );
    }
    let left_over = match page_protocol {
        Some("h2") => Some("HTTP/2"),
        Some("h3") => Some("HTTP/3"),
        _ => None,
    };
    if let Some(version) = left_over.filter(|version| arrived.http == Http::One || *version == "HTTP/3") {
        let received = if arrived.http == Http::One { "HTTP/1.1" } else { "HTTP/2" };
        known.push(format!(
            "The browser sends this page’s requests over {version}, but the relay receives {received}. So the proxy makes its own requests."
        ));
    }
    let client = routes.client.map(|client| client.to_string()).unwrap_or_default();
    match &arrived.front {
        Some(front) if front.proxy_protocol => {
            known.push(format!("A header of the PROXY protocol says that this page’s connections come from {client}."));
        }
        Some(front) => known.push(match front.fields {
            Some(ForwardingFields::Contradictory | ForwardingFields::Malformed) | None => {
                "The headers of the proxy contradict each other or are malformed, so the relay believes none of them.".to_owned()
            }
            Some(_) => {
                let scheme = match front.scheme {
                    Some(Scheme::Https) => " over https",
                    Some(Scheme::Http) => " over http",
                    None => "",
                };
                format!("The proxy says that this page’s requests come from {client}{scheme}. The relay believes it, because its operator trusts this proxy.")
            }
        }),
        None if !known.is_empty() => known.push(format!(
            "The relay’s operator has not named this proxy as trusted, so the relay takes its address, {client}, for the address of every visitor."
        )),
        None => {}
    }
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::{Front, Route, Tls};

    fn routes(arrived: Route) -> Routes {
        let client = Some([192, 0, 2, 1].into());
        Routes { port: Some(8080), tls_port: None, boxes: Vec::new(), relay_to: Vec::new(), arrived, client }
    }

    #[test]
    fn only_what_shows_a_proxy_is_told() {
        let plain = routes(Route::default());
        assert!(words(&plain, false, Some("http/1.1")).is_empty() && words(&plain, false, None).is_empty());
        let tls = Tls { version: "TLS 1.3".into(), cipher_suite: String::new(), server_name: None, alpn: None };
        let direct = routes(Route { tls: Some(tls), http: Http::Two, ..Route::default() });
        assert!(words(&direct, true, Some("h2")).is_empty());

        let unknown = words(&plain, true, Some("h2"));
        assert_eq!(unknown.len(), 3);
        assert!(unknown[0].contains("without TLS") && unknown[1].contains("HTTP/2") && unknown[2].contains("trusted"));

        let fields = Some(ForwardingFields::XForwarded);
        let front = Front { fields, scheme: Some(Scheme::Https), ..Front::default() };
        let trusted = words(&routes(Route { front: Some(front), ..Route::default() }), true, None);
        assert!(trusted.len() == 2 && trusted[1].contains("192.0.2.1 over https"), "{trusted:?}");

        let front = Some(Front::of_proxy_protocol());
        assert!(words(&routes(Route { front, ..Route::default() }), false, None)[0].contains("PROXY protocol"));
    }
}
