//! Tests of the embedded Python tracer, its examples and the emitters of other languages. They are written in Python;
//! `tests/python/run.py` runs them on every Python that is present.

#![allow(clippy::print_stdout, reason = "it names skipped tests")]

#[path = "../support/mod.rs"]
mod support;

mod clusters;
mod programs;
mod tuning;

use std::path::Path;
use std::process::Command;

/// Runs test modules on the oldest and the newest Python of this machine.
fn run(modules: &[&str]) {
    run_on("--few", modules);
}

/// Runs test modules on the Pythons that have the packages of others: those of `CONTEND_PYTHONS`, as `.ci/run` sets it.
fn run_with_packages(modules: &[&str]) {
    run_on("--named", modules);
}

fn run_on(which: &str, modules: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python");
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: the tracer's tests: no python3 on this machine");
        return;
    }
    let mut python = Command::new("python3");
    python.arg(root.join("run.py")).arg(which).args(modules).env("CONTEND_PROGRAM", env!("CARGO_BIN_EXE_contend"));
    let output = python.output();
    let output = output.expect("python3 starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn threads_are_traced() {
    run(&["test_threads", "test_names", "test_loops", "test_joining"]);
}

#[test]
fn pools_and_processes_are_traced() {
    run(&["test_pools", "test_processes"]);
}

#[test]
fn processes_that_are_there_are_seen_from_outside() {
    run(&["test_attach"]);
}

#[test]
fn programs_of_every_kind_run_as_they_are() {
    run(&["test_acceptance"]);
}

#[test]
fn tracer_changes_nothing_else() {
    run(&["test_harmless"]);
}

#[test]
fn cpythons_own_tests_pass() {
    run(&["test_cpython"]);
}

#[test]
fn libraries_run_unchanged() {
    run_with_packages(&["test_libraries"]);
}

#[test]
fn process_pools_run_on_a_cluster() {
    run_with_packages(&["test_cluster_translate", "test_cluster_dask"]);
}

#[test]
fn scenarios_run_on_a_cluster() {
    run_with_packages(&["test_cluster_scenario"]);
}

#[test]
fn examples_print_the_same_with_and_without_the_tracer() {
    run(&["test_examples"]);
}

#[test]
fn emitters_of_other_languages_write_the_protocol() {
    run(&["test_emitters"]);
}
