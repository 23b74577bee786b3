//! One frame: its bits, its bytes, its masking, and why each field has its value.

use super::aftermath::AftermathView;
use super::both_sides::BothSides;
use super::inflating::Inflating;
use super::message::MessageView;
use super::on_the_path::OnThePath;
use super::purpose::DeliberateActs;
use super::round_trips::RoundTrips;
use super::unmasking::Unmasking;
use crate::lab::explain;
use crate::ui::bit_grid::BitGrid;
use crate::ui::field::Pointed;
use crate::ui::hex::FrameHex;
use crate::ui::prose::Prose;
use crate::ui::scope::Scope;
use crate::ui::tabs::Tabs;
use leptos::prelude::*;
use observation::sequence::RowKey;
use observation::{ConnectionNumber, Frame, Seq, Violation};
use wire::close::{CloseCode, ClosePayload};
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

const PARTS: [&str; 4] = ["Frame", "Message", "Both sides", "On the path"];

#[component]
pub fn FrameView(frame: Frame, connection: ConnectionNumber, key: RowKey, client: &'static str) -> impl IntoView {
    // The chosen tab stays when another frame is selected.
    let chosen = use_context::<ChosenPart>().map_or_else(|| RwSignal::new(0), |chosen| chosen.of_frame);
    view! {
        <Tabs label="Parts of the inspector" id="part" tabs=&PARTS chosen/>
        <div id=Scope::here().id("part-panel") role="tabpanel" aria-label="Inspected frame" class="part">
            {move || match chosen.get() {
                0 => view! { <Anatomy frame=frame.clone() connection seq=key.seq().unwrap_or_default() client/> }.into_any(),
                1 => view! { <MessageView frame=frame.clone() connection key/> }.into_any(),
                2 => view! { <BothSides frame=frame.clone() connection key/> }.into_any(),
                _ => view! { <OnThePath seq=key.seq().unwrap_or_default()/> }.into_any(),
            }}
        </div>
    }
}

/// The index of the chosen tab.
#[derive(Clone, Copy)]
pub struct ChosenPart {
    of_frame: RwSignal<usize>,
    /// The tab of a handshake, if its row does not decide it.
    of_handshake: Option<usize>,
}

impl ChosenPart {
    pub fn new() -> Self {
        Self::showing(0, None)
    }

    /// With these tabs at first.
    pub fn showing(of_frame: usize, of_handshake: Option<usize>) -> Self {
        Self { of_frame: RwSignal::new(of_frame), of_handshake }
    }

    /// The tab of a handshake with so many `parts`. `row` is the tab that the row stands for.
    pub(super) fn handshake(row: usize, parts: usize) -> RwSignal<usize> {
        let wanted = use_context::<Self>().and_then(|chosen| chosen.of_handshake);
        RwSignal::new(wanted.map_or(row, |part| part.min(parts - 1)))
    }
}

#[component]
fn Anatomy(frame: Frame, connection: ConnectionNumber, seq: Seq, client: &'static str) -> impl IntoView {
    let pointed = Pointed::new();
    let Some(header) = frame.parsed_header() else {
        return view! { <p class="note">"The header of this frame was not recorded."</p> }.into_any();
    };
    let unmasking = frame.masking_key.filter(|_| !frame.payload.is_empty()).map(MaskingKey);
    let why = explain::frame(&frame, &header);
    let violations = frame.violations.clone();
    let is_close = header.opcode == Opcode::Close;
    let inflating = frame.inflated.clone().zip(Some(frame.clone()));
    let close = is_close.then(|| ClosePayload::parse(&frame.unmasked_payload()).0);
    let did = frame.deliberate.clone();
    let beats = matches!(header.opcode, Opcode::Ping | Opcode::Pong);
    view! {
        <DeliberateActs did=did.iter().cloned().collect()/>
        <Violations violations deliberate=did.is_some()/>
        {did.is_some().then(|| view! { <AftermathView seq client/> })}
        {beats.then(|| view! { <RoundTrips connection seq/> })}
        {close.map(|close| view! { <CloseCard close/> })}
        <h3>"Bits " <span class="muted">"RFC 6455 §5.2"</span></h3>
        <BitGrid header pointed/>
        <h3>"Bytes"</h3>
        <FrameHex frame=frame.clone() header pointed/>
        {unmasking
            .map(|key| {
                view! {
                    <h3>"Unmasking " <span class="muted">"payload XOR key"</span></h3>
                    <Unmasking frame key pointed/>
                }
            })}
        {inflating.map(|(inflated, frame)| view! { <Inflating frame inflated connection pointed/> })}
        <h3>"Field by field"</h3>
        <dl class="why">
            {why
                .into_iter()
                .map(|(class, name, words)| {
                    view! {
                        <div
                            class:lit=move || pointed.is_at(class)
                            on:mouseenter=move |_| pointed.at(class)
                            on:mouseleave=move |_| pointed.away()
                        >
                            <dt class=class>{name}</dt>
                            <dd>{words}</dd>
                        </div>
                    }
                })
                .collect_view()}
        </dl>
    }
    .into_any()
}

#[component]
fn Violations(
    violations: Vec<Violation>,
    /// Whether the outcome is shown below.
    deliberate: bool,
) -> impl IntoView {
    let Some(code) = violations.first().map(|violation| CloseCode(violation.close_code)) else { return ().into_any() };
    let card = |violation: Violation| {
        view! {
            <p class="card bad">
                <b>{explain::verdict(&violation, false)}</b>
                <Prose text=format!("{}.", violation.explanation)/>
            </p>
        }
    };
    view! {
        {violations.into_iter().map(card).collect_view()}
        {(!deliberate)
            .then(|| {
                let words = format!("The receiver answers with close frame {code} ({}) and ends the connection.", code.meaning());
                view! { <p class="note">{words}</p> }
            })}
    }
    .into_any()
}

#[component]
fn CloseCard(close: ClosePayload) -> impl IntoView {
    let code = match close.code {
        Some(code) => format!("{code}, {}", code.meaning()),
        None => "no code: the other side reports 1005".to_owned(),
    };
    view! {
        <p class="card">
            <b>{code}</b>
            {(!close.reason.is_empty()).then(|| view! { <span>{format!("“{}”", close.reason)}</span> })}
        </p>
    }
}
