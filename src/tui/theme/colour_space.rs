//! Arithmetic with colours: contrast, distance and mixtures, as eyes see them.

use std::sync::LazyLock;

use ratatui::style::Color;

/// A colour of sRGB.
pub(super) type Rgb = [u8; 3];

/// The sixteen colours of xterm. Most terminals have others, of similar hue.
const XTERM_16: [Rgb; 16] = [
    [0, 0, 0],
    [205, 0, 0],
    [0, 205, 0],
    [205, 205, 0],
    [0, 0, 238],
    [205, 0, 205],
    [0, 205, 205],
    [229, 229, 229],
    [127, 127, 127],
    [255, 0, 0],
    [0, 255, 0],
    [255, 255, 0],
    [92, 92, 255],
    [255, 0, 255],
    [0, 255, 255],
    [255, 255, 255],
];

/// The sixteen as ratatui names them, in the terminal's order.
pub(super) const NAMED: [Color; 16] = [
    Color::Black,
    Color::Red,
    Color::Green,
    Color::Yellow,
    Color::Blue,
    Color::Magenta,
    Color::Cyan,
    Color::Gray,
    Color::DarkGray,
    Color::LightRed,
    Color::LightGreen,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightMagenta,
    Color::LightCyan,
    Color::White,
];

/// Steps of each channel in the cube of 216 colours.
const CUBE: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// Returns what xterm shows for one of its 256 colours.
pub(super) fn xterm_colour(index: u8) -> Rgb {
    match index {
        0..16 => XTERM_16[usize::from(index)],
        16..232 => {
            let at = usize::from(index - 16);
            [CUBE[at / 36], CUBE[at / 6 % 6], CUBE[at % 6]]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

/// The luminance on which black and white have the same contrast.
const EQUAL_INKS: f64 = 0.179;

/// Returns the colour's components, as xterm shows it; `None` for the terminal's own.
pub(super) fn rgb_of(colour: Color) -> Option<Rgb> {
    match colour {
        Color::Rgb(r, g, b) => Some([r, g, b]),
        Color::Indexed(index) => Some(xterm_colour(index)),
        named => NAMED.iter().position(|of| *of == named).map(|index| XTERM_16[index]),
    }
}

/// Returns `share` of the first colour and the rest of the second.
pub(super) fn mix(colour: Rgb, with: Rgb, share: f64) -> Rgb {
    std::array::from_fn(|i| (f64::from(colour[i]) * share + f64::from(with[i]) * (1.0 - share)).round() as u8)
}

/// Returns the light of a channel, from 0 to 1.
fn linear(channel: u8) -> f64 {
    static LIGHT: LazyLock<[f64; 256]> = LazyLock::new(|| {
        std::array::from_fn(|channel| {
            let c = channel as f64 / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    });
    LIGHT[usize::from(channel)]
}

/// Returns the relative luminance, from 0 to 1.
pub(super) fn luminance(colour: Rgb) -> f64 {
    let [r, g, b] = colour.map(linear);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Returns the contrast of two colours as WCAG defines it, from 1 to 21.
pub(super) fn contrast(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
    if a > b { a / b } else { b / a }
}

/// Returns black or white, whichever is easier to read on this colour.
pub(super) fn ink_on(colour: Rgb) -> Color {
    if luminance(colour) > EQUAL_INKS { Color::Rgb(0, 0, 0) } else { Color::Rgb(255, 255, 255) }
}

/// Returns the colour in Oklab, in which equal distances look equally different.
fn oklab(colour: Rgb) -> [f64; 3] {
    let [red, green, blue] = colour.map(linear);
    let l = (0.412_221_470_8 * red + 0.536_332_536_3 * green + 0.051_445_992_9 * blue).cbrt();
    let m = (0.211_903_498_2 * red + 0.680_699_545_1 * green + 0.107_396_956_6 * blue).cbrt();
    let s = (0.088_302_461_9 * red + 0.281_718_837_6 * green + 0.629_978_700_5 * blue).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

/// Returns how different two colours look: 0 for none, 1 for black and white.
pub(super) fn distance(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (oklab(a), oklab(b));
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contrast_and_distance_of_black_and_white_are_the_largest() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((distance([0; 3], [255; 3]) - 1.0).abs() < 1e-3);
        assert!(distance([9, 8, 7], [9, 8, 7]).abs() < 1e-9);
    }

    #[test]
    fn ink_is_readable_on_every_colour() {
        for r in (0..=255).step_by(15) {
            for g in (0..=255).step_by(15) {
                for b in (0..=255).step_by(15) {
                    let area = [r, g, b];
                    let ink = rgb_of(ink_on(area)).expect("black or white");
                    assert!(contrast(ink, area) >= 4.5, "{area:?}: {}", contrast(ink, area));
                }
            }
        }
    }
}
