//! Work that is what it says: on a number, on bytes, on files.

use kdl::KdlNode;

use super::super::Checker;
use super::super::node::arg;
use super::super::number::{BYTES, PRIMES};
use crate::program::{Real, Step};

impl Checker {
    pub(super) fn real(&mut self, node: &KdlNode, word: &str) -> Option<Step> {
        let first = arg(node, 0);
        let work = match word {
            "primes" => Real::Primes(self.number(first?, PRIMES)?.expr),
            "hash" => match first {
                Some(entry) => Real::Hash(Some(self.number(entry, BYTES)?.expr)),
                None => Real::Hash(None),
            },
            "write-file" => Real::WriteFile(self.number(first?, BYTES)?.expr),
            "read-file" => Real::ReadFile,
            _ => Real::Grayscale,
        };
        Some(Step::Real(work))
    }
}
