//! How many colours a terminal has.

use ratatui::style::Color;

use super::colour_space::{NAMED, Rgb, distance, rgb_of, xterm_colour};

/// The colours that a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Depth {
    /// None: emphasis and glyphs only.
    None,
    /// The sixteen of its own palette.
    Ansi16,
    /// The 256 of xterm.
    Indexed256,
    TrueColor,
}

impl Depth {
    /// Returns the colour that looks most alike among those of this depth. The terminal's own colours stay.
    pub(super) fn nearest(self, colour: Color) -> Color {
        let Color::Rgb(r, g, b) = colour else { return if self == Self::None { Color::Reset } else { colour } };
        match self {
            Self::None => Color::Reset,
            Self::TrueColor => colour,
            Self::Indexed256 => nearest_of_256([r, g, b]),
            Self::Ansi16 => nearest_of_16([r, g, b]),
        }
    }
}

/// Leaves out the first sixteen, which differ from terminal to terminal.
fn nearest_of_256(colour: Rgb) -> Color {
    let by_distance = |index: &u8| (distance(xterm_colour(*index), colour) * 1e9) as u64;
    Color::Indexed((16..=255).min_by_key(by_distance).unwrap_or(16))
}

/// Leaves out black and white, which are the background of most terminals, except for themselves.
fn nearest_of_16(colour: Rgb) -> Color {
    match colour {
        [0, 0, 0] => return Color::Black,
        [255, 255, 255] => return Color::White,
        _ => {}
    }
    let by_distance = |of: &&Color| rgb_of(**of).map_or(u64::MAX, |of| (distance(of, colour) * 1e9) as u64);
    let among = NAMED.iter().filter(|of| !matches!(of, Color::Black | Color::White));
    among.min_by_key(by_distance).copied().unwrap_or(Color::Gray)
}

/// Returns the nearest of the 256 colours in a few steps, for colours that are computed while drawing.
pub(super) fn quick_of_256(colour: Rgb) -> Color {
    let step = |channel: u8| match channel {
        0..48 => 0,
        48..115 => 1,
        _ => (channel - 35) / 40,
    };
    let [r, g, b] = colour.map(step);
    let in_cube = 16 + 36 * r + 6 * g + b;
    let mean = colour.iter().map(|c| u32::from(*c)).sum::<u32>() / 3;
    let grey = 232 + (mean.clamp(8, 238) - 8 + 5).min(235) as u8 / 10;
    let apart = |index: u8| {
        let other = xterm_colour(index);
        (0..3).map(|i| i32::from(other[i]) - i32::from(colour[i])).map(|d| d * d).sum::<i32>()
    };
    Color::Indexed(if apart(grey) < apart(in_cube) { grey } else { in_cube })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_of_a_depth_are_their_own_nearest() {
        for index in 16..=255 {
            let [r, g, b] = xterm_colour(index);
            let Color::Indexed(found) = Depth::Indexed256.nearest(Color::Rgb(r, g, b)) else { panic!("{index}") };
            assert_eq!(xterm_colour(found), xterm_colour(index));
            let Color::Indexed(quick) = quick_of_256([r, g, b]) else { panic!("{index}") };
            assert_eq!(xterm_colour(quick), xterm_colour(index));
        }
        assert_eq!(Depth::TrueColor.nearest(Color::Rgb(1, 2, 3)), Color::Rgb(1, 2, 3));
        assert_eq!(Depth::None.nearest(Color::Rgb(1, 2, 3)), Color::Reset);
    }

    #[test]
    fn sixteen_colours_keep_the_hue() {
        let nearest = |r, g, b| Depth::Ansi16.nearest(Color::Rgb(r, g, b));
        assert_eq!(nearest(250, 10, 10), Color::LightRed);
        assert_eq!(nearest(20, 200, 30), Color::Green);
        assert_eq!(nearest(128, 128, 128), Color::DarkGray);
        assert_eq!(nearest(38, 44, 56), Color::DarkGray, "dark is not the background");
    }
}
