//! The frame that a browser would send, bit by bit. The reader can flip every bit and see how a strict server reacts.
//! RFC 6455 §5.2.

use crate::course::reading::Reading;
use crate::lab::explain;
use crate::ui::field;
use crate::ui::format;
use crate::ui::prose::Prose;
use crate::ui::scope::Scope;
use leptos::prelude::*;
use wire::Sender;
use wire::close::CloseCode;
use wire::header::{Field, FrameHeader};
use wire::incoming::{Frame, Handler, Incoming, Limits};
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// The longest text, in bytes of UTF-8. The document contains every bit.
const MAX_TEXT: usize = 24;
const LIMITS: Limits = Limits { frame: 1 << 20, message: 1 << 20 };

/// How a receiver reads some bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Received {
    frame: Option<Frame>,
    payload: Vec<u8>,
    /// How many bytes follow the first frame.
    rest: usize,
}

#[component]
pub(super) fn FrameBits(piece: StoredValue<String>, text: Option<String>) -> impl IntoView {
    let reading = expect_context::<Reading>();
    let place = Scope::another(String::new());
    let text = RwSignal::new(text.unwrap_or_else(|| "Hi".into()));
    let too_long = move || text.with(String::len) > MAX_TEXT;
    let sent = RwSignal::new(frame_of(&text.get_untracked()));
    let bytes = RwSignal::new(sent.get_untracked());
    // Tab reaches one bit; the arrow keys move between bits.
    let at = RwSignal::new(0_usize);
    let write = move |event: web_sys::Event| {
        text.set(event_target_value(&event));
        if !untrack(too_long) {
            sent.set(frame_of(&text.get_untracked()));
            bytes.set(sent.get_untracked());
            // The bit that Tab reaches may be gone.
            at.update(|at| *at = (*at).min(bytes.with_untracked(Vec::len) * 8 - 1));
        }
    };
    let flip = move |bit: usize| {
        bytes.update(|bytes| bytes[bit / 8] ^= 0x80 >> (bit % 8));
        reading.done(&piece.get_value());
    };
    let on_key = move |event: web_sys::KeyboardEvent| {
        let (now, last) = (at.get_untracked(), bytes.with_untracked(Vec::len) * 8 - 1);
        let next = match event.key().as_str() {
            "ArrowRight" => (now + 1).min(last),
            "ArrowLeft" => now.saturating_sub(1),
            "ArrowDown" => (now + 8).min(last),
            "ArrowUp" => now.saturating_sub(8),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        at.set(next);
        place.focus(&format!("bit-{next}"));
    };
    let count = Memo::new(move |_| bytes.with(Vec::len));
    let received = Memo::new(move |_| bytes.with(|bytes| receive(bytes)));
    let field_id = place.id("bits-text");
    view! {
        <div class="answer-line">
            <label class="inline" for=field_id.clone()>"Message"</label>
            <input id=field_id type="text" autocomplete="off" spellcheck="false" prop:value=text on:input=write
                aria-invalid=move || too_long().then_some("true")/>
            <button
                type="button"
                class="small"
                disabled=move || bytes.with(|bytes| sent.with(|sent| bytes == sent))
                on:click=move |_| bytes.set(sent.get_untracked())
            >
                "Reset bits"
            </button>
        </div>
        <p class="error" role="alert">
            {move || too_long().then(|| format!("The message has {} bytes; the limit here is {MAX_TEXT}. Shorten it.", text.with(String::len)))}
        </p>
        <p class="note">"Press a bit to flip it. Use the arrow keys to move between bits."</p>
        <div class="bit-rows" role="group" aria-label="The frame, bit by bit" on:keydown=on_key>
            <For each=move || 0..count.get() key=|byte| *byte children=move |byte| view! { <ByteView byte bytes sent at place flip/> }/>
        </div>
        <Legend bytes/>
        <div class="receiver" aria-live="polite">
            <p class="sub">"What a strict server says"</p>
            {move || received.with(|received| says(received, bytes.with(Vec::len)))}
        </div>
    }
}

#[component]
fn ByteView(
    byte: usize,
    bytes: RwSignal<Vec<u8>>,
    sent: RwSignal<Vec<u8>>,
    at: RwSignal<usize>,
    place: Scope,
    flip: impl Fn(usize) + Copy + 'static,
) -> impl IntoView {
    // When the message gets shorter, a byte may disappear before its view.
    let value = move || bytes.with(|bytes| bytes.get(byte).copied().unwrap_or_default());
    let was = move || sent.with(|bytes| bytes.get(byte).copied().unwrap_or_default());
    let bit = move |bit: usize| {
        let mask = 0x80_u8 >> (bit % 8);
        let set = move || value() & mask != 0;
        let field = Memo::new(move |_| bytes.with(|bytes| field_at(bytes, bit)));
        view! {
            <button
                type="button"
                id=place.id(&format!("bit-{bit}"))
                class=move || field::class(field.get())
                class:flipped=move || (value() ^ was()) & mask != 0
                aria-pressed=move || set().to_string()
                aria-label=move || format!("Bit {bit}, {}", name(field.get()))
                tabindex=move || if at.get() == bit { "0" } else { "-1" }
                on:focus=move |_| at.set(bit)
                on:click=move |_| flip(bit)
            >
                {move || u8::from(set())}
            </button>
        }
    };
    view! {
        <div class="byte">
            <span class="eight">{(byte * 8..byte * 8 + 8).map(bit).collect_view()}</span>
            <span class="value" aria-hidden="true">{move || format!("{:02x}", value())}</span>
        </div>
    }
}

/// The fields of the current header.
#[component]
fn Legend(bytes: RwSignal<Vec<u8>>) -> impl IntoView {
    let header = Memo::new(move |_| bytes.with(|bytes| FrameHeader::parse(bytes)));
    move || {
        let header = header.get()?;
        let bit = |set: bool| if set { "1" } else { "0" };
        let rsv = [header.rsv.rsv1, header.rsv.rsv2, header.rsv.rsv3].map(bit).concat();
        let key = header.masking_key.map_or("none".to_owned(), |MaskingKey(key)| format::hex(&key));
        let parts = [
            (
                "f-fin",
                "FIN",
                format!(
                    "{}: {}",
                    bit(header.fin),
                    if header.fin { "the last frame of its message" } else { "more of the message follows" }
                ),
            ),
            (
                "f-rsv",
                "RSV",
                format!(
                    "{rsv}: {}",
                    if header.rsv.any() { "needs an extension that defines it" } else { "no extension is used" }
                ),
            ),
            ("f-opc", "opcode", format!("{}: {}", header.opcode.nibble(), header.opcode.name())),
            (
                "f-mask",
                "MASK",
                format!(
                    "{}: {}",
                    bit(header.masking_key.is_some()),
                    if header.masking_key.is_some() { "a masking key follows" } else { "not masked" }
                ),
            ),
            ("f-len", "length", format::plural(header.length.bytes, "byte")),
            ("f-key", "key", key),
        ];
        let part = |(class, name, words): (&'static str, &'static str, String)| {
            view! {
                <div>
                    <dt class=class>{name}</dt>
                    <dd>{words}</dd>
                </div>
            }
        };
        Some(view! { <dl class="why">{parts.map(part).collect_view()}</dl> })
    }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Fin => "FIN",
        Field::Rsv1 => "RSV1",
        Field::Rsv2 => "RSV2",
        Field::Rsv3 => "RSV3",
        Field::Opcode => "opcode",
        Field::Mask => "MASK",
        Field::Length | Field::ExtendedLength => "length",
        Field::MaskingKey => "masking key",
        Field::Payload => "payload",
    }
}

