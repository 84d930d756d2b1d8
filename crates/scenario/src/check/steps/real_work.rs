//! Steps that do real work: on bytes and on the task's file.

use kdl::KdlNode;

use super::{Checker, arg, args};
use crate::check::number_rule::BYTES;
use crate::program::{RealWork, Step};

/// Longer side of a thumbnail, in pixels.
pub(in crate::check) const PIXELS: (i64, i64) = (1, 4_096);

impl Checker {
    /// `hash "64KiB"`, or `hash` for the task's file.
    pub(in crate::check) fn hash_step(&mut self, node: &KdlNode) -> Option<Step> {
        let bytes = match arg(node, 0) {
            Some(entry) => Some(self.number(entry, BYTES)?.expr),
            None => None,
        };
        Some(Step::RealWork(RealWork::Hash(bytes)))
    }

    pub(in crate::check) fn thumbnail_step(&mut self, node: &KdlNode) -> Option<Step> {
        let sizes: Vec<_> = args(node).map(|entry| self.integer(entry, PIXELS.0, PIXELS.1)).collect();
        let sizes: Option<Vec<u32>> = sizes.into_iter().map(|size| size.map(|size| size as u32)).collect();
        sizes.map(|sizes| Step::Thumbnail { sizes })
    }
}
