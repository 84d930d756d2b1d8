//! Tests of the dashboard with scripted runs: what is drawn, and what keys do.

mod comparison;
mod explain;
mod harness;
mod interaction;
mod level_history;
mod playing;
mod prediction;
mod recording;
mod replay;
mod screen_sizes;
mod script;
mod slow_motion;
mod time_travel;
mod tuning;
mod typing;
mod views;
