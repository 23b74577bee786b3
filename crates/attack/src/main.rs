//! Attacks on a relay on this machine, each with a relay of its own and bounded in time and number. Prints a table in Markdown.
//!
//! | module | what it does |
//! |---|---|
//! | `target` | a relay as a process: its memory, its descriptors, the length of its log |
//! | `client` | the ends of connections: which address they come from, and what they send |
//! | `witness` | a visitor who does no harm, and how long an echo takes |
//! | `outcome` | what the attackers got, counted |
//! | `attacks` | the attacks, by what they use up |

#![expect(clippy::print_stdout, reason = "it prints its table there")]

mod attacks;
mod client;
mod outcome;
mod target;
mod witness;

use anyhow::{Context, Result};
use attacks::Attack;
use clap::Parser;
use outcome::Outcome;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use target::Target;
use tokio::time::{Instant, sleep_until, timeout};
use witness::Witness;

/// How long the witness measures before an attack.
const BEFORE: Duration = Duration::from_secs(2);
/// An attack ends soon after its time. This is for one that hangs.
const AT_MOST: Duration = Duration::from_secs(60);

/// Attack a relay on this machine
#[derive(Parser)]
struct Args {
    /// The relay's binary
    #[arg(long)]
    relay: PathBuf,
    /// How long each attack takes, in seconds
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=30))]
    seconds: u64,
    /// Run only the attacks whose name contains one of these
    names: Vec<String>,
}

fn main() -> Result<ExitCode> {
    let args = Args::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    let all_good = runtime.block_on(run(&args))?;
    Ok(if all_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn run(args: &Args) -> Result<bool> {
    let chosen = |name: &str| args.names.is_empty() || args.names.iter().any(|part| name.contains(part));
    println!("| attack | load | what the relay did | peak memory | echo p99 before → during | a new visitor |");
    println!("|---|---|---|---:|---:|---|");
    let mut all_good = true;
    for attack in attacks::all().into_iter().filter(|attack| chosen(attack.name)) {
        let (row, good) = measure(args, &attack).await.with_context(|| format!("attack `{}`", attack.name))?;
        println!("{row}");
        all_good &= good;
    }
    Ok(all_good)
}

/// Runs one attack. Returns its row of the table, and whether a new visitor got in and nothing that must not happen did.
async fn measure(args: &Args, attack: &Attack) -> Result<(String, bool)> {
    let target = Target::start(&args.relay, attack.flags).await?;
    let witness = Witness::start(target.http).await?;
    sleep_until(Instant::now() + BEFORE).await;
    witness.next_phase();
    let until = Instant::now() + Duration::from_secs(args.seconds);
    let outcome = timeout(AT_MOST, (attack.run)(target.clone(), until)).await.context("the attack hangs")??;
    let visitor = witness::visit(&target).await;
    let (before, during) = witness.finish().await;
    let ratio = during / before;
    let (visitor_words, is_served) = match &visitor {
        Ok(()) => ("served".to_owned(), true),
        Err(error) => (format!("**not served**: {error:#}"), false),
    };
    let Outcome { words, is_good } = outcome;
    let row = format!(
        "| {} | {} | {words} | {} MiB | {before:.2} → {during:.2} ms ({ratio:.1}×) | {visitor_words} |",
        attack.name,
        attack.load,
        target.peak_mib()?,
    );
    Ok((row, is_served && is_good && during.is_finite() && target.is_running()))
}
