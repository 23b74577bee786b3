//! The byte stream of a connection, over any transport.

use super::record_capture::RecordCapturedStream;
use crate::shutdown::Shutdown;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socket2::{SockRef, TcpKeepalive};
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client;
use tokio_rustls::server::TlsStream;

/// How long the other end may be silent before the kernel probes whether it still exists, the interval of the probes, and how
/// many of them may stay unanswered. RFC 9293 §3.8.4.
const PROBE_AFTER: Duration = Duration::from_secs(60);
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
const PROBES: u32 = 6;

/// Sets the options of every TCP connection, accepted or opened: small messages do not wait for each other, and a connection
/// whose other end no longer exists is found.
pub(crate) fn tune(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    let keepalive = TcpKeepalive::new().with_time(PROBE_AFTER).with_interval(PROBE_INTERVAL).with_retries(PROBES);
    SockRef::from(tcp).set_tcp_keepalive(&keepalive)
}

/// How long the other end may take to close after this one did. Discarding what still arrives takes no memory.
const CLOSE_WAIT: Duration = Duration::from_secs(10);
/// How long the other end may send nothing during that time.
const CLOSE_WAIT_SILENCE: Duration = Duration::from_secs(2);

/// Rare variants are boxed, so that they do not enlarge an idle connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    /// TLS on its own TCP connection. Written bytes are sent only after a flush.
    Tls(Box<TlsStream<RecordCapturedStream<TcpStream>>>),
    /// TLS to another server; the relay is the client.
    Outgoing(Box<client::TlsStream<TcpStream>>),
    /// A stream of an HTTP/2 connection. RFC 8441 §5.
    Shared(Box<TokioIo<Upgraded>>),
}

impl Stream {
    /// Whether written bytes need a flush.
    pub(crate) fn needs_flush(&self) -> bool {
        matches!(self, Self::Tls(_) | Self::Outgoing(_))
    }

    /// Closes this end first, then waits for the other end to close. Closing a socket with unread bytes would reset the
    /// connection, and the other end could lose what was sent last.
    pub(crate) async fn close(mut self, shutdown: &Shutdown) {
        let over = Instant::now() + CLOSE_WAIT;
        tokio::select! {
            // With TLS, everything that is still unsent goes first, and the other end may not read it.
            closed = timeout_at(over, self.shutdown()) => if !matches!(closed, Ok(Ok(()))) {
                return;
            },
            () = shutdown.connections_over() => return,
        }
        let mut nothing = [0; 4096];
        while Instant::now() < over {
            let until = over.min(Instant::now() + CLOSE_WAIT_SILENCE);
            tokio::select! {
                () = shutdown.connections_over() => return,
                read = timeout_at(until, self.read(&mut nothing)) => if !matches!(read, Ok(Ok(1..))) {
                    return;
                },
            }
        }
    }

    /// Aborts the connection; unsent data is lost. RFC 9293 §3.10.4, ABORT. An HTTP/2 stream only ends, because
    /// hyper cannot reset it, and its connection stays open.
    pub(crate) fn reset(self) {
        let tcp = match &self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0.get_ref(),
            Self::Outgoing(tls) => tls.get_ref().0,
            Self::Shared(_) => return,
        };
        if let Err(error) = tcp.set_zero_linger() {
            tracing::debug!(%error, "the connection ended before it was reset");
        }
    }
}

/// Treats an end without TLS's close_notify (RFC 8446 §6.1) as a normal end, because browsers end connections this way.
fn ended(read: Poll<io::Result<()>>) -> Poll<io::Result<()>> {
    match read {
        Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
        other => other,
    }
}

impl AsyncRead for Stream {
    #[inline]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buf),
            Self::Tls(tls) => ended(Pin::new(tls).poll_read(cx, buf)),
            Self::Outgoing(tls) => ended(Pin::new(tls).poll_read(cx, buf)),
            Self::Shared(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    #[inline]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
            Self::Outgoing(tls) => Pin::new(tls).poll_write(cx, bytes),
            Self::Shared(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write_vectored(cx, slices),
            Self::Tls(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
            Self::Outgoing(tls) => Pin::new(tls).poll_write_vectored(cx, slices),
            Self::Shared(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(tcp) => tcp.is_write_vectored(),
            Self::Tls(tls) => tls.is_write_vectored(),
            Self::Outgoing(tls) => tls.is_write_vectored(),
            Self::Shared(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
            Self::Outgoing(tls) => Pin::new(tls).poll_flush(cx),
            Self::Shared(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
            Self::Outgoing(tls) => Pin::new(tls).poll_shutdown(cx),
            Self::Shared(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
