//! How many workers? Runs a scenario at many values of a knob, compares, and says what it found and how sure it is.
//!
//! The procedure is that of `session`; what a repetition is, of `trial`; how levels are compared, of `decide`.

mod arrivals;
mod curve;
mod decide;
mod drift;
mod figures;
mod json;
mod lab;
mod levels;
mod limits;
mod priors;
mod question;
mod session;
mod stats;
mod svg;
mod text;
mod told;
mod trial;
mod truth;
mod tuning;
mod usl;
mod work;

pub use arrivals::{falls_behind, growth, headroom};
pub use curve::{Curve, DISTURBED, Level};
pub use decide::{Answer, Demands, Goal, Standing, Verdict, against, standing};
pub use drift::{Drift, drift};
pub use figures::{Percentiles, Repetition, Used};
pub use json::json;
pub use lab::{Bench, TuneError};
pub use limits::{Bottleneck, Limit, Resource, bottleneck, limits};
pub use priors::{Prior, priors};
pub use question::{Experiment, Lab, Load, Phase, Question};
pub use session::tune;
pub use stats::{Interval, Ratio};
pub use svg::svg;
pub use text::text;
pub use told::{Preflight, Subject, doubts, headline, resource, sentences};
pub use trial::{Timing, Tried};
pub use truth::{Grade, grade, names_the_limit};
pub use tuning::{Loaded, Long, Tuning};
pub use usl::Usl;
pub use work::Work;
