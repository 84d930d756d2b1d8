//! Tuning: runs a scenario at many values of a knob, and finds the smallest value that is enough.
//!
//! `session` has the procedure, `trial` makes a repetition, and `decide` compares the levels.

mod answer;
mod arrivals;
mod bottleneck;
mod curve;
mod decide;
mod demands;
mod drift;
mod estimates;
mod experiment;
mod ground_truth;
mod json;
mod levels;
mod program;
mod queueing_theory;
mod repetition;
mod replay;
mod request;
mod scalability_law;
mod session;
pub(crate) mod stats;
mod summary;
mod svg;
mod text;
mod trial;
mod tuning;
mod work_unit;

pub use answer::{LevelStatus, TuningAnswer};
pub use arrivals::{backlog_growth, backlog_growth_rate, headroom};
pub use bottleneck::{Bottleneck, LimitingResource, ThroughputLimit, find_bottleneck, throughput_limits};
pub use curve::{Curve, LIVE_STATES, Level, MAX_OTHERS_CORES};
pub use decide::{Decision, level_status, ratio_to_best};
pub use demands::{Demands, Goal};
pub use drift::{Drift, detect_drift};
pub use estimates::{Estimate, estimate_workers};
pub use experiment::{LiveExperimentRunner, TuneError};
pub use ground_truth::{Grade, grade_answer, is_bottleneck_right};
pub use json::tuning_json;
pub use program::{PLACEHOLDER, ProgramExperimentRunner, TunedProgram};
pub use queueing_theory::{OfferedLoad, QueueForecast, erlang_c};
pub use repetition::{LockUsage, Repetition, RepetitionPercentiles};
pub use replay::{ReplayError, TraceReplay};
pub use request::{Experiment, ExperimentRunner, LoadProfile, Phase, TuningRequest};
pub use scalability_law::Usl;
pub use session::tune;
pub use stats::{Interval, Ratio};
pub use summary::{
    Preflight, TuningSubject, caveats, headline, resource_label, scaling_cost_sentence, summary_sentences,
};
pub use svg::tuning_svg;
pub use text::tuning_text;
pub use trial::{Timing, TrialOutcome};
pub use tuning::{LongRun, OpenLoopPoint, Tuning};
pub use work_unit::WorkUnit;
