//! How a connection ended: who closed first, what the wire carried, what JavaScript was told.

use super::aftermath::Wire;
use super::hop::OtherLeg;
use super::purpose::DeliberateActs;
use crate::lab::Lab;
use crate::lab::row_text::Ends;
use crate::ui::format;
use leptos::prelude::*;
use observation::aftermath::{Aftermath, Reported};
use observation::event::{Cause, Count};
use observation::page::PageAct;
use observation::{Closed, Leg, Party, Seq};
use wire::close::CloseCode;

#[component]
pub fn EndingView(closed: Closed, seq: Seq, client: &'static str, ends: Ends) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let aftermath = Memo::new(move |_| lab.record.with(|record| record.aftermath(seq)));
    let is_lost = closed.cause == Cause::RelayLost;
    let who = match closed.first {
        Some(party) => format!("{} closed first.", ends.the_first(party)),
        None if is_lost => "The relay that had this connection is gone.".to_owned(),
        None => "Neither side sent a close frame.".to_owned(),
    };
    // The middle is the server on the client side of a hop, and the client on the server side.
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
            let led = at.map(|_| view! { <h3>"Cause"</h3> });
            Some(view! {
                {led}
                <DeliberateActs did=did.into_iter().map(|(_, did)| did).collect() at/>
                <h3>"What the wire carried"</h3>
                <Wire wire client/>
                <h3>"What JavaScript was told"</h3>
                <ReportedView reported/>
            })
        }}
        // The counts of a connection whose relay is gone are unknown.
        {(!is_lost).then(|| view! { <Total counts/> })}
    }
}

#[component]
fn Total(counts: [(String, Count); 2]) -> impl IntoView {
    let row = |(end, count): (String, Count)| {
        view! {
            <tr>
                <th scope="row">{end}</th>
                <td>{format::plural(count.frames, "frame")}</td>
                <td>{format::bytes(count.bytes)}</td>
            </tr>
        }
    };
    view! {
        <h3>"Total"</h3>
        <table class="sides">
            <tbody>{counts.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
}

#[component]
fn ReportedView(reported: Reported) -> impl IntoView {
    let Reported::Events(acts) = reported else {
        let words = "This was not a socket of this page, or the page has been reloaded since.";
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
        1005 => "1005 is never sent. The browser reports it for a close frame without a code.",
        1006 => {
            "1006 is never sent. The browser reports it when a connection ends without a close frame, and does not tell the page why."
        }
        _ => "The code and reason come from the close frame that the browser received.",
    };
    view! {
        <pre class="text">
            {format!("{error}close event\n  code     {code}  {meaning}\n  reason   {}\n  wasClean {was_clean}", format::quoted(reason, usize::MAX))}
        </pre>
        <p class="note">{why}</p>
    }
    .into_any()
}

/// What ended the connection. `ender` is who recorded the connection and may have ended it: the relay, or a middlebox.
fn cause(closed: &Closed, ender: &str) -> String {
    let words = match closed.cause {
        Cause::ClosingHandshake => {
            "Both sides sent a close frame, and then the TCP connection closed. This is a clean close."
        }
        Cause::Violation => {
            "A frame broke a rule, so the relay failed the connection and ignored everything after it, as §7.1.7 requires."
        }
        Cause::TooBig => "A message exceeded the relay’s limit, so the relay closed with 1009 and stopped reading.",
        Cause::ConnectionEnded => "The TCP connection ended before both sides had sent a close frame.",
        Cause::ConnectionLost => "The TCP connection failed.",
        Cause::NoCloseAnswer => "The client did not answer the relay’s close frame in time.",
        Cause::NotReading => "The client stopped reading, and the relay stopped waiting for it.",
        Cause::NotAccepted => {
            "The client sent a type of message that this connection does not accept, so the relay closed with 1003."
        }
        Cause::OutOfMemory => {
            "The relay had no memory left for an incomplete message, so it closed with 1013 (try again later)."
        }
        Cause::Reset => {
            "The relay deliberately reset the TCP connection without a close frame. Data in transit is lost."
        }
        Cause::Dropped => "The relay deliberately ended the TCP connection without a close frame.",
        Cause::NoPong => "The client did not answer the relay’s ping in time, so the relay closed with 1011.",
        Cause::DeliberateClose => "The relay closed because a setting or a command asked for it.",
        Cause::Idle => "The connection was idle for too long, so the relay ended it.",
        Cause::OtherLeg => "The other side of the hop ended, so this side was closed too.",
        Cause::Shutdown => return "The relay was shut down.".to_owned(),
        Cause::Operator => return "The operator of the relay ended this session.".to_owned(),
        Cause::RelayLost => {
            return "Another relay of this site noticed that and recorded the end. What followed the last frame shown here is unknown. The browser probably received no close frame and reported 1006.".to_owned();
        }
    };
    match ender {
        "the relay" => words.to_owned(),
        name => words.replace("The relay", name).replace("the relay", name),
    }
}
