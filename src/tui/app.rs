//! What the dashboard is showing, and how keys and events change it. Changes happen in [`App::update`] alone; it reads no
//! clock, does no I/O and draws nothing. What must be done outside it hands back as [`Effect`]s.

mod learn;
mod mouse;
mod pick;
mod run;
mod save;
mod tune;
mod typed;

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::Event;
use ratatui::layout::Rect;

use super::keys::{Action, Place};
use super::picker::{Entry, Picker};
use super::plan::Plan;
use super::question::Question;
use super::theme::Theme;
use super::tune::{Sheet, Told, TunePlan};
use super::watch::{Lesson, Watch};
use super::{Start, Wish};
use crate::scenario::{Scenario, Settings, Source};
use crate::trace::{Cast, Command, Message, RunEnd, Span, Stamp};

pub(super) struct App {
    pub(super) showing: Showing,
    pub(super) mode: Mode,
    pub(super) picker: Picker,
    pub(super) theme: Theme,
    /// The question that is put first, in place of all else.
    pub(super) question: Option<Question>,
    /// Nobody would give the terminal back if we were killed.
    pub(super) unguarded: bool,
    /// Whether a scenario's question is put before it runs.
    pub(super) asks: bool,
    /// How long a run goes on at most.
    pub(super) limit: Option<Span>,
    /// What is tuned, if anything is.
    pub(super) sheet: Option<Box<Sheet>>,
    /// What was asked before the run that is being started.
    next: Lesson,
    /// How a scenario is to run that had mistakes at first.
    wish: Wish,
    /// An answer to the last key, in place of the legend.
    pub(super) said: Option<String>,
    drag: mouse::Drag,
    size: Rect,
    dirty: bool,
}

pub(super) enum Showing {
    Picker,
    /// The sheet of a tuning.
    Tune,
    Watch(Box<Watch>),
}

/// What keys go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    Browse,
    /// A filter is typed.
    Filter,
    Help {
        scroll: usize,
    },
    About {
        scroll: usize,
    },
    /// What is known of the chosen worker, lock or queue.
    Detail {
        scroll: usize,
    },
    /// What was predicted and what was measured.
    Answer {
        scroll: usize,
    },
    /// What is wrong with a file that was saved.
    Mistakes {
        name: String,
        text: String,
        scroll: usize,
    },
    Text {
        title: String,
        text: String,
        scroll: usize,
    },
}

impl Mode {
    /// Whether it lies over the picture and the key opens something else that does: that comes in its place. The key that
    /// opened it closes it.
    const fn gives_way_to(&self, action: Action) -> bool {
        let over = !matches!(self, Self::Browse | Self::Filter);
        over && match action {
            Action::Help => !matches!(self, Self::Help { .. }),
            Action::About => !matches!(self, Self::About { .. }),
            Action::Answer => !matches!(self, Self::Answer { .. }),
            _ => false,
        }
    }
}

/// What can happen to the dashboard.
pub(super) enum Msg {
    Typed(Event),
    Resized(Rect),
    /// A frame is due.
    Tick {
        now: Stamp,
        late: Span,
    },
    Run(Message),
    /// The run's channel is closed, whether or not it said so before.
    RunGone {
        now: Stamp,
    },
    Started {
        scenario: Arc<Scenario>,
        settings: Settings,
        cast: Arc<Cast>,
    },
    NotStarted(String),
    /// Whoever measures has something to say.
    Told(Told),
    /// Nobody measures any more.
    Measured,
    Edited(Result<Source, String>),
    /// The file that is watched has another text now.
    Saved(Result<Source, String>),
    Suspend,
}

/// What is to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    Start(Arc<Scenario>, Settings),
    Command(Command),
    /// The run is over; nobody looks at it any more.
    EndRun,
    Edit(PathBuf),
    Suspend,
    Redraw,
    /// Nothing more is to be measured.
    Enough,
    Quit {
        interrupted: bool,
    },
}

impl App {
    pub(super) fn new(picker: Picker, theme: Theme, size: Rect) -> Self {
        let drag = mouse::Drag::default();
        Self {
            showing: Showing::Picker,
            mode: Mode::Browse,
            picker,
            theme,
            question: None,
            unguarded: false,
            asks: false,
            limit: None,
            sheet: None,
            next: Lesson::default(),
            wish: Wish::default(),
            said: None,
            drag,
            size,
            dirty: true,
        }
    }

    /// What is to be done at first.
    pub(super) fn first(&mut self, start: Start) -> Vec<Effect> {
        let (source, run) = match start {
            Start::Picker => return Vec::new(),
            Start::Mistakes { source, wish } => {
                self.wish = wish;
                (source, None)
            }
            Start::Run { source, scenario, settings, ask } => (source, Some((Arc::from(scenario), settings, ask))),
        };
        let entry = Entry::new(source);
        let name = entry.name.clone();
        if let (Err(mistakes), None) = (&entry.scenario, &run) {
            self.mode = Mode::Mistakes { name: name.clone(), text: mistakes.clone(), scroll: 0 };
        }
        if entry.path.is_some() {
            self.picker.put(entry);
        }
        self.picker.choose_name(&name);
        match run {
            Some((scenario, settings, true)) => self.ask_or_start(&scenario, settings),
            Some((scenario, settings, false)) => vec![Effect::Start(scenario, settings)],
            None => Vec::new(),
        }
    }

