//! The one table of keys: dispatch, the help and the hints at the bottom are all made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key can ask for. What it means for the state is said by `app`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Action {
    Freeze,
    Follow,
    Wider,
    Finer,
    Earlier,
    Later,
    PageEarlier,
    PageLater,
    ToStart,
    Cursor,
    Up,
    Down,
    PageUp,
    PageDown,
    NextPane,
    PreviousPane,
    /// The levels of pools that were seen.
    Levels,
    Look,
    Run,
    /// Chooses the guess of this number, from 1 on.
    Guess(usize),
    /// Begins the run after its question.
    Begin,
    /// What was predicted beside what was measured.
    Answer,
    Predict,
    /// Starts the suggestion of this number, from 1 on.
    Try(usize),
    Filter,
    KnobUp,
    KnobDown,
    NextKnob,
    PreviousKnob,
    /// The recorded timeline of a run at the chosen level.
    Timeline,
    LowerLevel,
    HigherLevel,
    NextPart,
    /// Measures no more.
    Enough,
    Restart,
    Stop,
    Kill,
    About,
    Open,
    Back,
    Help,
    Redraw,
    Suspend,
    Interrupt,
    Quit,
}

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Picker,
    /// The page of a question.
    Question,
    /// A run, whether it goes on or is recorded.
    Watch,
    /// A run that goes on, or did on this screen: what would change it.
    Live,
    /// A recorded run.
    Recorded,
    /// The levels of a tuning.
    Tune,
    /// The picker and a run: not where only a question is answered.
    Browsing,
    Everywhere,
}

pub(super) struct Binding {
    pub(super) keys: &'static [Key],
    pub(super) action: Action,
    pub(super) place: Place,
    /// A word for the hints; empty where there is no room for it.
    pub(super) hint: &'static str,
    pub(super) help: &'static str,
}

/// A key as the terminal reports it. Shift is part of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    code: KeyCode,
    control: bool,
}

const fn char(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: false }
}

const fn key(code: KeyCode) -> Key {
    Key { code, control: false }
}

const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), control: true }
}

const fn bind(keys: &'static [Key], action: Action, place: Place, hint: &'static str, help: &'static str) -> Binding {
    Binding { keys, action, place, hint, help }
}

/// The number keys choose from the list on the screen: a guess at a question, a suggestion in a run.
const NUMBERS: [Key; 9] =
    [char('1'), char('2'), char('3'), char('4'), char('5'), char('6'), char('7'), char('8'), char('9')];

use Place::{Browsing, Everywhere, Live, Picker, Question, Recorded, Tune, Watch};

