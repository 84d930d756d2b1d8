//! Runs experiments with a program of the user's own: each repetition is one whole run of it, or several short ones.

mod measured_runs;

use std::ffi::OsString;
use std::ops::ControlFlow;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use self::measured_runs::MeasuredRuns;
use super::experiment::{TuneError, measure_others_load};
use super::request::{Experiment, ExperimentRunner, Stopwatch};
use super::summary::Preflight;
use super::trial::{TrialOutcome, stuck_reason};
use super::work_unit::{WorkUnit, program_pools};
use crate::model::Model;
use crate::platform::{ProgramOutput, cpu_frequency_range, resident_bytes};
use crate::recording::RecordingDirectory;
use crate::report::{FinishedRun, FollowOptions, describe_run, follow_run};
use crate::scenario::{Knob, Scenario, sanitize};
use crate::source::{EventSource, ProgramRun, ProgramSetup, SharedExit};
use crate::trace::{RunEnd, Stamp};

/// Stands for the value in an argument.
pub const PLACEHOLDER: &str = "{}";

/// Least time of a repetition: shorter programs run several times.
const MIN_REPETITION: Duration = Duration::from_millis(500);

/// Most runs in a repetition.
const MAX_RUNS: usize = 20;

/// Relative difference of two run times that counts as none.
const SAME_TIME: f64 = 0.05;

/// The longest line that a failure quotes, in bytes.
const MAX_QUOTED: usize = 160;

/// A program whose runs are compared.
#[derive(Debug, Clone)]
pub struct TunedProgram {
    /// The program and its arguments. Without a variable, [`PLACEHOLDER`] in them stands for the value.
    pub words: Vec<OsString>,
    /// The environment variable that gets the value.
    pub variable: Option<String>,
    pub title: String,
}

impl TunedProgram {
    fn setup(&self, value: &str, is_traced: bool) -> ProgramSetup {
        let environment = self.variable.iter().map(|name| (name.into(), value.into())).collect();
        let words = match &self.variable {
            Some(_) => self.words.clone(),
            None => self.words.iter().map(|word| fill_placeholder(word, value)).collect(),
        };
        let title = self.title.clone();
        ProgramSetup { words, title, output: ProgramOutput::Pipe, inherits_input: false, environment, is_traced }
    }
}

/// Puts the value in place of each placeholder.
fn fill_placeholder(word: &OsString, value: &str) -> OsString {
    let (mut rest, mut filled) = (word.as_bytes(), Vec::new());
    while let Some(at) = rest.windows(PLACEHOLDER.len()).position(|part| part == PLACEHOLDER.as_bytes()) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(value.as_bytes());
        rest = &rest[at + PLACEHOLDER.len()..];
    }
    filled.extend_from_slice(rest);
    OsString::from_vec(filled)
}

/// Runs a program with different values.
#[derive(Debug)]
pub struct ProgramExperimentRunner<S> {
    program: TunedProgram,
    scenario: Scenario,
    knob: Knob,
    work: WorkUnit,
    /// Names of locks, in the order of every repetition's figures.
    locks: Vec<String>,
    stopwatch: Stopwatch,
    is_stop_requested: S,
    recordings: Option<Arc<RecordingDirectory>>,
}

/// One run of the program.
struct ProgramOutcome {
    finished: FinishedRun,
    /// The largest memory seen.
    memory: u64,
}

/// Why there is no run.
enum NoRun {
    Stopped,
    Failed(String, Box<Model>),
}

impl<S: Fn() -> bool> ProgramExperimentRunner<S> {
    /// Prepares to measure a program. `scenario` stands for it, `knob` for the varied setting.
    pub fn new(program: TunedProgram, scenario: &Scenario, knob: &Knob, stop: S) -> Self {
        Self {
            program,
            scenario: scenario.clone(),
            knob: knob.clone(),
            work: WorkUnit::Runs,
            locks: Vec::new(),
            stopwatch: Stopwatch::default(),
            is_stop_requested: stop,
            recordings: None,
        }
    }

