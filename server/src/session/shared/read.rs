//! Reads the streams of all sessions that somebody observes on this relay, and the messages of other relays, with one blocking command.

use super::entries::{AT_ONCE, Cursor, entry, streams};
use super::inbox;
use super::link::{Connection, PATIENCE};
use super::session::{SharedSession, SharedSite};
use redis::cmd;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long one read waits for news.
const BLOCK: Duration = Duration::from_secs(2);

/// Runs until the task is dropped.
pub(super) async fn run(site: Arc<SharedSite>) {
    let mut inbox_at = Cursor::default();
    loop {
        // Where the relay finds Redis is one task's work.
        let _ = site.linked().await;
        match site.target.connect(true).await {
            Ok(link) => {
                let Err(why) = read_on(&site, &link, &mut inbox_at).await;
                tracing::debug!(why, "reading from Redis ends");
            }
            Err(error) => tracing::debug!(%error, "Redis cannot be read"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn read_on(
    site: &Arc<SharedSite>,
    link: &Connection,
    inbox_at: &mut Cursor,
) -> Result<std::convert::Infallible, String> {
    loop {
        let inbox_key = site.key(&format!("in:{}", site.relay()));
        let mut sessions = HashMap::<String, Arc<SharedSession>>::new();
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(AT_ONCE).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS").arg(&inbox_key);
        let mut ids = vec![inbox_at.id()];
        for session in site.all().into_iter().filter(|session| session.is_followed()) {
            ids.push(session.cursor.lock().await.id());
            command.arg(&session.log_key);
            sessions.insert(session.log_key.clone(), session);
        }
        command.arg(ids);
        let answer = timeout(BLOCK + 2 * PATIENCE, link.query(&command)).await.map_err(|_| "it does not answer")?;
        for (key, entries) in streams(answer.map_err(|error| error.to_string())?) {
            if let Some(session) = sessions.get(&key) {
                let mut cursor = session.cursor.lock().await;
                session.ingest(&mut cursor, entries.into_iter().map(|(id, fields)| (id, entry(fields))).collect());
            } else if key == inbox_key {
                for (id, fields) in entries {
                    *inbox_at = id;
                    if let Some((_, message)) = fields.into_iter().next() {
                        inbox::take(site, &message);
                    }
                }
            }
        }
    }
}
