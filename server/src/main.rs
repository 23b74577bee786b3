//! The binary: parses the command line, then serves until a signal arrives or runs one of the smaller commands.

use anyhow::Context;
use clap::Parser;
use framescope::args::{Arguments, Command, Config, CourseCommand, ReceiptCommand};
use framescope::receipt::{self, Fault, Key};
use framescope::{Relay, course};
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Serve(config) => serve(*config).map(|()| ExitCode::SUCCESS),
        Command::Course { command } => course(command),
        Command::Receipt { command } => receipt(command),
    }
}

/// Prints one line for each problem, or a summary of the course.
fn course(command: CourseCommand) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout();
    match command {
        CourseCommand::Check { folder } => match course::check(&folder) {
            Ok(checked) => writeln!(stdout, "{}: {checked}", folder.display())?,
            Err(problems) => {
                for problem in problems {
                    writeln!(stdout, "{problem}")?;
                }
                return Ok(ExitCode::FAILURE);
            }
        },
        CourseCommand::New { folder } => {
            course::begin(&folder)?;
            let folder = folder.display();
            writeln!(stdout, "Created a small course in {folder}. To see it, run: framescope serve --course {folder}")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints one line for each receipt.
fn receipt(command: ReceiptCommand) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout();
    let (file, key) = match command {
        ReceiptCommand::Verify { file, key } => (file, key),
        ReceiptCommand::Key { file } => {
            writeln!(stdout, "{}", Key::read(&file)?.public())?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut bytes = Vec::new();
    match file {
        Some(file) => bytes = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?,
        None => _ = std::io::stdin().read_to_end(&mut bytes).context("cannot read stdin")?,
    }
    // The text around a receipt may use any encoding.
    let receipts = receipt::read_all(&String::from_utf8_lossy(&bytes));
    let mut all_good = true;
    if receipts.is_empty() {
        writeln!(stdout, "bad: {}", Fault::None)?;
        all_good = false;
    }
    for read in receipts {
        let (good, line) = receipt::verdict(read, key.as_deref());
        writeln!(stdout, "{line}")?;
        all_good &= good;
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[tokio::main]
async fn serve(config: Config) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).with_env_var("FRAMESCOPE_LOG");
    let filter =
        filter.from_env().context("FRAMESCOPE_LOG is invalid; use a level such as debug, or framescope=debug")?;
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
    tracing::info!("shutting down");
    relay.stop().await;
    Ok(())
}

/// Resolves on SIGINT or SIGTERM. Both are caught as soon as this is called.
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
