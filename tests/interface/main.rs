//! Tests of the command line, text sanitizing, documents and source layers.

#[path = "../support/schema.rs"]
mod schema;
#[path = "../support/mod.rs"]
mod support;

mod circles;
mod cli;
mod doctor;
mod documents;
mod editors;
mod findings;
mod layers;
mod names;
mod source_paths;
mod tutorial;
