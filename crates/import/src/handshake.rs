//! An opening or a refusal from the texts of a request and its response.

use observation::{Event, Http, Offer, Opening, Refusal, Route};
use wire::deflate::Agreed;
use wire::extension;
use wire::handshake::answer::{self, AnswerError};
use wire::handshake::connect;
use wire::handshake::head::{HeaderLine, RequestHead, ResponseHead, values};
use wire::handshake::request;

/// A handshake as a file has it. The texts have the form that [`Opening`] describes.
#[derive(Debug, Default)]
pub(crate) struct Handshake {
    pub(crate) http: Http,
    pub(crate) request: Vec<u8>,
    /// Microseconds since 1970.
    pub(crate) requested_us: u64,
    pub(crate) interim: Vec<u8>,
    /// The head, and the body of a refusal. Empty if there was no response.
    pub(crate) response: Vec<u8>,
    /// `None` if the file does not have one.
    pub(crate) status: Option<u16>,
}

/// A handshake as an event.
pub(crate) struct Judged {
    pub(crate) event: Event,
    /// The agreed compression. `None` also if the request was refused.
    pub(crate) deflate: Option<Agreed>,
    /// The rules that the handshake breaks although it was accepted.
    pub(crate) faults: Vec<String>,
}

impl Handshake {
    /// An opening if the request was accepted, and otherwise a refusal.
    pub(crate) fn judge(self) -> Judged {
        let accepted = match self.http {
            Http::One => self.status == Some(101),
            // RFC 8441 §5
            Http::Two => self.status == Some(200),
        };
        if accepted { self.opening() } else { self.refusal() }
    }

    fn opening(self) -> Judged {
        let Self { http, request, requested_us, interim, response, .. } = self;
        let (offered, accepted) =
            (list(http, &request, "Sec-WebSocket-Extensions"), list(http, &response, "Sec-WebSocket-Extensions"));
        let deflate = agreed(&accepted);
        let opening = Opening {
            subprotocol: Some(list(http, &response, "Sec-WebSocket-Protocol")).filter(|name| !name.is_empty()),
            offers: Offer::answered(&offered, &accepted),
            deflate: deflate.as_ref().map(Into::into),
            requested_us,
            interim,
            route: Route { http, ..Route::default() },
            ..Opening::default()
        };
        let faults = match http {
            Http::One => faults(&request, &response),
            Http::Two => connect::judge(&request).err().map(|error| error.to_string()).into_iter().collect(),
        };
        Judged { event: Event::Opening(Opening { request, response, ..opening }), deflate, faults }
    }

    fn refusal(self) -> Judged {
        let Self { http, request, requested_us, interim, response, status } = self;
        let (rule, explanation) = match status {
            Some(status) => ("refused", format!("the server answered with status {status} instead of 101")),
            None if response.is_empty() => ("left-early", "the file has no response to this request".to_owned()),
            None => ("not-http", "the server answered with something that is not HTTP".to_owned()),
        };
        let refusal = Refusal {
            request,
            response,
            interim,
            status,
            rule: rule.into(),
            explanation,
            requested_us,
            route: Route { http, ..Route::default() },
            ..Refusal::default()
        };
        Judged { event: Event::Refusal(refusal), deflate: None, faults: Vec::new() }
    }
}

/// The compression in the extensions that a server accepted.
pub(crate) fn agreed(extensions: &str) -> Option<Agreed> {
    extension::parse(extensions)?.iter().find_map(Agreed::of_answer)
}

/// The values of a header in the text of a request or a response, joined into one list.
pub(crate) fn list(http: Http, text: &[u8], name: &str) -> String {
    let all: Vec<_> = match http {
        Http::One => headers(text, name),
        Http::Two => connect::fields(text)
            .filter(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect(),
    };
    all.join(", ")
}

fn headers(text: &[u8], name: &str) -> Vec<String> {
    let all = |headers: &[HeaderLine]| {
        values(text, headers, name).map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    };
    if text.starts_with(b"HTTP/") {
        ResponseHead::parse(text).ok().flatten().map_or(Vec::new(), |head| all(&head.headers))
    } else {
        RequestHead::parse(text).ok().flatten().map_or(Vec::new(), |head| all(&head.headers))
    }
}

/// The rules that an accepted handshake breaks.
fn faults(request: &[u8], response: &[u8]) -> Vec<String> {
    let (Ok(Some(asked)), Ok(Some(head))) = (RequestHead::parse(request), ResponseHead::parse(response)) else {
        return vec!["the texts of the handshake are not valid HTTP/1.1".to_owned()];
    };
    match request::judge(request, &asked) {
        Err(error) => vec![error.to_string()],
        Ok(asked) => match answer::judge(response, &head, &asked) {
            Err(AnswerError::Invalid(faults)) => faults.iter().map(ToString::to_string).collect(),
            Ok(_) | Err(AnswerError::Status(_)) => Vec::new(),
        },
    }
}
