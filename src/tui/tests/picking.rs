//! Journeys through the picker: every key, the search, and what a screen shows of it.

use ratatui::layout::Rect;

use super::app_screen::{COLOUR_THEME, press_keys, screen, screen_text};
use super::harness::Harness;
use super::script::contention;
use crate::catalogue;
use crate::tui::app::{App, CurrentView};
use crate::tui::picker::Picker;
use crate::tui::theme::Theme;

fn picker(width: u16, height: u16) -> App {
    App::new(Picker::catalogue(), COLOUR_THEME, Rect::new(0, 0, width, height))
}

fn shown(app: &App) -> String {
    screen_text(&screen(app))
}

fn chosen(app: &App) -> String {
    app.picker.chosen_entry().map_or_else(String::new, |entry| entry.name.clone())
}

#[test]
fn list_begins_with_the_scenarios_to_start_with_and_counts_each_group() {
    let app = picker(120, 40);
    let text = shown(&app);
    assert!(text.contains(&format!("{} scenarios", catalogue::all().len())), "{text}");
    assert!(text.contains("START HERE") && text.contains("POOLS  23"), "{text}");
    for (at, name) in catalogue::START_HERE.iter().enumerate() {
        assert!(catalogue::get(name).is_some(), "{name} is no scenario");
        assert!(text.contains(&format!("[{}] {name}", at + 1)), "{text}");
    }
}

#[test]
fn arrows_pages_home_and_end_move_the_choice() {
    let mut app = picker(80, 24);
    let moves = [("<down>", 1), ("j", 2), ("<pgdn>", 12), ("<pgup>", 2), ("k", 1), ("<up>", 0), ("<up>", 0)];
    for (key, position) in moves {
        press_keys(&mut app, key);
        assert_eq!(app.picker.position(), position, "after {key}");
    }
    press_keys(&mut app, "<end>");
    assert_eq!(chosen(&app), "tune-noise");
    assert!(shown(&app).contains(" more"), "the list says that it goes on above");
    press_keys(&mut app, "<down><home>");
    assert_eq!(app.picker.position(), 0);
}

#[test]
fn search_finds_words_of_the_texts_and_the_filter_stays_visible() {
    let mut app = picker(120, 40);
    press_keys(&mut app, "/parking spaces");
    assert_eq!(chosen(&app), "car-park", "a word of its title");
    let text = shown(&app);
    assert!(text.lines().next().is_some_and(|head| head.contains("/ parking spaces_")), "{text}");
    press_keys(&mut app, "<esc>/DEPOSIT teller");
    let found: Vec<&str> = app.picker.visible_rows().iter().map(|row| row.entry.name.as_str()).collect();
    assert!(found.contains(&"lock-contention") && found.contains(&"account-race"), "{found:?}");
    assert!(shown(&app).contains(&format!("{} of {} scenarios", found.len(), catalogue::all().len())));
    press_keys(&mut app, "<esc>/lock");
    assert_eq!(chosen(&app), "lock-contention", "names come before titles and texts, though a pool is listed first");
    press_keys(&mut app, "<esc>/deadlock");
    assert_eq!(chosen(&app), "deadlock");
    press_keys(&mut app, "<esc>/DEPOSIT tellerzzz");
    assert!(shown(&app).contains("No match for \"DEPOSIT tellerzzz\""), "{}", shown(&app));
    press_keys(&mut app, "<esc>");
    assert!(shown(&app).contains("START HERE"));
}

#[test]
fn filter_stays_visible_after_a_run() {
    let script = contention();
    let mut harness = Harness::in_picker(&script);
    harness.press_keys("/teller<enter>");
    harness.play(&script);
    harness.press_keys("<esc>");
    assert!(matches!(harness.app().current_view, CurrentView::Picker));
    let head = harness.screen_text().lines().next().expect("a line").to_owned();
    assert!(
        head.contains("/ teller ") && head.contains("1 of 1 scenario ") && head.contains("Esc shows all"),
        "{head}"
    );
}

#[test]
fn found_words_are_marked_in_the_list_and_in_the_texts() {
    let mut app = picker(120, 40);
    let underlined = |app: &App| {
        let buffer = screen(app);
        let cells = buffer.content.iter().filter(|cell| cell.modifier.contains(ratatui::style::Modifier::UNDERLINED));
        cells.map(ratatui::buffer::Cell::symbol).collect::<String>().to_lowercase()
    };
    assert_eq!(underlined(&app), "");
    press_keys(&mut app, "/semaphore");
    assert!(underlined(&app).starts_with("semaphore"), "{}", underlined(&app));
}

#[test]
fn number_keys_run_the_scenarios_to_start_with() {
    let mut app = picker(120, 40);
    app.ask_questions = true;
    press_keys(&mut app, "9");
    assert_eq!(app.status_message.as_deref(), Some("Press 1 to 6 to run a scenario of \"start here\""));
    press_keys(&mut app, "3");
    assert_eq!(app.question.as_ref().map(|page| page.scenario.name.as_str()), Some("deadlock"));
}

#[test]
fn about_shows_the_whole_description_but_not_what_to_watch() {
    let mut app = picker(80, 24);
    press_keys(&mut app, "/philosophers");
    app.mode = crate::tui::app::Mode::Browse;
    assert!(shown(&app).contains(" i shows "), "{}", shown(&app));
    press_keys(&mut app, "i");
    let text = shown(&app);
    assert!(text.contains("Who eats?") && text.contains("KNOBS") && text.contains("Esc: close"), "{text}");
    press_keys(&mut app, "i");
    assert!(!shown(&app).contains("Esc: close"));
}

#[test]
fn nothing_before_a_question_says_what_to_watch() {
    let mut app = picker(200, 60);
    for row in 0..app.picker.visible_rows().len() {
        app.picker.choose(row);
        let entry = app.picker.chosen_entry().expect("a row");
        let scenario = entry.scenario.as_ref().expect("scenarios of the catalogue have no mistakes");
        let text = shown(&app);
        let watched = scenario.watch.iter().find(|watch| watch.len() > 12 && text.contains(watch.as_str()));
        assert_eq!(watched, None, "{}", entry.name);
    }
}

#[test]
fn screens_of_the_picker() {
    insta::assert_snapshot!("picker_80x24", shown(&picker(80, 24)));
    insta::assert_snapshot!("picker_120x40", shown(&picker(120, 40)));
    let mut app = picker(200, 60);
    press_keys(&mut app, "/lock");
    insta::assert_snapshot!("picker_search_200x60", shown(&app));
    let mut plain = picker(100, 30);
    plain.theme = Theme::plain(false);
    insta::assert_snapshot!("picker_ascii_100x30", shown(&plain));
}

#[test]
fn filter_of_a_run_stays_visible_until_escape() {
    let script = contention();
    let mut harness = Harness::after_run(&script);
    harness.press_keys("/teller-2<enter>");
    assert!(harness.contains(" / teller-2 ") && harness.contains("Esc shows all"), "{}", harness.screen_text());
    harness.press_keys("<esc>");
    assert!(!harness.contains(" / teller-2 "), "{}", harness.screen_text());
}
