//! Tests of the dashboard with scripted runs: its pictures and its keys.

mod app_screen;
mod comparison;
mod copying;
mod drawing_cost;
mod every_screen;
mod explain;
mod finding_options;
mod harness;
mod header;
mod interaction;
mod interval;
mod lanes;
mod large_letters;
mod level_history;
mod memory_backend;
mod narrow_texts;
mod open_program;
mod picking;
mod playing;
#[path = "../../tests/support/plural.rs"]
pub(super) mod plural;
mod prediction;
#[cfg(feature = "previews")]
mod previews;
mod rebinding;
mod recording;
mod replay;
mod replay_navigation;
mod resources;
mod screen_sizes;
mod script;
mod slow_motion;
mod themes;
mod time_travel;
mod touring;
mod tuning;
mod typed_keys;
mod typing;
mod verdict;
mod views;
mod zoom;

pub(super) use every_screen::SIZES;
pub(crate) use every_screen::{DrawnScreen, draw_every_screen};
