//! The attacks, by what they use up.

mod connections;
mod course;
mod entry;
mod http2;
mod messages;
mod work;

use crate::client::attacker;
use crate::outcome::{Outcome, Tally};
use crate::target::Target;
use anyhow::{Error, Result};
use futures_util::future::BoxFuture;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// The pause of an attacker after a failure. Without it, the attackers would mostly compete with the relay for the processor.
const AFTER_FAILURE: Duration = Duration::from_millis(10);

pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// What the attackers do.
    pub(crate) load: &'static str,
    /// Of the relay.
    pub(crate) flags: &'static [&'static str],
    pub(crate) run: fn(Target, Instant) -> BoxFuture<'static, Result<Outcome>>,
}

pub(crate) fn all() -> Vec<Attack> {
    let groups = [connections::all(), http2::all(), messages::all(), work::all(), entry::all(), course::all()];
    groups.into_iter().flatten().collect()
}

/// Runs `what` again and again with so many clients at once until the time is over. What it returns is counted, or its error.
async fn at_once<F>(
    target: &Target,
    clients: usize,
    until: Instant,
    what: impl Fn(Target, Ipv4Addr) -> F + Clone + Send + 'static,
) -> Tally
where
    F: Future<Output = Result<String>> + Send + 'static,
{
    let tally = Tally::default();
    let mut tasks = JoinSet::new();
    for number in 0..clients {
        let (target, tally, what, from) = (target.clone(), tally.clone(), what.clone(), attacker(number));
        tasks.spawn(async move {
            while Instant::now() < until {
                match timeout_at(until, what(target.clone(), from)).await {
                    Ok(Ok(happened)) => tally.add(happened),
                    Ok(Err(error)) => {
                        tally.add(brief(&error));
                        sleep(AFTER_FAILURE).await;
                    }
                    Err(_) => tally.add("still going at the end"),
                }
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    tally
}

/// A failure in few words.
fn brief(error: &Error) -> String {
    if error.downcast_ref::<std::io::Error>().is_some() {
        return "connection ended".to_owned();
    }
    error.to_string()
}
