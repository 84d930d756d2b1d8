//! The one table of keys: dispatch, the help and the hints at the bottom are all made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key can ask for. What it means for the state is said by `app`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    ToggleFreeze,
    Follow,
    ZoomOut,
    ZoomIn,
    CursorEarlier,
    CursorLater,
    PageEarlier,
    PageLater,
    ToStart,
    ToggleCursor,
    Up,
    Down,
    PageUp,
    PageDown,
    NextPane,
    PreviousPane,
    /// The levels of pools that were seen.
    ToggleLevels,
    Inspect,
    Run,
    /// Chooses the guess of this number, from 1 on.
    ChooseGuess(usize),
    /// Begins the run after its question.
    StartRun,
    /// What was predicted beside what was measured.
    ShowAnswer,
    AskAgain,
    /// Starts the suggestion of this number, from 1 on.
    RunSuggestion(usize),
    Filter,
    KnobUp,
    KnobDown,
    NextKnob,
    PreviousKnob,
    /// The recorded timeline of a run at the chosen level.
    OpenTimeline,
    LowerLevel,
    HigherLevel,
    NextUpperPane,
    /// Measures no more.
    StopMeasuring,
    Restart,
    StopRun,
    KillWorker,
    About,
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
    /// The page of a question.
    Question,
    /// A run, whether it goes on or is recorded.
    AnyRun,
    /// A run that goes on, or did on this screen: what would change it.
    LiveRun,
    /// A recorded run.
    RecordedRun,
    /// The levels of a tuning.
    Tune,
    /// The picker and a run: not where only a question is answered.
    PickerOrRun,
    Everywhere,
}

pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) context: KeyContext,
    /// A word for the hints; empty where there is no room for it.
    pub(super) hint: &'static str,
    pub(super) help: &'static str,
}

/// A key as the terminal reports it. Shift is part of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    has_control: bool,
}

const fn char_key(c: char) -> Key {
    Key { code: KeyCode::Char(c), has_control: false }
}

const fn plain_key(code: KeyCode) -> Key {
    Key { code, has_control: false }
}

const fn ctrl_key(c: char) -> Key {
    Key { code: KeyCode::Char(c), has_control: true }
}

const fn bind(
    keys: &'static [Key],
    action: Action,
    place: KeyContext,
    hint: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, action, context: place, hint, help }
}

/// The number keys choose from the list on the screen: a guess at a question, a suggestion in a run.
const NUMBER_KEYS: [Key; 9] = [
    char_key('1'),
    char_key('2'),
    char_key('3'),
    char_key('4'),
    char_key('5'),
    char_key('6'),
    char_key('7'),
    char_key('8'),
    char_key('9'),
];

use KeyContext::{AnyRun, Everywhere, LiveRun, Picker, PickerOrRun, Question, RecordedRun, Tune};

