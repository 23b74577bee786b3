//! Writes the man pages and the completions of the real command line into a folder: `manual FOLDER`.

use anyhow::Context;
use clap::CommandFactory;
use clap_complete::Shell;
use framescope::args::Arguments;
use std::fs;
use std::path::PathBuf;

fn main() -> anyhow::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).context("name the folder to write to")?);
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    // With environment variables set, the defaults on the pages would be those of this machine.
    let command = Arguments::command();
    clap_mangen::generate_to(command.clone(), &man)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command.clone(), "framescope", &completions)?;
    }
    Ok(())
}
