//! The sweep of `contend tune`: which knob, over which range, with which demands.

use std::sync::Arc;

use super::runner::SweepRunner;
use crate::cli::args::TuneArgs;
use crate::cli::exit::CliError;
use crate::cli::record;
use crate::platform::detect_machine;
use crate::recording::RecordingDirectory;
use crate::scenario::{Knob, KnobKind, Scenario, Settings, Unit, sanitize};
use crate::trace::{KnobId, Span};
use crate::tui::TuneSetup;
use crate::tune::{
    Demands, Goal, LiveExperimentRunner, Preflight, ProgramExperimentRunner, Timing, TraceReplay, TunedProgram,
    TuningRequest, TuningSubject, WorkUnit,
};

/// Upper end of the default range of a count.
const MAX_DEFAULT_COUNT: f64 = 32.0;

/// A scenario, the knob to sweep and the range.
pub(super) struct Sweep<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) knob: &'a Knob,
    knob_id: KnobId,
    settings: Settings,
    range: (f64, f64),
    demands: Demands,
    /// Whether a task is always available, even if the scenario has arrivals.
    is_closed_loop: bool,
    usable_cores: f64,
    seed: u64,
    /// The trace that is replayed.
    replay: Option<TraceReplay>,
    /// The program that the scenario stands for.
    program: Option<TunedProgram>,
    recordings: Option<Arc<RecordingDirectory>>,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(args: &TuneArgs, scenario: &'a Scenario, replay: Option<TraceReplay>) -> Result<Self, CliError> {
        let settings = scenario
            .settings(&args.set, None, args.executor.map(Into::into))
            .map_err(|error| CliError::Usage(error.to_string()))?;
        let settings = Settings { allow_exec: args.allow_exec, ..settings };
        let id = chosen_knob(scenario, args)?;
        let knob = &scenario.knobs[id.index()];
        let demands = Demands {
            goal: Goal::MaxThroughput,
            epsilon: args.epsilon / 100.0,
            max_p99_ns: args.p99.map(|limit| limit.as_nanos() as f64),
            max_memory: args.memory.map(|mib| mib << 20),
        };
        let seed = args.seed.unwrap_or_else(|| fastrand::u64(0..1 << 32));
        Ok(Self {
            scenario,
            knob,
            knob_id: id,
            settings,
            range: sweep_range(knob, args)?,
            demands,
            is_closed_loop: args.saturate,
            usable_cores: detect_machine().usable_cores(),
            seed,
            replay,
            program: None,
            recordings: record::create_directory(&args.recording)?.map(Arc::new),
        })
    }

    /// Returns a sweep of a program, for which the scenario stands.
    pub(super) fn of_program(self, program: Option<TunedProgram>) -> Self {
        Self { program, ..self }
    }

    /// Returns the same sweep in closed loop, without arrivals.
    pub(super) fn in_closed_loop(self) -> Self {
        Self { is_closed_loop: true, ..self }
    }

    /// Returns the demands on a level: to keep up with the arrivals if their rate is known and not ignored, otherwise
    /// to reach the highest throughput.
    fn demands(&self, work: &WorkUnit) -> Demands {
        let recorded = self.replay.map(|replay| replay.load.arrival_rate);
        let due = recorded.or_else(|| work.arrival_rate(self.scenario, &self.settings, self.knob_id));
        let due = due.filter(|_| !self.is_closed_loop);
        Demands { goal: due.map_or(Goal::MaxThroughput, Goal::Arrivals), ..self.demands }
    }

    pub(super) fn experiment_runner<S: Fn() -> bool>(&self, stop: S) -> Result<SweepRunner<S>, CliError> {
        if let Some(program) = &self.program {
            let runner = ProgramExperimentRunner::new(program.clone(), self.scenario, self.knob, stop);
            return Ok(SweepRunner::Program(runner.record_into(self.recordings.clone())));
        }
        let limit = self.demands.max_p99_ns.map(|ns| Span(ns as u64));
        let speed = self.replay.map_or(1.0, |replay| replay.speed);
        LiveExperimentRunner::new(self.scenario, self.settings.clone(), self.knob_id, Timing::default(), limit, stop)
            .map(|runner| SweepRunner::Scenario(runner.with_speed(speed).record_into(self.recordings.clone())))
            .map_err(|error| CliError::Usage(error.to_string()))
    }

    pub(super) const fn range(&self) -> (f64, f64) {
        self.range
    }

    pub(super) fn tuning_request(&self, args: &TuneArgs, work: &WorkUnit) -> TuningRequest {
        TuningRequest {
            range: self.range,
            is_whole: is_count(self.knob),
            usable_cores: self.usable_cores,
            demands: self.demands(work),
            budget: args.time,
            has_open_loop: work.supports_open_loop(self.scenario),
            keep_disturbed: args.anyway,
            seed: self.seed,
            replay: self.replay,
        }
    }

    /// Returns the setup of the screen.
    pub(super) fn screen_setup(&self, request: TuningRequest, work: WorkUnit) -> TuneSetup {
        let (scenario, settings) = (Arc::new(self.scenario.clone()), self.settings.clone());
        TuneSetup { scenario, settings, knob: self.knob_id, work, question: request }
    }

    /// Returns the subject of the report.
    pub(super) fn subject<'b>(&'b self, work: &'b WorkUnit, preflight: Preflight) -> TuningSubject<'b> {
        TuningSubject {
            scenario: &self.scenario.name,
            knob: self.knob,
            work,
            demands: self.demands(work),
            range: self.range,
            usable_cores: self.usable_cores,
            preflight,
            replay: self.replay,
        }
    }

    /// Returns the command that repeats this tuning.
    pub(super) fn repeat_command(&self, args: &TuneArgs) -> String {
        let knob = self.knob;
        let mut words = vec!["contend tune".to_owned()];
        let quoted = |text: &str| sanitize(&shell_words::quote(text));
        match (&args.exec, &args.trace) {
            (Some(command), _) => words.extend(["--exec".to_owned(), quoted(command)]),
            (None, Some(path)) => {
                words.extend(["--trace".to_owned(), quoted(&path.to_string_lossy())]);
                words.extend(self.replay.map(|replay| format!("--speed {}", replay.speed)));
            }
            (None, None) => words.extend(match &args.scenario {
                Some(spec) => Some(sanitize(&spec.to_string_lossy())),
                None if self.program.is_some() => None,
                None => Some(self.scenario.name.clone()),
            }),
        }
        if let Some(files) = &args.files {
            words.push(format!(
                "--files {} --dir {}",
                sanitize(&shell_words::quote(files)),
                sanitize(&shell_words::quote(&args.dir))
            ));
        }
        words.extend(args.allow_exec.then(|| "--allow-exec".to_owned()));
        words.extend(args.set.iter().map(|set| format!("--set {}", sanitize(set))));
        match (&args.env, &args.arg) {
            (Some(name), _) => words.push(format!("--env {}", quoted(name))),
            (None, Some(text)) => words.push(format!("--arg {}", quoted(text))),
            (None, None) if self.program.is_some() => {}
            (None, None) => words.push(format!("--knob {}", knob.name)),
        }
        words.push(format!("--over {}..{}", knob.format_value(self.range.0), knob.format_value(self.range.1)));
        words.push(format!("--epsilon {} --for {}s --seed {}", args.epsilon, args.time.as_secs(), self.seed));
        words.extend(args.p99.map(|limit| format!("--p99 {}", humantime::format_duration(limit))));
        words.extend(args.memory.map(|mib| format!("--memory {mib}")));
        words.extend(args.saturate.then(|| "--saturate".to_owned()));
        words.extend(args.anyway.then(|| "--anyway".to_owned()));
        if !args.program.is_empty() {
            words.push("--".to_owned());
            words.extend(args.program.iter().map(|word| quoted(&word.to_string_lossy())));
        }
        words.join(" ")
    }
}