/// Every key there is, in the order of the help. The order of those with a hint is that of their importance.
pub(super) const BINDINGS: &[Binding] = &[
    bind(&[char_key('?'), plain_key(KeyCode::F(1))], Action::Help, Everywhere, "help", "this help"),
    bind(&[plain_key(KeyCode::Enter)], Action::Run, Picker, "run", "run the scenario"),
    bind(
        &[char_key('e')],
        Action::OpenScenario,
        Picker,
        "text",
        "read its text; a file of your own opens in $VISUAL or $EDITOR",
    ),
    bind(
        &[plain_key(KeyCode::Enter), char_key(' ')],
        Action::StartRun,
        Question,
        "run",
        "run, and see; without a choice you keep your guess to yourself",
    ),
    bind(&NUMBER_KEYS, Action::ChooseGuess(1), Question, "choose", "choose this guess; up and down do the same"),
    bind(
        &[char_key(' ')],
        Action::ToggleFreeze,
        LiveRun,
        "freeze",
        "freeze the picture (collection goes on); again: resume at newest",
    ),
    bind(&[char_key('+'), char_key('=')], Action::KnobUp, LiveRun, "knob", "turn the chosen knob up"),
    bind(&[char_key('-')], Action::KnobDown, LiveRun, "", "turn the chosen knob down"),
    bind(&[char_key('.'), char_key('n')], Action::NextKnob, LiveRun, "", "choose the next knob"),
    bind(&[char_key(','), char_key('N')], Action::PreviousKnob, LiveRun, "", "choose the knob before"),
    bind(
        &[char_key('a')],
        Action::ShowAnswer,
        LiveRun,
        "answer",
        "what came of it: what was asked and guessed, what was measured, what to try; opens by itself after a question",
    ),
    bind(
        &NUMBER_KEYS,
        Action::RunSuggestion(1),
        LiveRun,
        "try",
        "start the run anew as this suggestion has it (`a` and `i` list them)",
    ),
    bind(
        &[char_key('p')],
        Action::AskAgain,
        LiveRun,
        "",
        "predict: the question again, then the run anew with the knobs as they stand",
    ),
    bind(
        &[plain_key(KeyCode::Enter)],
        Action::OpenTimeline,
        Tune,
        "its timeline",
        "open the recorded timeline of a run at the chosen level; esc comes back",
    ),
    bind(
        &[plain_key(KeyCode::Left), char_key('h')],
        Action::LowerLevel,
        Tune,
        "",
        "choose the level below, as up does",
    ),
    bind(
        &[plain_key(KeyCode::Right), char_key('l')],
        Action::HigherLevel,
        Tune,
        "",
        "choose the level above, as down does",
    ),
    bind(
        &[plain_key(KeyCode::Tab)],
        Action::NextUpperPane,
        Tune,
        "more",
        "the curve, the figures of the chosen level, all that is said of the answer",
    ),
    bind(&[char_key('s')], Action::StopMeasuring, Tune, "stop", "measure no more: the answer is what is known by now"),
    bind(
        &[plain_key(KeyCode::Tab)],
        Action::NextPane,
        AnyRun,
        "pane",
        "next pane: lanes, locks, queues, findings, pools, levels, graph, log",
    ),
    bind(
        &[char_key('t')],
        Action::ToggleLevels,
        LiveRun,
        "",
        "table of the levels: what a pool did with each number of workers it has had so far; again: back",
    ),
    bind(&[plain_key(KeyCode::BackTab)], Action::PreviousPane, AnyRun, "", "pane before"),
    bind(
        &[plain_key(KeyCode::Enter)],
        Action::Inspect,
        AnyRun,
        "look",
        "look into the chosen worker, lock or queue; from a finding, go there",
    ),
    bind(&[plain_key(KeyCode::Up), char_key('k')], Action::Up, Everywhere, "", "choose the one above"),
    bind(&[plain_key(KeyCode::Down), char_key('j')], Action::Down, Everywhere, "", "choose the one below"),
    bind(&[plain_key(KeyCode::PageUp), ctrl_key('b')], Action::PageUp, Everywhere, "", "ten up"),
    bind(&[plain_key(KeyCode::PageDown), ctrl_key('f')], Action::PageDown, Everywhere, "", "ten down"),
    bind(
        &[plain_key(KeyCode::Left), char_key('h')],
        Action::CursorEarlier,
        AnyRun,
        "",
        "cursor one cell earlier; the window stays and no longer follows",
    ),
    bind(&[plain_key(KeyCode::Right), char_key('l')], Action::CursorLater, AnyRun, "", "cursor one cell later"),
    bind(&[char_key('H'), char_key('b')], Action::PageEarlier, AnyRun, "", "window half its width earlier"),
    bind(&[char_key('L'), char_key('w')], Action::PageLater, AnyRun, "", "window half its width later"),
    bind(&[plain_key(KeyCode::Home), char_key('g')], Action::ToStart, AnyRun, "", "window to the start of the run"),
    bind(
        &[char_key('f'), plain_key(KeyCode::End), char_key('G')],
        Action::Follow,
        AnyRun,
        "",
        "follow the newest again, without a cursor",
    ),
    bind(&[char_key('c')], Action::ToggleCursor, AnyRun, "", "cursor on or off"),
    bind(&[char_key('[')], Action::ZoomOut, AnyRun, "", "zoom out: more time in a cell"),
    bind(&[char_key(']')], Action::ZoomIn, AnyRun, "", "zoom in: less time in a cell"),
    bind(
        &[char_key('/')],
        Action::Filter,
        PickerOrRun,
        "filter",
        "filter by name; esc drops it. In the picker, any letter that is no key begins the filter",
    ),
    bind(&[char_key('i')], Action::About, AnyRun, "about", "what this scenario is about, what to watch and to try"),
    bind(&[char_key('r')], Action::Restart, LiveRun, "restart", "start the run anew with the knobs as they stand"),
    bind(&[char_key('s')], Action::StopRun, LiveRun, "", "stop the run; the picture stays"),
    bind(&[char_key('x')], Action::KillWorker, LiveRun, "", "kill the chosen worker"),
    bind(
        &[plain_key(KeyCode::Esc)],
        Action::Back,
        Everywhere,
        "",
        "one step back: overlay, filter, cursor, choice, picker",
    ),
    bind(&[char_key('q')], Action::Quit, Everywhere, "quit", "quit; the run ends with it"),
    bind(&[ctrl_key('c')], Action::Interrupt, Everywhere, "", "quit at once"),
    bind(&[ctrl_key('z')], Action::Suspend, Everywhere, "", "back to the shell; `fg` returns"),
    bind(&[ctrl_key('l')], Action::Redraw, Everywhere, "", "draw the whole screen again"),
];

