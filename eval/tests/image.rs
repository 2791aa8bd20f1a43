// SPDX-License-Identifier: GPL-2.0-only

//! Decisions by the fs-verity digest of an image.

#[cfg_attr(
    CONFIG_SECURITY_IPE_KUNIT_TEST,
    kernel::prelude::kunit_tests(ipe_eval_image)
)]
mod cases {
    use super::super::*;

    /// The property with a digest.
    macro_rules! image {
        (d0) => {
            concat!("metadata_backing_file_fsverity_digest=", digits!("a"))
        };
        (d1) => {
            concat!("metadata_backing_file_fsverity_digest=", digits!("b"))
        };
    }

    /// An object on an image.
    fn on_image(digest: [u8; 32]) -> Properties {
        Properties {
            image_digest: Some((Algorithm::Sha256, digest)),
            ..Properties::default()
        }
    }

    #[test]
    fn digest_of_the_image_is_found() {
        let text = rules!("op=EXECUTE ", image!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &on_image(D0)), allowed_by(1));
        assert_eq!(execute(text, &on_image(D1)), denied());
        assert_eq!(execute(text, &Properties::default()), denied());
        let module = Some(Operation::KernelModule);
        assert_eq!(decide_about(text, module, &on_image(D0)), denied());
    }

    #[test]
    fn digests_of_file_and_image_are_not_confused() {
        let text = rules!("op=EXECUTE ", image!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &with_digest(D0)), denied());
        assert_eq!(execute(text, &with_roothash(D0)), denied());
        let text = rules!("op=EXECUTE ", fsverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &on_image(D0)), denied());
        let text = rules!("op=EXECUTE ", dmverity!(d0), " action=ALLOW\n");
        assert_eq!(execute(text, &on_image(D0)), denied());
    }

    #[test]
    fn algorithm_must_be_the_same() {
        let text = rules!("op=EXECUTE ", image!(d0), " action=ALLOW\n");
        let object = Properties {
            image_digest: Some((Algorithm::Blake2s256, D0)),
            ..Properties::default()
        };
        assert_eq!(execute(text, &object), denied());
    }

    #[test]
    fn flags_beside_the_digest_count() {
        let text = rules!(
            "op=EXECUTE ",
            image!(d0),
            " dmverity_signature=TRUE action=ALLOW\n"
        );
        assert_eq!(execute(text, &on_image(D0)), denied());
        let signed = Properties {
            dmverity_signature: true,
            ..on_image(D0)
        };
        assert_eq!(execute(text, &signed), allowed_by(1));
    }

    #[test]
    fn first_rule_decides_among_all_digests() {
        let text = rules!(
            "op=EXECUTE ",
            image!(d1),
            " action=DENY\n",
            "op=EXECUTE ",
            fsverity!(d0),
            " action=ALLOW\n",
            "op=EXECUTE ",
            image!(d0),
            " action=DENY\n",
            "op=EXECUTE boot_verified=FALSE action=ALLOW\n",
            "op=EXECUTE ",
            dmverity!(d0),
            " action=DENY\n",
        );
        let with_all = |image| Properties {
            image_digest: Some((Algorithm::Sha256, image)),
            ..with_both(D0, D0)
        };
        assert_eq!(execute(text, &with_all(D0)), allowed_by(2));
        assert_eq!(execute(text, &with_all(D1)), denied_by(1));
        assert_eq!(execute(text, &on_image(D0)), denied_by(3));
        assert_eq!(execute(text, &Properties::default()), allowed_by(4));
    }

    #[test]
    fn digest_is_asked_for_only_where_it_matters() {
        let late = rules!(
            "op=EXECUTE boot_verified=FALSE action=ALLOW\n",
            "op=EXECUTE ",
            image!(d0),
            " action=DENY\n",
        );
        let object = on_image(D0);
        assert_eq!(execute(late, &object), allowed_by(1));
        assert_eq!(object.image_asked.get(), 0);
        let early = rules!("op=EXECUTE ", image!(d0), " action=DENY\n");
        assert_eq!(execute(early, &object), denied_by(1));
        assert_eq!(object.image_asked.get(), 1);
        assert_eq!(object.digest_asked.get(), 0);
        assert_eq!(object.roothash_asked.get(), 0);
    }

    #[test]
    fn memory_has_the_digest_of_its_program() {
        let text = rules!(
            "op=EXECUTE ",
            image!(d0),
            " action=DENY\n",
            "op=EXECUTE anonymous_memory=TRUE exe_",
            image!(d0),
            " action=ALLOW\n",
        );
        let memory = |object: &Properties| {
            decide_about_class(text, Some(Operation::Execute), Class::Memory, object)
        };
        assert_eq!(memory(&on_image(D0)), allowed_by(2));
        assert_eq!(memory(&on_image(D1)), denied());
        assert_eq!(execute(text, &on_image(D0)), denied_by(1));
    }

    #[test]
    fn program_matters_where_a_rule_names_its_image() {
        let text = rules!(
            "op=EXECUTE anonymous_memory=TRUE exe_",
            image!(d0),
            " action=ALLOW\n",
        );
        let mut memory = [0; 128];
        let plan = measure(text.as_bytes(), Providers::ALL, false, &mut Deaf).ok();
        let asks = plan.and_then(|plan| {
            let words = memory.get_mut(..plan.words())?;
            Some(
                plan.emit(text.as_bytes(), words)
                    .asks_for_program(Operation::Execute),
            )
        });
        assert_eq!(asks, Some(true));
    }
}
