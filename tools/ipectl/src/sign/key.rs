// SPDX-License-Identifier: GPL-2.0-only

//! Private keys: where they are, and how they sign.

use super::{
    certificate::{blocks, Scheme},
    container, openssl,
    passphrase::Passphrase,
};
use crate::failure::{Class, Failure, Result};
use der::{pem, Decode};
use pkcs8::{DecodePrivateKey, EncryptedPrivateKeyInfo, PrivateKeyInfo, SecretDocument};
use rsa::{
    pkcs1::DecodeRsaPrivateKey,
    pkcs1v15,
    signature::{hazmat::PrehashSigner, RandomizedSigner, SignatureEncoding},
    RsaPrivateKey,
};
use sha2::{Digest, Sha256};
use std::{ffi::OsString, path::Path};

/// A private key.
pub enum Key {
    /// In this program's memory.
    Rsa(Box<RsaPrivateKey>),
    /// In this program's memory.
    P256(p256::ecdsa::SigningKey),
    /// In this program's memory.
    P384(p384::ecdsa::SigningKey),
    /// In this program's memory, for the `openssl` program to sign with.
    MlDsa(SecretDocument),
    /// Where the `openssl` program finds it: a token, another store.
    Uri {
        /// The URI.
        uri: String,
        /// Where `openssl` takes the PIN or the passphrase from, if not from the terminal.
        passphrase: Option<OsString>,
    },
}

fn unusable(message: impl Into<String>) -> Failure {
    Failure::new(Class::Signing, message)
}

impl Key {
    /// Finds a key: a file in PEM or DER, or a URI that `openssl` understands.
    ///
    /// # Errors
    ///
    /// The key cannot be read, the kernel cannot verify its signatures, or the passphrase is wrong.
    pub fn open(name: &str, passphrase: &Passphrase) -> Result<Self> {
        if ["pkcs11:", "file:", "handle:"]
            .iter()
            .any(|scheme| name.starts_with(scheme))
        {
            return Ok(Self::Uri {
                uri: name.to_owned(),
                passphrase: passphrase.for_openssl(),
            });
        }
        let path = Path::new(name);
        let bytes = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
        Self::parse(&bytes, passphrase).map_err(|failure| failure.about(name))
    }

    fn parse(bytes: &[u8], passphrase: &Passphrase) -> Result<Self> {
        if bytes.first() == Some(&0x30) {
            return Self::from_der(bytes, passphrase);
        }
        for block in blocks(bytes) {
            if block.contains("\nProc-Type: 4,ENCRYPTED") {
                return Err(unusable("the key is encrypted in an outdated form of PEM")
                    .hint("convert it: openssl pkcs8 -topk8 -in KEY -out NEW"));
            }
            if !block
                .lines()
                .next()
                .unwrap_or_default()
                .contains("PRIVATE KEY")
            {
                continue;
            }
            let (_, bytes) = pem::decode_vec(block.as_bytes())
                .map_err(|error| unusable(format!("not PEM: {error}")))?;
            return Self::from_der(&bytes, passphrase);
        }
        Err(unusable("no private key found"))
    }

    /// PKCS#8, encrypted or not, PKCS#1 or SEC 1: told apart by what parses.
    fn from_der(bytes: &[u8], passphrase: &Passphrase) -> Result<Self> {
        if let Some(refusal) = container::refusal(bytes) {
            return Err(refusal);
        }
        if let Ok(encrypted) = EncryptedPrivateKeyInfo::from_der(bytes) {
            let plain = encrypted.decrypt(passphrase.get()?).map_err(|error| {
                unusable(format!("the key cannot be decrypted: {error}"))
                    .hint("is the passphrase right?")
            })?;
            return Self::from_pkcs8(plain.as_bytes());
        }
        if let Some(failure) = container::unknown_cipher(bytes) {
            return Err(failure);
        }
        if let Ok(key) = RsaPrivateKey::from_pkcs1_der(bytes) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::SecretKey::from_sec1_der(bytes) {
            return Ok(Self::P256(key.into()));
        }
        if let Ok(key) = p384::SecretKey::from_sec1_der(bytes) {
            return Ok(Self::P384(key.into()));
        }
        Self::from_pkcs8(bytes)
    }

    fn from_pkcs8(bytes: &[u8]) -> Result<Self> {
        if let Ok(key) = RsaPrivateKey::from_pkcs8_der(bytes) {
            return Ok(Self::Rsa(Box::new(key)));
        }
        if let Ok(key) = p256::ecdsa::SigningKey::from_pkcs8_der(bytes) {
            return Ok(Self::P256(key));
        }
        if let Ok(key) = p384::ecdsa::SigningKey::from_pkcs8_der(bytes) {
            return Ok(Self::P384(key));
        }
        let other = PrivateKeyInfo::from_der(bytes);
        if other.is_ok_and(|key| Scheme::of_ml_dsa(key.algorithm.oid).is_some()) {
            let key = SecretDocument::try_from(bytes);
            return key
                .map(Self::MlDsa)
                .map_err(|error| unusable(error.to_string()));
        }
        Err(unusable(
            "neither a key of RSA, nor of ECDSA on P-256 or P-384, nor of ML-DSA",
        ))
    }

    /// Signs a text, with SHA-256 unless the scheme is ML-DSA.
    pub fn sign(&self, text: &[u8], scheme: Scheme) -> Result<Vec<u8>> {
        let failed = |error| unusable(format!("signing failed: {error}"));
        let digest = Sha256::digest(text);
        match self {
            Self::Rsa(key) => {
                let key = pkcs1v15::SigningKey::<Sha256>::new(RsaPrivateKey::clone(key));
                let mut random = rsa::rand_core::OsRng;
                let signature = key.try_sign_with_rng(&mut random, text).map_err(failed)?;
                Ok(signature.to_vec())
            }
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature =
                    key.sign_prehash(&digest).map_err(failed)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature =
                    key.sign_prehash(&digest).map_err(failed)?;
                Ok(signature.to_der().as_bytes().to_vec())
            }
            Self::MlDsa(key) => openssl::sign_whole(key.as_bytes(), text),
            Self::Uri { uri, passphrase } => {
                openssl::sign(uri, passphrase.as_deref(), text, scheme)
            }
        }
    }
}
