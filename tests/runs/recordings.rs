//! Recordings of real runs: the replayed run is the live one, whatever happens to the file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use contend::model::{Budget, FindingOptions, Model};
use contend::playback::Playback;
use contend::recording::Recording;
use contend::report::{RecordedRun, report_json};
use contend::trace::Stamp;
use serde_json::Value;

use crate::support::{poll_until, report_skipped};

fn contend(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_contend")).args(args).output().expect("the program starts")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("the name is UTF-8")
}

#[test]
fn replayed_report_equals_that_of_the_live_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    let scenarios = [
        "deadlock",
        "thread-pool",
        "process-pool",
        "account-race",
        "async-lock",
        "crash-policies",
        "pipe-backpressure",
    ];
    for scenario in scenarios {
        let live = contend(&["run", scenario, "--json", "--for", "700ms", "--record", path_text(&file)]);
        let replayed = contend(&["replay", path_text(&file), "--json"]);
        assert_eq!(json(&live), json(&replayed), "{scenario}");
        assert!(text(&live).contains("to see it: contend replay"), "{}", text(&live));
    }
}

/// Back and forth at random, then to the end.
#[test]
fn recording_that_was_played_to_its_end_gives_the_report_of_the_live_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    for (seed, scenario) in ["deadlock", "thread-pool", "process-pool", "async-lock"].into_iter().enumerate() {
        let live = contend(&["run", scenario, "--json", "--for", "700ms", "--record", path_text(&file)]);
        let mut recording = Recording::open(&file).expect("a recording");
        let mut whole = RecordedRun::replay(&mut recording, FindingOptions::default())
            .expect("it is read")
            .expect("the run of a scenario");
        let registry = Arc::new(recording.description().registry.clone());
        let budget = Budget::for_registry(&registry);
        let mut playback = Playback::new(recording, Model::new(registry, budget));
        let mut rng = fastrand::Rng::with_seed(seed as u64);
        let moments: Vec<Stamp> = (0..15).map(|_| Stamp(rng.u64(..playback.end().0))).collect();
        let mut seek = |at: Stamp| {
            playback.seek(at).expect("it is read");
            format!("{:?} {:?}", playback.model().health(), playback.model().findings(at))
        };
        let sought: Vec<String> = moments.iter().map(|at| seek(*at)).collect();
        let mut order: Vec<usize> = (0..moments.len()).collect();
        order.sort_by_key(|i| moments[*i]);
        for i in order {
            assert_eq!(seek(moments[i]), sought[i], "{scenario} at {:?}", moments[i]);
        }
        playback.seek(Stamp(u64::MAX)).expect("it is read");
        whole.run.model = playback.model().clone();
        let played = whole.with_report(report_json).expect("it is written");
        assert_eq!(json(&live), serde_json::from_str::<Value>(&played).expect("JSON"), "{scenario}");
    }
}

#[test]
fn report_as_text_is_the_same_too() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    let live = contend(&["run", "deadlock", "--headless", "--record", path_text(&file)]);
    let replayed = contend(&["replay", path_text(&file)]);
    assert_eq!(String::from_utf8_lossy(&live.stdout), String::from_utf8_lossy(&replayed.stdout));
}

#[test]
fn recording_of_a_killed_program_is_read_up_to_its_last_half_second() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("run.contend");
    let args = ["run", "lock-contention", "--headless", "--for", "60s", "--record", path_text(&file)];
    let mut child = Command::new(env!("CARGO_BIN_EXE_contend"))
        .args(args)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    poll_until("several sections are written", || fs::metadata(&file).is_ok_and(|file| file.len() >= 30_000));
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let replayed = contend(&["replay", path_text(&file), "--json"]);
    assert!(text(&replayed).contains("is cut off: its program was killed"), "{}", text(&replayed));
    let report = json(&replayed);
    assert_eq!(report["ended"], "stopped");
    assert!(report["events"]["recorded"].as_u64() > Some(100), "{}", report["events"]);
    assert_eq!(report["events"]["anomalies"], 0, "{}", report["events"]);
}

/// A small file system of its own stands for a full disk.
#[test]
fn full_disk_ends_the_recording_and_not_the_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let (disk, report) = (directory.path().join("disk"), directory.path().join("report.json"));
    fs::create_dir(&disk).expect("a directory");
    let (program, disk, report) = (env!("CARGO_BIN_EXE_contend"), path_text(&disk), path_text(&report));
    let script = format!(
        "mount -t tmpfs -o size=16k contend-test {disk} || exit 99
         {program} run lock-contention --json --for 4s --record {disk}/run.contend > {report}
         exec {program} replay {disk}/run.contend --json"
    );
    let done = Command::new("unshare").args(["--mount", "sh", "-c", &script]).output().expect("unshare exists");
    if done.status.code() != Some(0) && text(&done).contains("ermi") {
        return report_skipped("full_disk_ends_the_recording_and_not_the_run", "root, to mount a small file system");
    }
    assert!(text(&done).contains("ends early: No space left"), "{}", text(&done));
    let live: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
    assert_eq!(live["ended"], "time", "the run lasts until its limit");
    let replayed = json(&done);
    assert!(replayed["events"]["recorded"].as_u64() > Some(0), "the written part is readable");
    assert!(replayed["elapsed_s"].as_f64() < live["elapsed_s"].as_f64());
}

