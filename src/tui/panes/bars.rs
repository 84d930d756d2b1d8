//! Horizontal bars.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::super::theme::Theme;
use super::text;

/// Draws a bar over this share of the first line of `at`; a share greater than zero shows.
pub(super) fn put_bar(buf: &mut Buffer, at: Rect, theme: Theme, share: f64, style: Style) {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * f64::from(at.width) * 8.0).round() as usize;
    let eighths = if share > 0.0 { eighths.max(1) } else { 0 };
    let (whole, part) = (eighths / 8, eighths % 8);
    let bar = if theme.has_unicode {
        format!("{}{}", "█".repeat(whole), PARTS[part])
    } else {
        "#".repeat(whole + usize::from(part >= 4 || whole == 0 && part > 0))
    };
    text::put_line(buf, at, &bar, style);
}