impl Action {
    /// Whether it closes what lies over the picture.
    pub(super) const fn closes_overlay(self) -> bool {
        matches!(
            self,
            Self::Quit | Self::Back | Self::Help | Self::Inspect | Self::About | Self::OpenScenario | Self::ShowAnswer
        )
    }
}

impl Binding {
    fn is_active_in(&self, place: KeyContext) -> bool {
        match self.context {
            Everywhere => true,
            PickerOrRun => matches!(place, Picker | LiveRun | RecordedRun),
            AnyRun => matches!(place, LiveRun | RecordedRun),
            one => one == place,
        }
    }

    /// Its keys as one reads them: `up k`.
    pub(super) fn key_names(&self) -> String {
        if self.keys == NUMBER_KEYS {
            return self.hint_key();
        }
        self.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ")
    }

    /// What the hints call it.
    pub(super) fn hint_key(&self) -> String {
        match self.action {
            Action::KnobUp => "+/-".into(),
            _ if self.keys == NUMBER_KEYS => "1-9".into(),
            _ => self.keys.first().map(|key| key.name()).unwrap_or_default(),
        }
    }
}

impl Key {
    pub(super) fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".into(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::F(n) => format!("F{n}"),
            KeyCode::BackTab => "shift-tab".into(),
            KeyCode::PageUp => "pgup".into(),
            KeyCode::PageDown => "pgdn".into(),
            other => format!("{other:?}").to_lowercase(),
        };
        if self.has_control { format!("ctrl-{name}") } else { name }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self { code: event.code, has_control: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

/// Returns the number key that starts or chooses an entry of a list: `[2]`, so that it does not read as part of the text.
pub(super) fn key_label(number: usize) -> String {
    format!("[{number}]")
}

/// The bindings that work at a place, in the table's order.
pub(super) fn bindings_in(place: KeyContext) -> impl Iterator<Item = &'static Binding> {
    BINDINGS.iter().filter(move |b| b.is_active_in(place))
}

/// What a key asks for at a place.
pub(super) fn action_for(event: KeyEvent, place: KeyContext) -> Option<Action> {
    let key = Key::from(event);
    let (binding, nth) = bindings_in(place).find_map(|b| Some((b, b.keys.iter().position(|k| *k == key)? + 1)))?;
    Some(match binding.action {
        Action::ChooseGuess(_) => Action::ChooseGuess(nth),
        Action::RunSuggestion(_) => Action::RunSuggestion(nth),
        action => action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_at_one_place() {
        for place in [Picker, Question, LiveRun, RecordedRun, Tune] {
            let keys: Vec<String> = bindings_in(place).flat_map(|b| b.keys.iter().map(|k| k.name())).collect();
            for (i, key) in keys.iter().enumerate() {
                assert!(!keys[..i].contains(key), "{key} means two things in {place:?}");
            }
        }
    }

    #[test]
    fn every_action_has_a_key_once_and_a_sentence() {
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
