//! Steps with real work on real files, random choices, and steps that end a process.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use image::{Rgb, RgbImage};
use serde_json::Value;

/// Runs a scenario and returns its report.
fn run(text: &str, set: &[String], temp: &Path) -> Value {
    run_with(&[], text, set, temp)
}

/// Runs a scenario with commands and returns its report.
fn run_allowed(text: &str, set: &[String], temp: &Path) -> Value {
    run_with(&["--allow-exec"], text, set, temp)
}

fn run_with(allowed: &[&str], text: &str, set: &[String], temp: &Path) -> Value {
    use std::io::Write;
    let set = set.iter().flat_map(|knob| ["--set", knob]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_contend"))
        .args(["run", "-", "--json"])
        .args(allowed)
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
fn grey_pictures_are_written_and_ignored_by_the_next_run() {
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
fn workers_spawned_by_a_task_work_on_its_file() {
    for kind in ["thread", "process"] {
        let dir = tempfile::tempdir().expect("a directory");
        pictures(dir.path());
        let text = format!("{}{kind} maker count=3 {{ grayscale }}\n", on_files("spawn maker any=#true; join maker"));
        let report = run(&text, &[format!("dir={}", dir.path().display())], dir.path());
        assert_eq!(report["ended"], "completed", "{report}");
        assert_eq!(names(dir.path()), ["a-grey.png", "a.png", "b-grey.png", "b.png", "c-grey.jpg", "c.jpg"], "{kind}");
    }
}

#[test]
fn task_with_a_broken_picture_fails_alone_and_can_hash_it() {
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
fn task_without_a_file_reports_the_missing_file() {
    let temp = tempfile::tempdir().expect("a directory");
    let report = run("pool p of=threads workers=1 { batch count=2; task { hash } }\n", &[], temp.path());
    assert_eq!(report["pools"][0]["failed"], 2, "{report}");
}

#[test]
fn written_files_are_removed_after_the_run() {
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
fn choose_follows_its_weights() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "counter often\ncounter seldom\ncounter never\nthread t count=4 { repeat 1000 { choose {\n\
        weight 9 { add often by=1 }\nweight 1 { add seldom by=1 }\nweight 0 { add never by=1 } } } }\n";
    let report = run(text, &[], temp.path());
    let value = |at: usize| report["counters"][at]["value"].as_i64().expect("a value");
    assert_eq!((value(0) + value(1), value(2)), (4000, 0), "{report}");
    // The mean is 400 with a standard deviation of 19; ten times that is beyond chance.
    assert!((210..=590).contains(&value(1)), "{report}");
}

#[test]
fn task_of_a_crashed_process_is_retried_up_to_the_limit() {
    let temp = tempfile::tempdir().expect("a directory");
    for die in ["abort", "exit 3"] {
        let again = format!(
            "pool p of=processes workers=2 {{ batch count=60 chunk=3\ntask {{ choose {{ weight 9 {{ compute \"50us\" \
                }}; \
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
fn abort_in_a_thread_ends_the_whole_process() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "thread good { forever { compute \"1ms\" } }\nthread bad { compute \"5ms\"; abort }\n";
    let report = run(text, &[], temp.path());
    assert_eq!(report["ended"], "crashed", "{report}");
    assert!(report["error"].as_str().expect("why").contains("SIGABRT"), "{report}");
}

fn failures(report: &Value) -> Vec<&str> {
    let first = report["failures"]["first"].as_array().expect("a list");
    first.iter().map(|failure| failure["what"].as_str().expect("a text")).collect()
}

#[test]
fn patterns_find_files_of_any_extension_below_the_directory() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(dir.path().join("a/b")).expect("directories");
    fs::create_dir(dir.path().join(".git")).expect("a directory");
    for name in
        ["one.txt", "two.TXT", "README", "a/three.txt", "a/b/four.txt", ".git/five.txt", ".six.txt", "seven.jpg"]
    {
        fs::write(dir.path().join(name), name).expect("it is written");
    }
    std::os::unix::fs::symlink(dir.path(), dir.path().join("a/ring")).expect("a link");
    for (patterns, count) in
        [("txt", 2), ("*.txt", 2), ("**/*.txt", 4), ("**", 6), ("R*", 1), ("a/*", 1), ("*.t?t *.jpg", 3)]
    {
        let text = format!(
            "knob dir text=#true help=\"x\"\n\
             pool p of=threads workers=2 {{ batch files=\"{patterns}\" dir=$dir; task {{ hash; read-file }} }}\n"
        );
        let report = run(&text, &[format!("dir={}", dir.path().display())], dir.path());
        let pool = &report["pools"][0];
        assert_eq!((&pool["done"], &pool["failed"]), (&count.into(), &0.into()), "{patterns}: {report}");
    }
}

#[test]
fn samples_are_made_for_any_extension() {
    let temp = tempfile::tempdir().expect("a directory");
    for patterns in ["*.txt", "**/*", "png *.csv"] {
        let text = format!(
            "knob dir text=#true help=\"x\"\n\
             pool p of=processes workers=2 {{ batch files=\"{patterns}\" dir=$dir; task {{ hash }} }}\n"
        );
        let report = run(&text, &[], temp.path());
        assert_eq!((&report["pools"][0]["done"], &report["failures"]["total"]), (&96.into(), &0.into()), "{report}");
    }
    assert_eq!(names(temp.path()), Vec::<String>::new(), "and gone after the run");
}

#[test]
fn unreadable_file_fails_its_task_alone_and_is_named() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "knob dir text=#true help=\"x\"\n\
         pool p of=threads workers=1 { batch files=\"me[m] statu[s]\" dir=$dir; task { read-file } }\n";
    let report = run(text, &["dir=/proc/self".to_owned()], temp.path());
    assert_eq!((&report["pools"][0]["done"], &report["pools"][0]["failed"]), (&1.into(), &1.into()), "{report}");
    let messages = failures(&report);
    assert!(messages.len() == 1 && messages[0].starts_with("/proc/self/mem: "), "{messages:?}");
    assert_eq!(report["failures"]["first"][0]["worker"], "p-1", "{report}");
}

#[test]
fn directory_without_matching_files_is_refused_before_the_run() {
    let temp = tempfile::tempdir().expect("a directory");
    let scenario = temp.path().join("s.kdl");
    let text = "knob dir text=#true help=\"x\"\nknob words text=#true help=\"x\"\n\
                pool p of=threads workers=1 { batch files=\"*.txt\" dir=$dir; task { hash } }\n";
    let each =
        "knob words text=#true help=\"x\"\npool p of=threads workers=1 { batch each=$words; task { sleep \"1us\" } }\n";
    for (text, set, wanted) in [
        (text, "dir=/no/such/place".to_owned(), "cannot read the directory `/no/such/place`"),
        (text, format!("dir={}", temp.path().display()), "has no file that matches `*.txt`"),
        (each, "words= ".to_owned(), "the knob `words` is empty"),
    ] {
        fs::write(&scenario, text).expect("it is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        let ran = command.arg("run").arg(&scenario).args(["--json", "--set", &set]).output();
        let ran = ran.expect("the program starts");
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(1) && said.contains(wanted), "{set}: {said}");
    }
}

#[test]
fn hostile_file_names_are_handled_literally() {
    use std::os::unix::ffi::OsStrExt;
    let (dir, out) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    let hostile: [&[u8]; 7] =
        [b"; touch ran;.x", b"$(touch ran).x", b"-rf.x", b"a\nb.x", b"\x1b[2J.x", b"\xff\xfe.x", b"' \" `touch ran`.x"];
    for name in hostile {
        fs::write(dir.path().join(std::ffi::OsStr::from_bytes(name)), "text").expect("it is written");
    }
    for of in ["threads", "processes"] {
        let text = format!(
            "knob dir text=#true help=\"x\"\nknob copy \"cp -- {{}}\" text=#true help=\"x\"\n\
             pool p of={of} workers=2 {{ batch files=\"*.x\" dir=$dir\ntask {{\n\
             exec $copy \"{}/{{n}}\"\nexec \"sh\" \"-c\" \"cat -- \\\"$1\\\"\" \"sh\" \"{{}}\"\nexec \"/no/{{/}}\" }} \
             }}\n",
            out.path().display()
        );
        let report = run_allowed(&text, &[format!("dir={}", dir.path().display())], out.path());
        assert_eq!(report["pools"][0]["failed"], 7, "only the last command fails: {report}");
        let messages = failures(&report);
        assert!(messages.iter().all(|what| what.ends_with("command not found")), "{messages:?}");
        assert!(!messages.iter().any(|what| what.chars().any(char::is_control)), "names are sanitized: {messages:?}");
        let commands: u64 =
            report["workers"].as_array().expect("a list").iter().filter_map(|w| w["commands"]["ended"].as_u64()).sum();
        assert_eq!(commands, 14, "{report}");
    }
    assert_eq!(names(out.path()), ["1", "2", "3", "4", "5", "6", "7"], "seven copies");
    assert_eq!(names(dir.path()).len(), 7, "nothing was made by a name");
    assert!(!Path::new("ran").exists());
}

#[test]
fn full_disk_is_reported() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = "pool p of=threads workers=1 { batch count=1; task { exec \"env\" \"LC_ALL=C\" \"dd\" \"if=/dev/zero\" \
        \"of=/dev/full\" \"count=1\" } }\n";
    let report = run_allowed(text, &[], temp.path());
    let messages = failures(&report);
    assert!(messages.len() == 1 && messages[0].to_lowercase().contains("no space left"), "{messages:?}");
}
