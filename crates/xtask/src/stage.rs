//! The stages of `cargo xtask test`, in their order, and what each one runs.
use anyhow::{Context, Result};
use clap::{ValueEnum, builder::PossibleValue};
use xshell::cmd;

use crate::{budget, page, project::Project, tools::Tools};

/// The crates that the page and the relay share: their tests must pass in the browser too.
const WASM_CRATES: [&str; 3] = ["wire", "observation", "curriculum"];

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Stage {
    /// The formatting of all Rust code
    Fmt,
    /// Lints of all code, as errors, for this machine and for the browser
    Clippy,
    /// All Rust tests on this machine
    Native,
    /// The tests of the shared crates in a real browser
    Wasm,
    /// The released page and the weight of its first view
    Page,
    /// Playwright against the real relay in a real browser
    E2e,
}

/// Cheap and likely to fail first.
pub(crate) const ALL: [Stage; 6] = [Stage::Fmt, Stage::Clippy, Stage::Native, Stage::Wasm, Stage::Page, Stage::E2e];

impl Stage {
    /// As it is typed: `fmt`.
    pub(crate) fn name(self) -> String {
        self.possible_value().get_name().to_owned()
    }

    /// What it checks, in the words of `--help`.
    pub(crate) fn title(self) -> String {
        self.possible_value().get_help().map(ToString::to_string).unwrap_or_default()
    }

    fn possible_value(self) -> PossibleValue {
        self.to_possible_value().expect("no stage is hidden")
    }

    pub(crate) fn takes_arguments(self) -> bool {
        matches!(self, Self::Native | Self::Wasm | Self::E2e)
    }

    pub(crate) fn run(self, project: &Project, tools: &Tools, runner_args: &[String]) -> Result<()> {
        match self {
            Self::Fmt => Ok(cmd!(project.shell, "cargo fmt --all --check").run()?),
            Self::Clippy => clippy(project, tools),
            Self::Native => native(project, tools, runner_args),
            Self::Wasm => wasm(project, tools, runner_args),
            Self::Page => released_page(project, tools),
            Self::E2e => e2e(project, tools, runner_args),
        }
    }
}

fn clippy(project: &Project, tools: &Tools) -> Result<()> {
    const STRICT: [&str; 3] = ["--", "--deny", "warnings"];
    project.host_cargo("clippy").args(["--workspace", "--all-targets"]).args(STRICT).run()?;
    tools.wasm_target()?;
    // Their tests are the same files that the host has just been through.
    project
        .wasm_cargo("clippy")
        .args(["--target", page::TARGET, "--package", page::CRATE])
        .args(packages(&WASM_CRATES))
        .args(STRICT)
        .run()?;
    Ok(())
}

fn native(project: &Project, tools: &Tools, runner_args: &[String]) -> Result<()> {
    let programs = tools.for_native_tests()?;
    Ok(project.host_cargo("test").arg("--workspace").args(runner_args).envs(programs).run()?)
}

fn wasm(project: &Project, tools: &Tools, runner_args: &[String]) -> Result<()> {
    let runner = tools.for_wasm_tests()?;
    project
        .wasm_cargo("test")
        .args(["--target", page::TARGET, "--tests"])
        .args(packages(&WASM_CRATES))
        .args(runner_args)
        .envs(runner.variables(project)?)
        .run()?;
    Ok(())
}

fn released_page(project: &Project, tools: &Tools) -> Result<()> {
    page::build(project, tools)?;
    budget::check(project)
}

fn e2e(project: &Project, tools: &Tools, runner_args: &[String]) -> Result<()> {
    let chromium = tools.for_e2e()?;
    let (python, interpreter) = tools.python()?;
    page::build(project, tools)?;
    // In the profile of the native tests, whose dependencies are built already.
    project.host_cargo("build").args(["--package", "framescope"]).run()?;

    let _folder = project.shell.push_dir("e2e");
    cmd!(project.shell, "npx --no-install tsc --noEmit").run()?;
    cmd!(project.shell, "npx --no-install playwright test")
        .args(runner_args)
        .env("FRAMESCOPE_CHROMIUM", chromium)
        .env("FRAMESCOPE_BIN", project.relay("debug"))
        .env(python, interpreter)
        .run()
        .context("a failed test leaves a screenshot and what stood on the page in e2e/test-results")?;
    Ok(())
}

/// The browser test that compares docs/behaviours.md, told to write it.
pub(crate) fn docs(project: &Project, tools: &Tools) -> Result<()> {
    let _writing = project.shell.push_env("FRAMESCOPE_DOCS", "1");
    e2e(project, tools, &["behaviours-documented".to_owned()])
}

fn packages<'a>(names: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    names.iter().flat_map(|name| ["--package", name])
}
