//! Code for a connection. Each snippet connects, sends messages, and prints the replies with their kind and how the connection
//! closed.
//!
//! Each uses the language's usual library and is short enough to read before you run it. The snippets end on their own if the
//! server answers every message, as the relay does. The tests run each rendered snippet.
//!
//! In a browser:
//! ```javascript
#![doc = include_str!("../../golden/connect.js")]
//! ```
//! In Python, with [`websockets`](https://pypi.org/project/websockets/):
//! ```python
#![doc = include_str!("../../golden/connect.py")]
//! ```
//! In Rust, with [`tokio-tungstenite`](https://crates.io/crates/tokio-tungstenite). The relay's crate includes this text as an
//! example:
//! ```ignore
#![doc = include_str!("../../golden/connect.rs")]
//! ```
//! From a shell, with [`websocat`](https://crates.io/crates/websocat):
//! ```sh
#![doc = include_str!("../../golden/connect.sh")]
//! ```

mod parameters;
mod quote;

pub use parameters::{MAX_ITEMS, MAX_MESSAGE, MAX_SUBPROTOCOL, MAX_URL, ParameterError, Parameters};

use serde::Serialize;

/// A client, ready to copy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snippet {
    /// A stable, machine-readable name.
    pub language: &'static str,
    pub title: &'static str,
    /// The file to save it as, if it must be a file.
    pub file: Option<&'static str>,
    pub code: String,
    /// How to run it, in one line.
    pub run: &'static str,
}

impl Parameters {
    /// All snippets.
    #[must_use]
    pub fn snippets(&self) -> [Snippet; 4] {
        [self.javascript(), self.python(), self.rust(), self.websocat()]
    }

    fn javascript(&self) -> Snippet {
        let subprotocols = match &self.subprotocols[..] {
            [] => String::new(),
            some => format!(", {}", list(some, quote::javascript, 2)),
        };
        let code = fill(
            JAVASCRIPT,
            &[
                ("NOTE", self.note("//")),
                ("URL", quote::javascript(&self.url)),
                ("SUBPROTOCOLS", subprotocols),
                ("MESSAGES", list(&self.messages, quote::javascript, 2)),
            ],
        );
        Snippet {
            language: "javascript",
            title: "JavaScript",
            file: None,
            code,
            run: "paste it into the console of a browser",
        }
    }

    fn python(&self) -> Snippet {
        let subprotocols = match &self.subprotocols[..] {
            [] => String::new(),
            some => format!(", subprotocols={}", list(some, quote::python, 4)),
        };
        let code = fill(
            PYTHON,
            &[
                ("NOTE", self.note("#")),
                ("URL", quote::python(&self.url)),
                ("SUBPROTOCOLS", subprotocols),
                ("MESSAGES", list(&self.messages, quote::python, 4)),
            ],
        );
        let run = "pip install websockets && python3 connect.py";
        Snippet { language: "python", title: "Python", file: Some("connect.py"), code, run }
    }

    fn rust(&self) -> Snippet {
        let subprotocols = self.subprotocols.iter().map(|name| format!(".with_sub_protocol({})", quote::rust(name)));
        let tls = if self.is_secure() { " --features rustls-tls-native-roots" } else { "" };
        let code = fill(
            RUST,
            &[
                ("NOTE", self.note("//")),
                ("TLS", tls.to_owned()),
                ("URL", quote::rust(&self.url)),
                ("COUNT", self.messages.len().to_string()),
                ("SUBPROTOCOLS", subprotocols.collect()),
                ("MESSAGES", list(&self.messages, quote::rust, 4)),
            ],
        );
        Snippet { language: "rust", title: "Rust", file: Some("src/main.rs"), code, run: "cargo run" }
    }

    fn websocat(&self) -> Snippet {
        // websocat treats an empty message as the end of its input.
        let messages: Vec<_> = self.messages.iter().filter(|message| !message.is_empty()).collect();
        let mut notes = self.note("#");
        if messages.len() < self.messages.len() {
            notes.push_str("# websocat cannot send an empty message, so it is left out here.\n");
        }
        let (input, reading, source) = match messages[..] {
            // With --no-line, everything that it reads at once is one message, including line ends.
            [] => ("printf ''".to_owned(), "--no-line ", ""),
            [one] => (quote::printf(one), "--no-line ", ""),
            _ => {
                notes.push_str("# Each message is preceded by its length, so it can contain line ends.\n");
                let lines = messages.iter().map(|message| {
                    let length = u32::try_from(message.len()).unwrap_or(u32::MAX).to_be_bytes();
                    let octal: String = length.iter().map(|byte| format!("\\{byte:o}")).collect();
                    format!("  printf '{octal}'; {}\n", quote::printf(message))
                });
                let lines: String = lines.collect();
                (format!("{{\n{lines}}}"), "--lengthprefixed-skip-write-direction ", "lengthprefixed:stdio: ")
            }
        };
        let subprotocols = match &self.subprotocols[..] {
            [] => String::new(),
            some => format!("--protocol={} ", quote::shell(&some.join(", "))),
        };
        let code = fill(
            WEBSOCAT,
            &[
                ("NOTES", notes),
                ("INPUT", input),
                ("READING", reading.to_owned()),
                ("SUBPROTOCOLS", subprotocols),
                ("SOURCE", source.to_owned()),
                ("URL", quote::shell(&self.url)),
            ],
        );
        let run = "cargo install websocat, then paste it into a shell";
        Snippet { language: "websocat", title: "websocat", file: None, code, run }
    }

    /// A comment about what is missing, if anything is.
    fn note(&self, comment: &str) -> String {
        if !self.left_out {
            return String::new();
        }
        format!("{comment} Tokens are left out: put your own in the place of the asterisks.\n")
    }