fn field_at(bytes: &[u8], bit: usize) -> Field {
    let spans = FrameHeader::parse(bytes).map(|header| header.fields());
    let bit = bit as u64;
    let found = spans.iter().flatten().find(|span| (span.first_bit..span.first_bit + span.bits).contains(&bit));
    found.map_or(Field::Payload, |span| span.field)
}

/// The frame that a browser sends for `text`, with a random key.
fn frame_of(text: &str) -> Vec<u8> {
    let key = MaskingKey(std::array::from_fn(|_| (js_sys::Math::random() * 256.0) as u8));
    let header = FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, Opcode::Text, text.len() as u64) };
    let mut bytes = Vec::new();
    wire::encoder::encode(&header, text.as_bytes(), &mut bytes);
    bytes
}

/// Collects the first frame of the bytes.
struct First {
    frame: Option<Frame>,
    payload: Vec<u8>,
    over: bool,
}

impl<'b> Handler<'b> for First {
    fn begin(&mut self, frame: &Frame) {
        self.frame = Some(frame.clone());
    }

    fn payload(&mut self, _: &Frame, bytes: &'b [u8]) {
        self.payload.extend_from_slice(bytes);
    }

    fn inflated(&mut self, _: &Frame, _: &[u8]) {}

    fn end(&mut self, frame: &Frame, _: &[u8]) {
        self.frame = Some(frame.clone());
        self.over = true;
    }