    /// Records every run in a file of this directory.
    pub fn record_into(self, recordings: Option<Arc<RecordingDirectory>>) -> Self {
        Self { recordings, ..self }
    }

    pub const fn work(&self) -> &WorkUnit {
        &self.work
    }

    /// Measures the machine's load before the tuning.
    pub fn check_machine(&self) -> Preflight {
        Preflight { others_cores: measure_others_load(), clock_range: cpu_frequency_range() }
    }

    /// Runs the program at both ends of the range and chooses the unit of work: tasks, if both complete as many tasks
    /// in pools, or take equally long; otherwise whole runs. A program whose number of tasks depends on the value is
    /// judged by its time, one that runs for a set time by its tasks.
    ///
    /// # Errors
    /// If the program fails at both ends.
    pub fn choose_work(&mut self, (low, high): (f64, f64), budget: Duration) -> Result<(), TuneError> {
        let mut seen = Vec::new();
        let mut failures = Vec::new();
        for value in if low < high { vec![low, high] } else { vec![low] } {
            match self.run_once(value, Instant::now() + budget, true) {
                Ok(run) => {
                    let tasks: u64 = program_pools(&run.finished.model).map(crate::model::Pool::done).sum();
                    seen.push((tasks, run.finished.ended_at.span_since(Stamp::default()).as_secs_f64()));
                }
                Err(NoRun::Failed(why, _)) => failures.push(format!("with {} {why}", self.knob.format_value(value))),
                Err(NoRun::Stopped) => return Ok(()),
            }
        }
        match seen.as_slice() {
            [] => return Err(TuneError::ProgramFails(failures.join("; "))),
            [(tasks, secs), .., (other, other_secs)] if *tasks > 0 && *other > 0 => {
                let is_same_time = (secs - other_secs).abs() <= SAME_TIME * secs.max(*other_secs);
                if tasks == other || is_same_time {
                    self.work = WorkUnit::ProgramTasks;
                }
            }
            [(tasks, _)] if *tasks > 0 && failures.is_empty() => self.work = WorkUnit::ProgramTasks,
            _ => {}
        }
        Ok(())
    }

    /// Runs the program to its end.
    fn run_once(&self, value: f64, deadline: Instant, is_traced: bool) -> Result<ProgramOutcome, NoRun> {
        let setup = self.program.setup(&self.knob.format_value(value), is_traced);
        let last_line = Arc::<Mutex<LastLine>>::default();
        let line = Arc::clone(&last_line);
        let echo = Box::new(move |bytes: &[u8]| line.lock().unwrap_or_else(PoisonError::into_inner).take(bytes));
        let run = ProgramRun::start(&setup, Some(echo), SharedExit::default())
            .map_err(|error| NoRun::Failed(sanitize(&error.to_string()), Box::new(empty_model())))?;
        let recorder = self.recordings.as_deref().filter(|_| is_traced);
        let recorder =
            recorder.and_then(|directory| directory.start(&self.scenario.name, &describe_run(run.header(), None)));
        let (mut memory, mut is_cut) = (0, false);
        let finished = follow_run(&run, FollowOptions { recorder, ..FollowOptions::default() }, |model, _| {
            memory = memory.max(resident_memory(model));
            is_cut = (self.is_stop_requested)() || Instant::now() >= deadline;
            if is_cut { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        drop(run); // nothing of the program is left
        if is_cut {
            return Err(NoRun::Stopped);
        }
        let last_line = last_line.lock().unwrap_or_else(PoisonError::into_inner).text();
        match failure(&finished, &last_line) {
            Some(why) => Err(NoRun::Failed(why, Box::new(finished.model))),
            None => Ok(ProgramOutcome { finished, memory }),
        }
    }
}

fn empty_model() -> Model {
    Model::new(Arc::new(crate::trace::Registry::default()), crate::model::Budget::default())
}

/// Returns why a run is none to measure.
fn failure(finished: &FinishedRun, last_line: &str) -> Option<String> {
    let said = if last_line.is_empty() { String::new() } else { format!(": {last_line}") };
    match &finished.ended {
        RunEnd::Completed => None,
        RunEnd::Crashed(why) => Some(format!("{why}{said}")),
        RunEnd::Deadlock | RunEnd::Stall => {
            Some(stuck_reason(&finished.model).unwrap_or_else(|| "threads or processes wait forever".to_owned()))
        }
        RunEnd::Time | RunEnd::Stopped => Some(format!("the program was interrupted{said}")),
    }
}

/// Returns the resident bytes of all processes of a program.
fn resident_memory(model: &Model) -> u64 {
    let pids: std::collections::BTreeSet<u32> = model.lanes().filter_map(|(_, lane)| lane.pid()).collect();
    pids.into_iter().filter_map(resident_bytes).sum()
}

/// Keeps the last line of a program's output that is not empty.
#[derive(Debug, Default)]
struct LastLine {
    complete: Vec<u8>,
    open: Vec<u8>,
}

impl LastLine {
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = MAX_QUOTED.saturating_sub(self.open.len());
            self.open.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                let line = std::mem::take(&mut self.open);
                if !line.trim_ascii().is_empty() {
                    self.complete = line;
                }
            }
        }
    }

