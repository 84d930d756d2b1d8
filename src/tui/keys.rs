//! Keys, their actions, and the contexts in which they work.

mod bindings;
mod groups;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use bindings::{BINDINGS, NUMBER_KEYS};

pub(super) use groups::KeyGroup;

/// What a key asks for. `app` carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    ToggleFreeze,
    Follow,
    ZoomOut,
    ZoomIn,
    /// Fits the whole run into the window.
    FitWindow,
    /// Returns to the window before it was fitted.
    UndoFit,
    CursorEarlier,
    CursorLater,
    PageEarlier,
    PageLater,
    /// Plays a recording, or pauses.
    PlayRecording,
    Faster,
    Slower,
    /// Shows the next event of the chosen row.
    NextEvent,
    PreviousEvent,
    NextFinding,
    PreviousFinding,
    NextMark,
    PreviousMark,
    /// Asks for a moment to jump to.
    JumpToTime,
    ToRunStart,
    ToRunEnd,
    ToStart,
    ToggleCursor,
    Up,
    Down,
    PageUp,
    PageDown,
    /// Chooses the first or the last row of a list.
    First,
    Last,
    NextPane,
    PreviousPane,
    /// Opens or closes the pane of levels.
    ToggleLevels,
    /// Opens or closes the comparison with a recording.
    Compare,
    /// Opens or closes the pane of who costs whom.
    ToggleCosts,
    /// Explains the chosen row at the cursor.
    Explain,
    /// Begins or ends a range of time.
    ToggleRange,
    /// Moves the cursor to an event of the chosen row.
    EventEarlier,
    EventLater,
    /// Returns to the place before.
    UndoNavigation,
    /// Orders the lanes by the next column.
    NextOrder,
    ReverseOrder,
    PinLane,
    HideLane,
    FoldGroup,
    MuteFinding,
    ShowAll,
    Inspect,
    Run,
    /// Runs the scenario with this number among those to start with, from 1 on.
    RunStartScenario(usize),
    /// Chooses the guess with this number, from 1 on.
    ChooseGuess(usize),
    /// Starts the run after its question.
    StartRun,
    /// Shows the prediction beside the measurement.
    ShowAnswer,
    AskAgain,
    /// Starts the suggestion with this number, from 1 on.
    RunSuggestion(usize),
    Filter,
    KnobUp,
    KnobDown,
    NextKnob,
    PreviousKnob,
    /// Opens the recorded timeline of a run at the chosen level.
    OpenTimeline,
    LowerLevel,
    HigherLevel,
    NextUpperPane,
    /// Ends the measuring of a tuning.
    StopMeasuring,
    Restart,
    StopRun,
    KillWorker,
    /// Shows the last moments in slow motion, or returns from it.
    SlowMotion,
    PlayPause,
    NextStep,
    PreviousStep,
    FasterSteps,
    SlowerSteps,
    /// Starts or ends a recording of the run.
    ToggleRecording,
    /// Sets a mark at the cursor, or now.
    SetMark,
    /// Ends the wait of a tour.
    NextCaption,
    PreviousScene,
    RepeatScene,
    /// Leaves a tour for the dashboard, or comes back.
    LeaveTour,
    ResumeTour,
    About,
    /// Copies the chosen row, or the report, to the clipboard.
    Copy,
    OpenScenario,
    Back,
    Help,
    Redraw,
    Suspend,
    Interrupt,
    Quit,
}

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyContext {
    Picker,
    /// The question page.
    Question,
    /// A run: live, in slow motion or recorded.
    AnyRun,
    /// A run, live or recorded, with a cursor of its own.
    LiveOrRecordedRun,
    /// A live run, or moments of it.
    LiveRunOrSlowMotion,
    /// A run that was started on this screen and can be changed.
    LiveRun,
    /// A recorded run of which only the end is known.
    RecordedRun,
    /// A recording that is played.
    Replay,
    /// Moments of a live run, step by step.
    SlowMotion,
    /// The levels of a tuning.
    Tune,
    /// A tour, whose keys come before those of its run.
    Tour,
    /// A tour that the user has left.
    LeftTour,
    /// The picker and a run, but not the question page.
    PickerOrRun,
    /// The picker and the levels of a tuning.
    List,
    Everywhere,
}

pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) context: KeyContext,
    /// A word for the hints; empty if the key has none.
    pub(super) hint: &'static str,
    pub(super) help: &'static str,
}

/// A key as the terminal reports it. Shift is part of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    has_control: bool,
}

impl Action {
    /// Whether the action closes an overlay.
    pub(super) const fn closes_overlay(self) -> bool {
        matches!(
            self,
            Self::Quit
                | Self::Back
                | Self::Help
                | Self::Explain
                | Self::Inspect
                | Self::About
                | Self::OpenScenario
                | Self::ShowAnswer
        )
    }

    /// Whether the action plays, freezes or changes the run while an overlay stays open.
    pub(super) const fn works_below_overlay(self) -> bool {
        matches!(
            self,
            Self::ToggleFreeze
                | Self::PlayRecording
                | Self::Faster
                | Self::Slower
                | Self::NextEvent
                | Self::PreviousEvent
                | Self::PlayPause
                | Self::NextStep
                | Self::PreviousStep
                | Self::KnobUp
                | Self::KnobDown
                | Self::RunSuggestion(_)
                | Self::AskAgain
                | Self::Restart
                | Self::ToggleRecording
                | Self::SetMark
                | Self::Copy
        )
    }

