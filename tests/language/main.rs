//! Tests of the scenario language: programs, mistakes, files, settings and the catalogue's texts.

mod catalogue;
mod files;
mod format;
mod generated;
mod golden;
mod hostile_text;
mod mistakes;
mod settings;
mod tours;