    fn text(&self) -> String {
        let line = if self.open.trim_ascii().is_empty() { &self.complete } else { &self.open };
        sanitize(String::from_utf8_lossy(line).trim())
    }
}

impl<S: Fn() -> bool> ExperimentRunner for ProgramExperimentRunner<S> {
    fn run(&mut self, experiment: Experiment) -> TrialOutcome {
        let deadline = Instant::now() + experiment.time_left.unwrap_or(Duration::MAX / 4);
        let mut measured = MeasuredRuns::start();
        loop {
            match self.run_once(experiment.level, deadline, true) {
                Ok(run) => measured.add(&run.finished, &self.work, run.memory, &mut self.locks),
                Err(NoRun::Failed(why, model)) => return TrialOutcome::Failed(why, model),
                Err(NoRun::Stopped) => return TrialOutcome::Stopped,
            }
            if measured.secs() >= MIN_REPETITION.as_secs_f64() || measured.runs() >= MAX_RUNS {
                break;
            }
        }
        measured.finish(&self.work)
    }

    fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    fn is_stopped(&self) -> bool {
        (self.is_stop_requested)()
    }

    /// A program takes as long as it takes.
    fn can_last(&self) -> bool {
        false
    }

    fn time_untraced(&mut self, level: f64, time_left: Duration) -> Option<f64> {
        let run = self.run_once(level, Instant::now() + time_left, false).ok()?;
        Some(run.finished.ended_at.span_since(Stamp::default()).as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_takes_the_place_of_every_placeholder() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let program =
            TunedProgram { words: words(&["make", "-j{}", "{}-{}", "x"]), variable: None, title: String::new() };
        assert_eq!(program.setup("8", true).words, words(&["make", "-j8", "8-8", "x"]));
        let program = TunedProgram { variable: Some("N".to_owned()), ..program };
        let setup = program.setup("8", true);
        assert_eq!(setup.words, words(&["make", "-j{}", "{}-{}", "x"]), "a variable leaves the arguments alone");
        assert_eq!(setup.environment, [("N".into(), "8".into())]);
    }

    #[test]
    fn last_line_is_the_last_that_says_something() {
        let mut last = LastLine::default();
        for part in ["a\nValue", "Error: b\n", "\n  \n"] {
            last.take(part.as_bytes());
        }
        assert_eq!(last.text(), "ValueError: b");
        last.take(b"no newline");
        assert_eq!(last.text(), "no newline");
    }
}
