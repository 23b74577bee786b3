//! Keeps the link to Redis, renews this relay's lease, and closes what lost relays had open.

use super::link::{Connection, Unreachable};
use super::scripts::Script;
use super::session::SharedSite;
use super::site::{FORMAT, SharedError};
use redis::{RedisResult, Value, from_redis_value};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

/// How long a relay waits before it tries again, at first and at most.
const RETRIES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];
/// Sessions of a lost relay that are settled at a time.
const REAPED: usize = 100;

/// Opens a link, and joins the site with it.
pub(super) async fn connect(site: &SharedSite) -> Result<Connection, SharedError> {
    let link = site.target.connect(false).await.map_err(SharedError::Unreachable)?;
    let (relay, lease) = (site.relay(), site.lease.as_millis().to_string());
    let (format, identity) = (FORMAT.to_string(), &site.identity);
    let arguments = [&*relay, &lease, &format, &identity.key, identity.version, &identity.course].map(str::as_bytes);
    let keys = ["site", "relays"].map(|name| site.key(name));
    let joined = link.call(Script::Join, &keys.each_ref().map(String::as_str), &arguments).await;
    let joined = joined.and_then(|answer| Ok(from_redis_value::<(String, u64, u32, String)>(answer)?));
    let (status, _, slot, has) = joined.map_err(|error| SharedError::Unreachable(Unreachable::Redis(error)))?;
    match &*status {
        "ok" => {
            site.set_slot(slot);
            Ok(link)
        }
        "format" => Err(SharedError::Format(has)),
        "key" => Err(SharedError::Key(has)),
        _ => Err(SharedError::Course),
    }
}

/// Runs until the task is dropped.
pub(super) async fn run(site: Arc<SharedSite>) {
    let mut retry = RETRIES[0];
    loop {
        if let Some(link) = site.link() {
            let began = Instant::now();
            tokio::select! {
                () = keep(&site, &link) => {}
                () = site.unlinked(&link) => {}
            }
            if began.elapsed() > site.lease {
                retry = RETRIES[0];
            }
        }
        sleep(retry).await;
        match connect(&site).await {
            Ok(link) => site.set_link(link),
            Err(error) => {
                match &error {
                    SharedError::Unreachable(error) => tracing::debug!(%error, "Redis cannot be used"),
                    // Somebody has started other relays meanwhile.
                    _ => tracing::warn!(%error, "this relay cannot join the others again"),
                }
                retry = (2 * retry).min(RETRIES[1]);
            }
        }
    }
}

/// Renews the lease until the link fails.
async fn keep(site: &Arc<SharedSite>, link: &Connection) {
    let mut beats = interval((site.lease / 4).min(Duration::from_secs(1)));
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        beats.tick().await;
        if let Err(error) = beat(site, link).await {
            site.broken(link, &error);
            return;
        }
        site.restored();
    }
}

async fn beat(site: &Arc<SharedSite>, link: &Connection) -> RedisResult<()> {
    let relay = site.relay();
    let lease = site.lease.as_millis().to_string();
    let keys = ["site".to_owned(), "relays".to_owned(), "lost".to_owned(), format!("gone:{relay}")];
    let keys = keys.map(|name| site.key(&name));
    let arguments = [&*relay, &lease, site.prefix()].map(str::as_bytes);
    let answer = link.call(Script::Beat, &keys.each_ref().map(String::as_str), &arguments).await?;
    let mut answer = from_redis_value::<Vec<Value>>(answer)?.into_iter();
    let status = answer.next().map(from_redis_value::<String>).transpose()?;
    if status.as_deref() == Some("lost") {
        lose_place(site, &relay);
        // The others must know the new id before it opens a connection.
        return Box::pin(beat(site, link)).await;
    }
    for lost in answer.skip(1) {
        reap(site, link, &from_redis_value::<String>(lost)?).await?;
    }
    for session in site.all() {
        if session.relay != relay {
            lose_place(site, &session.relay);
            continue;
        }
        let [connections, observers] = session.present();
        if connections + observers == 0 {
            continue;
        }
        let (_, _, _, open) = session.state();
        let (sessions, own) = (site.key("sessions"), site.key(&format!("own:{relay}")));
        let [ttl, connections, observers] =
            [site.ttl_ms, connections as u64, observers as u64].map(|number| number.to_string());
        let arguments = [&*session.hash, &ttl, &relay, &connections, &observers, &open].map(str::as_bytes);
        let keys = [&session.key, &session.log_key, &sessions, &own].map(String::as_str);
        let kept = link.call(Script::Keep, &keys, &arguments).await?;
        match from_redis_value::<String>(kept)?.parse::<u64>() {
            // Redis has lost the session, or its newest rules.
            Err(_) => drop(session.restore(link).await?),
            Ok(version) if version < session.rules_version() => drop(session.restore(link).await?),
            Ok(version) if version > session.rules_version() => session.adopt_rules().await,
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Other relays have taken this one for lost under the id `lost`, and closed its connections in the logs. It begins anew. Several
/// tasks may find this out.
pub(super) fn lose_place(site: &SharedSite, lost: &str) {
    if site.begin_anew(lost) {
        tracing::warn!(
            "Redis did not hear of this relay for too long, so the others have taken it for lost; its connections end, and it joins again"
        );
    }
    for session in site.all().into_iter().filter(|session| *session.relay == *lost) {
        session.lose();
    }
}

/// Closes the connections of a lost relay in some of its sessions. Others do the same; each session is settled once.
async fn reap(site: &SharedSite, link: &Connection, relay: &str) -> RedisResult<()> {
    let own = site.key(&format!("own:{relay}"));
    let sessions = link.query(redis::cmd("SRANDMEMBER").arg(&own).arg(REAPED)).await?;
    let sessions = from_redis_value::<Vec<String>>(sessions)?;
    if sessions.is_empty() {
        let keys = ["relays", "lost"].map(|name| site.key(name));
        let inbox = site.key(&format!("in:{relay}"));
        link.call(Script::Leave, &[&keys[0], &keys[1], &own, &inbox], &[relay.as_bytes()]).await?;
        return Ok(());
    }
    let ttl = site.ttl_ms.to_string();
    let mut closed = 0;
    for hash in &sessions {
        let [session, log] = ["s", "l"].map(|kind| site.key(&format!("{kind}:{hash}")));
        let arguments = [relay, hash, &ttl].map(str::as_bytes);
        closed += from_redis_value::<usize>(link.call(Script::Reap, &[&session, &log, &own], &arguments).await?)?;
    }
    tracing::info!(
        relay,
        sessions = sessions.len(),
        connections = closed,
        "a relay is lost; its connections are closed in the logs"
    );
    Ok(())
}
