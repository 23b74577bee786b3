//! The binary `peer`: an echo server as the documentation of another crate shows it, for the relay to be measured beside.
#![expect(clippy::print_stdout, reason = "whoever starts it reads the address from there")]

mod on_axum;
mod on_fastwebsockets;
mod on_tokio_websockets;

use clap::{Parser, ValueEnum};
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// Echo WebSocket messages with a well-known crate.
#[derive(Parser)]
#[command(name = "peer")]
struct Arguments {
    #[arg(value_enum, value_name = "CRATE")]
    on: Crate,

    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Clone, Copy, ValueEnum)]
enum Crate {
    /// axum's `ws`, which is tungstenite
    Axum,
    /// The same with a read buffer of 16 KiB instead of 128 KiB
    AxumSmallBuffer,
    /// fastwebsockets on hyper
    Fastwebsockets,
    /// tokio-websockets by itself
    TokioWebsockets,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind(arguments.listen).await?;
        println!("listening on {}", listener.local_addr()?);
        match arguments.on {
            Crate::Axum => on_axum::serve(listener, on_axum::DEFAULT_READ_BUFFER).await?,
            Crate::AxumSmallBuffer => on_axum::serve(listener, on_axum::SMALL_READ_BUFFER).await?,
            Crate::Fastwebsockets => on_fastwebsockets::serve(listener).await?,
            Crate::TokioWebsockets => on_tokio_websockets::serve(listener).await?,
        }
        Ok(())
    })
}
