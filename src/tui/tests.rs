//! The dashboard driven by scripted runs: what is drawn, and what keys do.

mod desk;
mod hands;
mod learning;
mod levels;
mod past;
mod script;
mod sizes;
mod tuning;
mod typing;
mod views;
