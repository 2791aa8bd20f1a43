// SPDX-License-Identifier: GPL-2.0-only

//! Readers while writers replace a pointer.

#[kernel::prelude::kunit_tests(ipe_abstractions_rcu)]
mod cases {
    use super::super::*;
    use core::ops::RangeInclusive;
    use kernel::prelude::*;
    use kernel::sync::{
        rcu,
        Arc,
        Completion, //
    };
    use kernel::time::{
        delay::fsleep,
        Delta,
        Instant,
        Monotonic, //
    };
    use kernel::workqueue;

    /// So many times one number that nobody could write or read them in one step.
    struct Copies([u64; 8]);

    impl Copies {
        /// The number; `None` where they are not all the same, or were dropped.
        fn number(&self) -> Option<u64> {
            let [first, ..] = self.0;
            (first != 0 && self.0.iter().all(|&copy| copy == first)).then_some(first)
        }
    }

    impl Drop for Copies {
        fn drop(&mut self) {
            self.0.fill(0);
            // A reader must see this.
            core::hint::black_box(&self.0);
        }
    }

    #[pin_data]
    struct Shared {
        pointer: RcuPointer<KBox<Copies>>,
        #[pin]
        written: Completion,
    }

    impl Shared {
        /// With 1 published.
        fn new() -> Result<Arc<Self>> {
            let shared = Arc::pin_init(
                pin_init!(Self {
                    pointer: RcuPointer::null(),
                    written <- Completion::new(),
                }),
                GFP_KERNEL,
            )?;
            shared
                .pointer
                .initialise(KBox::new(Copies([1; 8]), GFP_KERNEL)?);
            Ok(shared)
        }

        fn publish(&self, number: u64) -> Result {
            let new = KBox::new(Copies([number; 8]), GFP_KERNEL)?;
            drop(self.pointer.replace(Some(new)));
            Ok(())
        }

        /// Publishes these, one after the other, on another CPU if there is one. Any context.
        fn publish_elsewhere(self: &Arc<Self>, numbers: RangeInclusive<u64>) -> Result {
            let shared = self.clone();
            workqueue::system_unbound().try_spawn(GFP_ATOMIC, move || {
                for number in numbers {
                    // The reader misses what could not be published.
                    let _ = shared.publish(number);
                }
                shared.written.complete_all();
            })?;
            Ok(())
        }

        fn number(&self, guard: &Guard) -> Option<u64> {
            self.pointer.read(guard)?.number()
        }
    }

    #[test]
    fn old_object_lives_as_long_as_its_reader() -> Result {
        if kernel::cpu::nr_cpu_ids() < 2 {
            pr_info!("not tried on one CPU\n");
            return Ok(());
        }
        let shared = Shared::new()?;
        let guard = rcu::read_lock();
        let old = shared.pointer.read(&guard).ok_or(EINVAL)?;
        shared.publish_elsewhere(2..=2)?;
        let start = Instant::<Monotonic>::now();
        while shared.number(&guard) == Some(1) && start.elapsed() < Delta::from_secs(5) {
            core::hint::spin_loop();
        }
        let new = shared.number(&guard);
        // The writer, if it does not wait, is done with the old ones by then.
        while start.elapsed() < Delta::from_millis(200) {
            core::hint::spin_loop();
        }
        let kept = old.number();
        drop(guard);
        shared.written.wait_for_completion();

        assert_eq!(new, Some(2));
        assert_eq!(kept, Some(1));
        Ok(())
    }

    /// Also for KCSAN, which sees here whether readers and writers say that they are several.
    #[test]
    fn readers_see_the_old_or_the_new_pointer() -> Result {
        const LAST: u64 = 30;

        let shared = Shared::new()?;
        shared.publish_elsewhere(2..=LAST)?;
        let start = Instant::<Monotonic>::now();
        let mut seen = 1;
        let mut wrong = None;
        while seen < LAST && wrong.is_none() && start.elapsed() < Delta::from_secs(30) {
            for _ in 0..1000 {
                match shared.number(&rcu::read_lock()) {
                    Some(number) if number >= seen => seen = number,
                    other => wrong = Some((seen, other)),
                }
            }
            // Others want to run, too.
            fsleep(Delta::from_micros(50));
        }
        shared.written.wait_for_completion();

        assert_eq!(wrong, None);
        assert_eq!(seen, LAST);
        Ok(())
    }
}
