// SPDX-License-Identifier: GPL-2.0-only

//! Deployment, against a model of the kernel's files.

mod common;

use common::{model::Model, owner::Owner, succeeds};
use ipe_policy::policy::Algorithm;
use ipectl::{
    command::{
        activate::activate,
        consequence::Options as Change,
        delete::delete,
        deploy::{self, Message, Options},
        enforce::{enforce, Mode},
        rules,
        seal::seal,
        status::show,
    },
    device::Files,
    failure::{Class, Failure, Status},
    object::{Digest, Object},
    output::Output,
    running::Program,
    source::Source,
};
use std::{fs, os::unix::ffi::OsStrExt, path::Path};

const MESSAGE: &[u8] = include_bytes!("fixtures/device/good.p7b");

fn deploy(model: &Model, options: Options<'_>) -> Result<String, Failure> {
    let source = Source::parse(Path::new("good.p7b"), MESSAGE)?;
    let mut text = Vec::new();
    deploy::deploy(
        model,
        &source,
        &Message::Signed(MESSAGE.to_vec()),
        options,
        &mut Output::new(&mut text, false, false),
    )?;
    Ok(String::from_utf8(text).unwrap())
}

fn written(model: &Model) -> Vec<String> {
    let writes = model.writes.borrow();
    writes.iter().map(|(file, _)| file.clone()).collect()
}

#[test]
fn new_policy_is_loaded_and_activated() {
    let model = Model::default();
    let said = deploy(&model, Options::default()).unwrap();
    assert_eq!(said, "good 1.2.3: loaded\ngood 1.2.3: active\n");
    assert_eq!(written(&model), ["new_policy", "policies/good/active"]);
    assert_eq!(model.writes.borrow()[0].1, MESSAGE.len());

    let said = deploy(&model, Options::default()).unwrap();
    assert_eq!(
        said,
        "good 1.2.3: already loaded\ngood 1.2.3: already active\n"
    );
    assert_eq!(model.writes.borrow().len(), 2);
}

#[test]
fn new_version_is_loaded() {
    let model = Model::with("good", "1.2.2");
    let said = deploy(&model, Options::default()).unwrap();
    assert_eq!(said, "good 1.2.3: loaded\ngood 1.2.3: already active\n");
    assert_eq!(written(&model), ["policies/good/update"]);
}

#[test]
fn no_activate_keeps_the_active_policy() {
    let model = Model::with("other", "1.0.0");
    let options = Options {
        no_activate: true,
        ..Options::default()
    };
    assert_eq!(deploy(&model, options).unwrap(), "good 1.2.3: loaded\n");
    assert_eq!(model.active.borrow().as_deref(), Some("other"));
}

#[test]
fn versions_are_compared_before_anything_is_written() {
    for (name, version) in [("good", "1.2.3"), ("good", "1.10.0")] {
        let model = Model::with(name, version);
        let failure = deploy(&model, Options::default()).unwrap_err();
        assert_eq!(failure.class, Class::Refused);
        assert!(failure.message.contains(version), "{failure}");
        assert!(written(&model).is_empty());
    }
    let model = Model::with("other", "2.0.0");
    let failure = deploy(&model, Options::default()).unwrap_err();
    assert!(
        failure.message.contains("other 2.0.0 is active"),
        "{failure}"
    );
    assert!(written(&model).is_empty());
}

#[test]
fn dry_run_writes_nothing() {
    let model = Model::default();
    let options = Options {
        dry_run: true,
        ..Options::default()
    };
    let said = deploy(&model, options).unwrap();
    assert!(said.contains("bytes to ipe/new_policy"), "{said}");
    assert!(
        said.contains("would write 1 to ipe/policies/good/active"),
        "{said}"
    );
    assert!(written(&model).is_empty());
}

#[test]
fn refusals_are_explained() {
    for (refusal, says) in [
        (libc::ENOKEY, "CN=Owner"),
        (libc::EKEYREJECTED, "EKEYREJECTED"),
        (libc::EBADMSG, "EBADMSG"),
        (libc::EPERM, "CAP_MAC_ADMIN"),
    ] {
        let model = Model::default();
        model.refuse.set(Some(refusal));
        let failure = deploy(&model, Options::default()).unwrap_err();
        assert_eq!(failure.class, Class::Refused);
        assert!(failure.message.contains(says), "{failure}");
        assert!(failure.hint.is_some());
    }
}

