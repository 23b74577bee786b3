//! Ships what the sessions of this relay have recorded to Redis.

use super::lease::lose_place;
use super::link::Connection;
use super::outbox::Batch;
use super::scripts::Script;
use super::session::{SharedSession, SharedSite};
use futures_util::future::join_all;
use redis::{ErrorKind, RedisError, from_redis_value};
use std::sync::Arc;
use tokio::time::Instant;

/// Runs until the task is dropped.
pub(super) async fn run(site: Arc<SharedSite>) {
    let mut last = Instant::now();
    loop {
        site.queue.gathered(last).await;
        let link = site.linked().await;
        last = Instant::now();
        let sessions = site.queue.take();
        let batches = sessions.iter().filter_map(|session| Some((session, session.batch()?)));
        let shipped = join_all(batches.map(|(session, batch)| ship(&site, &link, session, batch))).await;
        if let Some(error) = shipped.into_iter().find_map(Result::err) {
            site.broken(&link, &error);
        }
    }
}

/// Ships one batch. An error means that the link is of no use any more.
async fn ship(
    site: &Arc<SharedSite>,
    link: &Connection,
    session: &Arc<SharedSession>,
    batch: Batch,
) -> Result<(), RedisError> {
    match append(site, link, session, &batch).await {
        Ok((status, last)) => {
            match &*status {
                "ok" => session.acknowledge(&batch, last),
                "lost" => lose_place(site, &session.relay),
                // It may be one that Redis took before it lost everything.
                _ => match session.restore(link).await {
                    Ok(true) if batch.tried.is_empty() => session.enqueue(),
                    Ok(true) => session.doubt_everything(&batch),
                    Ok(false) => {}
                    Err(error) => {
                        session.doubt(&batch, link.run());
                        return Err(error);
                    }
                },
            }
            Ok(())
        }
        Err(error) => {
            session.doubt(&batch, link.run());
            Err(error)
        }
    }
}

async fn append(
    site: &SharedSite,
    link: &Connection,
    session: &SharedSession,
    batch: &Batch,
) -> Result<(String, u64), RedisError> {
    let relay = &session.relay;
    let (gone, own) = (site.key(&format!("gone:{relay}")), site.key(&format!("own:{relay}")));
    let numbers = [batch.number, batch.dropped, batch.count, site.log_count, site.log_bytes, site.ttl_ms];
    let [number, dropped, count, max_count, max_bytes, ttl] = numbers.map(|number| number.to_string());
    let arguments: [&[u8]; 13] = [
        relay.as_bytes(),
        session.hash.as_bytes(),
        number.as_bytes(),
        batch.tried.as_bytes(),
        dropped.as_bytes(),
        count.as_bytes(),
        &batch.sealed,
        batch.opened.as_bytes(),
        batch.closed.as_bytes(),
        batch.passed.as_bytes(),
        max_count.as_bytes(),
        max_bytes.as_bytes(),
        ttl.as_bytes(),
    ];
    let answer = link.call(Script::Ship, &[&session.key, &session.log_key, &gone, &own], &arguments).await?;
    from_redis_value(answer)
        .map_err(|_| RedisError::from((ErrorKind::UnexpectedReturnType, "not an answer of this script")))
}
