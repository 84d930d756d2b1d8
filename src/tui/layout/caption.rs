//! The lines below a run for the caption of a tour.

use ratatui::layout::Rect;

use crate::tui::tour::{MAX_LINES, TourPlayer, wrap_caption};

/// Columns at both sides of a caption.
const MARGIN: u16 = 3;

/// Least lines of a run above a caption.
const MIN_RUN_LINES: u16 = 8;

/// Returns the width of a caption's lines.
pub(in crate::tui) const fn caption_width(screen: u16) -> u16 {
    screen.saturating_sub(MARGIN)
}

/// Returns the height of the caption: lines for the longest of the scene, so that nothing moves within a scene, and one
/// for the keys.
pub(in crate::tui) fn caption_height(tour: &TourPlayer, screen: Rect) -> u16 {
    let width = caption_width(screen.width);
    let captions = tour.scene_captions().map(|caption| wrap_caption(caption, width).len());
    let lines = captions.max().unwrap_or(1).clamp(1, MAX_LINES);
    (lines as u16 + 1).min(screen.height.saturating_sub(MIN_RUN_LINES))
}
