//! The binary: parses the command line, then serves until a signal arrives or runs one of the smaller commands.

use anyhow::Context;
use clap::Parser;
use framescope::args::{Arguments, Command, Config, CourseCommand, LogFormat, ReceiptCommand};
use framescope::receipt::{self, Fault, Key, Trust};
use framescope::{Relay, check, course, import};
use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use tracing::Level;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

fn main() -> anyhow::Result<ExitCode> {
    match Arguments::parse().command {
        Command::Serve(config) => serve(*config).map(|()| ExitCode::SUCCESS),
        Command::Check(options) => {
            let verdict = check::run(&options, &mut std::io::stdout(), &mut std::io::stderr());
            Ok(ExitCode::from(verdict.exit_code()))
        }
        Command::Course { command } => course(command),
        Command::Receipt { command } => receipt(command),
        Command::Import(arguments) => import::run(&arguments).map(|()| ExitCode::SUCCESS),
    }
}

/// Prints one line for each problem, or a summary of the course.
fn course(command: CourseCommand) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout();
    match command {
        CourseCommand::Check { folder } => match course::check(&folder) {
            Ok(checked) => {
                for warning in &checked.warnings {
                    writeln!(stdout, "warning: {warning}")?;
                }
                writeln!(stdout, "{}: {checked}", folder.display())?;
            }
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

/// Prints one line for each receipt, and one for each attempt that several names share.
fn receipt(command: ReceiptCommand) -> anyhow::Result<ExitCode> {
    let mut stdout = std::io::stdout();
    let (files, trust) = match command {
        ReceiptCommand::Verify { files, any_key: true, .. } => (files, Trust::AnyKey),
        ReceiptCommand::Verify { files, key, .. } => (files, key.map_or(Trust::Nobody, Trust::Key)),
        ReceiptCommand::Key { file } => {
            writeln!(stdout, "{}", Key::read(&file)?.public())?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut texts = Vec::new();
    for file in &files {
        let text = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        // With several files, each line says which.
        let name = if files.len() > 1 { format!("{}: ", file.display()) } else { String::new() };
        texts.push((name, text));
    }
    if files.is_empty() {
        let mut text = Vec::new();
        std::io::stdin().read_to_end(&mut text).context("cannot read stdin")?;
        texts.push((String::new(), text));
    }
    let (mut all_good, mut trusted) = (true, Vec::new());
    for (name, text) in texts {
        // The text around a receipt may use any encoding.
        let mut receipts = receipt::read_all(&String::from_utf8_lossy(&text));
        if receipts.is_empty() {
            receipts.push(Err(Fault::None));
        }
        for read in receipts {
            let (good, line) = receipt::verdict(&read, &trust);
            writeln!(stdout, "{name}{line}")?;
            all_good &= good;
            // Anyone can sign with an unknown key, so such a receipt accuses nobody.
            trusted.extend(read.ok().filter(|_| good).map(|read| read.receipt));
        }
    }
    for line in receipt::shared(&trusted) {
        writeln!(stdout, "{line}")?;
        all_good = false;
    }
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn serve(config: Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new().context("cannot start the threads of the relay")?;
    let served = runtime.block_on(serve_until_stopped(config));
    // A thread may be stuck in a system call, such as a name lookup. The exit does not wait for it.
    runtime.shutdown_background();
    served
}

async fn serve_until_stopped(config: Config) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).with_env_var("FRAMESCOPE_LOG");
    let filter =
        filter.from_env().context("FRAMESCOPE_LOG is invalid; use a level such as debug, or framescope=debug")?;
    log_to_stderr(config.operation.log_format, filter);
    let mut stop = StopSignal::new()?;
    let drain = config.operation.drain;
    let relay = Relay::start(config).await?;
    let mut stdout = std::io::stdout();
    let path = relay.base_path().to_string();
    // The host alone is the familiar form.
    let path = path.trim_end_matches('/');
    writeln!(stdout, "Framescope is listening on http://{}{path}", relay.address())?;
    if let Some(address) = relay.tls_address() {
        writeln!(stdout, "Framescope is listening on https://{address}{path}")?;
    }
    if let Some(address) = relay.admin_address() {
        writeln!(stdout, "Metrics and probes are on http://{address}")?;
    }
    stdout.flush()?;
    stop.arrives(&relay).await;
    if !drain.is_zero() {
        tracing::info!(seconds = drain.as_secs_f64(), "draining: no session is created any more");
        relay.drain(drain);
        // Whoever stops it again is in a hurry.
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            () = stop.arrives(&relay) => {}
        }
    }
    tracing::info!("shutting down");
    relay.stop().await;
    Ok(())
}

fn log_to_stderr(format: LogFormat, filter: EnvFilter) {
    // What dependencies say about their work has paths, headers and payloads in it.
    let own = filter_fn(|about| about.target().starts_with("framescope") || *about.level() <= Level::WARN);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Text => Box::new(lines.with_ansi(std::io::stderr().is_terminal())),
        LogFormat::Json => Box::new(lines.json().flatten_event(true).with_current_span(false).with_span_list(false)),
    };
    tracing_subscriber::registry().with(lines.with_filter(own).with_filter(filter)).init();
}

/// SIGINT and SIGTERM stop the relay, and SIGHUP makes it read its certificate again. All are caught as soon as this exists.
#[cfg(unix)]
struct StopSignal {
    hang_up: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopSignal {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Resolves when the relay should stop.
    async fn arrives(&mut self, relay: &Relay) {
        loop {
            tokio::select! {
                _ = self.hang_up.recv() => relay.reload_certificate(),
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
            }
        }
    }
}

#[cfg(not(unix))]
struct StopSignal;

#[cfg(not(unix))]
impl StopSignal {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn arrives(&mut self, _: &Relay) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
