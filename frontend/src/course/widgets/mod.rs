//! The interactive pieces that the page draws itself.

mod frame_bits;
mod handshake_steps;
mod image;
mod lifecycle;
mod masking;
mod picture;

use super::piece::Piece;
use curriculum::course::{Widget, WidgetKind};
use leptos::prelude::*;

#[component]
pub(super) fn WidgetView(widget: Widget) -> impl IntoView {
    let Widget { id, title, what, text } = widget;
    let piece = StoredValue::new(id.clone());
    let (class, kind) = match what {
        WidgetKind::HandshakeSteps => ("widget handshake-steps", "Step by step"),
        WidgetKind::FrameBits => ("widget frame-bits", "Bit by bit"),
        WidgetKind::Masking => ("widget masking", "By hand"),
        WidgetKind::Lifecycle => ("widget life-of", "Step by step"),
        WidgetKind::Image => ("widget image", "Live"),
    };
    view! {
        <Piece id class kind title=Some(title)>
            {match what {
                WidgetKind::HandshakeSteps => view! { <handshake_steps::HandshakeSteps piece/> }.into_any(),
                WidgetKind::FrameBits => view! { <frame_bits::FrameBits piece text/> }.into_any(),
                WidgetKind::Masking => view! { <masking::Masking piece text/> }.into_any(),
                WidgetKind::Lifecycle => view! { <lifecycle::LifeOfConnection piece/> }.into_any(),
                WidgetKind::Image => view! { <image::Image piece/> }.into_any(),
            }}
        </Piece>
    }
}
