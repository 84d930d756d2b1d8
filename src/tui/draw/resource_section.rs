//! The headings of the sections of resources and cores: names, captions, and the headings of their figures.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::super::layout::Section;
use super::super::run_view::RunView;
use super::{RunScene, cores, counter, lock, queue, response, signal, text, throughput};

/// Returns a section's name.
pub(super) const fn name(section: Section) -> &'static str {
    match section {
        Section::Workers => "WORKERS",
        Section::Locks => "LOCKS",
        Section::Queues => "QUEUES",
        Section::Signals => "SIGNALS",
        Section::Counters => "COUNTERS",
        Section::Response => "RESPONSE TIME",
        Section::Throughput => "THROUGHPUT",
        Section::Cores => "CORES",
    }
}

/// Returns the headings of a section's figures.
pub(super) fn figure_heads(scene: RunScene<'_>, section: Section) -> &'static [&'static str] {
    let is_wide = scene.has_wide_figures();
    match section {
        Section::Locks => &lock::HEADS,
        Section::Queues if is_wide => &queue::HEADS,
        Section::Queues => &queue::SHORT_HEADS,
        Section::Signals => &signal::HEADS,
        Section::Counters => &counter::HEADS,
        Section::Response if is_wide => &response::HEADS,
        Section::Response => &response::SHORT_HEADS,
        Section::Cores => &cores::HEADS,
        Section::Workers | Section::Throughput => &[],
    }
}

/// Draws what the section's rows show, and what to know about its figures.
pub(super) fn draw_caption(scene: RunScene<'_>, section: Section, at: Rect, buf: &mut Buffer) {
    let (view, faint) = (scene.view, scene.theme.faint_style());
    let note: Cow<'_, str> = match section {
        Section::Locks => lock_figures_note(view).unwrap_or_default().into(),
        Section::Signals => signal_figures_note(view).unwrap_or_default().into(),
        _ => "".into(),
    };
    let note_width = u16::try_from(note.width()).unwrap_or(u16::MAX);
    let has_room = note_width < at.width;
    let before = Rect { width: at.width - if has_room { note_width } else { 0 }, ..at };
    let ellipsis = scene.theme.ellipsis();
    match section {
        Section::Locks => text::put_first_fitting(buf, before, &lock::captions(view), ellipsis, faint),
        Section::Signals => signal::draw_legend(scene.theme, before, buf),
        Section::Response => text::put_first_fitting(buf, before, &response::CAPTIONS, ellipsis, faint),
        Section::Throughput => {
            let words = view.figures.throughput.map_or("", |figures| throughput::caption(figures.of));
            text::put_first_fitting(buf, before, &[words], ellipsis, faint);
        }
        Section::Cores => cores::draw_load_owners(scene, before, buf),
        Section::Workers | Section::Queues | Section::Counters => {}
    }
    if has_room {
        text::put_right(buf, at, &note, faint);
    }
}

/// Returns what to say about the figures of locks, if they are not those of the shown moment or range.
fn lock_figures_note(view: &RunView) -> Option<String> {
    let figures = &view.figures.locks;
    if view.shown_range().is_none() {
        return view.has_only_final_totals().then(|| "waited, p99, max: whole run ".to_owned());
    }
    let gap = view.interval_gap().filter(|_| figures.iter().any(|(_, lock)| lock.contended_share.is_none()))?;
    Some(format!("waited, p99, max: {} ", gap.words()))
}

/// Returns what to say about the counts of signals, if they are not those of the shown moment or range.
fn signal_figures_note(view: &RunView) -> Option<&'static str> {
    if view.has_only_final_totals() {
        return Some("sent, unused: whole run ");
    }
    view.shown_range().map(|_| "sent, unused: from the start ")
}
