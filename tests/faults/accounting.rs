//! Time by state, cores and load, as the kernel counts them.
