//! Where events come from: a live run. Messages out, commands in.

mod attend;
mod live;
mod mark;
mod reader;
mod sampler;
mod scratch;
mod timebase;

pub use live::{Live, StartError};
