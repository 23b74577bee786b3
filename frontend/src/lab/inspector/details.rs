//! What the inspector shows of a row that is selected. All of it is fetched after the page's first view.

use super::subject::{Subject, client_of, ends_of};
use super::{act, ending, frame, handshake, tunnel, unseen};
use crate::lab::Lab;
use leptos::prelude::*;
use observation::sequence::RowKey;

pub fn details(key: RowKey, subject: Subject) -> AnyView {
    let client = client_of(expect_context::<Lab>(), key);
    // Only a row of the page's own has none, and it is not seen by the relay.
    let seq = key.seq().unwrap_or_default();
    match subject {
        Subject::Asked(asked) => view! { <handshake::AskedView asked seq/> }.into_any(),
        Subject::Tunnel(line) => view! { <tunnel::TunnelView line seq/> }.into_any(),
        Subject::Records(records) => view! { <tunnel::RecordsView records seq/> }.into_any(),
        Subject::Opening { opening, response } => {
            view! { <handshake::OpeningView opening response seq client/> }.into_any()
        }
        Subject::Refusal { refusal, response } => {
            view! { <handshake::RefusalView refusal response seq client/> }.into_any()
        }
        Subject::Frame { frame, connection } => {
            view! { <frame::FrameView frame=*frame connection key client/> }.into_any()
        }
        Subject::Ending(closed) => {
            let ends = ends_of(expect_context::<Lab>(), key);
            view! { <ending::EndingView closed seq client ends/> }.into_any()
        }
        Subject::Act(act) => view! { <act::ActView act seq client/> }.into_any(),
        Subject::Unseen => view! { <unseen::UnseenView key/> }.into_any(),
        Subject::Gone => view! { <p class="note">"This is no longer kept."</p> }.into_any(),
        Subject::Nothing => ().into_any(),
    }
}
