//! Programs whose packages start a service when they are installed. Debian's packages are unpacked in the folder of the tools instead.
use std::{
    env,
    path::{Path, PathBuf},
};

use super::{Tools, apt};

/// A program, where Debian puts it, and the packages with it.
pub(super) struct Program {
    /// Names the program to use. The tests find it through this variable too.
    pub(super) variable: &'static str,
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) packages: &'static [&'static str],
}

impl Program {
    /// The named one, the one on this machine, or Debian's, unpacked. Prints why and what happens `otherwise`, and gives `None`, if
    /// there is none.
    pub(super) fn found_or_unpacked(&self, tools: &Tools, otherwise: &str) -> Option<PathBuf> {
        if let Some(named) = env::var_os(self.variable) {
            return Some(named.into());
        }
        let folder = tools.folder.join(self.name);
        let unpacked = folder.join(self.place);
        let found =
            || tools.find(self.name).or_else(|| Some(Path::new("/").join(self.place)).filter(|it| it.is_file()));
        if let Some(found) = found().or_else(|| Some(unpacked.clone()).filter(|it| it.is_file())) {
            return Some(found);
        }
        if let Err(error) = apt::unpack(tools, self.packages, &folder) {
            let Self { name, variable, .. } = self;
            eprintln!(
                "{name} is not available ({error:#}), so {otherwise}. Install {name}, or set {variable} to its path."
            );
        }
        Some(unpacked).filter(|it| it.is_file())
    }
}
