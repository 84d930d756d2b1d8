//! What is swept, read from the command line.

use std::sync::Arc;

use crate::cli::args::TuneArgs;
use crate::cli::failure::Failure;
use crate::platform::machine;
use crate::scenario::{Knob, KnobKind, Scenario, Settings, Unit, clean};
use crate::trace::KnobId;
use crate::tui::Tuned;
use crate::tune::{Bench, Demands, Preflight, Question, Subject, Timing, Work};

/// Highest count that is swept when nobody said.
const HIGHEST: f64 = 32.0;

/// A scenario with the knob that is swept, and from where to where.
pub(super) struct Sweep<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) knob: &'a Knob,
    id: KnobId,
    settings: Settings,
    over: (f64, f64),
    demands: Demands,
    cores: f64,
    seed: u64,
}

impl<'a> Sweep<'a> {
    pub(super) fn new(args: &TuneArgs, scenario: &'a Scenario) -> Result<Self, Failure> {
        let settings = scenario
            .settings(&args.set, None, args.executor.map(Into::into))
            .map_err(|error| Failure::Usage(error.to_string()))?;
        let settings = Settings { exec: args.allow_exec, ..settings };
        let id = chosen(scenario, args)?;
        let knob = &scenario.knobs[id.index()];
        let demands = Demands {
            epsilon: args.epsilon / 100.0,
            p99: args.p99.map(|limit| limit.as_nanos() as f64),
            memory: args.memory.map(|mib| mib << 20),
        };
        let seed = args.seed.unwrap_or_else(|| fastrand::u64(0..1 << 32));
        Ok(Self {
            scenario,
            knob,
            id,
            settings,
            over: over(knob, args)?,
            demands,
            cores: machine().usable_cores(),
            seed,
        })
    }

    pub(super) fn lab<S: Fn() -> bool>(&self, stop: S) -> Result<Bench<S>, Failure> {
        Bench::new(self.scenario, self.settings.clone(), self.id, Timing::default(), stop)
            .map_err(|error| Failure::Usage(error.to_string()))
    }

    pub(super) fn question(&self, args: &TuneArgs, work: &Work) -> Question {
        Question {
            over: self.over,
            whole: is_count(self.knob),
            cores: self.cores,
            demands: self.demands,
            budget: args.time,
            open: work.can_arrive(self.scenario),
            even_disturbed: args.anyway,
            seed: self.seed,
        }
    }

    /// What the screen is to show.
    pub(super) fn tuned(&self, question: Question, work: Work) -> Tuned {
        let (scenario, settings) = (Arc::new(self.scenario.clone()), self.settings.clone());
        Tuned { scenario, settings, knob: self.id, work, question }
    }

    /// What is put into words.
    pub(super) fn subject<'b>(&'b self, work: &'b Work, preflight: Preflight) -> Subject<'b> {
        Subject {
            scenario: &self.scenario.name,
            knob: self.knob,
            work,
            demands: self.demands,
            over: self.over,
            cores: self.cores,
            preflight,
        }
    }

    /// The command that does the same once more.
    pub(super) fn again(&self, args: &TuneArgs) -> String {
        let knob = self.knob;
        let mut words = vec!["contend tune".to_owned()];
        match &args.exec {
            Some(command) => words.extend(["--exec".to_owned(), clean(&shell_words::quote(command))]),
            None => words.push(match &args.scenario {
                Some(spec) => clean(&spec.to_string_lossy()),
                None => self.scenario.name.clone(),
            }),
        }
        if let Some(files) = &args.files {
            words.push(format!(
                "--files {} --dir {}",
                clean(&shell_words::quote(files)),
                clean(&shell_words::quote(&args.dir))
            ));
        }
        words.extend(args.allow_exec.then(|| "--allow-exec".to_owned()));
        words.extend(args.set.iter().map(|set| format!("--set {}", clean(set))));
        words.push(format!("--knob {} --over {}..{}", knob.name, knob.show(self.over.0), knob.show(self.over.1)));
        words.push(format!("--epsilon {} --for {}s --seed {}", args.epsilon, args.time.as_secs(), self.seed));
        words.extend(args.p99.map(|limit| format!("--p99 {}", humantime::format_duration(limit))));
        words.extend(args.memory.map(|mib| format!("--memory {mib}")));
        words.extend(args.anyway.then(|| "--anyway".to_owned()));
        words.join(" ")
    }
}

fn chosen(scenario: &Scenario, args: &TuneArgs) -> Result<KnobId, Failure> {
    if let Some(name) = &args.knob {
        return scenario.find_knob(name).map_err(|error| Failure::Usage(error.to_string()));
    }
    scenario.size_knob().ok_or_else(|| {
        let is_number = |knob: &&Knob| matches!(knob.kind, KnobKind::Number { .. });
        let numbers: Vec<&str> = scenario.knobs.iter().filter(is_number).map(|knob| knob.name.as_str()).collect();
        let choose = match numbers.as_slice() {
            [] => "it has no knob with a number".to_owned(),
            numbers => format!("choose one with --knob: {}", numbers.join(", ")),
        };
        Failure::Usage(format!("no knob of `{}` says how many workers there are; {choose}", scenario.name))
    })
}

const fn is_count(knob: &Knob) -> bool {
    matches!(knob.kind, KnobKind::Number { unit: Unit::Count, .. })
}

/// From where to where: as asked, or the knob's range, counts up to a number that is useful to see.
fn over(knob: &Knob, args: &TuneArgs) -> Result<(f64, f64), Failure> {
    let KnobKind::Number { min, max, .. } = knob.kind else {
        return Err(Failure::Usage(format!("`{}` is no number: only a knob with a number can be swept", knob.name)));
    };
    let Some(text) = &args.over else {
        let high = if is_count(knob) { max.min(HIGHEST).max(min) } else { max };
        let low = if is_count(knob) { min.max(1.0).min(high) } else { min };
        return Ok((low, high));
    };
    let usage = |why: String| Failure::Usage(format!("--over {}: {why}", clean(text)));
    let (low, high) = text.split_once("..").ok_or_else(|| usage("write it as 1..32".to_owned()))?;
    let parse = |text: &str| knob.parse(text.trim_start_matches('=')).map_err(|error| usage(error.to_string()));
    let (low, high) = (parse(low)?, parse(high)?);
    if low > high { Err(usage("the first value is the larger one".to_owned())) } else { Ok((low, high)) }
}