/// Every key there is, in the order of the help. The order of those with a hint is that of their importance.
pub(super) const TABLE: &[Binding] = &[
    bind(&[char('?'), key(KeyCode::F(1))], Action::Help, Everywhere, "help", "this help"),
    bind(&[key(KeyCode::Enter)], Action::Run, Picker, "run", "run the scenario"),
    bind(&[char('e')], Action::Open, Picker, "text", "read its text; a file of your own opens in $VISUAL or $EDITOR"),
    bind(
        &[key(KeyCode::Enter), char(' ')],
        Action::Begin,
        Question,
        "run",
        "run, and see; without a choice you keep your guess to yourself",
    ),
    bind(&NUMBERS, Action::Guess(1), Question, "choose", "choose this guess; up and down do the same"),
    bind(
        &[char(' ')],
        Action::Freeze,
        Live,
        "freeze",
        "freeze the picture (collection goes on); again: resume at newest",
    ),
    bind(&[char('+'), char('=')], Action::KnobUp, Live, "knob", "turn the chosen knob up"),
    bind(&[char('-')], Action::KnobDown, Live, "", "turn the chosen knob down"),
    bind(&[char('.'), char('n')], Action::NextKnob, Live, "", "choose the next knob"),
    bind(&[char(','), char('N')], Action::PreviousKnob, Live, "", "choose the knob before"),
    bind(
        &[char('a')],
        Action::Answer,
        Live,
        "answer",
        "what came of it: what was asked and guessed, what was measured, what to try; opens by itself after a question",
    ),
    bind(&NUMBERS, Action::Try(1), Live, "try", "start the run anew as this suggestion has it (`a` and `i` list them)"),
    bind(
        &[char('p')],
        Action::Predict,
        Live,
        "",
        "predict: the question again, then the run anew with the knobs as they stand",
    ),
    bind(
        &[key(KeyCode::Enter)],
        Action::Timeline,
        Tune,
        "its timeline",
        "open the recorded timeline of a run at the chosen level; esc comes back",
    ),
    bind(&[key(KeyCode::Left), char('h')], Action::LowerLevel, Tune, "", "choose the level below, as up does"),
    bind(&[key(KeyCode::Right), char('l')], Action::HigherLevel, Tune, "", "choose the level above, as down does"),
    bind(
        &[key(KeyCode::Tab)],
        Action::NextPart,
        Tune,
        "more",
        "the curve, the figures of the chosen level, all that is said of the answer",
    ),
    bind(&[char('s')], Action::Enough, Tune, "stop", "measure no more: the answer is what is known by now"),
    bind(
        &[key(KeyCode::Tab)],
        Action::NextPane,
        Watch,
        "pane",
        "next pane: lanes, locks, queues, findings, pools, levels, graph, log",
    ),
    bind(
        &[char('t')],
        Action::Levels,
        Live,
        "",
        "table of the levels: what a pool did with each number of workers it has had so far; again: back",
    ),
    bind(&[key(KeyCode::BackTab)], Action::PreviousPane, Watch, "", "pane before"),
    bind(
        &[key(KeyCode::Enter)],
        Action::Look,
        Watch,
        "look",
        "look into the chosen worker, lock or queue; from a finding, go there",
    ),
    bind(&[key(KeyCode::Up), char('k')], Action::Up, Everywhere, "", "choose the one above"),
    bind(&[key(KeyCode::Down), char('j')], Action::Down, Everywhere, "", "choose the one below"),
    bind(&[key(KeyCode::PageUp), ctrl('b')], Action::PageUp, Everywhere, "", "ten up"),
    bind(&[key(KeyCode::PageDown), ctrl('f')], Action::PageDown, Everywhere, "", "ten down"),
    bind(
        &[key(KeyCode::Left), char('h')],
        Action::Earlier,
        Watch,
        "",
        "cursor one cell earlier; the window stays and no longer follows",
    ),
    bind(&[key(KeyCode::Right), char('l')], Action::Later, Watch, "", "cursor one cell later"),
    bind(&[char('H'), char('b')], Action::PageEarlier, Watch, "", "window half its width earlier"),
    bind(&[char('L'), char('w')], Action::PageLater, Watch, "", "window half its width later"),
    bind(&[key(KeyCode::Home), char('g')], Action::ToStart, Watch, "", "window to the start of the run"),
    bind(
        &[char('f'), key(KeyCode::End), char('G')],
        Action::Follow,
        Watch,
        "",
        "follow the newest again, without a cursor",
    ),
    bind(&[char('c')], Action::Cursor, Watch, "", "cursor on or off"),
    bind(&[char('[')], Action::Wider, Watch, "", "zoom out: more time in a cell"),
    bind(&[char(']')], Action::Finer, Watch, "", "zoom in: less time in a cell"),
    bind(
        &[char('/')],
        Action::Filter,
        Browsing,
        "filter",
        "filter by name; esc drops it. In the picker, any letter that is no key begins the filter",
    ),
    bind(&[char('i')], Action::About, Watch, "about", "what this scenario is about, what to watch and to try"),
    bind(&[char('r')], Action::Restart, Live, "restart", "start the run anew with the knobs as they stand"),
    bind(&[char('s')], Action::Stop, Live, "", "stop the run; the picture stays"),
    bind(&[char('x')], Action::Kill, Live, "", "kill the chosen worker"),
    bind(&[key(KeyCode::Esc)], Action::Back, Everywhere, "", "one step back: overlay, filter, cursor, choice, picker"),
    bind(&[char('q')], Action::Quit, Everywhere, "quit", "quit; the run ends with it"),
    bind(&[ctrl('c')], Action::Interrupt, Everywhere, "", "quit at once"),
    bind(&[ctrl('z')], Action::Suspend, Everywhere, "", "back to the shell; `fg` returns"),
    bind(&[ctrl('l')], Action::Redraw, Everywhere, "", "draw the whole screen again"),
];

