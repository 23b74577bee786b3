//! A stream that captures request heads and replaces responses, until the raw stream is taken out.

use super::head_capture::{Client, HeadCapture, Outbound};
use crate::limits::Place;
use bytes::{Buf, Bytes, BytesMut};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The stream that hyper reads from and writes to.
#[derive(Debug)]
pub(crate) struct HeadCapturedStream<S> {
    io: S,
    /// The place of the TCP connection.
    slot: Place,
    head_capture: HeadCapture,
    /// How long the client may leave written bytes unread.
    patience: Duration,
    /// Runs while a write cannot proceed.
    stalled: Option<Pin<Box<Sleep>>>,
    /// What arrived while the relay watched for the end of the client. hyper has not read it yet.
    ahead: BytesMut,
}

/// The most bytes to read ahead. A client that has sent more is no longer watched.
const AHEAD: usize = 16 << 10;

impl<S> HeadCapturedStream<S> {
    pub(super) fn new(io: S, slot: Place, head_capture: HeadCapture, patience: Duration) -> Self {
        Self { io, slot, head_capture, patience, stalled: None, ahead: BytesMut::new() }
    }

    /// The stream, what was read ahead from it, and its place. hyper releases a connection only after a complete flush.
    pub(crate) fn into_parts(self) -> (S, Bytes, Place) {
        (self.io, self.ahead.freeze(), self.slot)
    }
}

