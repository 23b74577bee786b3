//! What JavaScript saw of a frame compared with what the wire carried.

use crate::lab::row_text;
use crate::lab::{Lab, Record};
use crate::ui::format;
use leptos::prelude::*;
use observation::page::{PageAct, PageEvent};
use observation::sequence::{PageSide, RowKey};
use observation::{ConnectionNumber, Frame, MessageKind, Party};
use wire::opcode::Opcode;

/// One line of the comparison. `None` if JavaScript is not told.
type Line = (&'static str, Option<String>, String);

#[component]
pub fn BothSides(frame: Frame, connection: ConnectionNumber, key: RowKey) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let lines = Memo::new(move |_| lab.record.with(|record| lines(record, &frame, connection, key)));
    view! {
        <table class="sides">
            <thead>
                <tr>
                    <td></td>
                    <th scope="col">"JavaScript saw"</th>
                    <th scope="col">"the wire carried"</th>
                </tr>
            </thead>
            <tbody>
                {move || {
                    lines
                        .get()
                        .into_iter()
                        .map(|(name, script, wire)| {
                            let none = script.is_none();
                            view! {
                                <tr>
                                    <th scope="row">{name}</th>
                                    <td class="js" class:none=none>
                                        {script.unwrap_or_else(|| "nothing".into())}
                                    </td>
                                    <td>{wire}</td>
                                </tr>
                            }
                        })
                        .collect_view()
                }}
            </tbody>
        </table>
    }
}

fn lines(record: &Record, frame: &Frame, connection: ConnectionNumber, key: RowKey) -> Vec<Line> {
    let page = record.row(key).map_or(PageSide::Elsewhere, |row| row.page);
    if page == PageSide::Elsewhere {
        let words = Some("not this page’s socket".to_owned());
        return vec![("event", words, event_on_wire(frame, "client")), ("bytes", Some("unknown".into()), bytes(frame))];
    }
    let event = record.events(&page).next();
    let script = event.map(|event| row_text::act(&event.act));
    let fragments =
        frame.position.map(|position| record.transcript.message(connection, frame.from, position.message).len() as u64);
    let mut lines =
        vec![("event", script, event_on_wire(frame, "browser")), ("size", event.and_then(size), bytes(frame))];
    if frame.inflated.is_some() {
        let sizes = (format::bytes(frame.content_bytes()), format::bytes(frame.payload_bytes));
        lines.push(("compression", None, format!("{} of content, deflated to {}", sizes.0, sizes.1)));
    }
    if let Some(count) = fragments {
        lines.push(("fragments", None, format::plural(count, "frame")));
    }
    if let Some(key) = frame.masking_key {
        lines.push(("masking key", None, format::hex(&key)));
    }
    let bits = format!(
        "FIN {} · RSV {}{}{} · opcode {:X}",
        u8::from(frame.fin),
        u8::from(frame.rsv1),
        u8::from(frame.rsv2),
        u8::from(frame.rsv3),
        frame.opcode
    );
    lines.push(("bits", None, bits));
    lines
}

fn event_on_wire(frame: &Frame, client: &str) -> String {
    let who = if frame.from == Party::Client { format!("the {client}") } else { "the relay".to_owned() };
    match frame.opcode() {
        Opcode::Ping if frame.violations.is_empty() => {
            format!("a ping from {who}; the other side answers automatically")
        }
        Opcode::Ping => format!("a ping from {who}"),
        Opcode::Pong => format!("a pong from {who}"),
        Opcode::Close => format!("a close frame from {who}"),
        opcode => format!("a {opcode} frame from {who}"),
    }
}

fn bytes(frame: &Frame) -> String {
    let header = frame.header.len() as u64;
    let text = frame.position.is_some_and(|at| at.kind == MessageKind::Text);
    let payload = format::count(frame.payload_bytes);
    let form = match &frame.inflated {
        Some(_) => ", deflated",
        None if text => " in UTF-8",
        None => "",
    };
    format!("{} = {header} header + {payload} payload{form}", format::bytes(frame.wire_bytes()))
}

/// The size of a message in JavaScript: UTF-16 code units of a string, bytes of a buffer.
fn size(event: &PageEvent) -> Option<String> {
    let (PageAct::Sent(payload) | PageAct::Received(payload)) = &event.act else { return None };
    Some(match payload.kind {
        MessageKind::Binary => format::bytes(payload.bytes),
        MessageKind::Text => format!("length {}", format::count(payload.utf16_length)),
    })
}
