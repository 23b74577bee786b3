//! The relay's certificate, and the errors for unusable ones.

use super::{Folder, connect};
use framescope::args::{Arguments, Config};
use framescope::{Relay, StartError};
use std::fs;
use std::path::Path;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

fn config() -> Config {
    let any = ([127, 0, 0, 1], 0).into();
    Config { listen: any, tls_listen: Some(any), ..Config::default() }
}

async fn start(change: impl FnOnce(&mut Config)) -> Result<Relay, StartError> {
    let mut config = config();
    change(&mut config);
    Relay::start(config).await
}

fn certificate(folder: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap()
}

#[tokio::test]
async fn a_self_signed_certificate_is_saved_and_reused() {
    let folder = Folder::new("kept");
    let keep = |config: &mut Config| config.tls_self_signed = Some(Some(folder.0.clone()));
    start(keep).await.unwrap().stop().await;
    let first = fs::read(folder.0.join("cert.pem")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.0.join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let relay = start(keep).await.unwrap();
    assert_eq!(fs::read(folder.0.join("cert.pem")).unwrap(), first);
    let address = relay.tls_address().unwrap();
    connect(address, certificate(&folder.0), "localhost", &[]).await.unwrap();
    connect(address, certificate(&folder.0), "127.0.0.1", &[]).await.unwrap();
    let error = connect(address, certificate(&folder.0), "elsewhere.example", &[]).await.unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

/// A key is written anew if its certificate is missing.
#[cfg(unix)]
#[tokio::test]
async fn a_new_key_is_private_even_if_an_old_one_was_not() {
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("wide");
    fs::create_dir_all(&folder.0).unwrap();
    let path = folder.0.join("key.pem");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    let mut already_open = fs::File::open(&path).unwrap();
    start(|config| config.tls_self_signed = Some(Some(folder.0.clone()))).await.unwrap().stop().await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let mut seen = String::new();
    already_open.read_to_string(&mut seen).unwrap();
    assert_eq!(seen, "old");
}

#[tokio::test]
async fn a_configured_certificate_is_used_for_its_names() {
    let folder = Folder::new("given");
    let made = |config: &mut Config| {
        config.tls_self_signed = Some(Some(folder.0.clone()));
        config.tls_name = vec!["frames.example".to_owned(), "10.0.0.7".to_owned()];
    };
    start(made).await.unwrap().stop().await;
    let given = |config: &mut Config| {
        config.tls_cert = Some(folder.0.join("cert.pem"));
        config.tls_key = Some(folder.0.join("key.pem"));
    };
    let relay = start(given).await.unwrap();
    for name in ["frames.example", "10.0.0.7"] {
        connect(relay.tls_address().unwrap(), certificate(&folder.0), name, &[]).await.unwrap();
    }
    // Without a folder, no certificate is saved, and each start creates a new one.
    let relay = start(|config| config.tls_self_signed = Some(None)).await.unwrap();
    let error = connect(relay.tls_address().unwrap(), certificate(&folder.0), "localhost", &[]).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn unusable_certificates_explain_what_to_do() {
    let folder = Folder::new("wrong");
    let other = Folder::new("wrong-other");
    for folder in [&folder, &other] {
        start(|config| config.tls_self_signed = Some(Some(folder.0.clone()))).await.unwrap().stop().await;
    }
    fs::write(folder.0.join("empty.pem"), "nothing here\n").unwrap();
    let file = |folder: &Folder, name: &str| Some(folder.0.join(name));
    for (cert, key, says) in [
        (file(&folder, "none.pem"), file(&folder, "key.pem"), "--tls-cert"),
        (file(&folder, "empty.pem"), file(&folder, "key.pem"), "contains no certificate"),
        (file(&folder, "cert.pem"), file(&folder, "empty.pem"), "--tls-key"),
        (file(&folder, "cert.pem"), file(&other, "key.pem"), "do not match"),
    ] {
        let error = start(|config| (config.tls_cert, config.tls_key) = (cert, key)).await.unwrap_err().to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
    let names = |config: &mut Config| {
        config.tls_self_signed = Some(None);
        config.tls_name = vec!["ä ö".to_owned()];
    };
    let error = start(names).await.unwrap_err().to_string();
    assert!(error.contains("--tls-name"), "{error}");
    let unwritable = |config: &mut Config| config.tls_self_signed = Some(file(&folder, "cert.pem"));
    let error = start(unwritable).await.unwrap_err().to_string();
    assert!(error.contains("cannot store"), "{error}");
}

#[test]
fn the_flags_require_each_other() {
    use clap::Parser;
    let parse = |flags: &[&str]| Arguments::try_parse_from([&["framescope", "serve"], flags].concat());
    assert!(parse(&["--tls-listen", "127.0.0.1:0"]).is_err());
    assert!(parse(&["--tls-listen", "127.0.0.1:0", "--tls-cert", "a"]).is_err());
    assert!(parse(&["--tls-listen", "127.0.0.1:0", "--tls-cert", "a", "--tls-key", "b", "--tls-self-signed"]).is_err());
    assert!(parse(&["--tls-listen", "127.0.0.1:0", "--tls-cert", "a", "--tls-key", "b"]).is_ok());
    assert!(parse(&["--tls-listen", "127.0.0.1:0", "--tls-self-signed"]).is_ok());
    assert!(parse(&["--tls-listen", "127.0.0.1:0", "--tls-self-signed", "a", "--tls-name", "b,c"]).is_ok());
}
