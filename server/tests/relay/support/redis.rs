//! A real redis-server for a test, with the faults that a real one has.

use super::program::{Program, free};
use super::soon;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisResult};
use std::fs::{self, File};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::process::{Child, Command};

/// What the server prints, in its folder.
const LOG: &str = "printed.log";
const SOCKET: &str = "redis.sock";
const CA: &str = "ca.pem";
/// The user of the tests themselves, if there is another one.
const ADMIN: &str = "admin";

/// How a server differs from one that keeps everything in memory, without a password.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Every write is in a file before it is answered, so a restart keeps it.
    pub(crate) append_only: bool,
    /// Also listens with TLS, with a certificate of its own authority.
    pub(crate) tls: bool,
    /// The only user besides the tests' own.
    pub(crate) user: Option<User>,
    /// Copies that server.
    pub(crate) replica_of: Option<SocketAddr>,
    /// More arguments, such as `--maxmemory 1mb`.
    pub(crate) more: Vec<String>,
    /// Serves all tests of this process, and ends with it. Cannot be stopped before.
    pub(crate) for_all: bool,
}

#[derive(Clone)]
pub(crate) struct User {
    pub(crate) name: &'static str,
    pub(crate) password: &'static str,
    /// What it may do, as in `ACL SETUSER`.
    pub(crate) rules: String,
}

/// Killed when it is dropped. Its addresses stay the same when it starts again.
pub(crate) struct RedisServer {
    program: Program,
    options: Options,
    pub(crate) folder: PathBuf,
    child: Option<Child>,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: SocketAddr,
}

