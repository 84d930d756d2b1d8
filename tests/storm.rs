//! `SIGKILL` at random instants, at whoever of a run, in whatever state it is: nobody is left.
//!
//! The long form (`cargo test --test storm -- --ignored --nocapture`) prints its figures. A seed that failed is tried again
//! with `CONTEND_SEED`.

#![allow(clippy::print_stdout, reason = "the figures of the long form")]

mod support;

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fastrand::Rng;

/// A worker whose commands do what they can to stay: one leaves the session, one its parent, one ignores `SIGTERM`.
const COMMANDS: &str = r#"
process w count=2 {
    forever { exec "sh" "-c" "trap '' TERM HUP; setsid sleep 1000 & (sleep 1000 &); sleep 1000" }
}
"#;

/// What is run: everybody at work, everybody in a deadlock, tasks handed over, somebody else's commands.
const RUNS: [&[&str]; 4] = [
    &["lock-contention", "--as", "processes"],
    &["deadlock", "--as", "processes"],
    &["process-pool"],
    &["COMMANDS", "--allow-exec"],
];

/// Who is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Victim {
    Dashboard,
    Runner,
    Worker,
    /// Dashboard, runner and workers in one go: nobody is left who knows what the commands left behind.
    Everybody,
}

/// In which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    /// In the first 60 ms.
    Starting,
    Steady,
    /// All processes but the dashboard are stopped.
    Stopped,
    /// It was told to end a moment ago.
    Ending,
}

const VICTIMS: [Victim; 4] = [Victim::Dashboard, Victim::Runner, Victim::Worker, Victim::Everybody];
const STATES: [State; 4] = [State::Starting, State::Steady, State::Stopped, State::Ending];

struct Storm {
    random: Rng,
    commands: PathBuf,
    kills: usize,
    /// The longest that it took until everybody was gone.
    slowest: Duration,
}

/// A run without a screen, and all that carries its mark.
struct Running {
    dashboard: Child,
    mark: String,
}

impl Running {
    fn family(&self) -> Vec<u32> {
        support::marked(&self.mark)
    }

    /// Runner and workers.
    fn ours(&self) -> Vec<u32> {
        ["__runner", "__worker"].into_iter().flat_map(|role| self.of(role)).collect()
    }

    /// The processes of one role: they are told by their first argument.
    fn of(&self, role: &str) -> Vec<u32> {
        let is = |pid: &u32| {
            let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments.split(|byte| *byte == 0).nth(1).is_some_and(|first| first == role.as_bytes())
        };
        self.family().into_iter().filter(is).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.family().into_iter().for_each(support::kill);
        let _ = self.dashboard.wait();
    }
}

impl Storm {
    fn start(&mut self, args: &[&str]) -> Running {
        let mark = format!("CONTEND_TEST_MARK=storm-{}-{}", std::process::id(), self.kills);
        let (name, value) = mark.split_once('=').expect("a name and a value");
        let args = args.iter().map(|arg| if *arg == "COMMANDS" { self.commands.as_os_str() } else { arg.as_ref() });
        let dashboard = Command::new(env!("CARGO_BIN_EXE_contend"))
            .args(["run", "--headless", "--for", "1m"])
            .args(args)
            .env(name, value)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Running { dashboard: dashboard.expect("it starts"), mark }
    }

    fn kill(&mut self, args: &[&str], victim: Victim, state: State) {
        let mut run = self.start(args);
        let dashboard = run.dashboard.id();
        self.reach(state, &run);
        let candidates = match victim {
            Victim::Dashboard | Victim::Everybody => vec![dashboard],
            Victim::Runner => run.of("__runner"),
            Victim::Worker => run.of("__worker"),
        };
        let others = if victim == Victim::Everybody { run.ours() } else { Vec::new() };
        let since = Instant::now();
        match self.random.choice(&candidates) {
            Some(pid) => {
                others.into_iter().chain([*pid]).for_each(support::kill);
                self.kills += 1;
            }
            None => try_signal(dashboard, "TERM"), // it had not come so far
        }
        if victim == Victim::Worker {
            self.pass(Duration::from_millis(20)); // the run goes on without, or does not
            run.of("__runner").into_iter().for_each(|pid| try_signal(pid, "CONT"));
            try_signal(dashboard, "TERM");
        }
        // One that was stopped before its first instruction has not yet asked to die with its parent.
        if matches!(victim, Victim::Runner | Victim::Dashboard) && state == State::Stopped {
            run.of("__worker").into_iter().for_each(|pid| try_signal(pid, "CONT"));
        }
        let what = format!("{args:?} {victim:?} {state:?}");
        while run.dashboard.try_wait().is_ok_and(|status| status.is_none()) || !run.family().is_empty() {
            assert!(since.elapsed() < Duration::from_secs(20), "{what}: left {:?}", left(&run));
            std::thread::yield_now();
        }
        self.slowest = self.slowest.max(since.elapsed());
    }

    /// Brings a run into a state, at a random instant of it.
    fn reach(&mut self, state: State, run: &Running) {
        if state == State::Starting {
            return self.pass(Duration::from_millis(60));
        }
        let since = Instant::now();
        while run.of("__worker").is_empty() {
            assert!(since.elapsed() < Duration::from_secs(20), "nothing was started");
            std::thread::yield_now();
        }
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

    /// Lets a random time pass, so long at most.
    fn pass(&mut self, most: Duration) {
        let until = Instant::now() + Duration::from_micros(self.random.u64(0..most.as_micros() as u64));
        while Instant::now() < until {
            std::thread::yield_now();
        }
    }
}

/// One who is gone already gets no signal.
fn try_signal(pid: u32, name: &str) {
    let _ = Command::new("kill").args([format!("-{name}"), pid.to_string()]).stderr(Stdio::null()).status();
}

/// Who is left, with their command lines.
fn left(run: &Running) -> Vec<(u32, String)> {
    let line = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    run.family().into_iter().map(|pid| (pid, String::from_utf8_lossy(&line(pid)).replace('\0', " "))).collect()
}

/// All states of all victims in all runs, so many times.
fn storm(times: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let commands = directory.path().join("commands.kdl");
    std::fs::write(&commands, COMMANDS).expect("it is written");
    let seed = std::env::var("CONTEND_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(4);
    let mut storm = Storm { random: Rng::with_seed(seed), commands, kills: 0, slowest: Duration::ZERO };
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
    println!("{runs} runs, {} kills, 0 survivors, everybody gone within {:.0?}", storm.kills, storm.slowest);
    assert!(storm.kills > 0);
}

#[test]
fn whoever_is_killed_nobody_is_left() {
    storm(1);
}

#[test]
#[ignore = "hundreds of kills take minutes"]
fn a_long_storm_of_kills() {
    storm(10);
}
