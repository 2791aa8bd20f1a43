// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl image`: what a policy means for a root file system.

use super::properties::Properties;
use crate::{
    digest,
    failure::{Result, Status},
    image::{self, Judged, Kind},
    output::{Output, Style},
    policy::Policy,
    source::Source,
};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Show what a policy decides about a root file system
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl image appliance.pol root.squashfs --dmverity-signature
  $ ipectl image files.pol /srv/root --fsverity
  $ ipectl image apps.pol app.erofs --file
  $ ipectl image appliance.pol disk.img --partition root --dmverity-signature
  $ ipectl image start.pol /boot/initrd.img --boot-verified

Exits with 1 if a file is denied, with 4 if it has no file that IPE would judge.")]
pub struct Image {
    /// The policy, as text or signed; - for standard input
    pub policy: PathBuf,

    /// A directory, a squashfs, erofs or ext4 image, an initramfs, or a unified kernel image with one
    pub image: PathBuf,

    /// The properties of all of its files
    #[command(flatten)]
    pub properties: Properties,

    /// fs-verity will be enabled on all of its files
    #[arg(long, conflicts_with = "fsverity_digest")]
    pub fsverity: bool,

    /// The image, of EROFS, will be mounted from this file, on which fs-verity is enabled
    #[arg(long, conflicts_with_all = ["metadata_backing_file_fsverity_digest", "partition"])]
    pub file: bool,

    /// The partition with the files, by number or name, if the image is that of a disk
    #[arg(long, value_name = "NUMBER|NAME")]
    pub partition: Option<String>,

    /// List allowed files, too
    #[arg(long, short)]
    pub list: bool,
}

impl Image {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let policy = Policy::load(&Source::read(&self.policy)?)?;
        let mut object = self.properties.object();
        if self.file {
            let digest = digest::of_image(&self.image)?;
            object.image_digest = Some(digest);
        }
        let knowledge = image::Knowledge {
            object,
            fsverity: self.fsverity.then(digest::Parameters::default),
            partition: self.partition.clone(),
        };
        let judged = image::judge(&policy, &self.image, &knowledge)?;
        show(&policy, &self.image, &judged, self.list, out)
    }
}

#[derive(Serialize)]
struct Json<'a> {
    policy: String,
    image: String,
    allowed: usize,
    denied: usize,
    files: &'a [Judged],
}

/// Shows the denied files, or all of them, and a summary.
pub fn show(
    policy: &Policy,
    image: &Path,
    judged: &[Judged],
    list: bool,
    out: &mut Output<'_>,
) -> Result {
    let denied = judged.iter().filter(|file| !file.allowed).count();
    let status = if denied == 0 {
        Status::Ok
    } else {
        Status::Findings
    };
    if out.is_json() {
        out.json(
            "image",
            &Json {
                policy: policy.name(),
                image: image.display().to_string(),
                allowed: judged.len() - denied,
                denied,
                files: judged,
            },
        )?;
        return Ok(status);
    }

    for file in judged.iter().filter(|file| list || !file.allowed) {
        let (style, verdict) = if file.allowed {
            (Style::Good, "allowed")
        } else {
            (Style::Error, "denied ")
        };
        let operation = file.kind.operation().name();
        out.line(format!(
            "{} {operation:<8} {}",
            out.paint(style, verdict),
            file.path
        ))?;
    }
    if (list && !judged.is_empty()) || denied > 0 {
        out.line("")?;
    }
    out.line(format!("{:<10} {:>8} {:>8}", "", "allowed", "denied"))?;
    for kind in Kind::ALL {
        let of_kind = || judged.iter().filter(move |file| file.kind == kind);
        let allowed = of_kind().filter(|file| file.allowed).count();
        let denied = of_kind().count() - allowed;
        out.line(format!("{:<10} {allowed:>8} {denied:>8}", kind.plural()))?;
    }
    Ok(status)
}
