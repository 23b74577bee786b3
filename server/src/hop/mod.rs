//! Connections that cross the relay, with both sides recorded: middleboxes in front of the lab, and the relay in front of other
//! servers.
//!
//! | module | what it does |
//! |---|---|
//! | `via` | a middlebox that reads HTTP, in front of the lab |
//! | `tunnel` | a middlebox in front of TLS |
//! | `relay` | forwards to another server; `params` reads the request parameters |
//! | `client_side` | the client's side of a hop until its request is answered |
//! | `server_side` | the same for the connection to another server |
//! | `held_handshake` | a handshake that rules act on: it waits, goes on, or is refused |
//! | `edited_head`, `edited_request`, `edited_response` | what observers make of a held one, and whether the relay may send it |
//! | `request_builder`, `response` | the forwarded request and the server's response |
//! | `bridge`, `one_way`, `bridge_observer` | copies bytes between two connections; `interference` is what a middlebox does to them |
//! | `frame_inspector`, `frame_notes`, `sides`, `frame_recorder` | decode and record the frames that cross |
//! | `crossing`, `intercepting`, `exit` | what arrives and waits for rules, what they decide, and what leaves |
//! | `commands`, `insertions` | what observers ask for on one side: frames of the relay's own between the forwarded ones |
//! | `reach` | the relay's own address |

mod bridge;
mod bridge_observer;
mod client_side;
mod commands;
mod crossing;
mod direction;
mod edited_head;
mod edited_request;
mod edited_response;
mod exit;
mod frame_inspector;
mod frame_notes;
mod frame_recorder;
mod held_handshake;
mod insertions;
mod intercepting;
mod interference;
mod one_way;
mod params;
mod reach;
mod relay;
pub(crate) mod request_builder;
pub(crate) mod response;
mod server_side;
mod sides;
mod tunnel;
mod via;

pub(crate) use tunnel::{bind as bind_tunnels, open as open_tunnels};

use crate::state::AppState;
use axum::Router;
use axum::routing::any;

pub(crate) fn routes() -> Router<AppState> {
    Router::new().route("/via/{middlebox}/lab/{session}", any(via::via)).route("/relay/{session}", any(relay::relay))
}
