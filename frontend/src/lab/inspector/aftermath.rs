//! How the browser reacted to what the relay did: what the wire carried then, and what JavaScript was told.

use super::browsers::Browsers;
use super::purpose::citation;
use crate::lab::Lab;
use crate::lab::row_text;
use crate::ui::format;
use leptos::prelude::*;
use observation::aftermath::{Aftermath, Carried, Outcome, Reported};
use observation::event::Cause;
use observation::page::PageAct;
use observation::sequence::RowKey;
use observation::{Event, Party, Seq};
use wire::close::ClosePayload;
use wire::opcode::Opcode;

/// Empty unless something was deliberate, refused or ended.
#[component]
pub fn AftermathView(seq: Seq, client: &'static str) -> impl IntoView {
    let lab = expect_context::<Lab>();
    let came = Memo::new(move |_| {
        lab.record.with(|record| {
            let kind = Kind::of(&record.transcript.get(seq)?.event);
            Some((kind, record.aftermath(seq)?))
        })
    });
    move || {
        let (kind, aftermath) = came.get()?;
        let words = conclusion(kind, &aftermath, client);
        let Aftermath { did, wire, reported, .. } = aftermath;
        Some(view! {
            <h3>"What happened next"</h3>
            <p class="lead" role="status">
                {words}
            </p>
            <dl class="aftermath">
                <dt>"The wire carried"</dt>
                <dd>
                    <Wire wire client/>
                </dd>
                <dt>"JavaScript was told"</dt>
                <dd>
                    <Script reported/>
                </dd>
            </dl>
            <Browsers did/>
        })
    }
}

/// What the wire carried as a reaction, each with a button to its row.
#[component]
pub fn Wire(wire: Vec<Carried>, client: &'static str) -> impl IntoView {
    if wire.is_empty() {
        return view! { <span class="muted">"no answer"</span> }.into_any();
    }
    let lab = expect_context::<Lab>();
    let item = |carried: Carried| {
        let (key, from, badge, class, words) = match carried {
            Carried::Response { seq, status: Some(status) } => {
                (RowKey::Response(seq), Party::Server, status.to_string(), "bad", "instead of 101".to_owned())
            }
            Carried::Response { seq, status: None } => {
                (RowKey::Response(seq), Party::Server, "NOT HTTP".into(), "bad", "instead of 101".to_owned())
            }
            Carried::Close { seq, from, close } => {
                (RowKey::Frame(seq), from, "CLOSE".into(), "close", close_words(&close))
            }
            Carried::Pong { seq, from, us, is_uncertain } => {
                let doubt = if is_uncertain { ", uncertain: another ping had the same payload" } else { "" };
                let words = format!("after {} ms{doubt}", format::milliseconds(us));
                (RowKey::Frame(seq), from, "PONG".into(), "ping", words)
            }
            Carried::End { seq, cause } => {
                return view! {
                    <li class="end">
                        <button type="button" class="small" on:click=move |_| lab.inspect(RowKey::End(seq))>
                            {end_words(cause)}
                        </button>
                    </li>
                }
                .into_any();
            }
        };
        let peer = if client == "server" { Party::Server } else { Party::Client };
        let out = from == peer;
        view! {
            <li class=if out { "out" } else { "in" }>
                <span class="muted">{if out { format!("{client} → relay") } else { format!("relay → {client}") }}</span>
                <button type="button" class="small" on:click=move |_| lab.inspect(key)>
                    <em class=format!("op {class}")>{badge}</em>
                    {words}
                </button>
            </li>
        }
        .into_any()
    };
    view! { <ol class="close-frames">{wire.into_iter().map(item).collect_view()}</ol> }.into_any()
}

#[component]
fn Script(reported: Reported) -> impl IntoView {
    match reported {
        Reported::Elsewhere => view! { <span class="muted">"not a socket of this page"</span> }.into_any(),
        Reported::Events(acts) if acts.is_empty() => view! { <span class="muted">"nothing"</span> }.into_any(),
        Reported::Events(acts) => {
            let event = |act| view! { <li><code>{event_words(act)}</code></li> };
            view! { <ol class="events">{acts.iter().map(event).collect_view()}</ol> }.into_any()
        }
    }
}

fn event_words(act: &PageAct) -> String {
    match act {
        PageAct::Closed { code, reason, was_clean } => {
            format!("onclose: code {code}, reason {}, wasClean {was_clean}", format::quoted(reason, 80))
        }
        other => row_text::act(other),
    }
}

fn close_words(close: &ClosePayload) -> String {
    let code = close.code.map_or("no code".to_owned(), |code| format!("{code} {}", code.meaning()));
    if close.reason.is_empty() { code } else { format!("{code} “{}”", close.reason) }
}

fn end_words(cause: Cause) -> &'static str {
    match cause {
        Cause::ClosingHandshake => "then the TCP connection ended",
        Cause::ConnectionEnded | Cause::ConnectionLost => "the client ended the TCP connection",
        Cause::RelayLost => "the relay is gone, and nobody saw how the connection ended",
        _ => "the relay ended the TCP connection",
    }
}

/// What was done, as far as the conclusion depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Opening,
    Ping,
    Close,
    Message,
    /// Bytes that a strict client rejects.
    Wrong,
    Other,
}

