//! A tour: scripted scenes for a live demonstration, each a real run with captions.

use std::path::Path;
use std::sync::Arc;

use contend_trace::{KnobId, Span, Stamp};

use super::knob::Settings;
use super::program::{FigureFormula, Scenario};
use super::source::Source;

/// The panes that a tour can point at.
pub const TOUR_PANES: [&str; 11] =
    ["lanes", "locks", "queues", "findings", "pools", "levels", "comparison", "graph", "costs", "log", "transfers"];

/// A checked tour.
#[derive(Debug, Clone)]
pub struct Tour {
    /// The name of the file without `.kdl`.
    pub name: String,
    pub title: String,
    pub about: String,
    pub scenes: Vec<Scene>,
}

/// A run with its captions.
#[derive(Debug, Clone)]
pub struct Scene {
    pub scenario: Arc<Scenario>,
    pub settings: Settings,
    /// Done one after the other; a wait holds up those after it.
    pub actions: Vec<TourAction>,
}

/// One action of a scene. Each does what a key of the dashboard does.
#[derive(Debug, Clone, PartialEq)]
pub enum TourAction {
    Caption(Vec<CaptionPart>),
    Wait(TourWait),
    Turn {
        knob: KnobId,
        value: f64,
    },
    Zoom(ZoomTarget),
    Point(PointTarget),
    SlowMotion,
    Restart,
    Freeze,
    /// Ends slow motion, freezing and the cursor: follows the newest.
    Live,
    Cursor(CursorTarget),
    /// Kills the worker with this name.
    Kill(String),
}

/// Words of a caption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptionPart {
    pub text: String,
    pub is_strong: bool,
}

/// What a tour waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum TourWait {
    /// The presenter's key.
    Key,
    Time(Span),
    /// The run reports this finding.
    Finding {
        id: &'static str,
        within: Span,
    },
    /// A condition over figures of the run holds.
    Condition {
        formula: Arc<FigureFormula>,
        within: Span,
    },
    /// The run ends.
    End {
        within: Span,
    },
}

/// How much time is in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoomTarget {
    Fit,
    Width(Span),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PointTarget {
    Lane(String),
    Lock(String),
    Queue(String),
    /// One of [`TOUR_PANES`].
    Pane(&'static str),
    Nothing,
}

/// Where the cursor goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CursorTarget {
    Moment(Stamp),
    /// The moment that shows this finding.
    Finding(&'static str),
}

/// The names that rows have on the screen of a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScreenNames {
    pub lanes: Vec<String>,
    pub locks: Vec<String>,
    pub queues: Vec<String>,
}

/// What a tour refers to, as far as this crate cannot know it.
pub trait TourWorld {
    /// Returns the names of all scenarios that come with the program.
    fn scenario_names(&self) -> Vec<&str>;

    /// Reads a scenario by its name, or by a path relative to the tour's directory.
    ///
    /// # Errors
    /// A sentence that says why it cannot be read.
    fn read_scenario(&self, name: &str, directory: Option<&Path>) -> Result<Source, String>;

    /// Returns the names of a run's rows.
    ///
    /// # Errors
    /// A sentence that says why the scenario cannot run with these settings.
    fn screen_names(&self, scenario: &Scenario, settings: &Settings) -> Result<ScreenNames, String>;
}

impl Tour {
    /// Returns the number of captions of all scenes.
    pub fn caption_count(&self) -> usize {
        self.scenes.iter().map(Scene::caption_count).sum()
    }
}

impl Scene {
    pub fn caption_count(&self) -> usize {
        self.actions.iter().filter(|action| matches!(action, TourAction::Caption(_))).count()
    }
}
