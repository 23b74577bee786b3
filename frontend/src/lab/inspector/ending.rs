//! How a connection ended: who said goodbye, what the wire carried, what JavaScript was told.

use super::aftermath::Wire;
use super::hop::OtherLeg;
use super::purpose::OnPurpose;
use crate::lab::Lab;
use crate::lab::row_text::Ends;
use crate::ui::format;
use leptos::prelude::*;
use observation::aftermath::{Aftermath, Reported};
use observation::event::Cause;
use observation::page::PageAct;
use observation::{Closed, Leg, Party, Seq};
use wire::close::CloseCode;

#[component]
pub fn EndingView(closed: Closed, seq: Seq, client: &'static str, ends: Ends) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let aftermath = Memo::new(move |_| lab.record.with(|record| record.aftermath(seq)));
    let who = match closed.first {
        Some(party) => format!("{} said goodbye first.", ends.the_first(party)),
        None => "No one said goodbye.".to_owned(),
    };
    // Of a near leg the middle is the server, of a far one the client.
    let ender = ends.the(if ends.half == Some(Leg::Far) { Party::Client } else { Party::Server });
    let count = |party, count| (format!("from {}", ends.the(party)), count);
    let counts = [count(Party::Client, closed.client), count(Party::Server, closed.server)];
    view! {
        <p class="lead">
            <b>{who}</b>
            " "
            {cause(&closed, &ender)}
        </p>
        <OtherLeg seq/>
        {move || {
            let Aftermath { did, wire, reported, .. } = aftermath.get()?;
            let at = did.first().map(|(seq, _)| *seq);
            let led = at.map(|_| view! { <h3>"What led to it"</h3> });
            Some(view! {
                {led}
                <OnPurpose did=did.into_iter().map(|(_, did)| did).collect() at/>
                <h3>"What the wire carried"</h3>
                <Wire wire client/>
                <h3>"What JavaScript was told"</h3>
                <ReportedView reported/>
            })
        }}
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

#[component]
fn ReportedView(reported: Reported) -> impl IntoView {
    let Reported::Events(acts) = reported else {
        let words = "This was not a socket of this page, or the page was loaded again since.";
        return view! { <p class="note">{words}</p> }.into_any();
    };
    let close = acts.iter().find_map(|act| match act {
        PageAct::Closed { code, reason, was_clean } => Some((*code, reason, *was_clean)),
        _ => None,
    });
    let Some((code, reason, was_clean)) = close else {
        return view! { <p class="note">"Nothing yet."</p> }.into_any();
    };
    let error = if acts.contains(&PageAct::Error) { "error event\n\n" } else { "" };
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
            {format!("{error}close event\n  code     {code}  {meaning}\n  reason   {}\n  wasClean {was_clean}", format::quoted(reason, usize::MAX))}
        </pre>
        <p class="note">{why}</p>
    }
    .into_any()
}

/// What brought the end about. `ender` is who watched the connection and may have ended it: the relay, or a box.
fn cause(closed: &Closed, ender: &str) -> String {
    let words = match closed.cause {
        Cause::ClosingHandshake => "Both sides sent a close frame, then the line was closed: a clean end.",
        Cause::Violation => {
            "A frame broke a rule, so the relay failed the connection and, as §7.1.7 asks, took no notice of what came after."
        }
        Cause::TooBig => "A message was over the relay’s limit, so it closed with 1009 and read no further.",
        Cause::ConnectionEnded => "The line ended before both sides had sent a close frame.",
        Cause::ConnectionLost => "The line broke.",
        Cause::NoCloseAnswer => "The relay’s close frame was not answered in time.",
        Cause::NotReading => "The client stopped reading, and the relay gave up waiting.",
        Cause::NotAccepted => {
            "A kind of message came that this connection does not take, so the relay closed it with 1003."
        }
        Cause::OutOfMemory => {
            "The relay had no memory left for a message that had not arrived whole, so it closed with 1013: try again later."
        }
        Cause::Reset => {
            "The relay reset the TCP connection on purpose, without a close frame: what was on its way is lost."
        }
        Cause::Dropped => "The relay ended the TCP connection on purpose, without a close frame.",
        Cause::NoPong => "The relay’s ping was not answered in time, so it closed with 1011.",
        Cause::DeliberateClose => "The relay was asked to end it.",
        Cause::Idle => "Nothing travelled for so long that the relay ended it.",
        Cause::OtherLeg => "The other leg of the way ended, so this one was ended, too.",
        Cause::Shutdown => return "The relay was shut down.".to_owned(),
    };
    match ender {
        "the relay" => words.to_owned(),
        name => words.replace("The relay", name).replace("the relay", name),
    }
}
