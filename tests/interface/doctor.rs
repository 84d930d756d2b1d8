//! `contend doctor`: its lines agree with the machine, with any part missing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;

use crate::cli::contend;
use crate::schema;

/// Runs `contend doctor --json` with this as the only directory of programs.
fn checks_with_path(path: &std::path::Path, python: Option<&str>) -> Vec<Value> {
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_contend"));
    doctor.args(["doctor", "--json"]).env("PATH", path).env_remove("CONTEND_PYTHON");
    if let Some(python) = python {
        doctor.env("CONTEND_PYTHON", python);
    }
    let ran = doctor.output().expect("it starts");
    assert!(ran.status.success() && ran.stderr.is_empty(), "{}", String::from_utf8_lossy(&ran.stderr));
    let value: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    let mistakes = schema::validation_errors(&schema::load_schema("doctor"), &value);
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    value["checks"].as_array().expect("a list").clone()
}

fn check<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no {name} in {checks:#?}"))
}

/// Writes a program that answers as a Python would.
fn write_python(directory: &std::path::Path, name: &str, script: &str) {
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("it is written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is made executable");
}

#[test]
fn doctor_names_every_group_and_succeeds() {
    let ran = contend(&["doctor"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let place = |text: &str| ran.out.find(text).unwrap_or_else(|| panic!("no {text} in\n{}", ran.out));
    let places = ["Machine\n", "Kernel\n", "Terminal\n", "Python\n", "Clusters\n"].map(place);
    assert!(places.is_sorted(), "{}", ran.out);
    assert!(ran.out.lines().all(|line| !line.contains('\u{1b}')), "no colour without a terminal");
}

#[test]
fn absent_python_and_clusters_come_with_a_fix() {
    let empty = tempfile::tempdir().expect("a directory");
    let checks = checks_with_path(empty.path(), None);
    for name in ["Python", "Dask", "RQ", "redis-server", "Ray"] {
        let found = check(&checks, name);
        assert_eq!(found["present"], false, "{found}");
        assert!(found["without"].is_string() && found["fix"].is_string(), "{found}");
    }
    for present in checks.iter().filter(|check| check["present"] == true) {
        assert!(present["without"].is_null() && present["fix"].is_null(), "{present}");
    }
}

#[test]
fn pythons_are_told_apart_by_what_they_answer() {
    let directory = tempfile::tempdir().expect("a directory");
    let answer = |version: &str, prefix: &str, packages: &str| {
        format!(
            "echo '{{\"version\": {version}, \"prefix\": \"{prefix}\", \"free_threaded\": false, \
             \"implementation\": \"cpython\", \"packages\": {packages}}}'"
        )
    };
    write_python(directory.path(), "python3", &answer("[3, 7, 16]", "/old", "{}"));
    write_python(
        directory.path(),
        "python3.11",
        &answer("[3, 11, 7]", "/new", "{\"distributed\": \"2026.8\\u001b[31m\"}"),
    );
    write_python(directory.path(), "python3.12", "echo no; exit 1");
    write_python(directory.path(), "python", &answer("[3, 11, 7]", "/new", "{}"));
    let checks = checks_with_path(directory.path(), None);
    let pythons: Vec<_> = checks.iter().filter(|check| check["group"] == "python").collect();
    let found: Vec<_> = pythons.iter().map(|python| (python["present"].clone(), python["found"].clone())).collect();
    assert_eq!(pythons.len(), 2, "one does not start, one is there twice: {found:#?}");
    assert!(found[0].0 == false && found[0].1.as_str().expect("text").starts_with("3.7.16"), "{found:#?}");
    assert!(found[1].0 == true && found[1].1.as_str().expect("text").starts_with("3.11.7"), "{found:#?}");
    assert_eq!(check(&checks, "Dask")["present"], false, "the first Python has none");
    let chosen = directory.path().join("python3.11");
    let checks = checks_with_path(directory.path(), chosen.to_str());
    let dask = check(&checks, "Dask");
    assert_eq!(dask["present"], true, "{dask}");
    assert!(!dask["found"].as_str().expect("text").contains('\u{1b}'), "{dask}");
}

#[test]
fn scenario_that_needs_dask_names_the_doctor() {
    let empty = tempfile::tempdir().expect("a directory");
    let mut run = Command::new(env!("CARGO_BIN_EXE_contend"));
    run.args(["run", "dask-pool", "--headless"]).env("PATH", empty.path()).env_remove("CONTEND_PYTHON");
    let ran = run.output().expect("it starts");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(!ran.status.success() && said.contains("`contend doctor`"), "{said}");
}
