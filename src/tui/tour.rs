//! A tour on the screen: which scene and which caption it is at, and what it waits for.
//!
//! It knows no run. `app::tour` carries out its actions on the run on screen.

mod caption_text;

use std::sync::Arc;
use std::time::Duration;

use super::TourSetup;
use crate::scenario::{CaptionPart, FigureFormula, Scenario, Scene, Tour, TourAction, TourWait};

pub(super) use caption_text::{MAX_LINES, wrap_caption};

/// Shortest time that a caption stands without the presenter's key, and the time for each of its characters.
const LEAST_READING_TIME: Duration = Duration::from_millis(2_500);
const READING_TIME: Duration = Duration::from_millis(55);

pub(super) struct TourPlayer {
    tour: Arc<Tour>,
    /// How many times as fast as read, if it goes on without keys.
    auto_pace: Option<f64>,
    scene: usize,
    /// The next action of the scene.
    action: usize,
    /// Captions shown so far, over all scenes.
    captions: usize,
    caption: Vec<CaptionPart>,
    pub(super) progress: Progress,
    /// The scenario of the run that the scene started.
    pub(super) running: Option<Arc<Scenario>>,
    /// Whether the user has left for the dashboard.
    pub(super) is_left: bool,
    /// The dashboard's clock.
    clock: Duration,
    /// What did not come in time, until the presenter's next key.
    late: Option<String>,
    /// All that did not come in time, and scenes that could not start.
    failures: Vec<String>,
}

/// What a tour does now.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
    /// The run of the scene, or a restart of it, is being started.
    Starting,
    /// Actions are due.
    Acting,
    Waiting {
        wait: TourWait,
        /// `None` until the clock is known.
        since: Option<Duration>,
    },
    /// The scene cannot be shown.
    Failed {
        why: String,
        since: Option<Duration>,
    },
    Over,
}

/// What a wait needs to know of the run.
pub(super) struct RunNews<'a> {
    pub(super) has_ended: bool,
    pub(super) findings: &'a [&'static str],
    /// Whether the condition holds that the tour waits for.
    pub(super) condition_holds: bool,
}

impl TourPlayer {
    pub(super) fn new(setup: TourSetup) -> Self {
        Self {
            tour: setup.tour,
            auto_pace: setup.auto_pace,
            scene: 0,
            action: 0,
            captions: 0,
            caption: Vec::new(),
            progress: Progress::Starting,
            running: None,
            is_left: false,
            clock: Duration::ZERO,
            late: None,
            failures: Vec::new(),
        }
    }

    pub(super) const fn is_auto(&self) -> bool {
        self.auto_pace.is_some()
    }

    pub(super) fn caption(&self) -> &[CaptionPart] {
        &self.caption
    }

    /// Returns all captions of the scene.
    pub(super) fn scene_captions(&self) -> impl Iterator<Item = &[CaptionPart]> {
        let actions = self.scene().into_iter().flat_map(|scene| &scene.actions);
        actions.filter_map(|action| match action {
            TourAction::Caption(parts) => Some(parts.as_slice()),
            _ => None,
        })
    }

    /// Returns the number of the caption, from 1, and of all captions.
    pub(super) fn step(&self) -> (usize, usize) {
        (self.captions.max(1), self.tour.caption_count())
    }

    pub(super) fn scene_number(&self) -> usize {
        self.scene + 1
    }

    pub(super) fn scene(&self) -> Option<&Scene> {
        self.tour.scenes.get(self.scene)
    }

    /// Returns what did not come in time, if the presenter has not gone on since.
    pub(super) fn late(&self) -> Option<&str> {
        self.late.as_deref()
    }

    /// Notes that the presenter goes on.
    pub(super) fn forget_late(&mut self) {
        self.late = None;
    }

    pub(super) fn failures(self) -> Vec<String> {
        self.failures
    }

    /// Goes to the start of a scene; after the last one, the tour is over.
    pub(super) fn go_to_scene(&mut self, scene: usize) {
        self.scene = scene.min(self.tour.scenes.len().saturating_sub(1));
        self.action = 0;
        self.captions = self.tour.scenes.iter().take(scene).map(Scene::caption_count).sum();
        self.progress = if scene < self.tour.scenes.len() { Progress::Starting } else { Progress::Over };
        self.caption.clear();
        self.late = None;
    }