    /// Whether the action moves the cursor by a cell or to an event.
    pub(super) const fn moves_cursor(self) -> bool {
        matches!(self, Self::CursorEarlier | Self::CursorLater | Self::EventEarlier | Self::EventLater)
    }
}

impl KeyContext {
    /// Whether a run is on screen.
    pub(super) const fn is_run(self) -> bool {
        matches!(self, Self::LiveRun | Self::RecordedRun | Self::Replay | Self::SlowMotion)
    }
}

impl Binding {
    fn is_active_in(&self, context: KeyContext) -> bool {
        match self.context {
            KeyContext::Everywhere => !matches!(context, KeyContext::Tour | KeyContext::LeftTour),
            KeyContext::PickerOrRun => context == KeyContext::Picker || context.is_run(),
            KeyContext::List => matches!(context, KeyContext::Picker | KeyContext::Tune),
            KeyContext::AnyRun => context.is_run(),
            KeyContext::LiveOrRecordedRun => context.is_run() && context != KeyContext::SlowMotion,
            KeyContext::LiveRunOrSlowMotion => matches!(context, KeyContext::LiveRun | KeyContext::SlowMotion),
            other => other == context,
        }
    }

    /// Returns the names of its keys: `Up k`.
    pub(super) fn key_names(&self) -> String {
        if self.keys == NUMBER_KEYS {
            return self.hint_key();
        }
        self.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ")
    }

    /// Returns the name of its key in the hints.
    pub(super) fn hint_key(&self) -> String {
        match self.action {
            Action::KnobUp | Action::Faster => "+/-".into(),
            Action::NextEvent => ", .".into(),
            Action::NextFinding => "n/N".into(),
            _ if self.keys == NUMBER_KEYS => "1-9".into(),
            _ => self.keys.first().map(|key| key.name()).unwrap_or_default(),
        }
    }
}

impl Key {
    pub(super) fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            other => format!("{other:?}"),
        };
        if self.has_control { format!("Ctrl-{}", name.to_uppercase()) } else { name }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self { code: event.code, has_control: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

/// Returns the number key that starts or chooses an entry of a list: `[2]`, so that it does not read as part of the
/// text.
pub(super) fn key_label(number: usize) -> String {
    format!("[{number}]")
}

/// Returns the bindings of a context whose first key does not mean something else in the context above it, and before
/// them those of that context.
pub(super) fn bindings_below(above: Option<KeyContext>, context: KeyContext) -> Vec<&'static Binding> {
    let first: Vec<&Binding> = above.into_iter().flat_map(bindings_in).collect();
    let is_taken = |binding: &&Binding| first.iter().any(|other| other.keys.contains(&binding.keys[0]));
    let rest: Vec<&Binding> = bindings_in(context).filter(|binding| !is_taken(binding)).collect();
    first.into_iter().chain(rest).collect()
}

/// Returns the name of an action's first key.
pub(super) fn key_name(action: Action) -> String {
    BINDINGS.iter().find(|binding| binding.action == action).map(Binding::hint_key).unwrap_or_default()
}

/// Returns the bindings that work in a context, in the table's order.
pub(super) fn bindings_in(context: KeyContext) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.is_active_in(context))
}

/// Returns the action of a key in a context.
pub(super) fn action_for(event: KeyEvent, context: KeyContext) -> Option<Action> {
    let key = Key::from(event);
    let (binding, nth) = bindings_in(context).find_map(|b| Some((b, b.keys.iter().position(|k| *k == key)? + 1)))?;
    Some(match binding.action {
        Action::RunStartScenario(_) => Action::RunStartScenario(nth),
        Action::ChooseGuess(_) => Action::ChooseGuess(nth),
        Action::RunSuggestion(_) => Action::RunSuggestion(nth),
        action => action,
    })
}

#[cfg(test)]
mod tests {
    use super::KeyContext::{LeftTour, LiveRun, Picker, Question, RecordedRun, Replay, SlowMotion, Tour, Tune};
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_context() {
        for context in [Picker, Question, LiveRun, RecordedRun, Replay, SlowMotion, Tune, Tour, LeftTour] {
            let keys: Vec<String> = bindings_in(context).flat_map(|b| b.keys.iter().map(|k| k.name())).collect();
            for (i, key) in keys.iter().enumerate() {
                assert!(!keys[..i].contains(key), "{key} means two things in {context:?}");
            }
        }
    }

    #[test]
    fn every_action_has_one_binding_with_help() {
        for (i, binding) in BINDINGS.iter().enumerate() {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty(), "{:?}", binding.action);
            assert!(BINDINGS[..i].iter().all(|b| b.action != binding.action), "{:?} stands twice", binding.action);
        }
    }

    #[test]
    fn arrows_and_vi_keys_do_the_same() {
        let pairs = [(KeyCode::Up, 'k'), (KeyCode::Down, 'j'), (KeyCode::Left, 'h'), (KeyCode::Right, 'l')];
        for (arrow, letter) in pairs {
            let by_arrow = action_for(KeyEvent::from(arrow), LiveRun);
            assert_eq!(by_arrow, action_for(KeyEvent::from(KeyCode::Char(letter)), LiveRun), "{letter}");
            assert!(by_arrow.is_some());
        }
    }
}
