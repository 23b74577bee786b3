//! The stages of `cargo xtask test`, in order, and the commands of each.
use anyhow::{Context, Result};
use clap::{ValueEnum, builder::PossibleValue};
use xshell::cmd;

use crate::{
    again, budget, deny, page,
    project::Project,
    sharing,
    tally::{Runner, Tally},
    tools::{REDIS_SERVER, Tools},
};

/// The crates that the page and the relay share. Their tests must pass in the browser too.
const WASM_CRATES: [&str; 5] = ["wire", "observation", "curriculum", "scenario", "import"];

/// How many tests run at once. Many of the relay's tests wait for a time limit, so more of them can run than there are cores.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// Formatting of all Rust code
    Fmt,
    /// Lints as errors, for this machine and for wasm32
    Clippy,
    /// Dependencies: licenses, sources, duplicates, advisories, minimum Rust version
    Deny,
    /// The released page, and the size of its first view
    Page,
    /// All Rust tests on this machine
    Native,
    /// Tests of the shared crates in a real browser
    Wasm,
    /// Browser tests of the page and the relay, in Chromium and Firefox
    E2e,
}

/// The page comes before the tests: the relay is then built once, with the page inside.
pub(crate) const ALL: [Stage; 7] =
    [Stage::Fmt, Stage::Clippy, Stage::Deny, Stage::Page, Stage::Native, Stage::Wasm, Stage::E2e];

impl Stage {
    /// The name on the command line, such as `fmt`.
    pub(crate) fn name(self) -> String {
        self.possible_value().get_name().to_owned()
    }

    /// The description from `--help`.
    pub(crate) fn title(self) -> String {
        self.possible_value().get_help().map(ToString::to_string).unwrap_or_default()
    }

    fn possible_value(self) -> PossibleValue {
        self.to_possible_value().expect("no stage is hidden")
    }

    pub(crate) fn takes_arguments(self) -> bool {
        matches!(self, Self::Native | Self::Wasm | Self::E2e)
    }

    pub(crate) fn needs_page(self) -> bool {
        matches!(self, Self::Page | Self::E2e)
    }

    /// The arguments after `--` that run only the test with this name.
    pub(crate) fn one_test(self, name: &str) -> Option<String> {
        match self {
            Self::Native | Self::Wasm => Some(name.to_owned()),
            Self::E2e if name.contains(".spec.") => Some(name.to_owned()),
            _ => None,
        }
    }

    /// Installs the tools that this stage needs.
    pub(crate) fn install_tools(self, tools: &Tools) -> Result<()> {
        match self {
            Self::Fmt => Ok(()),
            Self::Clippy => tools.wasm_target(),
            Self::Deny => tools.cargo_deny().map(drop),
            Self::Page => tools.for_page(),
            Self::Native => tools.for_native_tests().map(drop),
            Self::Wasm => tools.for_wasm_tests().map(drop),
            Self::E2e => tools.for_e2e().map(drop),
        }
    }

    pub(crate) fn run(self, project: &Project, tools: &Tools, runner_args: &[String], tally: &mut Tally) -> Result<()> {
        match self {
            Self::Fmt => Ok(cmd!(project.shell, "cargo fmt --all --check").run()?),
            Self::Clippy => clippy(project, tools),
            Self::Deny => deny::check(project, tools),
            Self::Page => released_page(project, tools),
            Self::Native => native(project, tools, runner_args, tally),
            Self::Wasm => wasm(project, tools, runner_args, tally),
            Self::E2e => e2e(project, tools, runner_args, tally),
        }
    }
}

fn clippy(project: &Project, tools: &Tools) -> Result<()> {
    const STRICT: [&str; 3] = ["--", "--deny", "warnings"];
    project.host_cargo("clippy").args(["--workspace", "--all-targets"]).args(STRICT).run()?;
    tools.wasm_target()?;
    // Without --all-targets: the tests are the same files for both targets.
    project
        .wasm_cargo("clippy")
        .args(["--target", page::TARGET, "--package", page::CRATE])
        .args(packages(&WASM_CRATES))
        .args(STRICT)
        .run()?;
    Ok(())
}