    pub(super) fn scene_index(&self) -> usize {
        self.scene
    }

    /// Returns the next action that is not a caption or a wait, which it takes over itself. `None` if it waits, or
    /// the scene is at its end.
    pub(super) fn next_action(&mut self) -> Option<TourAction> {
        while self.progress == Progress::Acting {
            let action = self.scene()?.actions.get(self.action)?.clone();
            self.action += 1;
            match action {
                TourAction::Caption(parts) => {
                    self.caption = parts;
                    self.captions += 1;
                }
                TourAction::Wait(wait) => self.progress = Progress::Waiting { wait, since: None },
                action => return Some(action),
            }
        }
        None
    }

    /// Whether every action of the scene has been carried out.
    pub(super) fn is_scene_done(&self) -> bool {
        self.progress == Progress::Acting && self.scene().is_none_or(|scene| self.action >= scene.actions.len())
    }

    /// Notes that the scene, or its restart, cannot be started.
    pub(super) fn fail_scene(&mut self, why: String) {
        self.failures.push(format!("Scene {}: {why}", self.scene_number()));
        self.progress = Progress::Failed { why, since: None };
    }

    /// Whether the tour needs to know the time.
    pub(super) fn needs_clock(&self) -> bool {
        !self.is_left
            && match &self.progress {
                Progress::Waiting { wait: TourWait::Key, .. } | Progress::Failed { .. } | Progress::Over => {
                    self.is_auto()
                }
                Progress::Waiting { .. } => true,
                Progress::Starting | Progress::Acting => false,
            }
    }

    /// Returns the condition that the tour waits for, if it waits for one.
    pub(super) fn awaited_condition(&self) -> Option<&Arc<FigureFormula>> {
        match &self.progress {
            Progress::Waiting { wait: TourWait::Condition { formula, .. }, .. } => Some(formula),
            _ => None,
        }
    }

    /// Takes over the time. Returns whether a wait is over.
    pub(super) fn tick(&mut self, clock: Duration, news: &RunNews<'_>) -> bool {
        self.clock = clock;
        let reading_time = self.reading_time();
        let (Progress::Waiting { since, .. } | Progress::Failed { since, .. }) = &mut self.progress else {
            return false;
        };
        let waited = clock.saturating_sub(*since.get_or_insert(clock));
        match &self.progress {
            Progress::Failed { .. } | Progress::Waiting { wait: TourWait::Key, .. } => {
                reading_time.is_some_and(|time| waited >= time)
            }
            Progress::Waiting { wait, .. } => {
                let wait = wait.clone();
                self.is_wait_over(&wait, waited, news)
            }
            _ => false,
        }
    }

    fn is_wait_over(&mut self, wait: &TourWait, waited: Duration, news: &RunNews<'_>) -> bool {
        let (has_come, limit, what) = match wait {
            TourWait::Key => return false,
            TourWait::Time(time) => return waited >= self.at_pace(Duration::from(*time)),
            TourWait::Finding { id, within } => (news.findings.contains(id), *within, format!("no {id}")),
            TourWait::Condition { formula, within } => {
                (news.condition_holds, *within, format!("not {}", formula.to_text()))
            }
            TourWait::End { within } => (news.has_ended, *within, "the run did not end".to_owned()),
        };
        let is_late = !has_come && waited >= Duration::from(limit);
        if is_late {
            let limit = crate::trace::format::compact_duration(limit);
            self.failures.push(format!("Scene {}: {what} within {limit}", self.scene_number()));
            self.late = Some(format!("{what} within {limit}"));
        }
        has_come || is_late
    }

    /// Returns how long the caption stands without a key; `None` if it waits for one.
    fn reading_time(&self) -> Option<Duration> {
        self.auto_pace?;
        let characters: usize = self.caption.iter().map(|part| part.text.chars().count()).sum();
        let time = LEAST_READING_TIME.max(READING_TIME * u32::try_from(characters).unwrap_or(u32::MAX));
        Some(self.at_pace(time))
    }

    fn at_pace(&self, time: Duration) -> Duration {
        time.div_f64(self.auto_pace.unwrap_or(1.0))
    }
}
