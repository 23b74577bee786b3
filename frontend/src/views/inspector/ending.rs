//! How a connection ended: who said goodbye, what the wire carried, what JavaScript was told.

use crate::store::{Lab, Record};
use crate::ui::format;
use leptos::prelude::*;
use observation::event::Cause;
use observation::page::PageAct;
use observation::sequence::{PageSide, RowKey};
use observation::{Closed, ConnectionNumber, Event, Party, Seq};
use wire::close::{CloseCode, ClosePayload};
use wire::opcode::Opcode;

#[component]
pub fn EndingView(closed: Closed, connection: ConnectionNumber, key: RowKey) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let goodbyes = Memo::new(move |_| lab.record.with(|record| goodbyes(record, connection)));
    let told = Memo::new(move |_| lab.record.with(|record| told(record, key)));
    let client = super::client_of(lab, key);
    let who = match closed.first {
        Some(Party::Client) => format!("The {client} said goodbye first."),
        Some(Party::Server) => "The relay said goodbye first.".to_owned(),
        None => "No one said goodbye.".to_owned(),
    };
    let counts = [(format!("from the {client}"), closed.client), ("from the relay".to_owned(), closed.server)];
    view! {
        <p class="lead">
            <b>{who}</b>
            " "
            {cause(&closed)}
        </p>
        <h3>"What the wire carried"</h3>
        <ol class="goodbyes">
            {move || goodbyes.get()
                .into_iter()
                .map(|(seq, from, words)| {
                    let out = from == Party::Client;
                    view! {
                        <li class=if out { "out" } else { "in" }>
                            <span class="muted">{if out { format!("{client} → relay") } else { format!("relay → {client}") }}</span>
                            <button type="button" class="small" on:click=move |_| lab.inspect(RowKey::Frame(seq))>
                                <em class="op close">"CLOSE"</em>
                                {words}
                            </button>
                        </li>
                    }
                })
                .collect_view()}
            <li class="muted">"then the TCP connection ended"</li>
        </ol>
        <h3>"What JavaScript was told"</h3>
        {move || view! { <ToldView told=told.get()/> }}
        <h3>"In all"</h3>
        <table class="sides">
            <tbody>
                {counts
                    .into_iter()
                    .map(|(end, count)| {
                        view! {
                            <tr>
                                <th scope="row">{end}</th>
                                <td>{format::plural(count.frames, "frame")}</td>
                                <td>{format::bytes(count.bytes)}</td>
                            </tr>
                        }
                    })
                    .collect_view()}
            </tbody>
        </table>
    }
}

fn goodbyes(record: &Record, connection: ConnectionNumber) -> Vec<(Seq, Party, String)> {
    let close = |seen: &std::rc::Rc<observation::Observation>| match &seen.event {
        Event::Frame(frame) if seen.connection == connection && frame.opcode() == Opcode::Close => {
            let close = ClosePayload::parse(&frame.unmasked_payload()).0;
            let code = close.code.map_or("no code".to_owned(), |code| format!("{code} {}", code.meaning()));
            let reason = if close.reason.is_empty() { String::new() } else { format!(" “{}”", close.reason) };
            Some((seen.seq, frame.from, format!("{code}{reason}")))
        }
        _ => None,
    };
    record.transcript.iter().filter_map(close).collect()
}

/// What the page's JavaScript knows of the end.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    NotThisPage,
    NothingYet,
    Close { code: u16, reason: String, was_clean: bool },
}

fn told(record: &Record, key: RowKey) -> Told {
    let page = record.row(key).map_or(PageSide::Elsewhere, |row| row.page);
    if page == PageSide::Elsewhere {
        return Told::NotThisPage;
    }
    let close = record.events(&page).find_map(|event| match &event.act {
        PageAct::Closed { code, reason, was_clean } => {
            Some(Told::Close { code: *code, reason: reason.clone(), was_clean: *was_clean })
        }
        _ => None,
    });
    close.unwrap_or(Told::NothingYet)
}

#[component]
fn ToldView(told: Told) -> impl IntoView {
    let (code, reason, was_clean) = match told {
        Told::NotThisPage => {
            let words = "This was not a socket of this page, or the page was loaded again since.";
            return view! { <p class="note">{words}</p> }.into_any();
        }
        Told::NothingYet => return view! { <p class="note">"Nothing yet."</p> }.into_any(),
        Told::Close { code, reason, was_clean } => (code, reason, was_clean),
    };
    let meaning = CloseCode(code).meaning();
    let why = match code {
        1005 => "1005 never travels: it is the browser’s word for a close frame without a code.",
        1006 => {
            "1006 never travels: it is the browser’s word for an end without a close frame. It may not tell a page why."
        }
        _ => "The code and reason are those of the close frame that the browser received.",
    };
    view! {
        <pre class="text">
            {format!("close event\n  code     {code}  {meaning}\n  reason   {}\n  wasClean {was_clean}", format::quoted(&reason, usize::MAX))}
        </pre>
        <p class="note">{why}</p>
    }
    .into_any()
}

fn cause(closed: &Closed) -> &'static str {
    match closed.cause {
        Cause::ClosingHandshake => "Both sides sent a close frame, then the line was closed: a clean end.",
        Cause::Violation => {
            "A frame broke a rule, so the relay failed the connection and, as §7.1.7 asks, took no notice of what came after."
        }
        Cause::TooBig => "A message was over the relay’s limit, so it closed with 1009 and read no further.",
        Cause::LineEnded => "The line ended before both sides had sent a close frame.",
        Cause::LineBroke => "The line broke.",
        Cause::NoCloseAnswer => "The relay’s close frame was not answered in time.",
        Cause::NotReading => "The client stopped reading, and the relay gave up waiting.",
        Cause::NotAccepted => {
            "A kind of message came that this connection does not take, so the relay closed it with 1003."
        }
        Cause::OutOfRoom => {
            "The relay had no memory left for a message that had not arrived whole, so it closed with 1013: try again later."
        }
        Cause::Dropped => "The relay ended the TCP connection on purpose, without a close frame.",
        Cause::NoPong => "The relay’s ping was not answered in time, so it closed with 1011.",
        Cause::Left => "The relay was asked to end it.",
        Cause::Idle => "Nothing travelled for so long that the relay ended it.",
        Cause::Shutdown => "The relay was shut down.",
    }
}
