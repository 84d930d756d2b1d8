//! The scenario language: reads the text of a scenario, checks it, and returns the checked program.
//!
//! This crate starts no worker and handles no event.

mod check;
mod choice;
mod distribution;
mod expr;
mod format;
mod glob;
mod knob;
mod knob_match;
mod knob_values;
mod mistake;
mod program;
mod quantity;
mod sanitize;
mod settings;
mod source;
mod suggest;
mod syntax;
mod tour;
mod variants;

pub use check::{
    CheckedScenario, LanguageExample, check, check_tour, is_tour, language_examples, language_reference, tour_reference,
};
pub use choice::Choice;
pub use expr::{EvalContext, Expr};
pub use format::{FormatError, format};
pub use glob::{Glob, GlobError};
pub use knob::{Knob, KnobKind, Settings, Unit};
pub use knob_match::is_same_knob_value;
pub use knob_values::SettingError;
pub use mistake::{ListedMistake, ListedPosition, Mistake, Mistakes, PlacedText};
pub use program::{ArrivalSpacing, Arrivals, Pace, RateCurve, TraceFile};
pub use program::{
    Attempt, AttemptKind, Baseline, Block, Branch, Category, Claim, Compare, CorrectWhen, CrashPolicy, Expect, Feed,
    GroupMembers, Guess, LifeStep, LoopStep, MemberSelector, Metric, MetricSubject, NeededCores, Operand, Optimum,
    OptimumLimit, OverflowPolicy, PipeStep, Placeholder, PoolSpec, PoolStep, Quantile, Question, QueueOrder, QueueStep,
    Quiz, RealWork, RequestTarget, Resource, ResourceSpec, ResultDelivery, ResultWait, Scenario, Scheduling,
    SelectPick, ServerSpec, ShutdownMode, SignalStep, SourceSpan, Step, Suggestion, Target, TaskDistribution, Template,
    TemplatePiece, TestConfig, TextExpr, WorkerGroup,
};
pub use program::{
    FigureComparison, FigureCondition, FigureExpr, FigureFormula, FigureFunction, FigureLiteral, FigureSource,
    FigureTerm, FigureUnit, LiteralUnit, PathSegment, Relation, ReportPath, ReportValue,
};
pub use program::{Limit, MAX_MARK_CHARACTERS, MemoryOrder, Swap, SwapValue, TimeLimit};
pub use quantity::parse_bytes;
pub use sanitize::{mask_dangerous, sanitize};
pub use source::{MAX_SOURCE_BYTES, ReadError, Source, special_file_kind};
pub use suggest::suggest;
pub use tour::{
    CaptionPart, CursorTarget, PointTarget, Scene, ScreenNames, TOUR_PANES, Tour, TourAction, TourWait, TourWorld,
    ZoomTarget,
};
pub use variants::Variant;
