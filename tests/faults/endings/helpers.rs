//! Helper processes: the program they are started from, and their names in a process list.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use contend::scenario::{Source, check};
use contend::source::LiveRun;

/// Environment variable of a nested test program, with its depth.
const AGAIN: &str = "CONTEND_TEST_AGAIN";

fn start_with_image(image: Option<PathBuf>) -> Result<LiveRun, String> {
    let source = Source { name: "x".into(), path: None, text: "thread w { forever { sleep \"1ms\" } }".into() };
    let scenario = check(&source).unwrap().scenario;
    LiveRun::start_with_image(&scenario, &scenario.default_settings(), image).map_err(|error| error.to_string())
}

/// Returns the child processes of a process, with their command lines.
fn children_of(parent: u32) -> Vec<(u32, String)> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |pid: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default().to_owned();
        fields.split_whitespace().nth(1) == Some(&parent.to_string())
    };
    let line = |pid: u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        (pid, String::from_utf8_lossy(&line).trim_end_matches('\0').replace('\0', " "))
    };
    pids.filter(is_child).map(line).collect()
}

/// The `main` of this test program is that of the test harness, which has no helper entry point.
#[test]
fn program_without_helper_entry_point_gets_an_error() {
    let why = start_with_image(None).map(drop).expect_err("nothing of ours may start this program again");
    assert!(why.contains("contend::helpers::run_if_helper()"), "{why}");
    // The test below starts this program under a helper's name at the same time.
    let is_helper = |line: &str| line.starts_with("contend: ") && !line.contains("program_started_as_helper");
    let helpers = children_of(std::process::id()).into_iter().filter(|(_, line)| is_helper(line));
    assert_eq!(helpers.collect::<Vec<_>>(), []);
}

/// The given path is wrong: it is that of this test program.
#[test]
fn program_started_as_helper_without_entry_point_starts_nothing() {
    if std::env::var_os(AGAIN).is_some() {
        let why = start_with_image(Some(env!("CARGO_BIN_EXE_contend").into())).map(drop).expect_err("it is no helper");
        assert!(why.contains("was started as a helper"), "{why}");
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again
        .arg0("contend:")
        .args(["--exact", "endings::helpers::program_started_as_helper_without_entry_point_starts_nothing"]);
    let output = again.env(AGAIN, "1").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
fn chain_of_nested_programs_is_cut_at_its_depth_limit() {
    for (depth, runs) in [("3", true), ("4", false), ("nonsense", false)] {
        let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
        let output = contend.args(["run", "account-race", "--headless"]).env("CONTEND_DEPTH", depth).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.contains("nested too deeply"), !runs, "{depth}: {said}");
    }
}

#[test]
fn process_names_describe_their_role() {
    let mut contend = Command::new(env!("CARGO_BIN_EXE_contend"));
    contend.args(["run", "lock-contention", "--as", "processes", "--set", "tellers=2", "--headless", "--for", "1m"]);
    let mut contend = contend.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let since = Instant::now();
    let names = loop {
        let children = children_of(contend.id());
        let runner = children.iter().find(|(_, line)| line.contains("runner"));
        let workers = runner.map(|(pid, _)| children_of(*pid)).unwrap_or_default();
        if workers.len() == 2 && workers.iter().all(|(_, line)| line.contains("teller"))
            || since.elapsed() > Duration::from_secs(30)
        {
            let mut names: Vec<String> = children.into_iter().chain(workers).map(|(_, line)| line).collect();
            names.sort_unstable();
            break names;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let guardian = format!("contend: guardian {}", contend.id());
    contend.kill().unwrap();
    contend.wait().unwrap();
    let wanted = [&guardian, "contend: runner lock-contention", "contend: worker teller-1", "contend: worker teller-2"];
    assert_eq!(names, wanted);
}
