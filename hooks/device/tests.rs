// SPDX-License-Identifier: GPL-2.0-only

//! Reports of dm-verity in many orders, and the properties that a decision finds then.

#[kernel::prelude::kunit_tests(ipe_hooks_device)]
mod cases {
    use super::super::*;
    use kernel::sync::{
        Arc,
        Completion, //
    };
    use kernel::time::{
        Delta,
        Instant,
        Monotonic, //
    };
    use kernel::workqueue;

    const OLD: [u8; 32] = [1; 32];
    const NEW: [u8; 32] = [2; 32];

    fn sha256(digest: &[u8]) -> DeviceIntegrity<'_> {
        DeviceIntegrity::Roothash {
            algorithm: c"sha256",
            digest,
        }
    }

    /// Whether all of this, and no more, is known.
    fn knows(blob: &DeviceBlob, roothash: Option<&[u8]>, signed: bool) -> bool {
        let guard = rcu::read_lock();
        blob.roothash(&guard).map(|known| known.bytes()) == roothash && blob.is_signed() == signed
    }

    fn signed() -> Result<DeviceBlob> {
        let blob: DeviceBlob = pin_init::zeroed();
        blob.set(sha256(&OLD), VerityChecks::Always)?;
        blob.set(
            DeviceIntegrity::RoothashSignature(true),
            VerityChecks::Always,
        )?;
        Ok(blob)
    }

    #[test]
    fn new_device_has_no_property() {
        assert!(knows(&pin_init::zeroed(), None, false));
    }

    #[test]
    fn second_report_takes_the_signature_back() -> Result {
        let blob = signed()?;
        assert!(knows(&blob, Some(&OLD), true));
        blob.set(
            DeviceIntegrity::RoothashSignature(false),
            VerityChecks::Always,
        )?;
        assert!(knows(&blob, Some(&OLD), false));
        Ok(())
    }

    #[test]
    fn repeated_root_hash_stays_signed() -> Result {
        let blob = signed()?;
        blob.set(sha256(&OLD), VerityChecks::Always)?;
        assert!(knows(&blob, Some(&OLD), true));
        Ok(())
    }

    #[test]
    fn new_root_hash_is_not_signed() -> Result {
        let blob = signed()?;
        blob.set(sha256(&NEW), VerityChecks::Always)?;
        assert!(knows(&blob, Some(&NEW), false));
        // Neither is one with the same bytes, made otherwise.
        let blob = signed()?;
        blob.set(
            DeviceIntegrity::Roothash {
                algorithm: c"sm3",
                digest: &OLD,
            },
            VerityChecks::Always,
        )?;
        assert!(knows(&blob, Some(&OLD), false));
        Ok(())
    }

    #[test]
    fn root_hash_of_an_unknown_algorithm_is_not_kept() -> Result {
        for (algorithm, digest) in [
            (c"crc32c", &OLD[..4]),
            (c"", &OLD[..]),
            (c"sha256", &OLD[..31]),
            (c"sha256", &[]),
            (c"sha512", &OLD[..]),
        ] {
            let blob = signed()?;
            blob.set(
                DeviceIntegrity::Roothash { algorithm, digest },
                VerityChecks::Always,
            )?;
            assert!(knows(&blob, None, false));
            // Its signature counts all the same.
            blob.set(
                DeviceIntegrity::RoothashSignature(true),
                VerityChecks::Always,
            )?;
            assert!(knows(&blob, None, true));
        }
        Ok(())
    }

    #[test]
    fn volume_that_ignores_corruption_has_no_property() -> Result {
        for before in [signed()?, pin_init::zeroed()] {
            before.set(sha256(&OLD), VerityChecks::Never)?;
            assert!(knows(&before, None, false));
            before.set(
                DeviceIntegrity::RoothashSignature(true),
                VerityChecks::Never,
            )?;
            assert!(knows(&before, None, false));
        }
        Ok(())
    }

    #[test]
    fn volume_that_checks_once_keeps_its_properties() -> Result {
        let blob: DeviceBlob = pin_init::zeroed();
        blob.set(sha256(&OLD), VerityChecks::Once)?;
        blob.set(DeviceIntegrity::RoothashSignature(true), VerityChecks::Once)?;
        assert!(knows(&blob, Some(&OLD), true));
        Ok(())
    }

    #[test]
    fn removed_root_hash_leaves_no_property() -> Result {
        let blob = signed()?;
        blob.set(DeviceIntegrity::RoothashGone, VerityChecks::Always)?;
        assert!(knows(&blob, None, false));
        Ok(())
    }

    /// Waits until the condition is true, without sleeping: an RCU section may be open.
    fn becomes_true(limit: Delta, condition: impl Fn() -> bool) -> bool {
        let start = Instant::<Monotonic>::now();
        while !condition() {
            if start.elapsed() > limit {
                return false;
            }
            core::hint::spin_loop();
        }
        true
    }

    /// The new root hash comes on another CPU while a decision is made on this one.
    #[test]
    fn decision_never_sees_the_signature_of_another_volume() -> Result {
        if kernel::cpu::nr_cpu_ids() < 2 {
            pr_info!("not tried on one CPU\n");
            return Ok(());
        }
        let blob = Arc::new(signed()?, GFP_KERNEL)?;
        let done = Arc::pin_init(Completion::new(), GFP_KERNEL)?;

        let (changing, changed) = (blob.clone(), done.clone());
        let guard = rcu::read_lock();
        // The decision asks for the signature first...
        let found = knows(&blob, Some(&OLD), true);
        workqueue::system_unbound().try_spawn(GFP_ATOMIC, move || {
            // A failure leaves the old root hash, which is found below.
            let _ = changing.set(sha256(&NEW), VerityChecks::Always);
            changed.complete_all();
        })?;
        let taken_back = becomes_true(Delta::from_secs(5), || !blob.is_signed());
        // ...and then for the root hash.
        let mixed = becomes_true(Delta::from_millis(200), || {
            blob.roothash(&guard)
                .is_some_and(|known| known.bytes() == NEW)
        });
        drop(guard);
        done.wait_for_completion();

        assert!(found);
        assert!(taken_back);
        assert!(!mixed);
        assert!(knows(&blob, Some(&NEW), false));
        Ok(())
    }
}
