//! Connects to the first address of a host that answers: Happy Eyeballs, RFC 8305.

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};

/// The delay between two attempts. RFC 8305 §8.
const DELAY: Duration = Duration::from_millis(250);
/// How long all attempts together may take.
const ALL: Duration = Duration::from_secs(10);
/// How many addresses are tried.
const ADDRESSES: usize = 16;

/// Why no address was reached.
#[derive(Debug)]
pub(crate) enum DialError {
    /// Every attempt failed; this is the error of the last one.
    Failed(io::Error),
    /// The time was over.
    Silent,
}

/// Tries the addresses one after another, without waiting for an attempt to fail, and keeps the first connection. `addresses` is
/// not empty, and in the order of preference (RFC 6724).
pub(crate) async fn dial(addresses: Vec<SocketAddr>) -> Result<(TcpStream, SocketAddr), DialError> {
    let mut waiting = alternating(addresses).into_iter().take(ADDRESSES).peekable();
    let mut attempts = FuturesUnordered::new();
    let (mut next, over) = (Instant::now(), Instant::now() + ALL);
    let mut failed = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while waiting.peek().is_some() || !attempts.is_empty() {
        tokio::select! {
            Some((address, connected)) = attempts.next() => match connected {
                Ok(stream) => return Ok((stream, address)),
                // RFC 8305 §5: the next attempt does not wait for its turn.
                Err(error) => (failed, next) = (error, Instant::now()),
            },
            () = sleep_until(next), if waiting.peek().is_some() => {
                next = Instant::now() + DELAY;
                attempts.extend(waiting.next().map(async |address| (address, TcpStream::connect(address).await)));
            }
            () = sleep_until(over) => return Err(DialError::Silent),
        }
    }
    Err(DialError::Failed(failed))
}

/// The addresses with alternating families, first that of the first address. RFC 8305 §4.
fn alternating(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_ipv6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (first, second): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_ipv6);
    let count = first.len().max(second.len());
    (0..count).flat_map(|n| [first.get(n), second.get(n)]).flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::{TcpListener, TcpSocket};

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns() {
        let mixed = addresses(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1", "2.2.2.2:1"]);
        assert_eq!(alternating(mixed), addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "2.2.2.2:1", "[::3]:1"]));
        let other = addresses(&["1.1.1.1:1", "2.2.2.2:1", "[::1]:1"]);
        assert_eq!(alternating(other), addresses(&["1.1.1.1:1", "[::1]:1", "2.2.2.2:1"]));
        assert_eq!(alternating(Vec::new()), []);
    }

    /// A listener that answers no further connection: its queue is full.
    struct DeadListener {
        address: SocketAddr,
        _held: (TcpListener, Vec<TcpStream>),
    }

    impl DeadListener {
        async fn bind(ip: &str) -> Self {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind(format!("{ip}:0").parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            let mut queued = Vec::new();
            while let Ok(Ok(stream)) =
                tokio::time::timeout(Duration::from_millis(100), TcpStream::connect(address)).await
            {
                queued.push(stream);
                assert!(queued.len() < 1000, "the queue never fills");
            }
            Self { address, _held: (listener, queued) }
        }
    }

    #[tokio::test]
    async fn dead_addresses_delay_a_live_one_only_a_little() {
        let (one, two, three, four) = tokio::join!(
            DeadListener::bind("127.0.0.2"),
            DeadListener::bind("127.0.0.3"),
            DeadListener::bind("127.0.0.4"),
            DeadListener::bind("127.0.0.5")
        );
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = [&one, &two, &three, &four].map(|dead| dead.address);
        let live_at = live.local_addr().unwrap();
        // Time passes only while everything waits.
        tokio::time::pause();
        let began = Instant::now();
        let (_, address) = dial(dead.into_iter().chain([live_at]).collect()).await.unwrap();
        assert_eq!(address, live_at);
        // Four delays: the four dead addresses were never waited for.
        assert!(began.elapsed() >= 4 * DELAY && began.elapsed() < 5 * DELAY, "{:?}", began.elapsed());
        // Dead addresses alone end at the limit for all.
        let began = Instant::now();
        assert!(matches!(dial(dead.to_vec()).await, Err(DialError::Silent)));
        assert!(began.elapsed() >= ALL && began.elapsed() < ALL + DELAY, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_refused_attempt_is_followed_at_once() {
        let gone = async |ip: &str| {
            let listener = TcpListener::bind(format!("{ip}:0")).await.unwrap();
            listener.local_addr().unwrap()
        };
        let refused = [gone("127.0.0.1").await, gone("127.0.0.1").await];
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let all = refused.into_iter().chain([live.local_addr().unwrap()]).collect();
        tokio::time::pause();
        let began = Instant::now();
        let dialed = dial(all).await.unwrap();
        assert_eq!((dialed.1, began.elapsed() < DELAY), (live.local_addr().unwrap(), true));
        let error = dial(refused.to_vec()).await.unwrap_err();
        assert!(matches!(error, DialError::Failed(error) if error.kind() == io::ErrorKind::ConnectionRefused));
    }
}