#[test]
fn sealed_machine_says_so() {
    let model = Model::with("Start", "1.0.0");
    let mut text = Vec::new();
    let mut out = Output::new(&mut text, false, false);

    let failure = seal(&model, false, &mut out).unwrap_err();
    assert!(
        failure.message.contains("not enforced (EINVAL)"),
        "{failure}"
    );
    enforce(&model, Mode::On, Change::default(), &mut out).unwrap();
    seal(&model, true, &mut out).unwrap();
    assert!(!model.sealed.get());
    seal(&model, false, &mut out).unwrap();
    assert!(model.sealed.get());
    let failure = enforce(&model, Mode::Off, Change::default(), &mut out).unwrap_err();
    assert!(failure.message.contains("IPE is sealed"), "{failure}");
    show(&model, &mut out).unwrap();
    let said = String::from_utf8(text).unwrap();
    assert!(
        said.contains("IPE: sealed until the next boot\nmode     enforcing, sealed until"),
        "{said}"
    );
}

#[test]
fn rules_are_listed_once_somebody_has_asked() {
    let model = Model::with("Start", "1.0.0");
    let mut text = Vec::new();
    let mut out = Output::new(&mut text, false, false);

    let failure = rules::show(&model, "Start", &mut out).unwrap_err();
    assert!(failure.message.contains("(ENODATA)"), "{failure}");
    rules::note(&model, "Start", true, true, &mut out).unwrap();
    assert!(!model.noted.get());
    rules::note(&model, "Start", true, false, &mut out).unwrap();
    assert!(model.noted.get());
    rules::show(&model, "Start", &mut out).unwrap();
    rules::note(&model, "Start", false, false, &mut out).unwrap();
    assert!(!model.noted.get());
    assert!(rules::show(&model, "Other", &mut out).is_err());
    let said = String::from_utf8(text).unwrap();
    assert!(
        said.contains("are noted\n4:3: op=FIRMWARE action=ALLOW\nStart 1.0.0: nothing is noted"),
        "{said}"
    );
}

#[test]
fn activate_delete_and_enforce_write_to_the_kernel() {
    let model = Model::with("Start", "1.0.0");
    let no_activate = Options {
        no_activate: true,
        ..Options::default()
    };
    deploy(&model, no_activate).unwrap();
    let mut text = Vec::new();
    let mut out = Output::new(&mut text, false, false);

    let failure = delete(&model, "Start", false, &mut out).unwrap_err();
    assert!(
        failure.message.contains("the policy is active"),
        "{failure}"
    );
    let go = Change::default();
    activate(&model, "good", go, &mut out).unwrap();
    let failure = activate(&model, "Start", go, &mut out).unwrap_err();
    assert!(
        failure.message.contains("good 1.2.3 is active"),
        "{failure}"
    );
    delete(&model, "Start", false, &mut out).unwrap();
    assert_eq!(model.policies().unwrap(), ["good"]);
    enforce(&model, Mode::On, go, &mut out).unwrap();
    assert!(model.enforce.get());
    enforce(&model, Mode::Off, go, &mut out).unwrap();
    assert!(!model.enforce.get());
    let said = String::from_utf8(text).unwrap();
    assert!(
        said.ends_with("mode: enforcing\nmode: permissive, denials are only recorded\n"),
        "{said}"
    );
}

/// Deploys a message, and returns the status and what is said.
fn deploy_message(model: &Model, message: &[u8], options: Options<'_>) -> (Status, String) {
    let source = Source::parse(Path::new("p.p7b"), message).unwrap();
    let mut text = Vec::new();
    let mut out = Output::new(&mut text, false, false);
    let message = Message::Signed(message.to_vec());
    let status = deploy::deploy(model, &source, &message, options, &mut out).unwrap();
    (status, String::from_utf8(text).unwrap())
}

/// Deploys the file of a policy that is not signed.
fn deploy_file(model: &Model, text: &str, options: Options<'_>) -> Result<String, Failure> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("p.pol");
    fs::write(&path, text).unwrap();
    let source = Source::read(&path)?;
    let message = Message::Path([path.as_os_str().as_bytes(), b"\n"].concat());
    let mut said = Vec::new();
    let mut out = Output::new(&mut said, false, false);
    deploy::deploy(model, &source, &message, options, &mut out)?;
    Ok(String::from_utf8(said).unwrap())
}

const UNSIGNED: &str = "policy_name=plain policy_version=1.0.0\nDEFAULT action=ALLOW\n";

