//! The one table of keys: dispatch, the help and the hints at the bottom are all made from it.

use crossterm::event::KeyCode;

use super::KeyContext::{AnyRun, Everywhere, LiveRun, Picker, PickerOrRun, Question, Tune};
use super::{Action, Binding, Key, KeyContext};

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
pub(super) const NUMBER_KEYS: [Key; 9] = [
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
