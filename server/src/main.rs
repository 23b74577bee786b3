//! The binary: reads the command line, starts the relay, and ends it on a signal.

use anyhow::Context;
use clap::Parser;
use framescope::Relay;
use framescope::args::{Arguments, Command};
use std::io::{IsTerminal, Write};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let Arguments { command: Command::Serve(config) } = Arguments::parse();
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).with_env_var("FRAMESCOPE_LOG");
    let filter = filter.from_env().context("FRAMESCOPE_LOG: say a level, such as debug, or framescope=debug")?;
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(colours).with_env_filter(filter).init();
    let stop = stop_signal()?;
    let relay = Relay::start(config).await?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "Framescope is listening on http://{}", relay.address())?;
    if let Some(address) = relay.tls_address() {
        writeln!(stdout, "Framescope is listening on https://{address}")?;
    }
    stdout.flush()?;
    stop.await;
    tracing::info!("saying goodbye to everyone");
    relay.stop().await;
    Ok(())
}

/// Resolves when the process is asked to end. Listens from now on.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
