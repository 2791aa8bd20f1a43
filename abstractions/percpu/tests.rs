// SPDX-License-Identifier: GPL-2.0-only

//! Counters of each CPU.

#[kernel::prelude::kunit_tests(ipe_abstractions_percpu)]
mod cases {
    use super::super::*;

    #[test]
    fn each_counter_counts_for_itself() -> Result {
        let counters = Counters::<3>::new()?;
        assert_eq!(counters.sums(), [0, 0, 0]);
        for index in [2, 0, 2] {
            counters.count(index);
        }
        assert_eq!(counters.sums(), [1, 0, 2]);
        Ok(())
    }

    #[test]
    fn counter_that_is_not_there_counts_nothing() -> Result {
        let counters = Counters::<2>::new()?;
        counters.count(2);
        counters.count(usize::MAX);
        assert_eq!(counters.sums(), [0, 0]);
        Ok(())
    }
}
