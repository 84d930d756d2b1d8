//! Lateness of the dashboard beside busy threads. The tests compare: the dashboard must wait far less for a core than
//! a busy thread does.

use std::fs;
use std::time::Duration;

use vt100::Screen;

use super::{Group, Sandbox};

/// Returns a scenario with this many threads that compute forever.
fn spinners(count: u32) -> String {
    format!("thread spin count={count} {{ forever {{ compute \"1s\" }} }}\n")
}

/// Returns the time before a word on the first line, such as `4.1 ms` before `late`.
fn before(screen: &Screen, word: &str) -> Option<Duration> {
    let shown = screen.contents();
    let words: Vec<&str> = shown.lines().next()?.split_whitespace().collect();
    time(words.get(..words.iter().position(|shown| *shown == word)?)?.last_chunk()?)
}

fn after(screen: &Screen, word: &str) -> Option<Duration> {
    let shown = screen.contents();
    let words: Vec<&str> = shown.lines().next()?.split_whitespace().collect();
    time(words.get(words.iter().position(|shown| *shown == word)? + 1..)?.first_chunk()?)
}

fn time([number, unit]: &[&str; 2]) -> Option<Duration> {
    let unit = match *unit {
        "ns" => 1e-9,
        "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

/// Returns the kernel's counts of a thread: nanoseconds waiting for a core, and number of turns.
fn sched_counts(stat: &str) -> Option<(u64, u64)> {
    let mut words = stat.split_whitespace().skip(1).map_while(|word| word.parse::<u64>().ok());
    Some((words.next()?, words.next()?))
}

/// Returns the number of these threads of a process, and their mean wait for a core.
fn mean_wait(pid: u32, wanted: impl Fn(&str) -> bool) -> (usize, Duration) {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let tasks = tasks.filter(|task| task.file_name().to_str().is_some_and(&wanted));
    let stats = tasks.filter_map(|task| sched_counts(&fs::read_to_string(task.path().join("schedstat")).ok()?));
    let (count, delay, turns) = stats.fold((0, 0, 0), |sum, (delay, turns)| (sum.0 + 1, sum.1 + delay, sum.2 + turns));
    (count, Duration::from_nanos(delay / turns.max(1)))
}

/// Runs beside this many threads for some seconds. Returns the mean wait of a thread for its turn, and its ratio to
/// the mean wait of the dashboard's own thread.
fn times_longer(place: &Sandbox, made: &str, count: u32, seconds: u64) -> f64 {
    let mut tty = place.terminal(&[], made, &["run", &place.scenario(&spinners(count))]);
    tty.wait_for("it has gone on for so long", |s| after(s, "LIVE").is_some_and(|age| age.as_secs() >= seconds));
    let late = before(tty.screen(), "late").unwrap_or_else(|| panic!("it says how late it is: {}", tty.text()));
    let pid = tty.pid().to_string();
    let (_, own) = mean_wait(tty.pid(), |task| task == pid);
    let (_, theirs) =
        tty.process_ids().into_iter().map(|pid| mean_wait(pid, |_| true)).max().expect("a process of the dashboard");
    println!("{count} threads, {made}: {late:?} late (p99); waits {own:?} for a turn, one of them {theirs:?}");
    tty.type_keys("q");
    assert!(tty.wait().success());
    tty.assert_no_process_left();
    theirs.as_secs_f64() / own.as_secs_f64().max(1e-9)
}

#[test]
fn dashboard_waits_far_less_for_a_core_than_busy_threads() {
    let times = times_longer(&Sandbox::new(), "true", 200, 3);
    assert!(times > 5.0, "{times}");
}

#[test]
fn dashboard_waits_little_without_autogroup_scheduling() {
    let Some(group) = Group::new("dashboard_waits_little_without_autogroup_scheduling") else { return };
    let times = times_longer(&Sandbox::new(), &group.enter(), 200, 3);
    assert!(times > 5.0, "{times}");
}

#[test]
#[ignore = "a thousand threads without a pause load the machine heavily"]
fn dashboard_waits_little_beside_a_thousand_busy_threads() {
    let place = Sandbox::new();
    let group = Group::new("dashboard_waits_little_beside_a_thousand_busy_threads");
    for made in [Some("true".to_owned()), group.as_ref().map(Group::enter)].into_iter().flatten() {
        let times = times_longer(&place, &made, 1_000, 15);
        assert!(times > 20.0, "{times}");
    }
}
