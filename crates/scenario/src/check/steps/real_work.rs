//! Work that is what it says: on a number, on bytes, on files.

use kdl::KdlNode;

use super::super::Checker;
use super::super::node::arg;
use super::super::number_rule::{BYTES, PRIMES};
use crate::program::{RealWork, Step};

impl Checker {
    pub(super) fn real(&mut self, node: &KdlNode, word: &str) -> Option<Step> {
        let first = arg(node, 0);
        let work = match word {
            "primes" => RealWork::Primes(self.number(first?, PRIMES)?.expr),
            "hash" => match first {
                Some(entry) => RealWork::Hash(Some(self.number(entry, BYTES)?.expr)),
                None => RealWork::Hash(None),
            },
            "write-file" => RealWork::WriteFile(self.number(first?, BYTES)?.expr),
            "read-file" => RealWork::ReadFile,
            _ => RealWork::Grayscale,
        };
        Some(Step::RealWork(work))
    }
}
