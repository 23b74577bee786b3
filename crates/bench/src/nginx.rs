//! nginx as a WebSocket proxy: its configuration and its process.

use anyhow::{Context, Result};
use std::convert::Infallible;
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The WebSocket configuration from nginx's manual, with one process in the foreground and no access log.
fn configuration(listen: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "daemon off;\nmaster_process off;\nworker_processes 1;\nerror_log stderr warn;\npid nginx.pid;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n  access_log off;\n  client_body_temp_path body;\n  proxy_temp_path proxy;\n  fastcgi_temp_path fastcgi;\n  \
         uwsgi_temp_path uwsgi;\n  scgi_temp_path scgi;\n  server {{\n    listen {listen};\n    location / {{\n      \
         proxy_pass http://{upstream};\n      proxy_http_version 1.1;\n      proxy_set_header Upgrade $http_upgrade;\n      \
         proxy_set_header Connection \"upgrade\";\n      proxy_read_timeout 1h;\n    }}\n  }}\n}}\n"
    )
}

/// Turns this process into nginx in front of `upstream`, with its files in `folder`. Like the other servers, it first prints
/// the address that it will listen on.
///
/// # Errors
/// Always, if it returns.
pub fn become_nginx(program: &Path, upstream: SocketAddr, folder: &Path) -> Result<Infallible> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    // nginx does not accept port 0, so this takes a port that was free a moment ago.
    let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let configuration_file = folder.join("nginx.conf");
    fs::write(&configuration_file, configuration(listen, upstream))?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "nginx listens on {listen}")?;
    stdout.flush()?;
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).arg("-c").arg(&configuration_file).args(["-e", "stderr"]);
    Err(command.exec()).with_context(|| format!("running {}", program.display()))
}