impl RedisServer {
    /// `None` if there is no redis-server on this machine: then the test is skipped.
    pub(crate) async fn start() -> Option<Self> {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let program = Program::find("FRAMESCOPE_REDIS_SERVER")?;
        // The path of a Unix socket has at most 107 bytes, so the folder is not in the project.
        let (process, number) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(format!("framescope-redis-{process}-{number}"));
        fs::create_dir_all(&folder).unwrap();
        // An address of which no other process takes ports, so they stay free while the server is stopped.
        let [_, _, high, low] = process.to_be_bytes();
        let ip = [127, 78, high, low];
        let (address, tls_address) = (free(ip), free(ip));
        if options.tls {
            write_certificates(&folder, ip);
        }
        let mut server = Self { program, options, folder, child: None, address, tls_address };
        server.start_again().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}{}", self.credentials(), self.address)
    }

    pub(crate) fn tls_url(&self) -> String {
        format!("rediss://{}{}", self.credentials(), self.tls_address)
    }

    pub(crate) fn unix_url(&self) -> String {
        let user = self.options.user.as_ref().map(|user| format!("?user={}&pass={}", user.name, user.password));
        self.unix_url_for(&user.unwrap_or_default())
    }

    /// The authority of its certificate, as PEM.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.join(CA)
    }

    fn credentials(&self) -> String {
        self.options.user.as_ref().map(|user| format!("{}:{}@", user.name, user.password)).unwrap_or_default()
    }

    fn unix_url_for(&self, query: &str) -> String {
        format!("redis+unix://{}{query}", self.folder.join(SOCKET).display())
    }

    /// Starts it after `stop` or `kill`, with the data that it has kept, and waits until it answers.
    pub(crate) async fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs");
        let log = File::options().create(true).append(true).open(self.folder.join(LOG)).unwrap();
        let mut command = if self.options.for_all { self.until_input_ends() } else { self.program.command() };
        command
            .args(["--unixsocket", SOCKET, "--save", "", "--protected-mode", "no", "--databases", "2"])
            .args(["--bind", &self.address.ip().to_string(), "--port", &self.address.port().to_string()])
            .args(["--repl-diskless-sync-delay", "0"])
            .args(self.arguments())
            .current_dir(&self.folder)
            .stdin(if self.options.for_all { Stdio::piped() } else { Stdio::null() })
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
        soon(async {
            while !self.answers().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    /// The server below a shell that kills it, and removes its folder, when nobody can write to the shell any more. So it also
    /// ends when the process of the tests is killed.
    fn until_input_ends(&self) -> Command {
        let mut command = Command::new("sh");
        let script = r#""$@" & cat; kill -KILL $!; wait; rm -r "$PWD""#;
        command.env("LD_LIBRARY_PATH", self.program.libraries()).args(["-c", script, "sh"]).arg(&self.program.path);
        command
    }

    fn arguments(&self) -> Vec<String> {
        let Options { append_only, tls, user, replica_of, more, for_all: _ } = &self.options;
        let mut arguments = more.clone();
        let mut add = |words: &str| arguments.extend(words.split(' ').map(str::to_owned));
        if *append_only {
            // What was written is in the kernel before it is answered. It survives the process, and needs no disk.
            add("--appendonly yes --appendfsync no");
        }
        if *tls {
            add(&format!("--tls-port {} --tls-auth-clients no", self.tls_address.port()));
            add("--tls-cert-file cert.pem --tls-key-file key.pem --tls-ca-cert-file ca.pem");
        }
        if let Some(primary) = replica_of {
            add(&format!("--replicaof {} {}", primary.ip(), primary.port()));
        }
        if let Some(User { name, password, rules }) = user {
            add("--user default off");
            add(&format!("--user {ADMIN} on nopass ~* &* +@all"));
            add(&format!("--user {name} on >{password} {rules}"));
        }
        arguments
    }

    /// Whether it is up, and has the data of its primary. Panics if it has ended.
    async fn answers(&mut self) -> bool {
        if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
            let log = fs::read_to_string(self.folder.join(LOG)).unwrap();
            panic!("redis-server ended with {status}:\n{log}");
        }
        let Ok(info) = self.try_command::<String>(&["INFO"]).await else { return false };
        let up = |line: &str| !line.starts_with("loading:1") && line != "master_link_status:down";
        info.lines().all(up)
    }

    /// Sends a command as a user who may do everything.
    pub(crate) async fn command<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_command(words).await.unwrap()
    }

    pub(crate) async fn try_command<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let user = if self.options.user.is_some() { format!("?user={ADMIN}&pass=any") } else { String::new() };
        let client = Client::open(self.unix_url_for(&user))?;
        // `soon` has the only timeout: a machine that is busy must not fail a test.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let mut connection = soon(client.get_multiplexed_async_connection_with_config(&config)).await?;
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        soon(command.query_async(&mut connection)).await
    }

    /// Ends it as an operator does.
    pub(crate) async fn stop(&mut self) {
        self.end("TERM").await;
    }

    /// Ends it as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.end("KILL").await;
    }

    async fn end(&mut self, signal: &str) {
        self.signal(signal).await;
        soon(self.child.take().unwrap().wait()).await.unwrap();
    }

    /// Its connections stay, and nothing answers, until `resume`.
    pub(crate) async fn pause(&self) {
        self.signal("STOP").await;
        let stat = format!("/proc/{}/stat", self.id());
        let state = || fs::read_to_string(&stat).unwrap().rsplit_once(") ").unwrap().1.chars().next();
        soon(async {
            while state() != Some('T') {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub(crate) async fn resume(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let id = self.id().to_string();
        assert!(soon(Command::new("kill").args(["-s", signal, &id]).status()).await.unwrap().success());
    }

    fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id().unwrap()
    }

    /// Makes a replica a server that takes writes.
    pub(crate) async fn promote(&mut self) {
        self.options.replica_of = None;
        self.command::<()>(&["REPLICAOF", "NO", "ONE"]).await;
    }

    /// Loses all data while it runs.
    pub(crate) async fn flush(&self) {
        self.command::<()>(&["FLUSHALL"]).await;
    }

    /// Loses what it has kept on disk, while it is stopped.
    pub(crate) fn wipe(&self) {
        assert!(self.child.is_none(), "it runs");
        let _ = fs::remove_dir_all(self.folder.join("appendonlydir"));
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An authority, and a certificate of it for this address.
fn write_certificates(folder: &Path, ip: [u8; 4]) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), IpAddr::from(ip).to_string()];
    let cert = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
    for (name, pem) in [(CA, authority.pem()), ("cert.pem", cert.pem()), ("key.pem", key.serialize_pem())] {
        fs::write(folder.join(name), pem).unwrap();
    }
}