impl Action {
    /// Whether it closes what lies over the picture.
    pub(super) const fn closes(self) -> bool {
        matches!(self, Self::Quit | Self::Back | Self::Help | Self::Look | Self::About | Self::Open | Self::Answer)
    }
}

impl Binding {
    fn works(&self, place: Place) -> bool {
        match self.place {
            Everywhere => true,
            Browsing => matches!(place, Picker | Live | Recorded),
            Watch => matches!(place, Live | Recorded),
            one => one == place,
        }
    }

    /// Its keys as one reads them: `up k`.
    pub(super) fn names(&self) -> String {
        if self.keys == NUMBERS {
            return self.first();
        }
        self.keys.iter().map(|k| k.name()).collect::<Vec<_>>().join(" ")
    }

    /// What the hints call it.
    pub(super) fn first(&self) -> String {
        match self.action {
            Action::KnobUp => "+/-".into(),
            _ if self.keys == NUMBERS => "1-9".into(),
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
        if self.control { format!("ctrl-{name}") } else { name }
    }
}

impl From<KeyEvent> for Key {
    fn from(event: KeyEvent) -> Self {
        Self { code: event.code, control: event.modifiers.contains(KeyModifiers::CONTROL) }
    }
}

/// The bindings that work at a place, in the table's order.
pub(super) fn at(place: Place) -> impl Iterator<Item = &'static Binding> {
    TABLE.iter().filter(move |b| b.works(place))
}

/// What a key asks for at a place.
pub(super) fn action(event: KeyEvent, place: Place) -> Option<Action> {
    let key = Key::from(event);
    let (binding, nth) = at(place).find_map(|b| Some((b, b.keys.iter().position(|k| *k == key)? + 1)))?;
    Some(match binding.action {
        Action::Guess(_) => Action::Guess(nth),
        Action::Try(_) => Action::Try(nth),
        action => action,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_at_one_place() {
        for place in [Picker, Question, Live, Recorded, Tune] {
            let keys: Vec<String> = at(place).flat_map(|b| b.keys.iter().map(|k| k.name())).collect();
            for (i, key) in keys.iter().enumerate() {
                assert!(!keys[..i].contains(key), "{key} means two things in {place:?}");
            }
        }
    }

    #[test]
    fn every_action_has_a_key_once_and_a_sentence() {
        for (i, binding) in TABLE.iter().enumerate() {
            assert!(!binding.keys.is_empty() && !binding.help.is_empty(), "{:?}", binding.action);
            assert!(TABLE[..i].iter().all(|b| b.action != binding.action), "{:?} stands twice", binding.action);
        }
    }

    #[test]
    fn arrows_and_vi_keys_do_the_same() {
        let pairs = [(KeyCode::Up, 'k'), (KeyCode::Down, 'j'), (KeyCode::Left, 'h'), (KeyCode::Right, 'l')];
        for (arrow, letter) in pairs {
            let by_arrow = action(KeyEvent::from(arrow), Live);
            assert_eq!(by_arrow, action(KeyEvent::from(KeyCode::Char(letter)), Live), "{letter}");
            assert!(by_arrow.is_some());
        }
    }
}
