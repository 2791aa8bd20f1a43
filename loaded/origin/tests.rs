// SPDX-License-Identifier: GPL-2.0-only

//! Whether the permission for a file is still valid.

#[kernel::prelude::kunit_tests(ipe_loaded_origin)]
mod cases {
    use super::super::*;
    use crate::loaded::tests::{
        origin,
        policy, //
    };

    fn check(origin: &Origin, active: &Active) -> Result {
        origin.check(active).map_err(|refusal| refusal.errno())
    }

    #[test]
    fn permission_is_that_of_the_active_policy() -> Result {
        let (active, policy) = (Active::none(), policy!("a", "1.0.0")?);
        let origin = origin(&policy, 0)?;
        assert_eq!(check(&origin, &active), Err(EACCES));
        drop(active.activate(&policy)?);
        check(&origin, &active)
    }

    #[test]
    fn permission_ends_with_the_policy_that_gave_it() -> Result {
        let (active, old) = (Active::none(), policy!("a", "1.0.0")?);
        drop(active.activate(&old)?);
        let origin = origin(&old, 0)?;
        check(&origin, &active)?;
        // An equal one is another one.
        let equal = policy!("a", "1.0.0")?;
        drop(active.activate(&equal)?);
        assert_eq!(check(&origin, &active), Err(EACCES));
        Ok(())
    }
}
