//! An image sent as a binary message: the frame that carried it, and the echoed image.

use super::picture::picture;
use crate::address::route::{Listener, Route, Through};
use crate::address::settings::Settings;
use crate::course::live::{FeedProblem, RunSession};
use crate::course::reading::Reading;
use crate::lab::Lab;
use crate::lab::store::connect;
use crate::lab::store::journal::image_type;
use crate::net::lab_socket::Payload;
use crate::ui::chosen_file::chosen_file;
use crate::ui::field::Pointed;
use crate::ui::format;
use crate::ui::hex::{Hex, class_at};
use crate::ui::object_url::ObjectUrl;
use curriculum::course::Scheme;
use leptos::prelude::*;
use leptos::task::spawn_local;
use observation::page::PageAct;
use observation::{Event, Party, SessionId};
use std::rc::Rc;

/// The largest image, in bytes.
const MAX: usize = 4 << 20;
/// How many bytes of the frame are shown.
const FRONT: usize = 32;

/// An image to send.
#[derive(Clone)]
struct Ready {
    name: String,
    bytes: Rc<[u8]>,
    url: Rc<ObjectUrl>,
}

#[component]
pub(super) fn Image(piece: StoredValue<String>) -> impl IntoView {
    let ready = RwSignal::new_local(made());
    let error = RwSignal::new(None::<String>);
    // The sent image, and how many images were sent.
    let sent = RwSignal::new_local(None::<(u32, Ready)>);
    let choose = move |event: web_sys::Event| {
        let Some(file) = chosen_file(&event) else { return };
        let name = file.name();
        if file.size() > MAX as f64 {
            error.set(Some(format!(
                "{name} is too large: {}. The limit is {}.",
                format::size(file.size() as u64),
                format::size(MAX as u64)
            )));
            return;
        }
        spawn_local(async move {
            let read = wasm_bindgen_futures::JsFuture::from(file.array_buffer()).await;
            let image = read.ok().and_then(|buffer| Ready::of(name.clone(), js_sys::Uint8Array::new(&buffer).to_vec()));
            // The reader may have left the lesson.
            let _ = match image {
                Some(image) => (error.try_set(None).is_none(), ready.try_set(Some(image)).is_none()),
                None => (
                    error
                        .try_set(Some(format!("{name} is not a PNG, JPEG, GIF or WebP image. Choose another file.")))
                        .is_none(),
                    true,
                ),
            };
        });
    };
    let send = move |_| {
        if let Some(image) = ready.get_untracked() {
            sent.update(|sent| *sent = Some((sent.as_ref().map_or(1, |(time, _)| time + 1), image)));
        }
    };
    let outcome = move || {
        let (_, image) = sent.get()?;
        let session = RunSession::request(Scheme::Page);
        let image = StoredValue::new_local(image);
        Some(move || {
            session.get().draw(|id, listener| view! { <Sent id listener image=image.get_value() piece/> }.into_any())
        })
    };
    view! {
        <div class="image-choice">
            {move || ready.get().map(|image| view! {
                <figure>
                    <img src=image.url.as_str().to_owned() alt="The image that will be sent" class="small-picture"/>
                    <figcaption>{format!("{}, {}", image.name, format::bytes(image.bytes.len() as u64))}</figcaption>
                </figure>
            })}
            <div class="buttons">
                <button type="button" class="primary" on:click=send>"Send image"</button>
                <button type="button" class="small" on:click=move |_| { error.set(None); ready.set(made()) }>"Draw another image"</button>
                <label class="button small drop">
                    <input type="file" class="hidden" accept="image/png,image/jpeg,image/gif,image/webp" on:change=choose/>
                    "Choose a file"
                </label>
            </div>
        </div>
        <p class="error" role="alert">{move || error.get()}</p>
        {outcome}
    }
}

impl Ready {
    fn of(name: String, bytes: Vec<u8>) -> Option<Self> {
        let url = ObjectUrl::of(&bytes, image_type(&bytes)?)?;
        Some(Self { name, bytes: bytes.into(), url: Rc::new(url) })
    }
}

fn made() -> Option<Ready> {
    let seed = (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
    Ready::of("a generated image, 16 × 16 pixels".into(), picture(seed))
}

#[component]
fn Sent(id: SessionId, listener: Listener, image: Ready, piece: StoredValue<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let lab = Lab::new(Some(id.clone()));
    let error = RwSignal::new(None::<String>);
    let url = Route { listener, through: Through::Direct }.url(&id, &Settings::of_query("deflate=off"));
    let bytes = Rc::clone(&image.bytes);
    lab.follow_script(move |act| match act {
        PageAct::Open { .. } => {
            if let Err(why) = lab.send(Payload::Binary(Rc::clone(&bytes)), None) {
                error.set(Some(why));
            }
        }
        PageAct::Received(_) => reading.done(&piece.get_value()),
        _ => {}
    });
    if connect(lab, &url, "").is_err() {
        error.set(Some("The browser refused to open the connection.".into()));
    }
    let closed = move || lab.socket.with(|socket| socket.as_ref().and_then(|socket| socket.closed.clone()));
    // As the relay received it.
    let frame = Memo::new(move |_| {
        lab.record.with(|record| {
            record.transcript.iter().find_map(|seen| match &seen.event {
                Event::Frame(frame) if frame.from == Party::Client => Some(frame.clone()),
                _ => None,
            })
        })
    });
    // As JavaScript received it.
    let back = Memo::new(move |_| {
        lab.record.with(|record| {
            let event = record.journal.iter().find(|event| matches!(event.act, PageAct::Received(_)))?;
            record.journal.payload(event.number)?.image.as_ref().map(|url| url.as_str().to_owned())
        })
    });
    view! {
        <p class="error" role="alert">{move || error.get()}</p>
        <FeedProblem lab/>
        {move || closed().map(|(code, reason, _)| {
            let reason = if reason.is_empty() { String::new() } else { format!(", “{reason}”") };
            view! { <p class="note">{format!("The connection closed: {code}{reason}.")}</p> }
        })}
        {move || frame.get().map(|frame| {
            let header = frame.parsed_header();
            let all: Vec<u8> = frame.header.iter().chain(&frame.payload).copied().take(FRONT).collect();
            let more = frame.wire_bytes().saturating_sub(all.len() as u64);
            view! {
                <p class="sub">"The frame, as the relay received it"</p>
                <p>
                    "Opcode " <code class="f-opc">{format!("{} {}", frame.opcode, frame.opcode().name())}</code>
                    {format!(", {} of payload. To the protocol, an image is just bytes.", format::bytes(frame.length))}
                </p>
                {header.map(|header| view! {
                    <Hex label="The frame’s first bytes in hex" bytes=all class_at=Box::new(class_at(&header)) fold=4 pointed=Pointed::new()/>
                })}
                <p class="note">{format!("and {} more", format::bytes(more))}</p>
            }
        })}
        {move || back.get().map(|url| view! {
            <p class="sub">"The echoed image"</p>
            <img src=url alt="The echoed image" class="small-picture echoed"/>
            <p class="note">"JavaScript received an ArrayBuffer, made a Blob from it, and displays the Blob."</p>
        })}
    }
}
