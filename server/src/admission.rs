//! Lets a WebSocket handshake in if there is a place for the connection and its client is within its limits.

use crate::client::ClientAddress;
use crate::lab::{self, HandshakeRefusal};
use crate::limits::{NoPlace, Rated};
use crate::listen::Arrival;
use crate::state::AppState;
use axum::extract::{Extension, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use observation::Http;
use std::sync::Arc;

/// Counts a handshake, and takes a place for the WebSocket if its TCP connection has none that counts for this client.
pub(crate) fn admit(app: &AppState, address: ClientAddress, arrival: &mut Arrival) -> Result<(), NoPlace> {
    // The client's own connection to the middlebox was counted.
    if app.legs.between(arrival.peer).is_some() {
        return Ok(());
    }
    let admitted = (|| {
        let client = app.clients.at(address);
        if let Some(client) = &client {
            client.spend(Rated::Handshakes).map_err(NoPlace::Client)?;
        }
        let place = if arrival.route.http == Http::Two {
            Some(app.places.take(client.as_ref())?)
        } else if arrival.counted != Some(address.limit_key()) {
            // A proxy's connection, which has a place but counts for no client.
            Some(app.places.share(client.as_ref())?)
        } else {
            None
        };
        (arrival.client, arrival.place) = (client, place.map(Arc::new));
        Ok(())
    })();
    admitted.inspect_err(|none| app.clients.notice_none(none))
}

/// The check for the handshakes of the lab and of hops. A refusal is recorded in the session.
pub(crate) async fn admit_handshakes(
    State(app): State<AppState>,
    Extension(address): Extension<ClientAddress>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(arrival) = request.extensions_mut().get_mut::<Arrival>() else { return next.run(request).await };
    let Err(none) = admit(&app, address, arrival) else { return next.run(request).await };
    let arrival = arrival.clone();
    let refused = HandshakeRefusal::no_place(&none);
    let (response, sent) = refused.answer(&arrival, request.method()).await;
    if let Some(name) = lab::session_in(request.uri().path())
        && let Ok(session) = app.registry.find(name).await
    {
        refused.record(&session, session.now_us(), arrival, sent);
    }
    response
}
