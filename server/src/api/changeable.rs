//! Finds a session that a request may change.

use super::error::ApiError;
use crate::client::ClientAddress;
use crate::limits::Rated;
use crate::registry::Found;
use crate::session::Session;
use crate::state::AppState;
use std::sync::Arc;

/// The session, if it is not a name that may only watch. Counts as a command of the client.
pub(super) async fn session_to_change(
    app: &AppState,
    client: ClientAddress,
    name: &str,
) -> Result<Arc<Session>, ApiError> {
    let Found { session, watch_only } = app.registry.find_to_watch(name).await?;
    if watch_only {
        return Err(ApiError::WatchOnly);
    }
    app.clients.spend(client, Rated::Commands)?;
    Ok(session)
}
