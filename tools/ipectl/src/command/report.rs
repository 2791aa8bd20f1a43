// SPDX-License-Identifier: GPL-2.0-only

//! `ipectl report`: a page about a policy for people.

use super::properties::{resolve, Properties};
use crate::{
    check, digest,
    failure::{Result, Status},
    image, log,
    object::Object,
    output::Output,
    policy::Policy,
    replace,
    report::{Judgement, Page},
    simulate::{Knowledge, Simulation, Used},
    source::Source,
};
use clap::Args;
use std::path::PathBuf;

/// Write a page about a policy, and what it means for an image
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  $ ipectl report appliance.pol root.squashfs --dmverity-signature -o appliance.html
  $ ipectl report appliance.pol --log /var/log/audit > appliance.html
  $ ipectl report uki.pol root.squashfs --dmverity-roothash cmdline:roothash --cmdline 'roothash=…'

The page is HTML in one file, without scripts. Without an image it shows the rules and the findings of
'ipectl check'.")]
pub struct Report {
    /// The policy, as text or signed; - for standard input
    pub policy: PathBuf,

    /// A directory, a squashfs, erofs or ext4 image, an initramfs, or a unified kernel image with one
    pub image: Option<PathBuf>,

    /// The properties of all files of the image
    #[command(flatten)]
    pub properties: Properties,

    /// fs-verity will be enabled on all files of the image
    #[arg(long, conflicts_with = "fsverity_digest", requires = "image")]
    pub fsverity: bool,

    /// The partition with the files, by number or name, if the image is that of a disk
    #[arg(long, value_name = "NUMBER|NAME", requires = "image")]
    pub partition: Option<String>,

    /// Logs of recorded decisions, as for 'ipectl simulate': show which lines they use
    #[arg(long = "log", value_name = "LOG")]
    pub logs: Vec<PathBuf>,

    /// The command line of the kernel, as /proc/cmdline shows it, for rules with cmdline:
    #[arg(long, value_name = "TEXT")]
    pub cmdline: Option<String>,

    /// The output [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Report {
    /// Runs the command.
    ///
    /// # Errors
    ///
    /// The command cannot be carried out.
    pub fn run(&self, out: &mut Output<'_>) -> Result {
        let source = Source::read(&self.policy)?;
        let policy = Policy::load_for(&source, self.cmdline.as_deref().into())?;
        let report = check::check(&source, &check::Options::default());
        let mut object = self.properties.object();
        let of_volume = object.dmverity_roothash;
        object.dmverity_roothash = of_volume.map(|hash| resolve(hash, &policy)).transpose()?;
        let mut properties = named(&object);
        if self.fsverity {
            properties.push("the fs-verity digest of each".to_owned());
        }
        let judged = self.image.as_deref().map(|path| {
            let knowledge = image::Knowledge {
                object,
                fsverity: self.fsverity.then(digest::Parameters::default),
                partition: self.partition.clone(),
            };
            let files = image::judge(&policy, path, &knowledge);
            files.map(|files| (path.display().to_string(), files))
        });
        let judged = judged.transpose()?;
        let used = self.used(&source)?;
        let page = Page {
            policy: &policy,
            report: &report,
            judgement: judged.as_ref().map(|(image, files)| Judgement {
                image,
                properties,
                files,
            }),
            used: used.as_deref(),
        };
        let page = page.to_string();
        match &self.output {
            None => out.bytes(page.as_bytes())?,
            Some(path) => {
                let mut inputs = vec![("policy", self.policy.clone())];
                inputs.extend(self.image.clone().map(|image| ("image", image)));
                replace::check_distinct(path, &inputs)?;
                replace::write(path, page.as_bytes())?;
            }
        }
        Ok(Status::Ok)
    }

    /// Counts how often each line decides about the recorded accesses.
    fn used(&self, source: &Source) -> Result<Option<Vec<Used>>> {
        if self.logs.is_empty() {
            return Ok(None);
        }
        let knowledge = Knowledge::default();
        let policy = Policy::load_for(source, self.cmdline.as_deref().into())?;
        let mut simulation = Simulation::new(policy, &knowledge);
        log::read(&self.logs, |record| simulation.add(record))?;
        Ok(Some(simulation.finish().rules))
    }
}

/// The properties that an object has, as rules name them.
fn named(object: &Object) -> Vec<String> {
    let flags = [
        ("boot_verified", object.boot_verified),
        ("dmverity_signature", object.dmverity_signature),
        ("fsverity_signature", object.fsverity_signature),
    ];
    let digests = [
        ("dmverity_roothash", object.dmverity_roothash),
        ("fsverity_digest", object.fsverity_digest),
    ];
    let flags = flags.into_iter().filter(|(_, value)| *value);
    let digests = digests
        .into_iter()
        .filter_map(|(name, digest)| Some(format!("{name}={}", digest?)));
    flags
        .map(|(name, _)| format!("{name}=TRUE"))
        .chain(digests)
        .collect()
}
