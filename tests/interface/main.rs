//! The program's interface: command line, names, documents, and the layers of its source.

#[path = "../support/mod.rs"]
mod support;

mod cli;
mod documents;
mod layers;
mod names;
mod tutorial;
