//! Where events come from: a live run. Messages out, commands in.

mod attend;
mod live;
mod mark;
mod reader;
mod sampler;
mod scratch;
mod sleep;
mod slots;
mod timebase;
mod usage;

pub use live::{Live, StartError};
pub use slots::is_trial;
