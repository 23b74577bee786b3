//! A relay joins the relays that share sessions, and leaves them.

use super::link::PATIENCE;
use super::scripts::Script;
use super::session::SharedSite;
use super::site::{Identity, SharedError, Site};
use super::{lease, read, ship};
use crate::args::Config;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::task::AbortOnDropHandle;

/// How often a relay tries again to find Redis at its start.
const RETRY: Duration = Duration::from_millis(200);

/// The tasks of a site. They end when it is dropped.
#[derive(Debug)]
pub(crate) struct SiteTasks(Arc<SharedSite>, [AbortOnDropHandle<()>; 3]);

/// Joins the site that `url` and the prefix stand for.
///
/// # Errors
/// When Redis cannot be reached within `--redis-wait`, or its relays are of another kind.
pub(crate) async fn join(
    config: &Config,
    url: &str,
    identity: Identity,
) -> Result<(Arc<SharedSite>, SiteTasks), SharedError> {
    let site = Arc::new(Site::new(config, url, identity)?);
    let until = Instant::now() + config.redis.redis_wait;
    let mut said = String::new();
    let link = loop {
        match lease::connect(&site).await {
            Ok(link) => break link,
            Err(SharedError::Unreachable(error)) if Instant::now() < until => {
                // Five lines a second would hide the rest of the log.
                let why = error.to_string();
                if said != why {
                    tracing::info!(error = %why, "waiting for Redis");
                    said = why;
                }
                sleep(RETRY).await;
            }
            Err(error) => return Err(error),
        }
    };
    site.set_link(link);
    let tasks = [
        tokio::spawn(lease::run(Arc::clone(&site))),
        tokio::spawn(ship::run(Arc::clone(&site))),
        tokio::spawn(read::run(Arc::clone(&site))),
    ];
    let tasks = SiteTasks(Arc::clone(&site), tasks.map(AbortOnDropHandle::new));
    Ok((site, tasks))
}

impl SiteTasks {
    /// Ships what is left, and leaves the site.
    pub(crate) async fn end(self) {
        let Self(site, _tasks) = self;
        let until = Instant::now() + PATIENCE;
        while !site.all().iter().all(|session| session.has_shipped()) {
            if Instant::now() >= until || site.link().is_none() {
                // Its connections are still open in the logs. The others close them when its lease ends.
                return;
            }
            site.queue.hurry();
            sleep(Duration::from_millis(5)).await;
        }
        let relay = site.relay();
        let keys = ["relays".to_owned(), "lost".to_owned(), format!("own:{relay}"), format!("in:{relay}")];
        let keys = keys.map(|name| site.key(&name));
        let keys = keys.each_ref().map(String::as_str);
        let _: Option<String> = site.call(Script::Leave, &keys, &[relay.as_bytes()]).await;
    }
}
