//! The package for Debian and its derivatives, with the service.
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use anyhow::Result;
use xshell::cmd;

use super::{Release, copy, copy_all};
use crate::page;

/// Starts the service where systemd runs. `DPKG_ROOT` is set when dpkg installs into another folder.
const POSTINST: &str = r#"#!/bin/sh
set -e
if [ "$1" = configure ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ -z "$2" ]; then systemctl enable --now framescope.service; else systemctl try-restart framescope.service; fi
fi
"#;
const PRERM: &str = r#"#!/bin/sh
set -e
if [ "$1" = remove ] && [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now framescope.service
fi
"#;
const POSTRM: &str = r#"#!/bin/sh
set -e
if [ "$1" = purge ]; then rm -rf "$DPKG_ROOT/var/lib/framescope" "$DPKG_ROOT/var/lib/private/framescope"; fi
if [ -z "$DPKG_ROOT" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
"#;

/// Gives the path of the package.
pub(super) fn build(release: &Release, out: &Path) -> Result<PathBuf> {
    let root = out.join("deb");
    let from = |file: &str| release.folder.join(file);
    let to = |file: &str| root.join(file);
    copy(&from("framescope"), &to("usr/bin/framescope"))?;
    copy(&from("deploy/systemd/framescope.service"), &to("lib/systemd/system/framescope.service"))?;
    copy(&from("deploy/systemd/framescope.env"), &to("etc/framescope/framescope.env"))?;
    copy_all(&from("man"), &to("usr/share/man/man1"))?;
    copy(&from("completions/framescope.bash"), &to("usr/share/bash-completion/completions/framescope"))?;
    copy(&from("completions/_framescope"), &to("usr/share/zsh/vendor-completions/_framescope"))?;
    copy(&from("completions/framescope.fish"), &to("usr/share/fish/vendor_completions.d/framescope.fish"))?;
    let licenses = ["LICENSE-MIT", "LICENSE-APACHE", "THIRD-PARTY.txt"].map(|file| fs::read_to_string(from(file)));
    fs::create_dir_all(to("usr/share/doc/framescope"))?;
    let licenses = licenses.into_iter().collect::<Result<Vec<_>, _>>()?.join("\n");
    fs::write(
        to("usr/share/doc/framescope/copyright"),
        format!("Framescope is under the MIT license or the Apache License 2.0, as you choose.\n\n{licenses}"),
    )?;
    fs::create_dir_all(to("DEBIAN"))?;
    fs::write(to("DEBIAN/conffiles"), "/etc/framescope/framescope.env\n")?;
    for (name, script) in [("postinst", POSTINST), ("prerm", PRERM), ("postrm", POSTRM)] {
        fs::write(to("DEBIAN").join(name), script)?;
    }
    let installed = page::files(&root)?.iter().filter_map(|file| Some(root.join(file).metadata().ok()?.len())).sum();
    fs::write(to("DEBIAN/control"), control(&release.version, installed))?;
    permissions(&root)?;
    let package = out.join(format!("framescope_{}_amd64.deb", release.version));
    cmd!(release.project.shell, "dpkg-deb --root-owner-group --build {root} {package}").ignore_stdout().run()?;
    fs::remove_dir_all(root)?;
    Ok(package)
}

/// The binary is static, so it depends on nothing.
fn control(version: &str, installed: u64) -> String {
    format!(
        "Package: framescope\nVersion: {version}\nArchitecture: amd64\nMaintainer: The Framescope maintainers <maintainers@framescope.invalid>\n\
         Section: web\nPriority: optional\nInstalled-Size: {}\n\
         Description: playground for the WebSocket protocol\n \
         A page and a relay: the browser opens a WebSocket to the relay, and the relay\n \
         shows what crossed the wire, with a course about the protocol.\n",
        installed.div_ceil(1024)
    )
}

/// Programs and scripts may be run; everything may be read.
fn permissions(root: &Path) -> Result<()> {
    for file in page::files(root)? {
        let path = root.join(&file);
        let is_script = file.starts_with("DEBIAN") && !file.ends_with("control") && !file.ends_with("conffiles");
        let mode = if is_script || file.starts_with("usr/bin") { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode))?;
        for folder in path.ancestors().skip(1).take_while(|folder| folder.starts_with(root)) {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}
