//! Tests of failures from outside: kills, limits, hostile bytes and unusual systems.

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod limits;
mod sandbox;
mod storm;
mod surroundings;
