// SPDX-License-Identifier: GPL-2.0-only

//! Vectors grow from one allocator to the other, and allocations have a limit.

#[kernel::prelude::kunit_tests(ipe_abstractions_alloc)]
mod cases {
    use super::super::*;
    use kernel::alloc::flags::{
        GFP_KERNEL,
        __GFP_NOWARN, //
    };
    use kernel::prelude::Result;

    #[test]
    fn growing_keeps_the_contents() -> Result {
        let byte = |at: usize| (at % 251) as u8;
        // It changes from one backend to the other, or stays with either.
        for first in [0, 1, PAGE_SIZE - 1, PAGE_SIZE, PAGE_SIZE + 1, 5 * PAGE_SIZE] {
            let mut vec = PageExactVec::with_capacity(first, GFP_KERNEL)?;
            for at in 0..3 * PAGE_SIZE + 2 * first {
                vec.push(byte(at), GFP_KERNEL)?;
            }
            assert!((vec.iter().enumerate()).all(|(at, &value)| value == byte(at)));
        }
        Ok(())
    }

    #[test]
    fn impossible_capacities_are_refused() {
        for length in [usize::MAX, isize::MAX as usize, 1 << 46] {
            let vec = PageExactVec::<u8>::with_capacity(length, GFP_KERNEL | __GFP_NOWARN);
            assert!(vec.is_err());
        }
    }
}
