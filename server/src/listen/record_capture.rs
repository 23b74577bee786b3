//! Captures the TLS records of a connection, as anyone on the network path sees them. Memory is bounded.

use observation::{Party, Record, Records};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How much of each record's fragment is kept, in bytes.
const FRAGMENT: usize = 256;
/// Records kept without a follower: a TLS handshake, a request and its response.
const UNFOLLOWED: usize = 24;
/// Records kept for followers. Beyond that, the oldest are dropped.
const FOLLOWED: usize = 256;
/// Content type, version and length. RFC 8446 §5.1.
const HEADER: usize = 5;

/// Splits one direction of a connection into records.
#[derive(Debug, Default)]
pub(crate) struct RecordSplitter {
    header: [u8; HEADER],
    /// How much of the header has arrived.
    begun: usize,
    /// The current record.
    record: Option<Record>,
    /// How many of its bytes are still missing.
    missing: usize,
}

impl RecordSplitter {
    /// Processes bytes, and passes on each record that ends in them.
    pub(crate) fn push(&mut self, mut bytes: &[u8], mut whole: impl FnMut(Record)) {
        while !bytes.is_empty() {
            let Some(record) = &mut self.record else {
                let taken = (HEADER - self.begun).min(bytes.len());
                self.header[self.begun..self.begun + taken].copy_from_slice(&bytes[..taken]);
                (self.begun, bytes) = (self.begun + taken, &bytes[taken..]);
                if self.begun == HEADER {
                    let [content_type, major, minor, high, low] = self.header;
                    let (version, length) = (u16::from_be_bytes([major, minor]), u16::from_be_bytes([high, low]));
                    (self.begun, self.missing) = (0, usize::from(length));
                    let record = Record { content_type, version, length, fragment: Vec::new() };
                    match self.missing {
                        0 => whole(record),
                        _ => self.record = Some(record),
                    }
                }
                continue;
            };
            let taken = self.missing.min(bytes.len());
            let room = FRAGMENT.saturating_sub(record.fragment.len()).min(taken);
            record.fragment.extend_from_slice(&bytes[..room]);
            (self.missing, bytes) = (self.missing - taken, &bytes[taken..]);
            if self.missing == 0 {
                self.record.take().into_iter().for_each(&mut whole);
            }
        }
    }
}

/// The captured records, shared by the stream and its followers.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordCapture(Arc<Mutex<CapturedRecords>>);

#[derive(Debug, Default)]
struct CapturedRecords {
    client: RecordSplitter,
    server: RecordSplitter,
    kept: VecDeque<KeptRecord>,
    /// How many records were dropped from `kept`, or never entered it.
    dropped: u64,
    followers: usize,
    /// How many arrived after `kept` was full and before there was a follower.
    untold: u64,
}

#[derive(Clone, Debug)]
struct KeptRecord {
    from: Party,
    record: Record,
    /// How many were lost right before it.
    missed: u64,
}

/// Reads the records, starting with the TLS handshake.
#[derive(Debug)]
pub(crate) struct Follower {
    record_capture: RecordCapture,
    /// The number of the next record, counting from 0.
    next: u64,
}

impl RecordCapture {
    /// Records bytes sent by `from`.
    pub(crate) fn push(&self, from: Party, bytes: &[u8]) {
        let mut captured = self.lock();
        let CapturedRecords { client, server, kept, dropped, followers, untold } = &mut *captured;
        let splitter = if from == Party::Client { client } else { server };
        splitter.push(bytes, |record| {
            if *followers == 0 && kept.len() >= UNFOLLOWED {
                *untold += 1;
                return;
            }
            kept.push_back(KeptRecord { from, record, missed: std::mem::take(untold) });
            if kept.len() > FOLLOWED {
                kept.pop_front();
                *dropped += 1;
            }
        });
    }

    pub(crate) fn follow(&self) -> Follower {
        let mut captured = self.lock();
        captured.followers += 1;
        Follower { record_capture: self.clone(), next: captured.dropped }
    }

    fn lock(&self) -> MutexGuard<'_, CapturedRecords> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// The new records in order, grouped by direction.
    pub(crate) fn take(&mut self) -> Vec<Records> {
        let mut captured = self.record_capture.lock();
        let end = captured.dropped + captured.kept.len() as u64;
        let mut gone = captured.dropped.saturating_sub(self.next);
        let seen = usize::try_from(self.next.saturating_sub(captured.dropped)).unwrap_or(usize::MAX);
        let alone = captured.followers == 1;
        let mut runs: Vec<Records> = Vec::new();
        let mut add = |KeptRecord { from, record, missed }: KeptRecord| {
            let missed = missed + std::mem::take(&mut gone);
            match runs.last_mut() {
                Some(run) if run.from == from && missed == 0 => run.records.push(record),
                _ => runs.push(Records { from, records: vec![record], missed }),
            }
        };
        if alone {
            captured.kept.drain(..).skip(seen).for_each(&mut add);
            captured.dropped = end;
        } else {
            captured.kept.iter().skip(seen).cloned().for_each(&mut add);
        }
        self.next = end;
        runs
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.record_capture.lock().followers -= 1;
    }
}

