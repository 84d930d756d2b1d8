//! Work that steps do: CPU time, primes, pictures, and text templates.

pub mod cpu_work;
pub mod picture;
pub mod picture_paths;
pub mod sieve;
pub mod template;
