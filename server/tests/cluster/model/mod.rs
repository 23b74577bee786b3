//! The model test: random schedules of relays, clients, observers and faults, and what must hold after each of them.
//!
//! `FRAMESCOPE_SEED=flush-17` runs one schedule again. `FRAMESCOPE_SEEDS=200` runs the first 200 of every profile; see CONTRIBUTING.md.

mod check;
mod client;
mod engine;
mod judge;
mod observer;
mod plan;
mod run;
mod site;
mod view;

use engine::Engine;
use plan::{Profile, Seed};
use run::Run;
use site::Site;
use std::path::Path;

/// Runs one schedule. Does nothing without redis-server.
async fn check(seed: Seed) {
    let Some(engine) = Engine::start().await else { return };
    eprintln!("to run this again: FRAMESCOPE_SEED={seed} cargo xtask test native -- a_chosen_schedule");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("model-{seed}-{}", std::process::id()));
    framescope::course::begin(&folder.join("course")).unwrap();
    let site = Site::start(folder, engine).await;
    Run::new(site, seed).run(seed).await;
}

macro_rules! schedules {
    ($($name:ident: $profile:ident $($number:literal)+;)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for number in [$($number),+] {
                check(Seed { profile: Profile::$profile, number }).await;
            }
        }
    )+};
}

// The first of each, and those that found a fault.
schedules! {
    without_faults: Calm 1;
    relays_are_killed: Kill 1;
    relays_stop_and_continue: Stop 1;
    relays_are_terminated: Terminate 1;
    redis_stalls: Stall 1;
    lines_are_cut: Cut 1;
    redis_restarts: Restart 1;
    redis_is_flushed: Flush 1;
    redis_fails_over: FailOver 1;
    everything_happens: All 1;
}

/// `FRAMESCOPE_SEED`, and nothing without it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chosen_schedule() {
    if let Ok(seed) = std::env::var("FRAMESCOPE_SEED") {
        check(seed.parse().unwrap()).await;
    }
}

#[ignore = "takes minutes; FRAMESCOPE_SEEDS says how many schedules of each profile"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_schedules() {
    let count = std::env::var("FRAMESCOPE_SEEDS").map_or(10, |count| count.parse().unwrap());
    for number in 1..=count {
        for profile in Profile::EVERY {
            check(Seed { profile, number }).await;
        }
    }
}
