// cargo add futures-util
// cargo add tokio --features macros,rt-multi-thread
// cargo add tokio-tungstenite@0.29
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};

const URL: &str = "ws://127.0.0.1:8080/echo?a='b\"&c=${d}";
const MESSAGES: [&str; 4] = [
    "it's \"quoted\" \\ and\nin two lines\t<URL>",
    "</script><!-- ${1 + 1} `id` $(id) {MESSAGES} %s %d !! ; & | * ~ #",
    "Grüße, 世界 🦀 \u{202e}\u{1b}[31m\u{2028}\u{0}",
    "-n",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| URL.to_owned());
    let request = ClientRequestBuilder::new(url.parse()?).with_sub_protocol("it's").with_sub_protocol("$`|~");
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
