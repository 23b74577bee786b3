//! The key that signs receipts: Ed25519, RFC 8032.

use crate::private_file::{warn_if_public, write_private};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use curriculum::values::ValueSecret;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::{self, PemObject};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

#[derive(Debug)]
pub struct Key {
    pair: Ed25519KeyPair,
    /// Base64.
    public: String,
    value_secret: ValueSecret,
}

/// Why there is no key. The message says what to do.
#[derive(Debug, Error)]
pub enum KeyError {
    #[error("the system did not provide random bits for a key; try again")]
    NoRandomness,
    #[error("{0} contains no private key in PEM (PKCS#8); use another file, or a new file name to create a key")]
    Pem(PathBuf, #[source] pem::Error),
    #[error("the private key in {0} is not an Ed25519 key; create one with `openssl genpkey -algorithm ed25519`")]
    Kind(PathBuf),
    #[error("cannot write the new key to {0}; choose another file with --receipt-key")]
    Write(PathBuf, #[source] io::Error),
}

impl Key {
    /// Creates a key that lasts until the relay stops.
    pub(crate) fn made() -> Result<Self, KeyError> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| KeyError::NoRandomness)?;
        Self::of(document.as_ref()).ok_or(KeyError::NoRandomness)
    }

    /// The key in `file`, created if the file does not exist.
    pub(crate) fn kept(file: &Path) -> Result<Self, KeyError> {
        if fs::symlink_metadata(file).is_err() {
            let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).map_err(|_| KeyError::NoRandomness)?;
            // Never overwrites an existing file.
            write_private(file, &pair.serialize_pem()).map_err(|error| KeyError::Write(file.to_owned(), error))?;
        }
        warn_if_public(file);
        Self::read(file)
    }

    /// Reads the key in `file`.
    ///
    /// # Errors
    /// When there is no key, or one of another type.
    pub fn read(file: &Path) -> Result<Self, KeyError> {
        let pkcs8 = PrivatePkcs8KeyDer::from_pem_file(file).map_err(|error| KeyError::Pem(file.to_owned(), error))?;
        Self::of(pkcs8.secret_pkcs8_der()).ok_or_else(|| KeyError::Kind(file.to_owned()))
    }

    /// Accepts a key with or without the public part, which openssl omits.
    fn of(pkcs8: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).ok()?;
        let public = BASE64.encode(pair.public_key().as_ref());
        // Ed25519 signatures are deterministic, and only the owner of the key can make this one.
        let signature = pair.sign(b"Framescope: hidden values of challenges");
        let value_secret = ValueSecret::new(Sha256::digest(signature.as_ref()).into());
        Some(Self { pair, public, value_secret })
    }

    /// The public key, 32 bytes in base64.
    #[must_use]
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The secret of the values that learners have to find out. It is the same as long as the key is.
    pub(crate) fn value_secret(&self) -> &ValueSecret {
        &self.value_secret
    }

    /// A secret for hashes of addresses, so that whoever reads them cannot try all addresses. All relays with this key have the same.
    pub(crate) fn address_secret(&self) -> Vec<u8> {
        Sha256::digest(self.pair.sign(b"Framescope: hashes of addresses").as_ref()).to_vec()
    }

    /// A signature in base64.
    pub(super) fn sign(&self, text: &str) -> String {
        BASE64.encode(self.pair.sign(text.as_bytes()).as_ref())
    }
}