impl<S: AsyncRead + Unpin> HeadCapturedStream<S> {
    /// Reads ahead while a handler wants to know when the client leaves. hyper reads nothing during that time.
    fn watch_client(&mut self, cx: &mut Context<'_>) {
        let mut state = self.head_capture.lock();
        while state.client.is_watched() && self.ahead.len() < AHEAD {
            let mut part = [0; 1024];
            let mut part = ReadBuf::new(&mut part);
            match Pin::new(&mut self.io).poll_read(cx, &mut part) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) if part.filled().is_empty() => state.client.leaves(Client::HalfClosed),
                Poll::Ready(Ok(())) => self.ahead.extend_from_slice(part.filled()),
                Poll::Ready(Err(_)) => state.client.leaves(Client::Gone),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HeadCapturedStream<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let Some(room) = this.head_capture.lock().inbound.room() else {
            if this.ahead.is_empty() {
                return Pin::new(&mut this.io).poll_read(cx, buf);
            }
            let read = this.ahead.len().min(buf.remaining());
            buf.put_slice(&this.ahead.split_to(read));
            return Poll::Ready(Ok(()));
        };
        if room == 0 {
            // hyper refuses a head of this size before it reads more, so this should not happen.
            return Poll::Ready(Err(io::Error::new(ErrorKind::InvalidData, "the request head exceeds its limit")));
        }
        let room = room.min(buf.remaining());
        let mut part = ReadBuf::new(buf.initialize_unfilled_to(room));
        if this.ahead.is_empty() {
            ready!(Pin::new(&mut this.io).poll_read(cx, &mut part))?;
        } else {
            let read = this.ahead.len().min(room);
            part.put_slice(&this.ahead.split_to(read));
        }
        let read = part.filled().len();
        this.head_capture.lock().inbound.push(part.filled());
        buf.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> HeadCapturedStream<S> {
    /// Sends replaced text that waits for the end of hyper's head.
    fn poll_dictated(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.head_capture.lock();
        let Outbound::Sending { text } = &mut state.outbound else { return Poll::Ready(Ok(())) };
        while !text.is_empty() {
            let polled = Pin::new(&mut self.io).poll_write(cx, text);
            let sent = ready!(in_time(&mut self.stalled, self.patience, cx, polled))?;
            if sent == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
            text.advance(sent);
        }
        state.outbound = Outbound::Hyper;
        Poll::Ready(Ok(()))
    }
}

/// Fails a write or flush that made no progress for `patience`. With TLS, a write may be done and its bytes still wait for a
/// flush.
fn in_time<T>(
    stalled: &mut Option<Pin<Box<Sleep>>>,
    patience: Duration,
    cx: &mut Context<'_>,
    polled: Poll<io::Result<T>>,
) -> Poll<io::Result<T>> {
    if polled.is_ready() {
        *stalled = None;
        return polled;
    }
    let clock = stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
    ready!(clock.as_mut().poll(cx));
    Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the other end does not read")))
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HeadCapturedStream<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        let front = slices.iter().find(|slice| !slice.is_empty()).map_or(&[][..], |slice| slice);
        let taken = this.head_capture.lock().outbound.swallow(front);
        if taken > 0 {
            return Poll::Ready(Ok(taken));
        }
        let polled = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        let written = ready!(in_time(&mut this.stalled, this.patience, cx, polled))?;
        this.head_capture.lock().written(&front[..written.min(front.len())]);
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        let polled = Pin::new(&mut this.io).poll_flush(cx);
        ready!(in_time(&mut this.stalled, this.patience, cx, polled))?;
        this.head_capture.lock().outbound.flushed();
        this.watch_client(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_dictated(cx))?;
        let polled = Pin::new(&mut this.io).poll_shutdown(cx);
        in_time(&mut this.stalled, this.patience, cx, polled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Places;
    use axum::body::Body;
    use axum::http::{Request, Response};
    use bytes::Bytes;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper_util::rt::TokioIo;
    use std::convert::Infallible;
    use std::sync::{Arc, Mutex};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, BufWriter, DuplexStream, duplex};

    const DICTATED: &str = "HTTP/1.1 400 As It Stands\r\nX-CaSe:  kept\r\n\r\nbody";
    const PLAIN: &str = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    const POST: &str = "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n\r\nxyz";
    const LAST: &str = "GET /dictate HTTP/1.1\r\nHoSt:  b\r\n\r\n";

    async fn capture<S>(io: S) -> (HeadCapturedStream<S>, HeadCapture) {
        let slot = Places::new(1).take(None).unwrap();
        let head_capture = HeadCapture::new(8 << 10);
        (HeadCapturedStream::new(io, slot, head_capture.clone(), Duration::from_secs(5)), head_capture)
    }

    /// Serves `requests` over a pipe of `size` bytes. Returns the responses and the heads that the handler got.
    async fn serve(requests: String, size: usize) -> (String, Vec<String>) {
        let (near, far) = duplex(size);
        let (capture, head_capture) = capture(far).await;
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let text = head_capture.take_head();
            seen.lock().unwrap().push(String::from_utf8(text.unwrap().to_vec()).unwrap());
            let head_capture = head_capture.clone();
            async move {
                if request.uri().path() == "/dictate" {
                    head_capture.dictate(Bytes::from_static(DICTATED.as_bytes())).await;
                    return Ok(Response::builder().header("connection", "close").body(Body::empty()).unwrap());
                }
                axum::body::to_bytes(Body::new(request), 100).await.unwrap();
                Ok::<_, Infallible>(Response::new(Body::from("plain\r\n\r\nbody")))
            }
        });
        let serving = tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(capture), service));
        let (mut reading, mut writing) = tokio::io::split(near);
        let write = async { writing.write_all(requests.as_bytes()).await };
        let mut all = String::new();
        let (_, read) = tokio::join!(write, reading.read_to_string(&mut all));
        read.unwrap();
        serving.await.unwrap().unwrap();
        let heads = heads.lock().unwrap().clone();
        (all, heads)
    }

    #[tokio::test]
    async fn a_dictated_response_stands_behind_others_whatever_the_pipe_takes() {
        for size in [1, 2, 3, 5, 8, 64, 1 << 16] {
            let (all, heads) = serve([PLAIN, POST, PLAIN, LAST].concat(), size).await;
            assert_eq!(heads, [PLAIN, &POST[..POST.len() - 5], PLAIN, LAST], "{size}");
            let rest = all.strip_suffix(DICTATED).unwrap();
            assert_eq!(rest.matches("HTTP/1.1 200 OK\r\n").count(), 3, "{size}");
            assert_eq!(rest.matches("\r\n\r\nplain\r\n\r\nbody").count(), 3, "{size}");
        }
    }

    #[tokio::test]
    async fn at_the_upgrade_everything_has_gone_out() {
        for size in [1, 7, 1 << 16] {
            let (mut near, far) = duplex(size);
            let (capture, head_capture) = capture(far).await;
            let (give, upgraded) = tokio::sync::oneshot::channel();
            let give = Arc::new(Mutex::new(Some(give)));
            let service = service_fn(move |mut request: Request<hyper::body::Incoming>| {
                let _ = head_capture.take_head();
                let on_upgrade = hyper::upgrade::on(&mut request);
                let _ = give.lock().unwrap().take().unwrap().send(on_upgrade);
                head_capture.stop();
                let dictated = head_capture.dictate(Bytes::from_static(DICTATED.as_bytes()));
                async move {
                    dictated.await;
                    Ok::<_, Infallible>(Response::builder().status(101).body(Body::empty()).unwrap())
                }
            });
            let serving = http1::Builder::new().serve_connection(TokioIo::new(capture), service).with_upgrades();
            let serving = tokio::spawn(serving);
            near.write_all(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n").await.unwrap();
            let mut text = vec![0; DICTATED.len()];
            let (read, upgraded) = tokio::join!(near.read_exact(&mut text), upgraded.await.unwrap());
            read.unwrap();
            assert_eq!(text, DICTATED.as_bytes(), "{size}");
            let parts = upgraded.unwrap().downcast::<TokioIo<HeadCapturedStream<DuplexStream>>>().unwrap();
            let (mut io, _ahead, _slot) = parts.io.into_inner().into_parts();
            io.write_all(b"!").await.unwrap();
            drop(io);
            text.clear();
            near.read_to_end(&mut text).await.unwrap();
            assert_eq!(text, b"!");
            serving.await.unwrap().unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_that_nobody_reads_is_given_up() {
        let (_near, far) = duplex(4);
        let (mut capture, _) = capture(far).await;
        let error = capture.write_all(b"longer than four").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    /// With TLS, the last bytes are written long before they are sent.
    #[tokio::test(start_paused = true)]
    async fn a_flush_that_nobody_reads_is_given_up() {
        for ends in [false, true] {
            let (_near, far) = duplex(4);
            let mut buffered = BufWriter::new(far);
            buffered.write_all(b"longer than four").await.unwrap();
            let (mut capture, _) = capture(buffered).await;
            let ended = if ends { capture.shutdown().await } else { capture.flush().await };
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::TimedOut);
        }
    }
}