#[test]
fn file_is_named_to_the_kernel() {
    let model = Model::default();
    let said = deploy_file(&model, UNSIGNED, Options::default()).unwrap();
    assert_eq!(said, "plain 1.0.0: loaded\nplain 1.0.0: active\n");
    assert_eq!(written(&model), ["new_policy", "policies/plain/active"]);
    // The same again changes nothing, and a higher version is an update.
    let said = deploy_file(&model, UNSIGNED, Options::default()).unwrap();
    assert!(said.starts_with("plain 1.0.0: already loaded\n"), "{said}");
    let newer = UNSIGNED.replace("1.0.0", "1.0.1");
    let said = deploy_file(&model, &newer, Options::default()).unwrap();
    assert_eq!(said, "plain 1.0.1: loaded\nplain 1.0.1: already active\n");
    let failure = deploy_file(&model, UNSIGNED, Options::default()).unwrap_err();
    assert!(!failure.to_string().contains("sign"), "{failure}");
}

#[test]
fn refusals_of_files_are_explained() {
    for (code, wanted) in [
        (libc::EACCES, "does not allow the file as a policy"),
        (libc::EBADMSG, "takes no path"),
        (libc::ETXTBSY, "for writing"),
        (libc::EFBIG, "16 MiB"),
        (libc::EPERM, "CAP_MAC_ADMIN"),
    ] {
        let model = Model::default();
        model.refuse.set(Some(code));
        let failure = deploy_file(&model, UNSIGNED, Options::default()).unwrap_err();
        assert!(failure.to_string().contains(wanted), "{failure}");
    }
}

#[test]
fn signed_policy_is_not_named_to_the_kernel() {
    let source = Source::parse(Path::new("good.p7b"), MESSAGE).unwrap();
    let mut text = Vec::new();
    let mut out = Output::new(&mut text, false, false);
    let message = Message::Path(b"/good.p7b\n".to_vec());
    let model = Model::default();
    let options = Options::default();
    let failure = deploy::deploy(&model, &source, &message, options, &mut out).unwrap_err();
    assert!(failure.to_string().contains("signed"), "{failure}");
    assert!(written(&model).is_empty());
}

fn enforcing() -> Model {
    let model = Model::default();
    model.enforce.set(true);
    model
}

#[test]
fn policy_that_denies_everything_needs_a_yes() {
    let owner = Owner::rsa();
    let (policy, output) = (owner.path("nothing.pol"), owner.path("nothing.p7b"));
    let (key, crt) = (owner.path("key.pem"), owner.path("crt.pem"));
    let text = "policy_name=nothing policy_version=1.0.0\nDEFAULT action=DENY\n";
    std::fs::write(&policy, text).unwrap();
    succeeds(&["sign", &policy, "-k", &key, "-c", &crt, "-o", &output]);
    let message = std::fs::read(&output).unwrap();

    let model = enforcing();
    let (status, said) = deploy_message(&model, &message, Options::default());
    assert_eq!(status, Status::Findings);
    assert!(said.contains("no program starts"), "{said}");
    assert!(said.contains("nothing was written; --yes"), "{said}");
    assert!(written(&model).is_empty());

    let yes = Options {
        yes: true,
        ..Options::default()
    };
    let dry_run = Options {
        dry_run: true,
        ..Options::default()
    };
    let no_activate = Options {
        no_activate: true,
        ..Options::default()
    };
    // A permissive machine goes on, so it is only told.
    for (model, options, writes, warns) in [
        (enforcing(), yes, 2, true),
        (enforcing(), dry_run, 0, true),
        (enforcing(), no_activate, 1, false),
        (Model::default(), Options::default(), 2, true),
    ] {
        let (status, said) = deploy_message(&model, &message, options);
        assert_eq!(status, Status::Ok, "{said}");
        assert_eq!(said.contains("no program starts"), warns, "{said}");
        assert_eq!(written(&model).len(), writes, "{said}");
    }
}

