//! Steps that do real work.

use serde::{Deserialize, Serialize};

use crate::expr::Expr;

/// Work that is defined by its result rather than by its time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum RealWork {
    /// Counts the primes up to this number.
    Primes(Expr),
    /// Hashes this many bytes, or the task's file, by SHA-256.
    Hash(Option<Expr>),
    /// Reads the task's file.
    ReadFile,
    /// Writes a file of this many bytes, which is deleted at the end of the run.
    WriteFile(Expr),
    /// Makes a gray copy of the picture in the task's file.
    Grayscale,
}
