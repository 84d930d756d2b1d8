//! What workers do with what they share, one family of steps a file.

mod queue;
mod signal;
mod test;