    fn is_full(&self) -> bool {
        self.over
    }
}

fn receive(bytes: &[u8]) -> Received {
    let mut copy = bytes.to_vec();
    let mut left = &mut copy[..];
    let mut first = First { frame: None, payload: Vec::new(), over: false };
    Incoming::new(Sender::Client, LIMITS).receive(&mut left, &mut first);
    Received { rest: left.len(), frame: first.frame, payload: first.payload }
}

/// The reaction of a strict server, with the broken rule and the close code.
fn says(received: &Received, there: usize) -> AnyView {
    let Some(frame) = &received.frame else {
        return view! { <p class="card warn"><b>"waits"</b><span>"The header is not complete. More bytes must follow."</span></p> }
            .into_any();
    };
    if !frame.is_valid() {
        let card = |violation: &wire::violation::Violation| {
            let violation = observation::Violation::from(violation);
            view! {
                <p class="card bad">
                    <b>{explain::verdict(&violation, false)}</b>
                    <Prose text=format!("{}.", violation.explanation)/>
                </p>
            }
        };
        let code: CloseCode = frame.violations[0].close_code();
        return view! {
            {frame.violations.iter().map(card).collect_view()}
            <p class="note">{format!("It sends a close frame, {code}: {}, and closes the connection.", code.meaning())}</p>
        }
        .into_any();
    }
    let wanted = frame.header.len() as u64 + frame.header.length.bytes;
    if let Some(missing) = wanted.checked_sub(there as u64).filter(|missing| *missing > 0) {
        let words = format!(
            "The header says {}, but {} are missing. The server takes them from the next frame.",
            format::bytes(frame.header.length.bytes),
            format::bytes(missing)
        );
        return view! { <p class="card warn"><b>"waits for more"</b><span>{words}</span></p> }.into_any();
    }
    let what = match frame.header.opcode {
        Opcode::Text => format!("A text message: “{}”", String::from_utf8_lossy(&received.payload)),
        Opcode::Binary => format!("A binary message: {}", format::hex(&received.payload)),
        Opcode::Ping => "A ping. The server answers with a pong that has the same payload.".to_owned(),
        Opcode::Pong => "An unsolicited pong. It is allowed and needs no answer.".to_owned(),
        Opcode::Close => match &frame.close.as_ref().and_then(|close| close.code) {
            Some(code) => format!("A close frame, {code}: {}. The server answers with a close frame.", code.meaning()),
            None => "A close frame without a code. The server answers with a close frame.".to_owned(),
        },
        other => format!("A frame of {}.", other.name()),
    };
    let open = (!frame.header.fin).then_some("The message is not complete: the server waits for the next fragment.");
    let rest = (received.rest > 0).then(|| {
        format!(
            "The server reads the remaining {} as the header of the next frame.",
            format::bytes(received.rest as u64)
        )
    });
    let (class, verdict) =
        if rest.is_some() { ("card warn", "accepts it, but misreads the rest") } else { ("card good", "accepts it") };
    view! {
        <p class=class>
            <b>{verdict}</b>
            <span>{what}</span>
            {open.map(|words| view! { <span>{words}</span> })}
            {rest.map(|words| view! { <span>{words}</span> })}
        </p>
    }
    .into_any()
}
