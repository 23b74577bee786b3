//! A request to another server that an observer has edited: what the relay sends, if it may send it.

use super::edited_head::{EditedHead, EditedHeader, OriginalHead};
use super::params;
use crate::allowlist::{self, AllowedServer};
use url::Url;
use wire::deflate;
use wire::extension;
use wire::handshake::head::RequestHead;
use wire::handshake::request::{OpeningRequest, subprotocols};

/// The headers that the relay computes for its own connection. An edited request must have each of them, unchanged.
const FIXED: [&str; 3] = ["host", "connection", "sec-websocket-key"];

/// A request that the relay is about to send.
pub(super) struct RelayRequest<'a> {
    pub(super) url: Url,
    /// The entry that allows the URL.
    pub(super) server: &'a AllowedServer,
    pub(super) head: Vec<u8>,
    /// What the head offers, and its key.
    pub(super) asked: OpeningRequest,
}

impl<'a> RelayRequest<'a> {
    /// The request as an observer has edited it. `allowed` are all servers that the relay may reach, `client` is what the client itself
    /// offers as extensions, and `most` the size of the largest head.
    ///
    /// # Errors
    /// Why the relay does not send it, and what to write instead.
    pub(super) fn edited(
        &self,
        typed: &str,
        recorded: &[u8],
        client: &str,
        allowed: &'a [AllowedServer],
        most: usize,
    ) -> Result<Self, String> {
        let head = EditedHead::parse(typed, &OriginalHead { head: &self.head, recorded }, most)?;
        let (url, server) = self.target(&head.first, allowed)?;
        for name in FIXED {
            let mut all = head.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
            if !all.next().is_some_and(|header| header.is_original) || all.next().is_some() {
                return Err(format!("the relay sets `{name}` for its own connection; leave its line as it was, once"));
            }
        }
        let mut new = head.headers.iter().filter(|header| !header.is_original);
        new.try_for_each(|header| check(header, server))?;
        let extensions = head.list("Sec-WebSocket-Extensions");
        if offers_deflate(&extensions) && !offers_deflate(client) {
            return Err(
                "the client does not offer permessage-deflate, so it could not read what the server would compress; leave it out of \
                 `Sec-WebSocket-Extensions`, or let the client offer it"
                    .to_owned(),
            );
        }
        let asked = OpeningRequest {
            key: self.asked.key.clone(),
            // A list that breaks the rules offers nothing that a server could select.
            subprotocols: subprotocols(&head.list("Sec-WebSocket-Protocol")).unwrap_or_default(),
            extensions,
        };
        let bytes = head.bytes();
        match RequestHead::parse(&bytes) {
            Ok(Some(_)) => Ok(Self { url, server, head: bytes, asked }),
            Ok(None) => Err("this is not a complete request head".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The URL of an edited request line.
    fn target(&self, line: &[u8], allowed: &'a [AllowedServer]) -> Result<(Url, &'a AllowedServer), String> {
        let line = String::from_utf8_lossy(line);
        let target = line.strip_prefix("GET ").and_then(|rest| rest.strip_suffix(" HTTP/1.1"));
        let target = target.filter(|target| target.starts_with('/') && !target.contains(' ')).ok_or(
            "the first line is `GET /path HTTP/1.1`: an opening handshake is a GET request (RFC 6455 §4.1), and only its path and query can \
             change",
        )?;
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let mut url = self.url.clone();
        url.set_path(path);
        url.set_query(query);
        let sent = target_of(&url);
        if sent != target {
            return Err(format!("write the target as `{sent}`, which is how a URL is sent"));
        }
        allowlist::judge(Some(url.as_str()), allowed).map_err(|error| error.to_string().replace("`to`", "the URL"))
    }
}

/// What a request line has of a URL: its path and its query.
pub(super) fn target_of(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}

/// Whether an observer may add or change this header.
fn check(EditedHeader { name, .. }: &EditedHeader, server: &AllowedServer) -> Result<(), String> {
    // Those of the handshake itself are what a visitor wants to break.
    let is_of_handshake =
        name.to_ascii_lowercase().starts_with("sec-websocket-") || name.eq_ignore_ascii_case("upgrade");
    if is_of_handshake { Ok(()) } else { params::check_header(name, server).map_err(|error| error.to_string()) }
}

/// Whether a list names permessage-deflate, even if the list or the parameters are malformed.
pub(super) fn offers_deflate(extensions: &str) -> bool {
    let name = |item: &str| item.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(deflate::NAME);
    extension::items(extensions).any(name)
}