fn released_page(project: &Project, tools: &Tools) -> Result<()> {
    page::build(project, tools)?;
    budget::check(project)
}

/// Runs all tests, and then those of sessions once more with their sessions in Redis.
fn native(project: &Project, tools: &Tools, runner_args: &[String], tally: &mut Tally) -> Result<()> {
    let threads = std::env::var(TEST_THREADS).unwrap_or_else(|_| "8".to_owned());
    let programs = tools.for_native_tests()?;
    let run = |tally: &mut Tally, variables: &[(&str, &str)], arguments: &[String]| {
        let command = || {
            let command = project.host_cargo("test").args(["--no-fail-fast"]).env(TEST_THREADS, &threads);
            command.envs(programs.clone()).envs(variables.iter().copied())
        };
        let again =
            |failed: &[String]| command().args(["--workspace", "--", "--exact", "--test-threads", "1"]).args(failed);
        again::run(tally, Runner::Libtest, command().args(arguments), again)
    };
    let all = ["--workspace".to_owned()];
    run(tally, &[], &[&all, runner_args].concat())?;
    let has_redis = programs.iter().any(|(variable, _)| *variable == REDIS_SERVER);
    // Arguments of the caller name tests of the first run.
    if has_redis && runner_args.is_empty() {
        run(tally, &[(sharing::VARIABLE, "1")], &sharing::arguments())?;
    }
    Ok(())
}

fn wasm(project: &Project, tools: &Tools, runner_args: &[String], tally: &mut Tally) -> Result<()> {
    let runner = tools.for_wasm_tests()?;
    let command = project
        .wasm_cargo("test")
        .args(["--target", page::TARGET, "--tests", "--no-fail-fast"])
        .args(packages(&WASM_CRATES))
        .args(runner_args)
        .envs(runner.variables(project)?);
    tally.run(Runner::Libtest, command)
}

fn e2e(project: &Project, tools: &Tools, runner_args: &[String], tally: &mut Tally) -> Result<()> {
    let browsers = tools.for_e2e()?;
    let programs = [tools.python()?].into_iter().chain(tools.for_cluster());
    page::build(project, tools)?;
    // Cargo builds a dependency again for each set of features. The workspace and a test, the smallest one, give the set
    // of the native tests, so this is the relay that they have built.
    project.host_cargo("build").args(["--workspace", "--bin", "framescope", "--test", "snippets"]).run()?;

    let _folder = project.shell.push_dir("e2e");
    cmd!(project.shell, "npx --no-install tsc --noEmit").run()?;
    let variables: Vec<_> =
        browsers.into_iter().chain([("FRAMESCOPE_BIN", project.relay("debug"))]).chain(programs).collect();
    let run = |tally: &mut Tally, config: &[&str]| {
        let playwright =
            || cmd!(project.shell, "npx --no-install playwright test").args(config).envs(variables.clone());
        let again = |failed: &[String]| playwright().args(["--workers", "1"]).args(failed);
        again::run(tally, Runner::Playwright, playwright().args(runner_args), again)
    };
    run(tally, &[]).context("each failed test has a screenshot and the text of the page in e2e/test-results")?;
    // Some specs are for Chromium only, so the arguments may leave none for Firefox.
    run(tally, &["--config", "firefox.config.ts", "--pass-with-no-tests"])
        .context("each failed test has a screenshot in e2e/test-results-firefox")
}

/// Runs the browser test that compares docs/behaviours.md with both browsers, and has it write the file.
pub(crate) fn docs(project: &Project, tools: &Tools) -> Result<()> {
    let _writing = project.shell.push_env("FRAMESCOPE_DOCS", "1");
    e2e(project, tools, &["behaviours-documented".to_owned()], &mut Tally::default())
}

fn packages<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    names.iter().flat_map(|name| ["--package", name])
}
