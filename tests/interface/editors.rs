//! What editors call: `contend fmt`, and `contend check --json`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::cli::{contend, fed};
use crate::schema;

const UNFORMATTED: &str = "thread  w{\ncompute   \"1ms\" // work\n}\n";
const FORMATTED: &str = "thread w {\n    compute \"1ms\" // work\n}\n";

#[test]
fn fmt_prints_standard_input_formatted() {
    for args in [&["fmt"][..], &["fmt", "-"]] {
        let ran = fed(args, UNFORMATTED);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), FORMATTED, ""));
    }
    let ran = fed(&["fmt", "--check", "-"], UNFORMATTED);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), "-:1: not formatted\n"));
    assert_eq!(fed(&["fmt", "--check"], FORMATTED).code, Some(0));
}

#[test]
fn fmt_rewrites_files_that_parse_and_no_others() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name).to_str().expect("a path").to_owned();
    let (good, bad, odd) = (path("good.kdl"), path("bad.kdl"), path("odd.kdl"));
    let written = [(&good, UNFORMATTED), (&bad, "thread  w {\n"), (&odd, "thread   w { nonsense }\n")];
    for (path, text) in written {
        fs::write(path, text).expect("written");
    }
    fs::set_permissions(&good, fs::Permissions::from_mode(0o600)).expect("set");

    let checked = contend(&["fmt", "--check", &good]);
    assert_eq!((checked.code, checked.out), (Some(1), format!("{good}:1: not formatted\n")));
    assert_eq!(fs::read_to_string(&good).expect("it is there"), UNFORMATTED);

    let ran = contend(&["fmt", &good, &bad, &odd, "/no/such.kdl"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{}", ran.err);
    assert!(ran.err.contains("bad.kdl:1:11") && ran.err.contains("`/no/such.kdl` does not exist"), "{}", ran.err);
    assert_eq!(fs::read_to_string(&good).expect("it is there"), FORMATTED);
    assert_eq!(fs::metadata(&good).expect("it is there").permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_to_string(&bad).expect("it is there"), "thread  w {\n");
    assert_eq!(fs::read_to_string(&odd).expect("it is there"), "thread w { nonsense }\n");
    assert_eq!(fs::read_dir(directory.path()).expect("a directory").count(), 3, "nothing is left over");
    assert_eq!(contend(&["fmt", "--check", &good, &odd]).code, Some(0));
}

fn checked(args: &[&str], input: &str) -> (Option<i32>, Value) {
    let ran = fed(args, input);
    assert_eq!(ran.err, "");
    let value = serde_json::from_str(&ran.out).expect("it is JSON");
    assert_eq!(schema::validation_errors(&schema::load_schema("check"), &value), [""; 0]);
    (ran.code, value)
}

#[test]
fn check_json_lists_mistakes_with_places_and_fixes() {
    let (code, value) = checked(&["check", "--json", "-", "no/such.kdl"], "mutex m\nthread \"λ\" { lokc m { x } }\n");
    assert_eq!(code, Some(2));
    let file = &value["files"][0];
    assert_eq!((&file["file"], &file["ok"], &file["unreadable"]), (&json!("-"), &json!(false), &Value::Null));
    let mistakes = file["mistakes"].as_array().expect("a list");
    let misspelt = mistakes.iter().find(|m| m["fix"] == "did you mean `lock`?").expect("a mistake");
    assert_eq!(misspelt["severity"], "error");
    assert_eq!(misspelt["start"], json!({ "line": 2, "column": 15, "utf16": 14, "byte": 22 }));
    assert_eq!(misspelt["end"], json!({ "line": 2, "column": 19, "utf16": 18, "byte": 26 }));
    assert_eq!(value["files"][1]["unreadable"], "`no/such.kdl` does not exist");
}

#[test]
fn check_json_lists_warnings_of_files_that_can_run() {
    let doubtful = "tests/fixtures/scenario/doubtful/order-two.kdl";
    let (code, value) = checked(&["check", "--json", "deadlock", doubtful], "");
    assert_eq!(code, Some(0));
    assert_eq!(
        value["files"][0],
        json!({ "file": "deadlock", "ok": true, "unreadable": null, "mistakes": [], "omitted": 0 })
    );
    let warning = &value["files"][1]["mistakes"][0];
    assert_eq!((&value["files"][1]["ok"], &warning["severity"]), (&json!(true), &json!("warning")));
    assert!(warning["related"].as_array().is_some_and(|related| !related.is_empty()), "{warning}");
}
