//! What JavaScript saw, as a line of code.

use super::parts::{PREVIEW, PageText};
use crate::lab::Record;
use crate::ui::format;
use observation::MessageKind;
use observation::page::{PageAct, PagePayload};
use observation::sequence::{PageSide, Row, RowKey};

pub(super) fn page(record: &Record, row: &Row) -> PageText {
    let words = |text: &str| PageText { text: text.into(), nothing: true, image: None };
    match &row.page {
        PageSide::Nothing if matches!(row.key, RowKey::Opened(_)) => words(""),
        PageSide::Nothing => words("nothing"),
        PageSide::Fragment => words("nothing until FIN"),
        PageSide::Elsewhere => words(match row.key {
            RowKey::Opened(_) | RowKey::Gap(..) => "",
            // The client cannot see the server side of a middlebox.
            RowKey::Tunnel(_) | RowKey::Records(_) => "nothing",
            _ if beyond_a_middlebox(record, row.key) => "nothing",
            _ if record.recorded => "not recorded",
            _ => "not this page",
        }),
        PageSide::Events(numbers) => {
            let said: Vec<_> = record.events(&row.page).map(|event| act(&event.act)).collect();
            let held = numbers.iter().filter_map(|&number| record.journal.payload(number));
            let image = held.filter_map(|held| held.image.as_ref()).map(|url| url.as_str().to_owned()).next();
            PageText { text: said.join(", "), nothing: false, image }
        }
    }
}

/// Whether the other side of the row's hop is this page's connection.
fn beyond_a_middlebox(record: &Record, key: RowKey) -> bool {
    let connection = record.observation(key).and_then(|seen| record.transcript.connection(seen.connection));
    connection.and_then(|leg| leg.other).is_some_and(|other| record.sequence.owner(other).is_some())
}

/// An event of the page, as a line of code.
pub fn act(act: &PageAct) -> String {
    match act {
        PageAct::Constructed { .. } => "new WebSocket()".into(),
        PageAct::Open { .. } => "onopen".into(),
        PageAct::Sent(payload) => format!("send({})", payload_text(payload)),
        PageAct::Received(payload) => format!("onmessage {}", payload_text(payload)),
        PageAct::CloseCalled { code: None, .. } => "close()".into(),
        PageAct::CloseCalled { code: Some(code), reason } if reason.is_empty() => format!("close({code})"),
        PageAct::CloseCalled { code: Some(code), reason } => {
            format!("close({code}, {})", format::quoted(reason, PREVIEW))
        }
        PageAct::Error => "onerror".into(),
        PageAct::Closed { code, .. } => format!("onclose {code}"),
    }
}

fn payload_text(payload: &PagePayload) -> String {
    match payload.kind {
        MessageKind::Text => format::quoted(&payload.preview, PREVIEW),
        MessageKind::Binary if payload.preview.is_empty() => format::bytes(payload.bytes),
        MessageKind::Binary => payload.preview.clone(),
    }
}