    /// Changes what is shown, and says what is to be done.
    pub(super) fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Typed(event) => {
                self.dirty = true;
                return self.typed(event);
            }
            Msg::Suspend => return self.suspend(),
            Msg::Told(told) => self.hear(told),
            Msg::Measured => return self.measured(),
            Msg::Saved(Ok(source)) => {
                self.dirty = true;
                return self.saved(source);
            }
            Msg::Resized(size) => self.size = size,
            Msg::Tick { now, late } => return self.tick(now, late),
            Msg::Run(message) => {
                let Showing::Watch(watch) = &mut self.showing else { return Vec::new() };
                self.dirty |= watch.apply(&message);
                self.compare_if_due();
                return Vec::new();
            }
            Msg::RunGone { now } => self.run_gone(now),
            Msg::Started { scenario, settings, cast } => self.started(scenario, settings, cast),
            Msg::Edited(Ok(source)) => self.picker.put(Entry::new(source)),
            Msg::NotStarted(why) => {
                self.next = Lesson::default();
                self.said = Some(why);
            }
            Msg::Edited(Err(why)) | Msg::Saved(Err(why)) => self.said = Some(why),
        }
        self.dirty = true;
        self.settle();
        Vec::new()
    }

    /// Whether something is to be drawn; asked once a frame.
    pub(super) fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    pub(super) const fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Says whether somebody would give the terminal back if we were killed.
    pub(super) fn guarded(&mut self, is: bool) {
        self.dirty |= self.unguarded == is;
        self.unguarded = !is;
    }

    /// What was asked for could not be drawn yet.
    pub(super) fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    /// Whether the picture changes by itself.
    pub(super) fn moves(&self) -> bool {
        match &self.showing {
            Showing::Picker => false,
            Showing::Tune => self.sheet.as_ref().is_some_and(|sheet| !sheet.over),
            Showing::Watch(watch) => watch.moves(),
        }
    }

    pub(super) fn place(&self) -> Place {
        match self.showing {
            _ if self.question.is_some() => Place::Question,
            Showing::Picker => Place::Picker,
            Showing::Tune => Place::Tune,
            Showing::Watch(_) if self.sheet.is_some() => Place::Recorded,
            Showing::Watch(_) => Place::Live,
        }
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> Rect {
        self.size
    }

    fn tick(&mut self, now: Stamp, late: Span) -> Vec<Effect> {
        if let Showing::Watch(watch) = &mut self.showing
            && watch.moves()
        {
            let figures = watch.figures.at;
            watch.tick(now, late);
            if matches!(self.mode, Mode::Answer { .. }) && watch.figures.at != figures {
                watch.judge();
            }
            self.dirty = true;
            self.settle();
            self.compare_if_due();
        } else if let (Showing::Tune, Some(sheet)) = (&self.showing, &mut self.sheet) {
            self.dirty |= sheet.tick(now.since(Stamp(0)).into());
        }
        Vec::new()
    }

    /// A run that goes without a word has crashed.
    fn run_gone(&mut self, now: Stamp) {
        if let Showing::Watch(watch) = &mut self.showing
            && watch.newest().ended().is_none()
        {
            let how = RunEnd::Crashed("its events stopped coming".into());
            watch.apply(&Message::Ended { at: now, how });
        }
    }

    fn started(&mut self, scenario: Arc<Scenario>, settings: Settings, cast: Arc<Cast>) {
        (self.said, self.question) = (None, None);
        if matches!(self.mode, Mode::Answer { .. } | Mode::About { .. }) {
            self.mode = Mode::Browse;
        }
        let lesson = std::mem::take(&mut self.next);
        match &mut self.showing {
            Showing::Watch(watch) if Arc::ptr_eq(&watch.scenario, &scenario) => watch.again(settings, cast, lesson),
            showing => *showing = Showing::Watch(Box::new(Watch::new(scenario, settings, cast, lesson))),
        }
        if let Showing::Watch(watch) = &mut self.showing {
            watch.limit = self.limit;
        }
    }

    /// The window's width follows from the plan, and shares of the window from its width.
    fn settle(&mut self) {
        if let Showing::Watch(watch) = &mut self.showing {
            let columns = Plan::of(watch, self.size).columns.time;
            watch.set_columns(columns);
        }
        if let Some(sheet) = &mut self.sheet {
            sheet.first = TunePlan::of(sheet, self.size).first;
        }
    }
}
