//! What stands between a client and a server, with both legs observed: middleboxes on the way to the lab, and the relay itself
//! on the way to other servers.
//!
//! | module | what it does |
//! |---|---|
//! | `middlebox` | the boxes there are, and how one is asked for |
//! | `via` | a box that reads HTTP, on the way to the lab |
//! | `tunnel` | a box in front of TLS |
//! | `relay` | on to another server: `allow` says to which, `wish` what goes along, `upstream` gets there |
//! | `near`, `head`, `reply` | a leg until it is open: the request that came, the one that goes on, the answer to it |
//! | `bridge` | two lines, and what comes on one going out on the other; `meddling` is what a box does to that |
//! | `frames`, `watch` | what passes, taken apart and written down |
//! | `legs` | which connections of the lab are far legs |

mod allow;
mod bridge;
mod frames;
mod head;
mod legs;
mod meddling;
mod middlebox;
mod near;
mod relay;
mod reply;
mod tunnel;
mod upstream;
mod via;
mod watch;
mod wish;

pub use allow::Allowed;
pub(crate) use legs::Legs;
pub(crate) use upstream::Upstreams;
pub use upstream::UpstreamsError;

use crate::app::App;
use crate::lab::NotUpgraded as HopRefused;
use axum::extract::State;
use axum::routing::{any, get};
use axum::{Json, Router};
use middlebox::Middlebox;
use observation::Routes;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Whether there is such a middlebox, as it stands in an address behind `/via/`; what is wrong, if not.
pub(crate) fn check_box(text: &str) -> Result<(), String> {
    Middlebox::parse(text).map(drop).map_err(|error| error.to_string())
}

/// The ways that are no straight ones.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/via/{middlebox}/lab/{session}", any(via::via))
        .route("/relay/{session}", any(relay::relay))
        .route("/api/routes", get(relay_routes))
}

/// `/api/routes`: how the lab and other servers can be reached.
async fn relay_routes(State(app): State<App>) -> Json<Routes> {
    let config = &app.config;
    Json(Routes {
        port: config.listen.port(),
        tls_port: config.tls_listen.map(|address| address.port()),
        boxes: middlebox::offers(|index| app.tunnel_ports.get(index).copied()),
        relay_to: config.relay_to.iter().map(|allowed| allowed.text().to_owned()).collect(),
    })
}

/// A port for each box in front of TLS: the first one as it was given, and those behind it, or any if it is 0.
///
/// # Errors
/// When one of them cannot be listened on.
pub(crate) async fn bind_tunnels(first: SocketAddr) -> Result<Vec<TcpListener>, (SocketAddr, std::io::Error)> {
    let mut listeners = Vec::new();
    for index in 0..Middlebox::all().len() {
        let mut address = first;
        if first.port() != 0 {
            let port = u16::try_from(index).ok().and_then(|index| first.port().checked_add(index));
            address.set_port(port.ok_or_else(|| (first, std::io::ErrorKind::AddrNotAvailable.into()))?);
        }
        listeners.push(TcpListener::bind(address).await.map_err(|error| (address, error))?);
    }
    Ok(listeners)
}

/// Has each of them lead through its box to where the relay speaks TLS.
pub(crate) fn open_tunnels(listeners: Vec<TcpListener>, tls: SocketAddr, app: &App) {
    for (listener, middlebox) in listeners.into_iter().zip(Middlebox::all()) {
        app.shutdown.spawn(tunnel::listen(listener, middlebox.in_front_of_tls(), tls, app.clone()));
    }
}
