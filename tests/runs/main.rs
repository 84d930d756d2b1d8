//! Tests of real runs: each starts threads and processes and checks their events.

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/schema.rs"]
mod schema;

#[path = "../support/late_start.rs"]
mod late_start;

mod blocking_threads;
mod cancelling;
mod commands;
mod comparisons;
mod engine;
mod exports;
mod forks;
mod formulas;
mod helping;
mod limits;
mod lives;
mod loads;
mod locks;
mod lost_events;
mod marks;
mod once;
mod partial_recordings;
mod pictures;
mod pipes;
mod real_work;
mod recordings;
mod requests;
mod selects;
mod shared;
mod sources;
mod swaps;
mod tasks;
mod time_limit;
mod unwatched;
mod wait_groups;
mod words;