impl Kind {
    fn of(event: &Event) -> Self {
        match event {
            Event::Asked(_) | Event::Opening(_) | Event::Refusal(_) => Self::Opening,
            Event::Frame(frame) if !frame.violations.is_empty() => Self::Wrong,
            Event::Frame(frame) => match frame.opcode() {
                Opcode::Ping => Self::Ping,
                Opcode::Close => Self::Close,
                _ if frame.position.is_some() => Self::Message,
                _ => Self::Other,
            },
            Event::Tunnel(_) | Event::Records(_) | Event::Act(_) | Event::Closed(_) | Event::Note(_) => Self::Other,
        }
    }
}

/// What happened next, in a sentence or two that name the rule.
fn conclusion(kind: Kind, aftermath: &Aftermath, client: &str) -> String {
    let rule = aftermath.did.iter().find_map(|(_, did)| did.rule.as_ref()).map(citation);
    let reported = match &aftermath.reported {
        Reported::Elsewhere => None,
        Reported::Events(acts) => Some(acts.as_slice()),
    };
    let code = reported.into_iter().flatten().find_map(|act| match act {
        PageAct::Closed { code, .. } => Some(*code),
        _ => None,
    });
    // Why a page learns so little: WebSockets Standard, §5, and RFC 6455 §7.1.7.
    let not_why = if code == Some(1006) {
        " JavaScript is told only 1006, because a page must not learn the reason."
    } else {
        ""
    };
    match aftermath.outcome {
        Outcome::Pending if code.is_some() => {
            "JavaScript has been told. The relay has not reported the end yet.".into()
        }
        Outcome::Pending if kind == Kind::Ping => {
            format!("No answer yet. The {client} must answer with a pong (RFC 6455 §5.5.2).")
        }
        Outcome::Pending => "Nothing yet.".into(),
        Outcome::Accepted => match (kind, rule) {
            (Kind::Wrong, Some(rule)) => {
                format!("The {client} accepted this and continued. A strict client would fail the connection: {rule}.")
            }
            (Kind::Opening, _) => format!("The {client} accepted, and the connection is open."),
            (Kind::Message, _) if reported.is_some() => "JavaScript received it like any other message.".into(),
            _ => format!("The {client} continued as before."),
        },
        Outcome::Silent => format!("Nothing that the {client} could have noticed yet."),
        Outcome::Answered => {
            format!(
                "The {client} answered automatically, as RFC 6455 §5.5.2 requires. JavaScript saw neither ping nor pong."
            )
        }
        Outcome::Unanswered if kind == Kind::Ping => {
            format!("The {client} did not answer, although RFC 6455 §5.5.2 requires it.")
        }
        Outcome::Unanswered => {
            format!("The {client} did not answer the close frame, although RFC 6455 §5.5.1 requires it.")
        }
        Outcome::Failed(code) => {
            let broken = rule.map_or("A rule was broken".to_owned(), |rule| format!("{rule} was broken"));
            let meaning = code.meaning();
            format!("{broken}, so the {client} failed the connection (§7.1.7) with {code}, {meaning}.{not_why}")
        }
        Outcome::EndedByClient => format!("The {client} ended the connection without a close frame.{not_why}"),
        Outcome::EndedByRelay => {
            let word = if code == Some(1006) {
                " JavaScript is told 1006, which is never sent: it means that no close frame came (§7.1.5)."
            } else {
                ""
            };
            format!("The connection was cut without a close frame.{word}")
        }
        Outcome::Unknown => "Unknown: the relay that had this connection is gone.".into(),
        Outcome::Closed => "Both sides sent a close frame, so the close was clean (RFC 6455 §7.1.4).".into(),
        Outcome::NeverOpened => {
            let asked = rule.map_or(String::new(), |rule| format!(" ({rule})"));
            format!("The socket never opened{asked}.{not_why}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use observation::{Citation, Deliberate, Origin};
    use wire::close::CloseCode;

    fn aftermath(outcome: Outcome, reported: &[PageAct]) -> Aftermath {
        let rule = Some(Citation::new(6455, "5.2"));
        let did = Deliberate { by: Origin::Behaviour, what: "rsv1".into(), explanation: "RSV1 is set".into(), rule };
        Aftermath { did: vec![(Seq(1), did)], wire: Vec::new(), reported: Reported::Events(reported.to_vec()), outcome }
    }

    #[test]
    fn conclusions_name_the_rule() {
        let closed = PageAct::Closed { code: 1006, reason: String::new(), was_clean: false };
        let failed = aftermath(Outcome::Failed(CloseCode(1002)), &[PageAct::Error, closed.clone()]);
        assert_eq!(
            conclusion(Kind::Wrong, &failed, "browser"),
            "RFC 6455 §5.2 was broken, so the browser failed the connection (§7.1.7) with 1002, protocol error. JavaScript is told only 1006, because a page must not learn the reason."
        );
        let taken = conclusion(Kind::Wrong, &aftermath(Outcome::Accepted, &[]), "client");
        assert!(taken.contains("A strict client would fail the connection: RFC 6455 §5.2."), "{taken}");
        let early = conclusion(Kind::Wrong, &aftermath(Outcome::Pending, &[closed]), "browser");
        assert!(early.starts_with("JavaScript has been told"), "{early}");
        let answered = conclusion(Kind::Ping, &aftermath(Outcome::Answered, &[]), "browser");
        assert!(answered.contains("§5.5.2"), "{answered}");
    }

    #[test]
    fn a_close_event_says_all_that_it_has() {
        let closed = PageAct::Closed { code: 4000, reason: "by\"e".into(), was_clean: true };
        assert_eq!(event_words(&closed), "onclose: code 4000, reason \"by\\\"e\", wasClean true");
        assert_eq!(event_words(&PageAct::Error), "onerror");
    }
}
