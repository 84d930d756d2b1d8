//! The model: messages in, state out.

mod findings;
mod lanes;
mod load;
mod merge;
mod resources;
mod script;
