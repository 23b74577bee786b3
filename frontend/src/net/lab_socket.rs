//! The browser's own WebSocket, as a page's JavaScript would use it; nothing is added to it.

use observation::MessageKind;
use observation::page::{PageAct, PagePayload};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{CloseEvent, Event, MessageEvent, WebSocket};

/// How many characters of a text a list of events keeps.
const PREVIEW: usize = 120;

/// A payload as JavaScript held it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    Text(Rc<str>),
    Binary(Rc<[u8]>),
}

impl Payload {
    /// A short form for lists. `name` is the file name of bytes that have one.
    pub fn summary(&self, name: Option<&str>) -> PagePayload {
        match self {
            Self::Text(text) => PagePayload {
                kind: MessageKind::Text,
                bytes: text.len() as u64,
                utf16_length: text.encode_utf16().count() as u64,
                preview: text.chars().take(PREVIEW).collect(),
            },
            Self::Binary(bytes) => PagePayload {
                kind: MessageKind::Binary,
                bytes: bytes.len() as u64,
                utf16_length: 0,
                preview: name.unwrap_or_default().to_owned(),
            },
        }
    }
}

/// An exception, in the browser's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thrown {
    /// Such as `SecurityError`.
    pub name: String,
    pub message: String,
}

/// An open or opening socket. Dropping it closes it without further events.
pub struct LabSocket {
    socket: WebSocket,
    _open: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _error: Closure<dyn FnMut(Event)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

impl LabSocket {
    /// `new WebSocket(url, protocols)`. Calls `tell` with every event, and with the whole payload of a message.
    ///
    /// # Errors
    /// What the constructor threw.
    pub fn open(
        url: &str,
        protocols: &[String],
        tell: impl Fn(PageAct, Option<Payload>) + 'static,
    ) -> Result<Self, Thrown> {
        let list: js_sys::Array = protocols.iter().map(|name| JsValue::from_str(name)).collect();
        let socket = WebSocket::new_with_str_sequence(url, &list).map_err(thrown)?;
        socket.set_binary_type(web_sys::BinaryType::Arraybuffer);
        let tell = Rc::new(tell);

        let (on, it) = (Rc::clone(&tell), socket.clone());
        let open = Closure::<dyn FnMut(Event)>::new(move |_| {
            on(PageAct::Open { protocol: it.protocol(), extensions: it.extensions() }, None);
        });
        let on = Rc::clone(&tell);
        let message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            let payload = payload(&event.data());
            on(PageAct::Received(payload.summary(None)), Some(payload));
        });
        let on = Rc::clone(&tell);
        let error = Closure::<dyn FnMut(Event)>::new(move |_| on(PageAct::Error, None));
        let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
            let (code, reason, was_clean) = (event.code(), event.reason(), event.was_clean());
            tell(PageAct::Closed { code, reason, was_clean }, None);
        });
        socket.set_onopen(Some(open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
        socket.set_onerror(Some(error.as_ref().unchecked_ref()));
        socket.set_onclose(Some(close.as_ref().unchecked_ref()));
        Ok(Self { socket, _open: open, _message: message, _error: error, _close: close })
    }

    /// # Errors
    /// What `send` threw, in the browser's words.
    pub fn send(&self, payload: &Payload) -> Result<(), String> {
        match payload {
            Payload::Text(text) => self.socket.send_with_str(text).map_err(words),
            Payload::Binary(bytes) => self.socket.send_with_u8_array(bytes).map_err(words),
        }
    }

    /// `bufferedAmount`: how many bytes have not left the browser.
    pub fn buffered(&self) -> u32 {
        self.socket.buffered_amount()
    }

    /// # Errors
    /// What `close` threw, in the browser's words.
    pub fn close(&self, code: Option<u16>, reason: &str) -> Result<(), String> {
        match code {
            Some(code) => self.socket.close_with_code_and_reason(code, reason).map_err(words),
            None => self.socket.close().map_err(words),
        }
    }
}

impl Drop for LabSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onerror(None);
        self.socket.set_onclose(None);
        // It may be closed already.
        let _ = self.socket.close();
    }
}

fn payload(data: &JsValue) -> Payload {
    match data.as_string() {
        Some(text) => Payload::Text(text.into()),
        None => Payload::Binary(js_sys::Uint8Array::new(data).to_vec().into()),
    }
}

fn thrown(error: JsValue) -> Thrown {
    let unnamed = |_| Thrown { name: "an exception".into(), message: "The browser refused without a reason.".into() };
    let named = |error: js_sys::Error| Thrown { name: error.name().into(), message: error.message().into() };
    error.dyn_into::<js_sys::Error>().map_or_else(unnamed, named)
}

fn words(error: JsValue) -> String {
    thrown(error).message
}
