//! The row that names the resources without rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{RunScene, text};
use crate::report::text_width::truncate;
use crate::trace::ResourceId;

/// Names the resources that no worker has used, and the counters that are zero, as far as they fit.
pub(super) fn draw_unused(
    scene: RunScene<'_>,
    unused: &[ResourceId],
    zero: &[ResourceId],
    line: Rect,
    buf: &mut Buffer,
) {
    let registry = scene.view.shown_model().registry();
    let names = |ids: &[ResourceId]| join_series(&ids.iter().map(|id| registry.resource_name(*id)).collect::<Vec<_>>());
    let mut parts = Vec::new();
    if !unused.is_empty() {
        parts.push(format!("not used: {}", names(unused)));
    }
    if !zero.is_empty() {
        parts.push(format!("zero: {}", names(zero)));
    }
    let at = Rect { x: line.x + line.width.min(1), width: line.width.saturating_sub(2), ..line };
    let words = truncate(&parts.join("   "), usize::from(at.width), scene.theme.ellipsis());
    text::put_line(buf, at, &words, scene.theme.faint_style());
}

/// Joins names; a series such as `turn-1`, `turn-2`, `turn-3` becomes `turn-1 to 3`.
fn join_series(names: &[&str]) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut rest = names;
    while let Some((first, others)) = rest.split_first() {
        let numbered = split_number(first);
        let length = numbered.map_or(0, |(stem, number)| {
            let follows = |(n, name): &(u64, &&str)| split_number(name) == Some((stem, number + n));
            (1..).zip(others).take_while(follows).count()
        });
        words.push(match numbered {
            Some((_, number)) if length > 1 => format!("{first} to {}", number + length as u64),
            _ => (*first).to_owned(),
        });
        rest = &others[if length > 1 { length } else { 0 }..];
    }
    words.join(", ")
}

/// Splits `turn-3` into `turn` and 3.
fn split_number(name: &str) -> Option<(&str, u64)> {
    let (stem, number) = name.rsplit_once('-')?;
    Some((stem, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_names_is_shortened_to_its_ends() {
        assert_eq!(join_series(&["chair", "turn-1", "turn-2", "turn-3", "table"]), "chair, turn-1 to 3, table");
        assert_eq!(join_series(&["busy-1", "busy-2", "eating-1", "eating-3"]), "busy-1, busy-2, eating-1, eating-3");
        assert_eq!(join_series(&[]), "");
    }
}