    fn is_secure(&self) -> bool {
        self.url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("wss://"))
    }
}

/// The longest list that is written on one line, in bytes.
const LINE: usize = 60;

const JAVASCRIPT: &str = r#"<NOTE>const socket = new WebSocket(<URL><SUBPROTOCOLS>);
const messages = <MESSAGES>;
let answers = 0;

socket.binaryType = "arraybuffer";
socket.onopen = () => {
  console.log("open", socket.protocol);
  messages.forEach((message) => socket.send(message));
};
socket.onmessage = ({ data }) => {
  if (typeof data === "string") console.log("text", data);
  else console.log("binary", new Uint8Array(data));
  if (++answers === messages.length) socket.close(1000);
};
socket.onclose = ({ code, reason }) => console.log("closed", code, reason);
"#;

const PYTHON: &str = r#"<NOTE>from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

URL = <URL>
MESSAGES = <MESSAGES>

with connect(URL<SUBPROTOCOLS>) as websocket:
    print("open", websocket.subprotocol or "")
    try:
        for message in MESSAGES:
            websocket.send(message)
        for _ in MESSAGES:
            answer = websocket.recv()
            print("text" if isinstance(answer, str) else "binary", answer)
    except ConnectionClosed:
        pass  # the server closed before it sent all replies
print("closed", websocket.close_code, websocket.close_reason)
"#;

const RUST: &str = r#"<NOTE>// cargo add futures-util
// cargo add tokio --features macros,rt-multi-thread
// cargo add tokio-tungstenite@0.29<TLS>
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};

const URL: &str = <URL>;
const MESSAGES: [&str; <COUNT>] = <MESSAGES>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| URL.to_owned());
    let request = ClientRequestBuilder::new(url.parse()?)<SUBPROTOCOLS>;
    let (mut socket, response) = connect_async(request).await?;
    println!("open {:?}", response.headers().get("Sec-WebSocket-Protocol"));
    for message in MESSAGES {
        socket.send(Message::text(message)).await?;
    }

    let mut answers = 0;
    while let Some(message) = socket.next().await {
        match message? {
            Message::Text(text) => println!("text {text}"),
            Message::Binary(bytes) => println!("binary {bytes:?}"),
            Message::Close(frame) => {
                match frame {
                    Some(frame) => println!("closed {} {}", frame.code, frame.reason),
                    None => println!("closed without a code"),
                }
                continue;
            }
            _ => continue, // the library answers pings
        }
        answers += 1;
        if answers == MESSAGES.len() {
            let close = CloseFrame { code: CloseCode::Normal, reason: "".into() };
            socket.close(Some(close)).await?;
        }
    }
    Ok(())
}
"#;

const WEBSOCAT: &str = r"# The log shows the kind of each reply and how the connection closed.
<NOTES><INPUT> |
  RUST_LOG=websocat::ws_peer=debug \
  websocat --text <READING>--close-status-code=1000 <SUBPROTOCOLS><SOURCE><URL>
";

/// Replaces each `<NAME>` by its text in a single pass, so a text that contains `<NAME>` is not filled in again.
fn fill(template: &str, texts: &[(&str, String)]) -> String {
    let mut parts = template.split('<');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let found = part.split_once('>').and_then(|(name, rest)| {
            let (_, text) = texts.iter().find(|(known, _)| *known == name)?;
            Some((text, rest))
        });
        match found {
            Some((text, rest)) => filled.extend([text, rest]),
            None => filled.extend(["<", part]),
        }
    }
    filled
}

/// A list in the syntax of all three languages. A long list has one item per line.
fn list(items: &[String], literal: impl Fn(&str) -> String, indent: usize) -> String {
    let items: Vec<_> = items.iter().map(|item| literal(item)).collect();
    let line = items.join(", ");
    if line.len() <= LINE {
        return format!("[{line}]");
    }
    let lines: String = items.iter().map(|item| format!("{:indent$}{item},\n", "")).collect();
    format!("[\n{lines}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_filled_itself() {
        let filled = fill("a<X>b<Y>c<Z>d < e", &[("X", "<Y>".to_owned()), ("Y", "<X>".to_owned())]);
        assert_eq!(filled, "a<Y>b<X>c<Z>d < e");
    }

    #[test]
    fn code_without_tokens_says_so() {
        let subprotocols = vec!["chat".to_owned(), "bearer.abc".to_owned()];
        let parameters =
            Parameters::new("ws://lab/?token=abc".to_owned(), subprotocols, vec!["abc".to_owned()]).unwrap();
        let (with, without) = (parameters.snippets(), parameters.clone().without_tokens().snippets());
        for (with, without) in with.into_iter().zip(without) {
            assert!(
                with.code.contains("token=abc") && with.code.contains("bearer.abc") && !with.code.contains("left out")
            );
            assert!(!without.code.contains("token=abc") && !without.code.contains("bearer.abc"), "{}", without.code);
            assert!(without.code.contains("token=***") && without.code.contains("bearer.***"));
            assert!(without.code.contains(" Tokens are left out: "), "{}", without.code);
        }
        let none = Parameters::new("ws://lab/".to_owned(), Vec::new(), Vec::new()).unwrap();
        assert_eq!(none.clone().without_tokens(), none);
    }

    #[test]
    fn tls_is_asked_for_where_it_is_needed() {
        let rust = |url: &str| {
            Parameters::new(url.to_owned(), Vec::new(), Vec::new()).map(|parameters| parameters.rust().code)
        };
        assert!(!rust("ws://lab/rustls").is_ok_and(|code| code.contains("--features rustls")));
        assert!(rust("wsS://lab").is_ok_and(|code| code.contains("--features rustls")));
    }
}
