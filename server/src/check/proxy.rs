//! Proxies in front of the server: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928).

use crate::upstream::{DialError, UpstreamError, dial, host_of, look_up};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use hyper_util::client::legacy::connect::proxy::SocksV5;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::str::FromStr;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Service;
use url::Url;
use wire::handshake::head::ResponseHead;

/// How long a proxy may take to connect.
const ANSWER: Duration = Duration::from_secs(15);
/// The largest response head of a proxy, in bytes.
const MAX_HEAD: usize = 16 << 10;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    kind: Kind,
    host: String,
    port: u16,
    /// The name and the password.
    login: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Http,
    /// This machine looks up the name of the server, or else the proxy does.
    Socks5 {
        local: bool,
    },
}

/// Why a text does not name a proxy.
#[derive(Debug, Error)]
pub(super) enum ProxyError {
    #[error("the scheme `{0}` is not supported; the schemes are http, socks5 and socks5h")]
    Scheme(String),
    #[error("this is not the URL of a proxy")]
    Malformed,
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Self, ProxyError> {
        let url = Url::parse(text).map_err(|_| ProxyError::Malformed)?;
        let (kind, port) = match url.scheme() {
            "http" => (Kind::Http, 80),
            "socks5" => (Kind::Socks5 { local: true }, 1080),
            "socks5h" => (Kind::Socks5 { local: false }, 1080),
            other => return Err(ProxyError::Scheme(other.chars().take(40).collect())),
        };
        let decode = |text: &str| percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (name, password) => {
                let password = password.map_or(Some(String::new()), decode);
                Some(decode(name).zip(password).ok_or(ProxyError::Malformed)?)
            }
        };
        let host = host_of(&url);
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some();
        if host.is_empty() || has_more {
            return Err(ProxyError::Malformed);
        }
        Ok(Self { kind, host, port: url.port().unwrap_or(port), login })
    }
}

impl Proxy {
    /// Connects to `host`, a name or an IP address, through the proxy. The address is that of the proxy.
    pub(super) async fn reach(&self, host: &str, port: u16) -> Result<(TcpStream, SocketAddr), String> {
        let (tcp, address) =
            connect(&self.host, self.port).await.map_err(|error| format!("the proxy is not reached: {error}"))?;
        let asking = async {
            match self.kind {
                Kind::Http => self.ask_http(tcp, host, port).await,
                Kind::Socks5 { local } => self.ask_socks(tcp, host, port, local).await,
            }
        };
        match timeout(ANSWER, asking).await {
            Ok(Ok(tcp)) => Ok((tcp, address)),
            Ok(Err(why)) => Err(format!("the proxy {}:{} {why}", self.host, self.port)),
            Err(_) => {
                let seconds = ANSWER.as_secs();
                Err(format!(
                    "the proxy {}:{} did not connect to {host}:{port} within {seconds} seconds",
                    self.host, self.port
                ))
            }
        }
    }

    async fn ask_http(&self, mut tcp: TcpStream, host: &str, port: u16) -> Result<TcpStream, String> {
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let mut request = format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n");
        if let Some((name, password)) = &self.login {
            let login = STANDARD.encode(format!("{name}:{password}"));
            request += &format!("Proxy-Authorization: Basic {login}\r\n");
        }
        request += "\r\n";
        let ended = |error: std::io::Error| format!("ended the connection ({error}); check that it is an HTTP proxy");
        tcp.write_all(request.as_bytes()).await.map_err(ended)?;
        let mut bytes = Vec::new();
        let head = loop {
            // Byte by byte: what follows the head belongs to the server.
            bytes.push(tcp.read_u8().await.map_err(ended)?);
            if !bytes.ends_with(b"\n") {
                continue;
            }
            match ResponseHead::parse(&bytes) {
                Ok(Some(head)) => break head,
                Ok(None) if bytes.len() < MAX_HEAD => {}
                Ok(None) => return Err(format!("sent a response head of more than {MAX_HEAD} bytes")),
                Err(error) => {
                    return Err(format!("sent something that is not HTTP ({error}); check that it is an HTTP proxy"));
                }
            }
        };
        match head.status {
            200..=299 => Ok(tcp),
            407 => Err("requires a login (status 407); write it into the URL, as in `http://name:${PASSWORD}@proxy`"
                .to_owned()),
            status => Err(format!(
                "answered CONNECT {authority} with status {status}; check that it allows this host and port"
            )),
        }
    }

    async fn ask_socks(&self, tcp: TcpStream, host: &str, port: u16, local: bool) -> Result<TcpStream, String> {
        let host = match local {
            true => look_up(host, port).await.map_err(|error| format!("was not asked: {error}"))?[0].ip().to_string(),
            false => host.to_owned(),
        };
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let target = Uri::builder().scheme("ws").authority(&*authority).path_and_query("/").build();
        let target = target.map_err(|error| format!("cannot be asked for {authority} ({error})"))?;
        let mut socks = SocksV5::new(Uri::default(), Connected(Some(tcp)));
        if let Some((name, password)) = &self.login {
            socks = socks.with_auth(name.clone(), password.clone());
        }
        let connected = socks.call(target).await;
        let why = |error| {
            format!("did not connect to {authority} ({error}); check the login, and that it allows this host and port")
        };
        connected.map(TokioIo::into_inner).map_err(why)
    }
}

/// Hands out a connection that is open already.
struct Connected(Option<TcpStream>);

impl Service<Uri> for Connected {
    type Response = TokioIo<TcpStream>;
    type Error = std::io::Error;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or_else(|| std::io::ErrorKind::NotConnected.into()))
    }
}

/// Connects to one of a host's addresses. An error is embedded in a sentence.
pub(super) async fn connect(host: &str, port: u16) -> Result<(TcpStream, SocketAddr), String> {
    let found = look_up(host, port).await.map_err(|error: UpstreamError| error.to_string())?;
    let advice = "check that the server runs and that no firewall blocks it";
    match dial(found).await {
        Ok(reached) => Ok(reached),
        Err(DialError::Failed(error)) => Err(format!("cannot connect to {host}:{port} ({error}); {advice}")),
        Err(DialError::Silent) => Err(format!("{host}:{port} did not answer in time; {advice}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_proxies() {
        let proxy = |text: &str| text.parse::<Proxy>();
        let http = proxy("http://me:p%40ss@proxy.example:3128").unwrap();
        assert_eq!(
            http,
            Proxy {
                kind: Kind::Http,
                host: "proxy.example".to_owned(),
                port: 3128,
                login: Some(("me".to_owned(), "p@ss".to_owned())),
            }
        );
        assert_eq!((proxy("http://a/").unwrap().port, proxy("http://a").unwrap().login), (80, None));
        assert_eq!(
            proxy("socks5://[::1]").unwrap(),
            Proxy { kind: Kind::Socks5 { local: true }, host: "::1".to_owned(), port: 1080, login: None }
        );
        assert_eq!(proxy("socks5h://a:9").unwrap().kind, Kind::Socks5 { local: false });
        for wrong in ["", "proxy:3128", "https://a", "http://", "http://a/path", "socks5://a?b", "ftp://a"] {
            assert!(proxy(wrong).is_err(), "{wrong}");
        }
    }
}
