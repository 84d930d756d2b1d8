//! Every kind of screen, to be looked at: runs of the catalogue, panes, popups, a question and a tuning.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::app_screen::{app_after, press_keys, screen};
use super::script::contention;
use super::tuning::app_at_end;
use crate::recording::Recording;
use crate::tui::app::{App, AppEvent};
use crate::tui::film::Film;
use crate::tui::picker::Picker;
use crate::tui::theme::{Depth, Ground, Theme, ThemeName};

pub(in crate::tui) const SIZES: [(u16, u16); 6] = [(80, 24), (100, 30), (120, 40), (160, 50), (200, 60), (240, 67)];

/// The least size too, for popups.
const POPUP_SIZES: [(u16, u16); 7] = [(60, 16), SIZES[0], SIZES[1], SIZES[2], SIZES[3], SIZES[4], SIZES[5]];

/// Popups and other looks at a run: the scenario, the keys, and a name.
const LOOKS: [(&str, &str, &str); 14] = [
    ("lock-contention", "?", "help"),
    ("lock-contention", "i", "about"),
    ("lock-contention", "j<enter>", "worker"),
    ("lock-contention", "<tab><enter>", "lock"),
    ("lock-contention", "je", "explained"),
    ("lock-contention", "C", "costs"),
    ("lock-contention", "a", "answer"),
    ("lock-contention", "/teller-1", "filter"),
    ("lock-contention", "P", "large"),
    ("thread-pool", "<tab><enter>", "queue"),
    ("thread-pool", "j<enter>", "worker"),
    ("thread-pool", "P", "large"),
    ("deadlock", "P", "large"),
    ("philosophers", "<tab><enter>", "lock"),
];

/// Runs whose panes are all shown, and most panes of a run.
const WITH_PANES: [&str; 5] = ["lock-contention", "thread-pool", "philosophers", "pipeline", "crash-policies"];
const MOST_PANES: usize = 9;

/// A screen and how it was drawn.
pub(crate) struct DrawnScreen<'a> {
    pub(crate) name: &'a str,
    /// Columns and rows.
    pub(crate) size: (u16, u16),
    pub(crate) theme: &'static str,
    pub(crate) buffer: Buffer,
}

/// Draws every screen in every size, on a dark and a light background and without colour. The runs are those of a
/// folder of recordings with the names of their scenarios.
pub(crate) fn draw_every_screen(recordings: &Path, look: &mut impl FnMut(&DrawnScreen<'_>)) {
    draw_screens(recordings, &Ways { sizes: &SIZES, popup_sizes: &POPUP_SIZES, themes: &themes() }, look);
}

/// In which sizes and themes screens are drawn.
struct Ways<'a> {
    sizes: &'a [(u16, u16)],
    popup_sizes: &'a [(u16, u16)],
    themes: &'a [(&'static str, Theme)],
}

fn draw_screens(recordings: &Path, ways: &Ways<'_>, look: &mut impl FnMut(&DrawnScreen<'_>)) {
    let popups = Ways { sizes: ways.popup_sizes, ..*ways };
    let files = fs::read_dir(recordings).expect("a folder of recordings").map(|file| file.expect("a file").path());
    for path in files.filter(|path| path.extension().is_some_and(|kind| kind == "contend")) {
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        draw_run_end(&path, "", &name, ways, look);
    }
    let recording_of = |scenario| Some(recordings.join(format!("{scenario}.contend"))).filter(|path| path.exists());
    for (scenario, keys, name) in LOOKS {
        if let Some(path) = recording_of(scenario) {
            draw_run_end(&path, keys, &format!("{scenario}-{name}"), &popups, look);
        }
    }
    for (path, scenario) in WITH_PANES.into_iter().filter_map(|scenario| Some((recording_of(scenario)?, scenario))) {
        for tabs in 1..MOST_PANES {
            draw_run_end(&path, &"<tab>".repeat(tabs), &format!("{scenario}-pane-{tabs}"), ways, look);
        }
    }
    let mut picker = App::new(Picker::catalogue(), Theme::dark(), Rect::new(0, 0, 80, 24));
    draw_app(&mut picker, "picker", ways, look);
    let mut question = app_after(&contention(), Theme::dark(), 80, 24);
    press_keys(&mut question, "p2");
    draw_app(&mut question, "question", ways, look);
    draw_app(&mut app_at_end(SIZES[0]), "tune", ways, look);
}

fn themes() -> [(&'static str, Theme); 3] {
    // On a background of the other kind, a theme paints its own.
    let painted = |name, ground| Theme::new(name, ground, Depth::TrueColor, true);
    [
        ("dark", painted(ThemeName::Dark, Ground::Light)),
        ("light", painted(ThemeName::Light, Ground::Dark)),
        ("mono", Theme::plain(true)),
    ]
}

/// Draws the end of a recorded run after some keys.
fn draw_run_end(path: &Path, keys: &str, name: &str, ways: &Ways<'_>, look: &mut impl FnMut(&DrawnScreen<'_>)) {
    let mut recording = Recording::open(path).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    let mut film = Film::new(&mut recording, SIZES[2]).expect("a run of a scenario");
    let end = film.end();
    film.frame_at(end).unwrap_or_else(|e| panic!("{name}: {e}"));
    press_keys(&mut film.app, keys);
    for size in ways.sizes {
        for (theme, colours) in ways.themes {
            film.show_in(*size, *colours);
            let buffer = film.frame_at(end).unwrap_or_else(|e| panic!("{name}: {e}"));
            look(&DrawnScreen { name, size: *size, theme, buffer });
        }
    }
}

fn draw_app(app: &mut App, name: &str, ways: &Ways<'_>, look: &mut impl FnMut(&DrawnScreen<'_>)) {
    for &size in ways.sizes {
        for (theme, colours) in ways.themes {
            app.theme = *colours;
            app.update(AppEvent::Resized(Rect::new(0, 0, size.0, size.1)));
            look(&DrawnScreen { name, size, theme, buffer: screen(app) });
        }
    }
}

/// All texts of the previews are ours, so no name of a user is among them.
#[test]
fn no_screen_holds_a_sign_that_a_terminal_without_unicode_cannot_show() {
    let previews = Path::new(env!("CARGO_MANIFEST_DIR")).join("previews");
    let themes = [("letters", Theme::plain(false)), ("colours", without_unicode())];
    let sizes = [SIZES[2], SIZES[4]];
    let mut wrong = Vec::new();
    draw_screens(&previews, &Ways { sizes: &sizes, popup_sizes: &sizes[..1], themes: &themes }, &mut |drawn| {
        let signs: HashSet<&str> =
            drawn.buffer.content.iter().map(Cell::symbol).filter(|sign| !sign.is_ascii()).collect();
        if !signs.is_empty() {
            wrong.push(format!("{} {:?} {}: {signs:?}", drawn.name, drawn.size, drawn.theme));
        }
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn without_unicode() -> Theme {
    Theme::new(ThemeName::Dark, Ground::Dark, Depth::Ansi16, false)
}
