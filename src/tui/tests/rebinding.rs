//! The user's own keys: they work, and help and hints name them.

use super::harness::Harness;
use super::script::contention;
use crate::tui::keys::{Key, KeyMap, Rebinding, set_keys};

/// Other keys for the dashboards of this test's thread, until this is dropped.
struct OtherKeys;

impl Drop for OtherKeys {
    fn drop(&mut self) {
        set_keys(KeyMap::standard());
    }
}

#[must_use]
fn rebind(changes: &[(&str, &[&str])]) -> OtherKeys {
    let change = |(action, keys): &(&str, &[&str])| Rebinding {
        action: (*action).to_owned(),
        keys: keys.iter().map(|key| Key::parse(key).expect("a key")).collect(),
    };
    let changes: Vec<Rebinding> = changes.iter().map(change).collect();
    set_keys(&KeyMap::standard().rebind(&changes).expect("no conflict"));
    OtherKeys
}

#[test]
fn other_key_quits_and_the_first_one_does_not() {
    let _other = rebind(&[("quit", &["Q"])]);
    let mut harness = Harness::after_run(&contention());
    harness.press_keys("q");
    assert_eq!(harness.ending(), "running");
    harness.press_keys("Q");
    assert_eq!(harness.ending(), "quit");
}

#[test]
fn help_and_hints_name_the_keys_in_force() {
    let before = Harness::after_run(&contention());
    assert!(before.contains("q quit"), "{}", before.screen_text());
    let _other = rebind(&[("quit", &["Q"]), ("show-answer", &["Y"]), ("toggle-freeze", &["F8", "F9"])]);
    let mut harness = Harness::after_run(&contention());
    let screen = harness.screen_text();
    assert!(screen.contains("Q quit") && !screen.contains("q quit"), "{screen}");
    harness.press_keys("?");
    let mut help = harness.screen_text();
    for _ in 0..6 {
        harness.press_keys("jjjjjjjjjj");
        help.push_str(&harness.screen_text());
    }
    assert!(help.contains("F8 F9"), "{help}");
    assert!(help.contains("`Y`") && !help.contains("`a`"), "{help}");
}

#[test]
fn every_action_can_have_another_key() {
    let standard = KeyMap::standard();
    let names: Vec<String> = standard.actions().map(|action| action.name).collect();
    for name in &names {
        let change = Rebinding { action: name.clone(), keys: vec![Key::parse("F12").expect("a key")] };
        let map = standard.rebind(&[change]).unwrap_or_else(|problems| panic!("{problems:?}"));
        let bound = map.actions().find(|action| action.name == *name).expect("it is there");
        assert_eq!(bound.keys.iter().map(|key| key.name()).collect::<Vec<_>>(), ["F12"]);
    }
}

/// Every screen that names the key of an action, with the keys that lead there.
#[test]
fn no_screen_names_the_first_key_of_an_action_that_has_another() {
    let _other = rebind(&[
        ("back", &["F9"]),
        ("next-pane", &["F8"]),
        ("down", &["F7"]),
        ("next-upper-pane", &["F6"]),
        ("quit", &["Q"]),
    ]);
    for (keys, named) in [("", "Q quit"), ("?", "F9: close"), ("/tell<enter>", " F9 shows all")] {
        let mut harness = Harness::after_run(&contention());
        harness.press_keys(keys);
        let shown = harness.screen_text().replace("Shift-Tab", "");
        assert!(shown.contains(named), "{keys:?}: {shown}");
        for stale in ["Esc", "Tab", "Down:", " q quit"] {
            assert!(!shown.contains(stale), "{keys:?} names {stale}: {shown}");
        }
    }
}
