//! Work that steps do: CPU time, primes, pictures, and text templates.

pub mod cpu_work;
#[cfg(feature = "images")]
pub mod picture;
pub mod picture_paths;
pub mod sieve;
pub mod template;