fn chosen_knob(scenario: &Scenario, args: &TuneArgs) -> Result<KnobId, CliError> {
    if scenario.is_program() && !scenario.knobs.is_empty() {
        return Ok(KnobId::from(0_usize)); // what each run of the program gets
    }
    if let Some(name) = &args.knob {
        return scenario.find_knob(name).map_err(|error| CliError::Usage(error.to_string()));
    }
    scenario.worker_count_knob().ok_or_else(|| {
        let is_number = |knob: &&Knob| matches!(knob.kind, KnobKind::Number { .. });
        let numbers: Vec<&str> = scenario.knobs.iter().filter(is_number).map(|knob| knob.name.as_str()).collect();
        let choose = match numbers.as_slice() {
            [] => "it has no knob that holds a number".to_owned(),
            numbers => format!("choose one with --knob: {}", numbers.join(", ")),
        };
        CliError::Usage(format!("no knob of `{}` sets the number of workers; {choose}", scenario.name))
    })
}

const fn is_count(knob: &Knob) -> bool {
    matches!(knob.kind, KnobKind::Number { unit: Unit::Count, .. })
}

/// Returns the range: that of `--over`, or the knob's range, for a count from 1 to 32.
fn sweep_range(knob: &Knob, args: &TuneArgs) -> Result<(f64, f64), CliError> {
    let KnobKind::Number { min, max, .. } = knob.kind else {
        return Err(CliError::Usage(format!(
            "`{}` holds no number; only a knob that holds a number can be swept",
            knob.name
        )));
    };
    let Some(text) = &args.over else {
        // The knob of a trace's scenario goes as far as the load may need.
        let is_limited = is_count(knob) && args.trace.is_none();
        let high = if is_limited { max.min(MAX_DEFAULT_COUNT).max(min) } else { max };
        let low = if is_count(knob) { min.max(1.0).min(high) } else { min };
        return Ok((low, high));
    };
    let usage = |why: String| CliError::Usage(format!("--over {}: {why}", sanitize(text)));
    let (low, high) = text.split_once("..").ok_or_else(|| usage("write it as 1..32".to_owned()))?;
    let parse = |text: &str| knob.parse(text.trim_start_matches('=')).map_err(|error| usage(error.to_string()));
    let (low, high) = (parse(low)?, parse(high)?);
    if low > high { Err(usage("the first value is larger than the second".to_owned())) } else { Ok((low, high)) }
}
