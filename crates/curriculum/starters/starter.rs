// cargo add futures-util
// cargo add tokio --features macros,rt-multi-thread,time
// cargo add tokio-tungstenite@0.29 --features rustls-tls-native-roots
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

const URL: &str = {{lab.url}};
const GIVEN: &[(&str, &str)] = &{{lab.given}};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| URL.to_owned());
    let (mut socket, _) = connect_async(url).await?;
    println!("open {GIVEN:?}");
    socket.send(Message::text("TODO")).await?; // what the task asks for
    while let Ok(Some(message)) = timeout(Duration::from_secs(2), socket.next()).await {
        match message {
            Ok(message) => println!("received {message:?}"),
            Err(error) => println!("ended: {error}"),
        }
    }
    Ok(())
}
