//! A rate that many share in turns, such as the bytes to all observers.

use super::bucket::Bucket;
use crate::args::rate::PerTime;
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio::time::sleep;

/// Those who wait get their share in the order in which they came. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Turns(Option<Arc<Shared>>);

#[derive(Debug)]
struct Shared {
    bucket: Bucket,
    /// Held by the one whose turn it is.
    turn: Mutex<()>,
}

impl Turns {
    /// `None` for no limit.
    pub(crate) fn new(rate: Option<PerTime>) -> Self {
        Self(rate.map(|rate| Arc::new(Shared { bucket: Bucket::new(rate), turn: Mutex::new(()) })))
    }

    /// Waits until `bytes` may be sent.
    pub(crate) async fn send(&self, bytes: usize) {
        let Some(shared) = &self.0 else { return };
        let Some(mut kib) = NonZeroU32::new(u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)) else { return };
        let _turn = shared.turn.lock().await;
        loop {
            match shared.bucket.take_up_to(kib) {
                Ok(taken) => match NonZeroU32::new(kib.get() - taken.get()) {
                    Some(rest) => kib = rest,
                    None => return,
                },
                Err(wait) => sleep(wait).await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::Instant;

    fn turns(kib: u32) -> Turns {
        Turns::new(Some(PerTime { amount: NonZeroU32::new(kib).unwrap(), time: Duration::from_secs(1) }))
    }

    #[tokio::test(start_paused = true)]
    async fn all_together_are_as_fast_as_the_rate() {
        let (shared, began) = (turns(10), Instant::now());
        // The first ten KiB may be sent at once.
        let all = (0..6).map(|_| shared.send(10 << 10));
        futures_util::future::join_all(all).await;
        let took = began.elapsed();
        assert!((Duration::from_millis(4_990)..Duration::from_millis(5_100)).contains(&took), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_the_bucket_holds_takes_longer() {
        let (shared, began) = (turns(10), Instant::now());
        shared.send(30 << 10).await;
        assert!(began.elapsed() >= Duration::from_millis(1_990), "{:?}", began.elapsed());
        Turns::new(None).send(usize::MAX).await;
    }
}