#[test]
fn policy_that_denies_the_running_system_needs_a_yes() {
    let program = |path: &str, of_init, processes, dmverity_signature| Program {
        path: path.to_owned(),
        of_init,
        processes,
        object: Object {
            dmverity_signature,
            ..Object::default()
        },
    };
    let fine = [
        program("/usr/lib/systemd/systemd", true, 1, true),
        program("/opt/agent", false, 2, false),
    ];
    let options = Options {
        running: &fine,
        ..Options::default()
    };
    let model = enforcing();
    let (status, said) = deploy_message(&model, MESSAGE, options);
    assert_eq!(
        said,
        "warning: EXECUTE of /opt/agent would be denied; it is executed by 2 processes now\n\
         good 1.2.3: loaded\ngood 1.2.3: active\n"
    );
    assert_eq!((status, written(&model).len()), (Status::Ok, 2));

    let broken = [program("/sbin/init", true, 1, false)];
    let options = Options {
        running: &broken,
        ..Options::default()
    };
    let model = enforcing();
    let (status, said) = deploy_message(&model, MESSAGE, options);
    assert_eq!((status, written(&model).len()), (Status::Findings, 0));
    assert!(
        said.contains("/sbin/init is executed by process 1"),
        "{said}"
    );
    let yes = Options {
        yes: true,
        ..options
    };
    let (status, _) = deploy_message(&model, MESSAGE, yes);
    assert_eq!((status, written(&model).len()), (Status::Ok, 2));
}

/// What a rule about the command line names is on the machine, not in the policy.
#[test]
fn policy_is_asked_with_the_command_line_of_the_machine() {
    const TEXT: &str = "policy_name=root policy_version=1.2.3\nDEFAULT action=DENY\n\
                        op=EXECUTE dmverity_roothash=cmdline:roothash action=ALLOW\n";
    let owner = Owner::rsa();
    let (policy, output) = (owner.path("root.pol"), owner.path("root.p7b"));
    let (key, crt) = (owner.path("key.pem"), owner.path("crt.pem"));
    std::fs::write(&policy, TEXT).unwrap();
    succeeds(&["sign", &policy, "-k", &key, "-c", &crt, "-o", &output]);
    let message = std::fs::read(&output).unwrap();
    let root = Digest::new(Algorithm::Sha256, &[0x5a; 32]);
    let init = [Program {
        path: "/sbin/init".to_owned(),
        of_init: true,
        processes: 1,
        object: Object {
            dmverity_roothash: root,
            ..Object::default()
        },
    }];
    let this = format!("ro roothash={} quiet", "5a".repeat(32));
    let other = format!("ro roothash={} quiet", "5b".repeat(32));
    for (line, expected) in [
        (Some(this.as_bytes()), Status::Ok),
        (Some(other.as_bytes()), Status::Findings),
        (Some(&b"ro quiet"[..]), Status::Findings),
        (None, Status::Findings),
    ] {
        let options = Options {
            running: &init,
            command_line: line,
            ..Options::default()
        };
        let (status, said) = deploy_message(&enforcing(), &message, options);
        assert_eq!(status, expected, "{line:?}: {said}");
    }
}

#[test]
fn activation_and_enforcement_of_a_useless_policy_need_a_yes() {
    let broken = [Program {
        path: "/sbin/init".to_owned(),
        of_init: true,
        processes: 1,
        object: Object::default(),
    }];
    let no = Change {
        running: &broken,
        ..Change::default()
    };
    let yes = Change { yes: true, ..no };
    let no_activate = Options {
        no_activate: true,
        ..Options::default()
    };
    let say = |change: &dyn Fn(&mut Output<'_>) -> Result<Status, Failure>| {
        let mut text = Vec::new();
        let status = change(&mut Output::new(&mut text, false, false)).unwrap();
        (status, String::from_utf8(text).unwrap())
    };

    let model = enforcing();
    deploy(&model, no_activate).unwrap();
    let (status, said) = say(&|out| activate(&model, "good", no, out));
    assert_eq!(status, Status::Findings, "{said}");
    assert!(
        said.contains("/sbin/init is executed by process 1"),
        "{said}"
    );
    assert_eq!(*model.active.borrow(), None);
    let (status, _) = say(&|out| activate(&model, "good", yes, out));
    assert_eq!(status, Status::Ok);
    assert_eq!(model.active.borrow().as_deref(), Some("good"));

    // A permissive machine goes on, until it enforces.
    let model = Model::default();
    deploy(&model, no_activate).unwrap();
    let (status, said) = say(&|out| activate(&model, "good", no, out));
    assert_eq!(status, Status::Ok);
    assert!(said.contains("warning: "), "{said}");
    let (status, said) = say(&|out| enforce(&model, Mode::On, no, out));
    assert_eq!(status, Status::Findings, "{said}");
    assert!(!model.enforce.get());
    let (status, _) = say(&|out| enforce(&model, Mode::Off, no, out));
    assert_eq!(status, Status::Ok);
    let (status, _) = say(&|out| enforce(&model, Mode::On, yes, out));
    assert_eq!(status, Status::Ok);
    assert!(model.enforce.get());
}
