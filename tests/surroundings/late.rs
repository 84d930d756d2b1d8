//! How late the dashboard is beside threads that never rest. What is asserted is a relation: it waits far less for a core
//! than one of them does.

use std::fs;
use std::time::Duration;

use vt100::Screen;

use super::support::pty::Pty;
use super::{Group, Place};

/// So many threads that compute for ever.
fn spinners(count: u32) -> String {
    format!("thread spin count={count} {{ forever {{ compute \"1s\" }} }}\n")
}

/// The time before a word on the first line, such as `4.1 ms` before `late`.
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

/// How long a thread of the family's largest process waits for a core until it gets it, on average, as the kernel counts.
fn a_turn(tty: &Pty) -> Duration {
    let of = |pid: u32| {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
        stats
            .filter_map(|stat| {
                let mut words = stat.split_whitespace().skip(1).map_while(|word| word.parse::<u64>().ok());
                Some((words.next()?, words.next()?))
            })
            .fold((0, 0, 0), |sum, (delay, turns)| (sum.0 + 1, sum.1 + delay, sum.2 + turns))
    };
    let (_, delay, turns) = tty.family().into_iter().map(of).max().expect("somebody is there");
    Duration::from_nanos(delay / turns.max(1))
}

/// How late the dashboard is beside so many threads, all but one frame of a hundred, after so many seconds; and how long one
/// of them waits.
fn measured(place: &Place, made: &str, count: u32, seconds: u64) -> (Duration, Duration) {
    let mut tty = place.terminal(&[], made, &["run", &place.scenario(&spinners(count))]);
    tty.until("it has gone on for so long", |s| after(s, "live").is_some_and(|age| age.as_secs() >= seconds));
    let late = before(tty.screen(), "late").unwrap_or_else(|| panic!("it says how late it is: {}", tty.text()));
    let turn = a_turn(&tty);
    println!("{count} threads, {made}: the dashboard is {late:?} late (p99), one of them waits {turn:?} for its turn");
    tty.keys("q");
    assert!(tty.wait().success());
    tty.assert_nobody_is_left();
    (late, turn)
}

#[test]
fn beside_threads_that_never_rest_the_dashboard_hardly_waits() {
    let place = Place::new();
    let (late, turn) = measured(&place, "true", 200, 3);
    assert!(late < turn / 3, "{late:?} against {turn:?}");
}

#[test]
fn where_sessions_do_not_share_it_hardly_waits_either() {
    let Some(group) = Group::new("where_sessions_do_not_share_it_hardly_waits_either") else { return };
    let place = Place::new();
    let (late, turn) = measured(&place, &group.enter(), 200, 3);
    assert!(late < turn / 3, "{late:?} against {turn:?}");
}

#[test]
#[ignore = "a thousand threads that never rest are a burden to whoever else uses the machine"]
fn beside_a_thousand_threads_that_never_rest() {
    let place = Place::new();
    let group = Group::new("beside_a_thousand_threads_that_never_rest");
    for made in [Some("true".to_owned()), group.as_ref().map(Group::enter)].into_iter().flatten() {
        let (late, turn) = measured(&place, &made, 1_000, 15);
        assert!(late < turn / 10, "{late:?} against {turn:?}");
    }
}
