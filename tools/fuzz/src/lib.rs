// SPDX-License-Identifier: GPL-2.0-only

//! Shared by the fuzz targets.

#[expect(missing_docs, reason = "the tests on the host have it for themselves")]
#[path = "../../policy/tests/common/mod.rs"]
pub mod common;
pub mod naive;
pub mod naive_line;
pub mod objects;
