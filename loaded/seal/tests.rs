// SPDX-License-Identifier: GPL-2.0-only

//! When the seal can be set, and what it answers.

#[kernel::prelude::kunit_tests(ipe_loaded_seal)]
mod cases {
    use super::super::*;
    use crate::loaded::tests::policy;

    #[test]
    fn open_machine_cannot_be_sealed() -> Result {
        let (seal, active) = (Seal::open(), Active::none());
        assert_eq!(seal.set(&active, true), Err(EINVAL));
        drop(active.activate(&policy!("a", "1.0.0")?)?);
        assert_eq!(seal.set(&active, false), Err(EINVAL));
        assert!(!seal.is_set());
        assert_eq!(seal.check(), Ok(()));
        Ok(())
    }

    #[test]
    fn seal_stays() -> Result {
        let (seal, active) = (Seal::open(), Active::none());
        drop(active.activate(&policy!("a", "1.0.0")?)?);
        seal.set(&active, true)?;
        assert!(seal.is_set());
        assert_eq!(seal.check(), Err(EPERM));
        // A later failure does not open it.
        assert_eq!(seal.set(&active, false), Err(EINVAL));
        assert!(seal.is_set());
        Ok(())
    }
}
