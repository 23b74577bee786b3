//! Reads the files of scenarios, the payloads beside them, and the environment variables that they use.

use super::proxy::Proxy;
use super::secrets::Secrets;
use crate::key_log::KeyLogFile;
use crate::upstream::trusting;
use credentials::HeaderPattern;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, KeyLog};
use scenario::model::{Action, Located, MAX_FILE, Scenario, Send, Tls, is_value};
use scenario::read;
use scenario::template::Template;
use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml_fields::Problem;
use url::Url;

/// The largest file with a payload, and all of them together, in bytes.
const MAX_PAYLOAD: u64 = 16 << 20;
const MAX_PAYLOADS: u64 = 64 << 20;

/// A scenario that is ready to run.
pub(super) struct Prepared {
    /// The name of its file, as it was given.
    pub(super) file: String,
    pub(super) scenario: Scenario,
    pub(super) url: Url,
    /// With the values of variables.
    pub(super) headers: Vec<(String, String)>,
    pub(super) proxy: Option<Proxy>,
    pub(super) tls: Arc<ClientConfig>,
    pub(super) secrets: Arc<Secrets>,
}

/// Every scenario of these files, in order. An error has every problem.
pub(super) fn prepare(
    url: &Url,
    files: &[PathBuf],
    key_log: Option<&Arc<KeyLogFile>>,
) -> Result<Vec<Prepared>, Vec<Problem>> {
    let (mut prepared, mut problems, mut left) = (Vec::new(), Vec::new(), MAX_PAYLOADS);
    for path in files {
        let name = path.display().to_string();
        let folder = path.parent().unwrap_or(Path::new(""));
        match scenarios(path, &name, folder, &mut left) {
            Err(more) => problems.extend(more),
            Ok(scenarios) => {
                for scenario in scenarios {
                    let mut preparing =
                        Preparing { name: &name, folder, key_log, problems: &mut problems, values: Vec::new() };
                    prepared.extend(preparing.scenario(url, scenario));
                }
            }
        }
    }
    if problems.is_empty() { Ok(prepared) } else { Err(problems) }
}

fn scenarios(path: &Path, name: &str, folder: &Path, left: &mut u64) -> Result<Vec<Scenario>, Vec<Problem>> {
    let problem =
        |what: String, fix: &str| Err(vec![Problem { file: name.to_owned(), line: None, what, fix: fix.to_owned() }]);
    // One byte more than the limit, which the reader then reports.
    let bytes = match contents(path, MAX_FILE as u64 + 1) {
        Ok(bytes) => bytes,
        Err(error) => return problem(format!("the file cannot be read ({error})"), "Check its name and permissions."),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return problem("the file is not valid UTF-8".to_owned(), "Save it as UTF-8.");
    };
    read::read(name, &text, &mut |payload| {
        let most = MAX_PAYLOAD.min(*left);
        let content = contents(&folder.join(payload), most + 1);
        let content = content.map_err(|error| {
            (format!("`{payload}` cannot be read ({error})"), "Name a file relative to the scenario's own.".to_owned())
        })?;
        let bytes = content.len() as u64;
        if bytes > most {
            let what = format!("`{payload}` has more than {most} bytes");
            let fix = format!("A payload has at most {MAX_PAYLOAD} bytes, and all of a run {MAX_PAYLOADS}.");
            return Err((what, fix));
        }
        *left -= bytes;
        Ok(content)
    })
}

/// The first `most` bytes of a file.
fn contents(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

struct Preparing<'a> {
    name: &'a str,
    folder: &'a Path,
    key_log: Option<&'a Arc<KeyLogFile>>,
    problems: &'a mut Vec<Problem>,
    /// The values of variables, in every form in which they are sent.
    values: Vec<String>,
}

