//! A WebSocket client that sends frames and skips what arrives.

use anyhow::{Context, Result, bail, ensure};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use wire::header::FrameHeader;
use wire::mask::MaskingKey;
use wire::opcode::Opcode;

/// How long the relay may take for an answer. A run fails visibly after that, and does not hang.
const PATIENCE: Duration = Duration::from_secs(30);
const LONGEST_HEAD: usize = 16 << 10;

/// The sample key of RFC 6455 §1.3, and the accept value that belongs to it.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// An open WebSocket.
pub(crate) struct Client {
    stream: TcpStream,
    /// Bytes that arrived and are not read yet.
    buffer: Vec<u8>,
}

/// A frame of the server, without most of its payload.
pub(crate) struct Received {
    pub(crate) opcode: Opcode,
    pub(crate) payload: Vec<u8>,
}

impl Client {
    pub(crate) async fn open(address: SocketAddr, path: &str, subprotocol: Option<&str>) -> Result<Self> {
        let offer = subprotocol.map_or(String::new(), |name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
        );
        let (stream, head, buffer) = ask(address, &request).await.with_context(|| format!("opening {path}"))?;
        ensure!(head.starts_with("HTTP/1.1 101 "), "{path} was refused: {}", head.lines().next().unwrap_or_default());
        ensure!(head.contains(ACCEPT), "the accept value of {path} is wrong");
        Ok(Self { stream, buffer })
    }

    pub(crate) async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<()> {
        let key = MaskingKey(fastrand::u32(..).to_ne_bytes());
        let header =
            FrameHeader { masking_key: Some(key), ..FrameHeader::unmasked(true, opcode, payload.len() as u64) };
        let mut frame = header.encode().to_vec();
        let start = frame.len();
        frame.extend(payload);
        key.apply(&mut frame[start..], 0);
        timeout(PATIENCE, self.stream.write_all(&frame)).await.context("the relay reads nothing")??;
        Ok(())
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) async fn receive(&mut self) -> Result<Option<Received>> {
        loop {
            if let Some(header) = FrameHeader::parse(&self.buffer) {
                let end = header.len() + usize::try_from(header.length.bytes)?;
                if self.buffer.len() >= end {
                    let payload = self.buffer[header.len()..end].to_vec();
                    self.buffer.drain(..end);
                    return Ok(Some(Received { opcode: header.opcode, payload }));
                }
            }
            match self.stream.read_buf(&mut self.buffer).await {
                // A reset is an end too: some behaviors ask for it.
                Ok(0) | Err(_) => return Ok(None),
                Ok(_) => {}
            }
        }
    }

    /// The next data message that is not longer than a frame; control frames are skipped.
    pub(crate) async fn message(&mut self) -> Result<Option<Vec<u8>>> {
        let next = async {
            while let Some(frame) = self.receive().await? {
                match frame.opcode {
                    Opcode::Ping | Opcode::Pong => {}
                    Opcode::Close => return Ok(None),
                    _ => return Ok(Some(frame.payload)),
                }
            }
            Ok(None)
        };
        timeout(PATIENCE, next).await.context("the relay sends nothing")?
    }

    /// Closes with 1000 and waits for the end of the connection.
    pub(crate) async fn close(mut self) -> Result<()> {
        self.send(Opcode::Close, &1000_u16.to_be_bytes()).await?;
        let end = async {
            while self.receive().await?.is_some() {}
            anyhow::Ok(())
        };
        timeout(PATIENCE, end).await.context("the relay does not end the connection")?
    }

    /// Reads until the connection ends; counts the bytes of all frames in `read`.
    pub(crate) async fn drain(mut self, mut read: impl FnMut(u64)) {
        let mut bytes = vec![0; 64 << 10];
        read(self.buffer.len() as u64);
        while let Ok(count @ 1..) = self.stream.read(&mut bytes).await {
            read(count as u64);
        }
    }
}

/// The body of a response to a plain request.
pub(crate) async fn http(address: SocketAddr, method: &str, path: &str) -> Result<String> {
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let (mut stream, head, mut body) = ask(address, &request).await.with_context(|| format!("{method} {path}"))?;
    timeout(PATIENCE, stream.read_to_end(&mut body)).await.context("the response does not end")??;
    ensure!(head.starts_with("HTTP/1.1 2"), "{method} {path}: {}", head.lines().next().unwrap_or_default());
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Sends a request; gives the connection, the head of the response, and what followed it.
async fn ask(address: SocketAddr, request: &str) -> Result<(TcpStream, String, Vec<u8>)> {
    let asked = async {
        // One address has 28,000 ports, and a closed connection keeps its port for a minute.
        let socket = TcpSocket::new_v4()?;
        socket.bind((Ipv4Addr::new(127, 0, 0, fastrand::u8(2..10)), 0).into())?;
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(request.as_bytes()).await?;
        let mut bytes = Vec::new();
        loop {
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                let rest = bytes.split_off(end + 4);
                return anyhow::Ok((stream, String::from_utf8_lossy(&bytes).into_owned(), rest));
            }
            ensure!(bytes.len() < LONGEST_HEAD, "the head of the response is too long");
            if stream.read_buf(&mut bytes).await? == 0 {
                bail!("the connection ended before a response");
            }
        }
    };
    timeout(PATIENCE, asked).await.context("no response")?
}
