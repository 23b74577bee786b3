//! The frame that a reader's code runs in. Its origin is opaque, so it can reach nothing of the page. The page does not trust
//! its messages.

use crate::site;
use leptos::prelude::{document, window};
use leptos::task::spawn_local;
use observation::page::PageAct;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlIFrameElement, MessageEvent};

/// The longest message that is read, in UTF-16 code units.
const MAX_MESSAGE: u32 = 512 << 10;
/// The most messages of one run. The page's own sandbox never sends more.
const MAX_MESSAGES: u32 = 20_000;
/// The most bytes of one image.
const MAX_IMAGE: u32 = 4 << 20;

/// The values that the code gets.
#[derive(Serialize)]
pub struct Setup<'a> {
    pub url: &'a str,
    pub given: &'a BTreeMap<String, String>,
}

/// A message of the sandbox (`frontend/editor/worker.mjs`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    Printed {
        level: curriculum::page_run::Level,
        text: String,
    },
    /// This many lines were over the limit.
    Unprinted(u64),
    Act {
        socket: u32,
        /// Milliseconds since 1970, by the worker's monotonic clock.
        at: f64,
        #[serde(flatten)]
        act: PageAct,
    },
    /// There were more events than the page records.
    Unnoted,
    /// The most bytes that waited in a socket.
    Buffered(u64),
    /// The code has sent this many messages after it had read `bufferedAmount` since the message before.
    Looked(u32),
    /// The code has read this for the first time.
    Read(String),
    /// JSON.
    Returned(String),
    Threw {
        text: String,
        line: Option<u32>,
    },
    Ended(Ended),
    /// The frame has loaded and received the code.
    #[serde(skip)]
    Ready,
    #[serde(skip)]
    Image(Vec<u8>),
    /// It sent an unknown message.
    #[serde(skip)]
    Garbled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    Done,
    Threw,
}

/// A run of code. Dropping it ends the run at once, whatever the code does.
pub struct Sandbox {
    frame: HtmlIFrameElement,
    listener: Option<Closure<dyn FnMut(MessageEvent)>>,
}

impl Sandbox {
    /// Runs `code`. `None` if the browser cannot create a frame.
    ///
    /// The code can connect only to URLs that begin with one of `allowed`.
    pub fn run(setup: &Setup<'_>, allowed: &[String], code: &str, tell: impl Fn(Vec<Said>) + 'static) -> Option<Self> {
        #[derive(Serialize)]
        struct Run<'a> {
            setup: &'a Setup<'a>,
            code: &'a str,
        }
        // Plain data always becomes JSON.
        let run = js_sys::JSON::parse(&serde_json::to_string(&Run { setup, code }).ok()?).ok()?;
        let frame: HtmlIFrameElement = document().create_element("iframe").ok()?.dyn_into().ok()?;
        let allowed = allowed.iter().map(|url| format!("to={}", js_sys::encode_uri_component(url)));
        // The document has to know whether it can name this page's origin.
        let fragment = if window().origin() == "null" { "#opaque" } else { "" };
        for (name, value) in [
            ("sandbox", "allow-scripts"),
            ("title", "Where your code runs"),
            ("class", "sandbox"),
            ("aria-hidden", "true"),
            ("tabindex", "-1"),
            ("src", &site::path(&format!("/sandbox?{}{fragment}", allowed.collect::<Vec<_>>().join("&")))),
        ] {
            frame.set_attribute(name, value).ok()?;
        }
        let its_own = frame.clone();
        let mut heard = 0;
        let listener = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let Some(own) = its_own.content_window() else { return };
            if event.source().is_none_or(|source| !js_sys::Object::is(&source, &own)) {
                return;
            }
            heard += 1;
            let data = event.data();
            if data.as_string().as_deref() == Some("ready") {
                if heard == 1 {
                    // An opaque origin has no name, so the page recognizes the frame by its window.
                    let _ = own.post_message(&run, "*");
                    tell(vec![Said::Ready]);
                }
            } else if heard > MAX_MESSAGES {
                tell(vec![Said::Garbled]);
            } else {
                tell(read(&data));
            }
        });
        window().add_event_listener_with_callback("message", listener.as_ref().unchecked_ref()).ok()?;
        let sandbox = Self { frame, listener: Some(listener) };
        document().body()?.append_child(&sandbox.frame).ok()?;
        Some(sandbox)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.frame.remove();
        if let Some(listener) = self.listener.take() {
            // If it fails, the listener simply hears no more messages.
            let _ = window().remove_event_listener_with_callback("message", listener.as_ref().unchecked_ref());
            // It may be what is running now.
            spawn_local(async move { drop(listener) });
        }
    }
}

fn read(data: &JsValue) -> Vec<Said> {
    if let Some(buffer) = data.dyn_ref::<js_sys::ArrayBuffer>() {
        let fits = buffer.byte_length() <= MAX_IMAGE;
        return vec![if fits { Said::Image(js_sys::Uint8Array::new(buffer).to_vec()) } else { Said::Garbled }];
    }
    let short = data.dyn_ref::<js_sys::JsString>().filter(|text| text.length() <= MAX_MESSAGE);
    let text = short.and_then(|text| text.as_string());
    text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| vec![Said::Garbled])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_worker_writes_is_read() {
        let text = r#"[{"printed":{"level":"warn","text":"a"}},{"unprinted":3},"unnoted",{"buffered":9},
            {"act":{"socket":1,"at":1.5,"act":"sent","kind":"text","bytes":1,"utf16_length":1,"preview":"a"}},
            {"act":{"socket":1,"at":1.5,"act":"closed","code":1000,"reason":"","was_clean":true}},
            {"returned":"{}"},{"threw":{"text":"Error: x","line":null}},{"ended":"done"}]"#;
        let said: Vec<Said> = serde_json::from_str(text).expect("read");
        assert_eq!(said.len(), 9);
        assert!(matches!(&said[4], Said::Act { socket: 1, act: PageAct::Sent(payload), .. } if payload.bytes == 1));
        assert!(matches!(said[8], Said::Ended(Ended::Done)));
    }
}