impl Preparing<'_> {
    fn scenario(&mut self, base: &Url, mut scenario: Scenario) -> Option<Prepared> {
        let url = match &scenario.url {
            None => Some(base.clone()),
            Some(relative) => self.url(base, relative),
        };
        let mut patterns = Vec::new();
        let mut headers = Vec::new();
        for header in &scenario.connect.headers {
            let Some(value) = self.fill(&header.value, header.line, |value| value) else { continue };
            if !is_value(&value) {
                let what = format!("the value of the header `{}` has characters that no header can have", header.name);
                self.problem(header.line, what, "Use printable ASCII.");
            }
            if header.value.variables().next().is_some() {
                match header.name.parse::<HeaderPattern>() {
                    Ok(pattern) => patterns.push(pattern),
                    Err(error) => {
                        let what = format!("the header `{}` cannot have a variable: {error}", header.name);
                        self.problem(header.line, what, "Write its value without a variable.");
                    }
                }
            }
            headers.push((header.name.clone(), value));
        }
        let proxy = scenario.connect.proxy.take().and_then(|proxy| self.proxy(&proxy));
        for step in &mut scenario.steps {
            if let Action::Send(Send::Text(text)) = &mut step.action {
                *text = Template::plain(self.fill(text, step.line, |value| value)?);
            }
        }
        let tls = self.tls(&scenario.connect.tls);
        let secrets = Arc::new(Secrets::new(std::mem::take(&mut self.values), &patterns));
        let file = self.name.to_owned();
        Some(Prepared { file, scenario, url: url?, headers, proxy, tls: tls?, secrets })
    }

    /// The URL of a scenario, relative to that of the command line.
    fn url(&mut self, base: &Url, relative: &Located<Template>) -> Option<Url> {
        let encode = |value: String| utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
        let text = self.fill(&relative.value, relative.line, encode)?;
        match base.join(&text) {
            Ok(mut url) if matches!(url.scheme(), "ws" | "wss") => {
                url.set_fragment(None);
                Some(url)
            }
            _ => {
                let fix = "Write a path such as `/chat?room=1`, or a whole URL with ws or wss.";
                self.problem(relative.line, format!("`url` is `{}`, which leads nowhere", relative.value), fix);
                None
            }
        }
    }

    fn proxy(&mut self, proxy: &Located<Template>) -> Option<Proxy> {
        let encode = |value: String| utf8_percent_encode(&value, NON_ALPHANUMERIC).to_string();
        // A variable is a part of the URL, or all of it.
        let is_whole = proxy.value.to_string().starts_with("${");
        let text = self.fill(&proxy.value, proxy.line, |value| if is_whole { value } else { encode(value) })?;
        match text.parse() {
            Ok(proxy) => Some(proxy),
            Err(error) => {
                let fix = "Write one such as `http://proxy.example:3128` or `socks5://127.0.0.1:1080`.";
                self.problem(proxy.line, format!("`proxy`: {error}"), fix);
                None
            }
        }
    }

    /// The text with the values of its variables.
    fn fill(&mut self, template: &Template, line: usize, encode: impl Fn(String) -> String) -> Option<String> {
        let mut missing = Vec::new();
        let filled = template.fill(|name| match std::env::var(name) {
            Ok(value) => {
                let sent = encode(value.clone());
                self.values.extend([value, sent.clone()]);
                Some(sent)
            }
            Err(_) => {
                missing.push(name.to_owned());
                Some(String::new())
            }
        });
        for name in &missing {
            let what = format!("the environment variable `{name}` is not set, or is not UTF-8");
            self.problem(line, what, "Set it, or write `$${` for these two characters.");
        }
        filled.filter(|_| missing.is_empty())
    }

    fn tls(&mut self, tls: &Tls) -> Option<Arc<ClientConfig>> {
        let authority = tls.authority.as_ref().map(|file| (self.folder.join(&file.value), file.line));
        let line = authority.as_ref().map_or(1, |(_, line)| *line);
        let config = trusting(authority.as_ref().map(|(path, _)| &**path), "`authority`");
        let mut config = match config {
            Ok(config) => config,
            Err(error) => {
                let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
                self.problem(line, format!("{error}{why}"), "Correct the file.");
                return None;
            }
        };
        // Asks for an HTTP/1.1 upgrade.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        if let Some(file) = self.key_log {
            config.key_log = Arc::clone(file) as Arc<dyn KeyLog>;
        }
        if let Some((certificate, key)) = &tls.identity {
            match identity(&self.folder.join(&certificate.value), &self.folder.join(&key.value)) {
                Ok(resolver) => config.client_auth_cert_resolver = resolver,
                Err(error) => {
                    let fix = "`certificate` and `key` are PEM files that belong together.";
                    self.problem(certificate.line, format!("the client certificate cannot be used: {error}"), fix);
                    return None;
                }
            }
        }
        Some(Arc::new(config))
    }

    fn problem(&mut self, line: usize, what: impl Into<String>, fix: &str) {
        let problem = Problem { file: self.name.to_owned(), line: Some(line), what: what.into(), fix: fix.to_owned() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// The client's certificate and its key. An error is embedded in a sentence.
fn identity(certificate: &Path, key: &Path) -> Result<Arc<dyn ResolvesClientCert>, String> {
    let chain = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| format!("{}: {error}", certificate.display()))?;
    if chain.is_empty() {
        return Err(format!("{} contains no certificate", certificate.display()));
    }
    let read = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let certified = CertifiedKey::from_der(chain, read, &ring::default_provider());
    let certified = certified.map_err(|error| format!("{}: {error}", key.display()))?;
    Ok(Arc::new(SingleCertAndKey::from(certified)))
}
