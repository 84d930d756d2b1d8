//! Tests of the command line, text sanitizing, documents and source layers.

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod documents;
mod layers;
mod names;
mod tutorial;