#[test]
fn files_that_cannot_be_recorded_to_or_replayed_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let other = directory.path().join("thesis.txt");
    fs::write(&other, "years of work").expect("it is written");
    for (args, code, says) in [
        (vec!["run", "deadlock", "--headless", "--record", path_text(&other)], 1, "is not a recording; choose another"),
        (vec!["run", "deadlock", "--headless", "--record", "/nowhere/x.contend"], 1, "No such file"),
        (vec!["run", "deadlock", "--headless", "--record", "/dev/full"], 1, "No space left"),
        (vec!["run", "deadlock", "--record-limit", "1GiB"], 2, "--record <FILE>"),
        (vec!["run", "deadlock", "--record", "x", "--record-limit", "7 apples"], 2, "write it as 100MiB"),
        (vec!["replay", "/nowhere/x.contend"], 2, "No such file"),
        (vec!["replay", path_text(&other)], 2, "it is not a recording of contend"),
        (vec!["replay"], 2, "<FILE>"),
    ] {
        let output = contend(&args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", text(&output));
        assert!(text(&output).contains(says), "{args:?}: {}", text(&output));
    }
    assert_eq!(fs::read_to_string(&other).expect("it is there"), "years of work");
}

#[test]
fn tests_and_tunings_record_each_of_their_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = path_text(directory.path());
    let count = || fs::read_dir(directory.path()).expect("a directory").count();
    let tested = contend(&["test", "deadlock", "--json", "--record", path]);
    assert!(tested.status.success(), "{}", text(&tested));
    let of_tests = count();
    assert!(of_tests >= 2, "{of_tests} recordings");
    contend(&["tune", "tune-lock", "--json", "--anyway", "--for", "3s", "--over", "1..2", "--record", path]);
    assert!(count() >= of_tests + 2, "{} recordings", count());
    for entry in fs::read_dir(directory.path()).expect("a directory") {
        let file = entry.expect("one").path();
        let replayed = contend(&["replay", path_text(&file), "--json"]);
        assert!(replayed.status.success(), "{}: {}", file.display(), text(&replayed));
        assert!(json(&replayed)["events"]["recorded"].as_u64() > Some(0), "{}", file.display());
    }
}

/// Returns a member of a report without what the report of an earlier version did not have.
fn known_members(now: &Value, then: &Value) -> Value {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => now
            .iter()
            .filter(|(name, _)| then.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        _ => now.clone(),
    }
}

/// Recordings that versions of the program have written, `vN-NAME.contend` with version N of the format, and what their
/// reports said then. This version reads them, or refuses them by name.
#[test]
fn recordings_of_other_versions_are_read_or_refused_by_name() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/recordings");
    let mut read: BTreeMap<u32, usize> = BTreeMap::new();
    for entry in fs::read_dir(kept).expect("a directory") {
        let file = entry.expect("one").path();
        if file.extension().is_none_or(|extension| extension != "contend") {
            continue;
        }
        let name = file.file_stem().and_then(|name| name.to_str()).expect("a name");
        let version = name.strip_prefix('v').and_then(|name| name.split_once('-')).expect("a version").0;
        let replayed = contend(&["replay", path_text(&file), "--json"]);
        let number: u32 = version.parse().expect("a number");
        if !(contend::recording::OLDEST_VERSION..=contend::recording::FORMAT_VERSION).contains(&number) {
            assert_eq!(replayed.status.code(), Some(2), "{name}: {}", text(&replayed));
            let says = format!("it has version {version} of the format");
            assert!(text(&replayed).contains(&says), "{name}: {}", text(&replayed));
            continue;
        }
        let (now, then) = (json(&replayed), fs::read_to_string(file.with_extension("json")).expect("its report"));
        let then: Value = serde_json::from_str(&then).expect("a report is JSON");
        let members =
            ["scenario", "params", "elapsed_s", "ended", "events", "machine", "counters", "deadlocks", "stalls"];
        for member in &members {
            assert_eq!(known_members(&now[member], &then[member]), then[member], "{name}: {member}");
        }
        let names = |report: &Value| -> Vec<Value> {
            report["findings"].as_array().into_iter().flatten().map(|finding| finding["id"].clone()).collect()
        };
        assert_eq!(names(&now), names(&then), "{name}");
        read.entry(number).and_modify(|count| *count += 1).or_insert(1);
    }
    for version in contend::recording::OLDEST_VERSION..=contend::recording::FORMAT_VERSION {
        let kept = read.get(&version).copied().unwrap_or(0);
        assert!(kept >= 3, "{kept} recordings of version {version}: tests/fixtures/recordings/make.sh makes them");
    }
}
