//! With `FRAMESCOPE_TEST_REDIS=1`, the sessions of the tests' relays are in Redis. `cargo xtask test native` runs the tests that
//! concern sessions both ways.

use super::HOUR;
use super::redis::{Options, RedisServer};
use framescope::args::Config;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::OnceCell;

const VARIABLE: &str = "FRAMESCOPE_TEST_REDIS";

/// Gives a relay a site of its own on a Redis for all tests, if the tests are to use one.
pub(crate) async fn share(config: &mut Config) {
    static REDIS: OnceCell<RedisServer> = OnceCell::const_new();
    static SITES: AtomicU32 = AtomicU32::new(0);
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let start = async || RedisServer::with(Options { for_all: true, ..Options::default() }).await;
    let redis = REDIS.get_or_init(async || start().await.expect("redis-server")).await;
    let site = SITES.fetch_add(1, Ordering::Relaxed);
    config.redis.redis = Some(redis.unix_url());
    config.redis.redis_prefix = format!("site-{site}");
    // A machine that is busy does not lose a relay.
    config.redis.redis_lease = HOUR;
    config.receipt_key = Some(redis.folder.join(format!("receipts-{site}.pem")));
}
