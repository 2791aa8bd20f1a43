// SPDX-License-Identifier: GPL-2.0-only

//! Tests by KUnit.

use crate::bindings;
use core::ffi::CStr;

pub use ::kernel::kunit::*;

/// The result of a test.
pub trait TestResult {
    #[doc(hidden)]
    fn is_ok(&self) -> bool;
}

impl TestResult for () {
    fn is_ok(&self) -> bool {
        true
    }
}

impl<T, E> TestResult for Result<T, E> {
    fn is_ok(&self) -> bool {
        self.is_ok()
    }
}

/// For `kunit_tests`: whether a test has ended well.
#[doc(hidden)]
pub fn is_test_result_ok(result: impl TestResult) -> bool {
    result.is_ok()
}

/// For `kunit_tests`: a case in C's form.
#[doc(hidden)]
pub const fn kunit_case(
    name: &'static CStr,
    run: unsafe extern "C" fn(*mut bindings::kunit),
) -> bindings::kunit_case {
    let mut case: bindings::kunit_case = pin_init::zeroed();
    case.name = name.as_ptr().cast();
    case.run_case = Some(run);
    case.module_name = c"ipe".as_ptr().cast_mut().cast();
    case
}

/// For `kunit_tests`: a suite in C's form. The cases end with one that is all zero.
#[doc(hidden)]
pub const fn kunit_suite(
    name: &'static CStr,
    cases: *mut bindings::kunit_case,
) -> bindings::kunit_suite {
    let mut suite: bindings::kunit_suite = pin_init::zeroed();
    let name = name.to_bytes();
    let mut index = 0;
    while index < name.len() {
        suite.name[index] = name[index];
        index += 1;
    }
    suite.test_cases = cases;
    suite
}