/// A stream whose bytes are captured. The relay is its server.
#[derive(Debug)]
pub(crate) struct RecordCapturedStream<S> {
    io: S,
    record_capture: RecordCapture,
}

impl<S> RecordCapturedStream<S> {
    pub(crate) fn new(io: S) -> Self {
        Self { io, record_capture: RecordCapture::default() }
    }

    pub(crate) fn record_capture(&self) -> &RecordCapture {
        &self.record_capture
    }

    pub(crate) fn get_ref(&self) -> &S {
        &self.io
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for RecordCapturedStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        this.record_capture.push(Party::Client, &buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for RecordCapturedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write(cx, bytes))?;
        this.record_capture.push(Party::Server, &bytes[..written]);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = ready!(Pin::new(&mut this.io).poll_write_vectored(cx, slices))?;
        let mut left = written;
        for slice in slices {
            let gone = left.min(slice.len());
            this.record_capture.push(Party::Server, &slice[..gone]);
            left -= gone;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Party::{Client, Server};

    fn record(content_type: u8, length: u16) -> Vec<u8> {
        let [high, low] = length.to_be_bytes();
        let mut bytes = vec![content_type, 3, 3, high, low];
        bytes.extend((0..length).map(|n| n as u8));
        bytes
    }

    #[test]
    fn records_are_found_however_the_bytes_are_cut() {
        let wire = [record(22, 300), record(20, 1), record(23, 0), record(23, 17)].concat();
        for size in [1, 2, 4, 5, 6, 100, 1000] {
            let (mut splitter, mut found) = (RecordSplitter::default(), Vec::new());
            wire.chunks(size).for_each(|piece| splitter.push(piece, |record| found.push(record)));
            let seen: Vec<_> = found.iter().map(|it| (it.content_type, it.length, it.fragment.len())).collect();
            assert_eq!(seen, [(22, 300, FRAGMENT), (20, 1, 1), (23, 0, 0), (23, 17, 17)], "pieces of {size}");
            assert_eq!((found[0].version, found[0].fragment[255]), (0x0303, 255));
        }
    }

    fn told(follower: &mut Follower) -> Vec<(Party, Vec<u16>, u64)> {
        let lengths = |run: &Records| run.records.iter().map(|record| record.length).collect();
        follower.take().iter().map(|run| (run.from, lengths(run), run.missed)).collect()
    }

    #[test]
    fn each_follower_is_told_of_all_in_order_and_once() {
        let record_capture = RecordCapture::default();
        for (from, length) in [(Client, 1), (Server, 2), (Server, 3), (Client, 4)] {
            record_capture.push(from, &record(23, length));
        }
        let mut one = record_capture.follow();
        assert_eq!(told(&mut one), [(Client, vec![1], 0), (Server, vec![2, 3], 0), (Client, vec![4], 0)]);
        assert_eq!(told(&mut one), []);
        let mut two = record_capture.follow();
        record_capture.push(Client, &record(23, 5));
        assert_eq!(told(&mut two), [(Client, vec![5], 0)]);
        assert_eq!(told(&mut one), [(Client, vec![5], 0)]);
        drop(two);
        record_capture.push(Server, &record(23, 6));
        assert_eq!(told(&mut one), [(Server, vec![6], 0)]);
        assert!(record_capture.lock().kept.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_missed_is_counted() {
        let record_capture = RecordCapture::default();
        (0..100).for_each(|_| record_capture.push(Client, &record(23, 1)));
        assert_eq!(record_capture.lock().kept.len(), UNFOLLOWED);
        let mut follower = record_capture.follow();
        assert_eq!(told(&mut follower), [(Client, vec![1; UNFOLLOWED], 0)]);
        record_capture.push(Client, &record(23, 3));
        assert_eq!(told(&mut follower), [(Client, vec![3], 100 - UNFOLLOWED as u64)]);
        (0..1000).for_each(|_| record_capture.push(Server, &record(23, 2)));
        assert_eq!(told(&mut follower), [(Server, vec![2; FOLLOWED], 1000 - FOLLOWED as u64)]);
    }
}
