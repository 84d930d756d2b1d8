//! Steps that do what they say: on real files, by chance, and those that end a process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use image::{Rgb, RgbImage};
use serde_json::Value;

/// The report of a run of this scenario.
fn run(text: &str, set: &[String], temp: &Path) -> Value {
    use std::io::Write;
    let set = set.iter().flat_map(|knob| ["--set", knob]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_contend"))
        .args(["run", "-", "--json"])
        .args(set)
        .env("TMPDIR", temp)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("it reads");
    let out = child.wait_with_output().expect("it ends");
    serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&out.stdout)))
}

fn on_files(steps: &str) -> String {
    format!(
        "knob dir text=#true help=\"x\"\nknob out text=#true help=\"x\"\n\
         pool p of=threads workers=2 {{ batch files=\"png jpg\" dir=$dir out=$out; task {{ {steps} }} }}\n"
    )
}

fn pictures(dir: &Path) {
    for name in ["a.png", "b.png", "c.jpg"] {
        let picture = RgbImage::from_fn(40, 30, |x, y| Rgb([x as u8 * 6, y as u8 * 8, 200]));
        picture.save(dir.join(name)).expect("a picture is written");
    }
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("the directory");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn pictures_become_grey_and_what_came_of_them_is_no_work_for_the_next_run() {
    let dir = tempfile::tempdir().expect("a directory");
    pictures(dir.path());
    for _ in 0..2 {
        let report = run(&on_files("grayscale"), &[format!("dir={}", dir.path().display())], dir.path());
        assert_eq!((&report["pools"][0]["done"], &report["pools"][0]["failed"]), (&3.into(), &0.into()), "{report}");
    }
    assert_eq!(names(dir.path()), ["a-grey.png", "a.png", "b-grey.png", "b.png", "c-grey.jpg", "c.jpg"]);
    let grey = image::open(dir.path().join("a-grey.png")).expect("a picture").into_rgb8();
    assert_eq!(grey.dimensions(), (40, 30));
    assert!(grey.pixels().all(|p| p[0] == p[1] && p[1] == p[2]), "every pixel is grey");
}

#[test]
fn a_file_that_is_no_picture_fails_alone_and_can_still_be_hashed() {
    let (dir, out) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    pictures(dir.path());
    fs::write(dir.path().join("broken.png"), "no picture").expect("it is written");
    let set = [format!("dir={}", dir.path().display()), format!("out={}", out.path().display())];
    let grey = run(&on_files("grayscale"), &set, dir.path());
    assert_eq!((&grey["pools"][0]["done"], &grey["pools"][0]["failed"]), (&3.into(), &1.into()), "{grey}");
    assert_eq!(names(out.path()), ["a-grey.png", "b-grey.png", "c-grey.jpg"]);
    let hashed = run(&on_files("read-file; hash"), &set, dir.path());
    assert_eq!((&hashed["pools"][0]["done"], &hashed["pools"][0]["failed"]), (&4.into(), &0.into()), "{hashed}");
}

#[test]
fn a_task_without_a_file_says_what_is_missing() {
    let temp = tempfile::tempdir().expect("a directory");
    let report = run("pool p of=threads workers=1 { batch count=2; task { hash } }\n", &[], temp.path());
    assert_eq!(report["pools"][0]["failed"], 2, "{report}");
}

#[test]
fn files_that_are_written_are_gone_after_the_run() {
    let temp = tempfile::tempdir().expect("a directory");
    for kind in ["thread", "process"] {
        let text = format!("counter n\n{kind} w count=2 {{ repeat 3 {{ write-file \"100KiB\"; add n by=1 }} }}\n");
        let report = run(&text, &[], temp.path());
        assert_eq!((&report["ended"], &report["counters"][0]["value"]), (&"completed".into(), &6.into()), "{report}");
        assert!(report["workers"][0]["share"]["io"].as_f64().expect("a share") > 0.0, "{report}");
    }
    assert_eq!(names(temp.path()), Vec::<String>::new());
}

#[test]
fn chance_goes_by_weight() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "counter often\ncounter seldom\ncounter never\nthread t count=4 { repeat 1000 { choose {\n\
        weight 9 { add often by=1 }\nweight 1 { add seldom by=1 }\nweight 0 { add never by=1 } } } }\n";
    let report = run(text, &[], temp.path());
    let value = |at: usize| report["counters"][at]["value"].as_i64().expect("a value");
    assert_eq!((value(0) + value(1), value(2)), (4000, 0), "{report}");
    // 400 are due, give or take 19; ten times that is beyond chance.
    assert!((210..=590).contains(&value(1)), "{report}");
}

#[test]
fn a_task_at_which_its_process_dies_is_done_again_as_often_as_the_pool_says() {
    let temp = tempfile::tempdir().expect("a directory");
    for die in ["abort", "exit 3"] {
        let again = format!(
            "pool p of=processes workers=2 {{ batch count=60 chunk=3\ntask {{ choose {{ weight 9 {{ compute \"50us\" }}; \
             weight 3 {{ {die} }} }} }} }}\n"
        );
        let report = run(&again, &[], temp.path());
        let pool = &report["pools"][0];
        assert_eq!((&pool["done"], &pool["failed"]), (&60.into(), &0.into()), "{report}");
        assert!(pool["retried"].as_u64().expect("a number") > 0 && report["events"]["anomalies"] == 0, "{report}");
        let poison = format!("pool p of=processes workers=2 retries=1 {{ batch count=5 chunk=2\ntask {{ {die} }} }}\n");
        let report = run(&poison, &[], temp.path());
        let pool = &report["pools"][0];
        assert_eq!((&pool["done"], &pool["failed"]), (&0.into(), &5.into()), "{report}");
        assert_eq!((&report["ended"], &report["events"]["anomalies"]), (&"completed".into(), &0.into()), "{report}");
    }
}

#[test]
fn a_thread_that_aborts_takes_the_others_with_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "thread good { forever { compute \"1ms\" } }\nthread bad { compute \"5ms\"; abort }\n";
    let report = run(text, &[], temp.path());
    assert_eq!(report["ended"], "crashed", "{report}");
    assert!(report["error"].as_str().expect("why").contains("signal 6"), "{report}");
}
