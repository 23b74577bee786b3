//! The binary `peer`: echo servers as the documentation of other crates shows them. The benchmark compares the relay with them.
#![expect(clippy::print_stdout, reason = "the benchmark reads the address from stdout")]

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

    /// The address and port to listen on; port 0 selects a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

#[derive(Clone, Copy, ValueEnum)]
enum Crate {
    /// axum's `ws`, which is tungstenite
    Axum,
    /// axum's `ws` with a read buffer of 16 KiB instead of 128 KiB
    AxumSmallBuffer,
    /// fastwebsockets on hyper
    Fastwebsockets,
    /// tokio-websockets alone
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
