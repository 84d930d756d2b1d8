//! The screen of a recorded run, frame by frame, as the dashboard drew it while the run took place.

use std::io::{self, Read, Seek};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::app::{App, AppEvent, CurrentView};
use super::draw::draw_screen;
use super::picker::Picker;
use super::theme::Theme;
use crate::recording::Recording;
use crate::trace::{Message, Span, Stamp};

/// A recorded run as a sequence of frames.
pub struct Film<'a, R> {
    pub(super) app: App,
    recording: &'a mut Recording<R>,
    area: Rect,
    /// Messages that have been read and are later than the last frame.
    ahead: std::vec::IntoIter<Message>,
    next_section: usize,
}

impl<'a, R: Read + Seek> Film<'a, R> {
    /// Returns the film of a recording on a screen of this many columns and rows. `None` if it is not the recording of
    /// a scenario.
    pub fn new(recording: &'a mut Recording<R>, (columns, rows): (u16, u16)) -> Option<Self> {
        let area = Rect::new(0, 0, columns, rows);
        let description = recording.description();
        let (scenario, settings) = description.run.clone()?;
        let registry = Arc::new(description.registry.clone());
        let mut app = App::new(Picker::default(), Theme::dark(), area);
        app.time_limit = description.time_limit;
        app.update(AppEvent::RunStarted { scenario: Arc::new(scenario), settings, registry });
        Some(Self { app, recording, area, ahead: Vec::new().into_iter(), next_section: 0 })
    }

    /// Returns the moment at which the recording begins.
    pub fn begin(&self) -> Stamp {
        self.recording.description().begins_at.unwrap_or_default()
    }

    /// Returns the end of the run, or of what the file has of it.
    pub fn end(&self) -> Stamp {
        let last = self.recording.sections().iter().map(|section| section.last).max();
        let concluded = self.recording.conclusion().map(|conclusion| conclusion.at);
        concluded.or(last).unwrap_or_default()
    }

    /// Draws the screen at a moment, which is no earlier than that of the frame before.
    ///
    /// # Errors
    /// If the recording cannot be read.
    pub fn frame_at(&mut self, at: Stamp) -> io::Result<Buffer> {
        while self.known_until() < Some(at) {
            let Some(message) = self.next_message()? else {
                self.end_run(at);
                break;
            };
            self.app.update(AppEvent::RunMessage(message));
        }
        self.app.update(AppEvent::Tick { now: at, late: Span::ZERO });
        let mut buffer = Buffer::empty(self.area);
        draw_screen(&self.app, self.area, &mut buffer);
        Ok(buffer)
    }

    /// Shows the run on a screen of another size, in another theme.
    #[cfg(test)]
    pub(super) fn show_in(&mut self, (columns, rows): (u16, u16), theme: Theme) {
        self.area = Rect::new(0, 0, columns, rows);
        self.app.theme = theme;
        self.app.update(AppEvent::Resized(self.area));
    }

    /// Returns the moment up to which the model is complete.
    fn known_until(&self) -> Option<Stamp> {
        match &self.app.current_view {
            CurrentView::Run(view) => view.newest_model().complete_until(),
            _ => None,
        }
    }

    fn next_message(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some(message) = self.ahead.next() {
                return Ok(Some(message));
            }
            if self.next_section >= self.recording.sections().len() {
                return Ok(None);
            }
            let section = self.recording.read_messages(self.next_section)?;
            self.next_section = if section.is_some() { self.next_section + 1 } else { usize::MAX };
            self.ahead = section.unwrap_or_default().into_iter();
        }
    }

    /// Ends a run whose end is not among the messages, because its observer ended it.
    fn end_run(&mut self, at: Stamp) {
        let Some(end) = self.recording.conclusion().filter(|end| at >= end.at).cloned() else { return };
        if let CurrentView::Run(view) = &self.app.current_view
            && view.newest_model().run_end().is_none()
        {
            self.app.update(AppEvent::RunMessage(Message::Ended { at: end.at, reason: end.ended }));
        }
    }
}

impl<R> std::fmt::Debug for Film<'_, R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Film").field("area", &self.area).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::tui::layout::{RunLayout, TimelineRow};
    use crate::tui::tests::SIZES;
    use crate::tui::tests::plural::wrong_plurals;
    use crate::tui::text::cuts;

    /// Calls `look` with the last screen of each preview of the catalogue, in every size.
    fn for_each_last_screen(mut look: impl FnMut(&str, &App, Rect, &Buffer)) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("previews");
        let files = fs::read_dir(directory).expect("the previews").map(|file| file.expect("a file").path());
        for path in files.filter(|path| path.extension().is_some_and(|kind| kind == "contend")) {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let mut recording = Recording::open(&path).unwrap_or_else(|e| panic!("{name}: {e:?}"));
            let mut film = Film::new(&mut recording, SIZES[0]).expect("a run of a scenario");
            let end = film.end();
            film.frame_at(end).unwrap_or_else(|e| panic!("{name}: {e}"));
            for size in SIZES {
                film.show_in(size, Theme::dark());
                let screen = film.frame_at(end).unwrap_or_else(|e| panic!("{name}: {e}"));
                look(&name, &film.app, film.area, &screen);
            }
        }
    }

    #[test]
    fn no_text_of_any_preview_is_cut_without_an_ellipsis() {
        cuts::take();
        let mut found = Vec::new();
        for_each_last_screen(|name, _, area, _| {
            found.extend(cuts::take().into_iter().map(|cut| format!("{name} {}x{}: {cut}", area.width, area.height)));
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn numbers_of_every_preview_agree_with_their_nouns() {
        for_each_last_screen(|name, _, area, screen| {
            let width = usize::from(area.width);
            for line in screen.content.chunks(width) {
                let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
                let wrong = wrong_plurals(&line);
                assert!(wrong.is_empty(), "{name} {}x{}: {wrong:?} in {line}", area.width, area.height);
            }
        });
    }

    #[test]
    fn rows_of_every_preview_use_the_screen_or_are_complete() {
        for_each_last_screen(|name, app, area, _| {
            let CurrentView::Run(view) = &app.current_view else { panic!("{name} shows its run") };
            let layout = RunLayout::compute(view, area);
            let used = layout.rows.len();
            let free = usize::from(layout.body.height) - used;
            let is_cut = layout.rows.iter().any(|row| {
                matches!(row, TimelineRow::FoldedLanes(of) if !of.is_empty())
                    || matches!(row, TimelineRow::MoreLocks(_))
            });
            let at = format!("{name} {}x{}", area.width, area.height);
            assert!(!is_cut || free <= 1, "{at}: {free} of {used} lines are free, but rows are left out");
        });
    }
}
