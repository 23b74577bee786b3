//! Waiting.

use std::time::Duration;

/// For limits that must not end anything: far longer than `soon` waits.
pub(crate) const HOUR: Duration = Duration::from_secs(3600);

/// Waits for something that should happen at once. The timeout is for tests that hang; a slow machine does not reach it.
pub(crate) async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(40), what).await.expect("timed out")
}

/// Repeats until `holds` is true.
pub(crate) async fn eventually<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    soon(async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}
