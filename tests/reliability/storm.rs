//! `SIGKILL` at random instants, to any process of a run in any state: no process is left.
//!
//! The ignored test (`cargo test --test reliability storm -- --ignored --nocapture`) prints its figures.
//! `CONTEND_SEED` repeats a seed that failed.

#![allow(clippy::print_stdout, reason = "the figures of the long form")]

mod running;
mod unborn;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fastrand::Rng;
use running::{Running, try_signal};

/// A worker whose commands try to survive: one leaves the session, one its parent, one ignores `SIGTERM`.
const COMMANDS: &str = r#"
process w count=2 {
    forever { exec "sh" "-c" "trap '' TERM HUP; setsid sleep 1000 & (sleep 1000 &); sleep 1000" }
}
"#;

/// The scenarios: all workers busy, all deadlocked, tasks handed over, and commands.
const RUNS: [&[&str]; 4] = [
    &["lock-contention", "--as", "processes"],
    &["deadlock", "--as", "processes"],
    &["process-pool"],
    &["COMMANDS", "--allow-exec"],
];

/// The process to kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Dashboard,
    Runner,
    Worker,
    /// Dashboard, runner and workers at once: no process is left that knows the commands' descendants.
    Everybody,
}

/// The state of the run at the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// In the first 60 ms.
    Starting,
    Steady,
    /// All processes except the dashboard are stopped.
    Stopped,
    /// The run was told to end a moment ago.
    Ending,
}

const VICTIMS: [Victim; 4] = [Victim::Dashboard, Victim::Runner, Victim::Worker, Victim::Everybody];
const STATES: [State; 4] = [State::Starting, State::Steady, State::Stopped, State::Ending];

struct Storm {
    random: Rng,
    commands: PathBuf,
    kills: usize,
    /// The longest time until all processes were gone, and of which case.
    slowest: (Duration, String),
}

impl Storm {
    fn start(&self, args: &[&str]) -> Running {
        let args = args.iter().map(|arg| if *arg == "COMMANDS" { self.commands.as_os_str() } else { arg.as_ref() });
        Running::start(args, None)
    }

    fn kill(&mut self, args: &[&str], victim: Victim, state: State) {
        let mut run = self.start(args);
        let dashboard = run.dashboard.id();
        self.reach(state, &run);
        let candidates = match victim {
            Victim::Dashboard | Victim::Everybody => vec![dashboard],
            Victim::Runner => run.of("runner"),
            Victim::Worker => run.of("worker"),
        };
        let others = if victim == Victim::Everybody { run.ours() } else { Vec::new() };
        let since = Instant::now();
        match self.random.choice(&candidates) {
            Some(pid) => {
                others.into_iter().chain([*pid]).for_each(crate::support::kill);
                self.kills += 1;
            }
            None => try_signal(dashboard, "TERM"), // the run had not started yet
        }
        if victim == Victim::Worker {
            self.pass(Duration::from_millis(20)); // the run continues without the process, or ends
            run.of("runner").into_iter().for_each(|pid| try_signal(pid, "CONT"));
            try_signal(dashboard, "TERM");
        }
        let what = format!("{args:?} {victim:?} {state:?}");
        run.until_gone(&what);
        if since.elapsed() > self.slowest.0 {
            self.slowest = (since.elapsed(), what);
        }
    }

    /// Brings a run into a state, at a random instant.
    fn reach(&mut self, state: State, run: &Running) {
        if state == State::Starting {
            return self.pass(Duration::from_millis(60));
        }
        run.until("a worker is there", |run| !run.of("worker").is_empty());
        self.pass(Duration::from_millis(80));
        match state {
            State::Stopped => {
                run.ours().into_iter().for_each(|pid| try_signal(pid, "STOP"));
            }
            State::Ending => {
                try_signal(run.dashboard.id(), "TERM");
                self.pass(Duration::from_millis(15));
            }
            State::Starting | State::Steady => {}
        }
    }

    /// Waits for a random time up to this limit.
    fn pass(&mut self, most: Duration) {
        let until = Instant::now() + Duration::from_micros(self.random.u64(0..most.as_micros() as u64));
        while Instant::now() < until {
            std::thread::yield_now();
        }
    }
}

/// Kills every victim in every state of every scenario, this many times.
fn storm(times: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let commands = directory.path().join("commands.kdl");
    std::fs::write(&commands, COMMANDS).expect("it is written");
    let seed = std::env::var("CONTEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4);
    let mut storm =
        Storm { random: Rng::with_seed(seed), commands, kills: 0, slowest: (Duration::ZERO, String::new()) };
    println!("seed {seed}");
    for _ in 0..times {
        for args in RUNS {
            for victim in VICTIMS {
                for state in STATES {
                    storm.kill(args, victim, state);
                }
            }
        }
    }
    let runs = times * RUNS.len() * VICTIMS.len() * STATES.len();
    let (slowest, of) = storm.slowest;
    println!("{runs} runs, {} kills, 0 survivors, everybody gone within {slowest:.0?}, the slowest {of}", storm.kills);
    assert!(storm.kills > 0);
}

#[test]
fn random_kills_leave_no_process() {
    storm(1);
}

#[test]
#[ignore = "hundreds of kills take minutes"]
fn long_storm_of_random_kills_leaves_no_process() {
    storm(10);
}
