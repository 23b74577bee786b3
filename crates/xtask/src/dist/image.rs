//! Tries the Containerfile out with buildah, where that runs: builds the image and starts the binary inside.
use std::path::Path;

use anyhow::{Context, Result, ensure};
use xshell::cmd;

use crate::project::Project;

/// `folder` has the Containerfile and what it copies. Nothing stays in the image storage of this machine.
pub(super) fn try_out(project: &Project, folder: &Path) -> Result<()> {
    let shell = &project.shell;
    if cmd!(shell, "buildah --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        println!("dist: the Containerfile was not tried out, because buildah is not there");
        return Ok(());
    }
    let temporary = shell.create_temp_dir()?;
    let (root, runroot) = (temporary.path().join("root"), temporary.path().join("runroot"));
    // `vfs` and `chroot` need nothing of the kernel that a container on a build machine would not have.
    let buildah = |arguments: &[&str]| {
        cmd!(shell, "buildah --storage-driver vfs --root {root} --runroot {runroot} {arguments...}")
            .quiet()
            .ignore_stderr()
    };
    let folder = folder.to_str().context("the path of the checkout is not UTF-8")?;
    buildah(&["build", "--isolation", "chroot", "--tag", "framescope", folder]).ignore_stdout().run()?;
    buildah(&["from", "--name", "trial", "localhost/framescope"]).ignore_stdout().run()?;
    let said = buildah(&["run", "--isolation", "chroot", "trial", "--", "/framescope", "--version"]).read()?;
    ensure!(said.starts_with("framescope "), "in the container, the binary said: {said}");
    let user = buildah(&["inspect", "--format", "{{.OCIv1.Config.User}}", "trial"]).read()?;
    ensure!(user == "65532:65532", "the container runs as {user}");
    println!("dist: the image was built with buildah, and its binary ran: {said}");
    Ok(())
}
