//! The palettes that the program comes with.
#![expect(clippy::unreadable_literal, reason = "colours are written as in style sheets: 0x5fb877")]

use ratatui::style::Color;

use super::palette::{Ground, IDENTITIES, Palette};
use crate::trace::State;

const fn hex(rgb: u32) -> Color {
    Color::Rgb((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
}

const fn hexes<const N: usize>(all: [u32; N]) -> [Color; N] {
    let mut colours = [Color::Reset; N];
    let mut i = 0;
    while i < N {
        colours[i] = hex(all[i]);
        i += 1;
    }
    colours
}

/// The standard colours on a dark background.
pub(super) static DARK: Palette = Palette {
    name: "dark",
    ground: Ground::Dark,
    background: hex(0x101010),
    text: hex(0xd4d4d4),
    states: hexes([
        0x5fb877, 0xf0b449, 0xe05b4b, 0x262c38, 0xb57edc, 0x36a8a0, 0x4a86d9, 0x56b6d6, 0x343c4b, 0x1a1d24, 0xff2e63,
        0x7d8393, 0xd678a8, 0x4d5870,
    ]),
    inks: hexes([
        0x5fb877, 0xf0b449, 0xe05b4b, 0x8a90a0, 0xb57edc, 0x36a8a0, 0x4a86d9, 0x56b6d6, 0x8a90a0, 0x8a90a0, 0xff2e63,
        0xa0a6b4, 0xd678a8, 0x8a90a0,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0x8a90a0), // faint
        hex(0x6a7080), // guide
        Color::Reset,  // strong
        hex(0x5fb877), // good
        hex(0xf0b449), // warning
        hex(0xe05b4b), // error
        hex(0x56b6d6), // note
        hex(0xf0b449), // mark
        hex(0x4a86d9), // queue
        hex(0x5ac8e8), // response
        hex(0x5fb877), // throughput
        hex(0xc9cedb), // capacity
        hex(0xc8a45c), // core-ours
        hex(0x5c6b84), // core-others
        hex(0xd8dce8), // selection
        hex(0x9aa5b8), // tab
    ],
    identities: hexes([
        0xe5c07b, 0x61afef, 0x98c379, 0xc678dd, 0x4fb8b0, 0xe88388, 0xa3acd6, 0xd19a66, 0xf2a5d0, 0xc9d26b, 0x8fd8f2,
        0xb0906f,
    ]),
};

/// The standard colours on a light background.
pub(super) static LIGHT: Palette = Palette {
    name: "light",
    ground: Ground::Light,
    background: hex(0xffffff),
    text: hex(0x24292f),
    states: hexes([
        0x2f8f4e, 0xc17d00, 0xcf4436, 0xe4e8ee, 0x9a5cc6, 0x1f8a83, 0x2f6fc4, 0x2a8fb0, 0xd3d9e3, 0xf0f2f5, 0xd6003f,
        0x858b9a, 0xb0487f, 0xb9c3d4,
    ]),
    inks: hexes([
        0x1f7a3a, 0x8f5c00, 0xb8372a, 0x5f6675, 0x8646b4, 0x14736d, 0x2560b0, 0x1c7490, 0x5f6675, 0x5f6675, 0xc2003a,
        0x5a6070, 0x9c3a6e, 0x5f6675,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0x5f6675), // faint
        hex(0x858b9a), // guide
        Color::Reset,  // strong
        hex(0x1f7a3a), // good
        hex(0x8f5c00), // warning
        hex(0xb8372a), // error
        hex(0x1c7490), // note
        hex(0x8f5c00), // mark
        hex(0x2f6fc4), // queue
        hex(0x1d7fa6), // response
        hex(0x2f8f4e), // throughput
        hex(0x4a5060), // capacity
        hex(0xa87a1e), // core-ours
        hex(0x7688a3), // core-others
        hex(0x2b3140), // selection
        hex(0x5b6880), // tab
    ],
    identities: hexes([
        0x7d6a1c, 0x1f6fc0, 0x4f7a1e, 0x9a3fb5, 0x0f766e, 0xb5476f, 0x5a66b0, 0x9a5638, 0xa83a9a, 0x5f7000, 0x4f6b7c,
        0x6f5a7a,
    ]),
};

/// The colours of Okabe and Ito, told apart with any colour vision, on a dark background.
pub(super) static COLORBLIND_DARK: Palette = Palette {
    name: "colorblind",
    ground: Ground::Dark,
    background: hex(0x101010),
    text: hex(0xd4d4d4),
    states: hexes([
        0x009e73, 0xf0e442, 0xe2660a, 0x262c38, 0xcc79a7, 0x56b4e9, 0x0072b2, 0xe69f00, 0x343c4b, 0x1a1d24, 0xffffff,
        0x7d8393, 0x9a8ad8, 0x4d5870,
    ]),
    inks: hexes([
        0x12a87d, 0xf0e442, 0xe8700f, 0x8a90a0, 0xcc79a7, 0x56b4e9, 0x4a92d2, 0xe69f00, 0x8a90a0, 0x8a90a0, 0xffffff,
        0xa0a6b4, 0xa698e0, 0x8a90a0,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0x8a90a0), // faint
        hex(0x6a7080), // guide
        Color::Reset,  // strong
        hex(0x12a87d), // good
        hex(0xf0e442), // warning
        hex(0xe8700f), // error
        hex(0x56b4e9), // note
        hex(0xf0e442), // mark
        hex(0x3a86c8), // queue
        hex(0x56b4e9), // response
        hex(0x009e73), // throughput
        hex(0xc9cedb), // capacity
        hex(0xe69f00), // core-ours
        hex(0x5c6b84), // core-others
        hex(0xd8dce8), // selection
        hex(0x9aa5b8), // tab
    ],
    identities: hexes([
        0xf5d9a0, 0x8fb8ff, 0x9fe0c0, 0xd3a0ff, 0x4fd0d0, 0xffb3a0, 0xb0b8d8, 0xc9a06a, 0xf2a5d0, 0xc9d26b, 0x9fd8f8,
        0xa89888,
    ]),
};

/// The same, darkened, on a light background.
pub(super) static COLORBLIND_LIGHT: Palette = Palette {
    name: "colorblind",
    ground: Ground::Light,
    background: hex(0xffffff),
    text: hex(0x24292f),
    states: hexes([
        0x008a64, 0xa88600, 0xb84c00, 0xe4e8ee, 0xc46b9f, 0x3089be, 0x00568a, 0x7a5230, 0xd3d9e3, 0xf0f2f5, 0x000000,
        0x858b9a, 0x6a5aa8, 0xb9c3d4,
    ]),
    inks: hexes([
        0x007a58, 0x7a6200, 0xb04800, 0x5f6675, 0x9c427c, 0x1a6f9e, 0x00568a, 0x8a5a00, 0x5f6675, 0x5f6675, 0x000000,
        0x5a6070, 0x6a5aa8, 0x5f6675,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0x5f6675), // faint
        hex(0x858b9a), // guide
        Color::Reset,  // strong
        hex(0x007a58), // good
        hex(0x7a6200), // warning
        hex(0xb04800), // error
        hex(0x1a6f9e), // note
        hex(0x7a6200), // mark
        hex(0x00568a), // queue
        hex(0x3089be), // response
        hex(0x008a64), // throughput
        hex(0x4a5060), // capacity
        hex(0xb87700), // core-ours
        hex(0x7688a3), // core-others
        hex(0x2b3140), // selection
        hex(0x5b6880), // tab
    ],
    identities: hexes([
        0x6b5a2a, 0x3a62b8, 0x3f6a4a, 0x7a3fb5, 0x0f6658, 0x8a3a2a, 0x5a5f80, 0x6a4420, 0x9a2f7a, 0x4f5500, 0x2a5a80,
        0x5a5048,
    ]),
};

/// Text has a contrast of at least 7:1 on a dark background.
pub(super) static HIGH_CONTRAST_DARK: Palette = Palette {
    name: "high-contrast",
    ground: Ground::Dark,
    background: hex(0x000000),
    text: hex(0xffffff),
    states: hexes([
        0x00d75f, 0xffd700, 0xff5c4d, 0x3a3a3a, 0xe08cff, 0x00e0d0, 0x5c9dff, 0xa0e8ff, 0x5a5a5a, 0x202020, 0xff4fa0,
        0xb0b0b0, 0xff9ad0, 0x6a7486,
    ]),
    inks: hexes([
        0x00e068, 0xffd700, 0xff8a7d, 0xc8c8c8, 0xe8a0ff, 0x00e8d8, 0x80b3ff, 0xa0e8ff, 0xc8c8c8, 0xc8c8c8, 0xff80bc,
        0xd0d0d0, 0xffa8d8, 0xc8c8c8,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0xc8c8c8), // faint
        hex(0x9a9a9a), // guide
        Color::Reset,  // strong
        hex(0x00e068), // good
        hex(0xffd700), // warning
        hex(0xff8a7d), // error
        hex(0xa0e8ff), // note
        hex(0xffd700), // mark
        hex(0x5c9dff), // queue
        hex(0x80f0ff), // response
        hex(0x00d75f), // throughput
        hex(0xffffff), // capacity
        hex(0xffc040), // core-ours
        hex(0x8fa8c8), // core-others
        hex(0xffffff), // selection
        hex(0xffffff), // tab
    ],
    identities: hexes([
        0xffe9a8, 0x8fc8ff, 0xb8f090, 0xe8b0ff, 0x70e8d0, 0xffb0b8, 0xc8c8ff, 0xffc090, 0xffb8e8, 0xe8f078, 0xcfe6ff,
        0xd8c8b0,
    ]),
};

/// Text has a contrast of at least 7:1 on a light background.
pub(super) static HIGH_CONTRAST_LIGHT: Palette = Palette {
    name: "high-contrast",
    ground: Ground::Light,
    background: hex(0xffffff),
    text: hex(0x000000),
    states: hexes([
        0x006a24, 0x8a5200, 0xb80000, 0xdadada, 0x741fa8, 0x00605c, 0x0047ad, 0x005a80, 0xc4c4c4, 0xefefef, 0xa8004a,
        0x606060, 0x8a2a5c, 0xaab2be,
    ]),
    inks: hexes([
        0x005a1e, 0x6e4200, 0xa00000, 0x404040, 0x661a96, 0x005552, 0x003f9e, 0x004f70, 0x404040, 0x404040, 0x960042,
        0x404040, 0x8a2a5c, 0x404040,
    ]),
    roles: [
        Color::Reset,  // text
        hex(0x404040), // faint
        hex(0x6a6a6a), // guide
        Color::Reset,  // strong
        hex(0x005a1e), // good
        hex(0x6e4200), // warning
        hex(0xa00000), // error
        hex(0x004f70), // note
        hex(0x6e4200), // mark
        hex(0x0047ad), // queue
        hex(0x00608a), // response
        hex(0x006a24), // throughput
        hex(0x202020), // capacity
        hex(0x8a5200), // core-ours
        hex(0x556680), // core-others
        hex(0x000000), // selection
        hex(0x000000), // tab
    ],
    identities: hexes([
        0x5c4600, 0x0a4a96, 0x335200, 0x6a1f88, 0x00524a, 0x8a1f52, 0x4a3f9a, 0x6e3420, 0x7a1a70, 0x4a4a2a, 0x3d4a58,
        0x1a4a3a,
    ]),
};

/// The sixteen colours of the terminal's own palette, for a dark background.
const ANSI: Palette = Palette {
    name: "ansi",
    ground: Ground::Dark,
    background: Color::Black,
    text: Color::Gray,
    states: [
        Color::Green,
        Color::Yellow,
        Color::Red,
        Color::DarkGray,
        Color::Magenta,
        Color::Cyan,
        Color::Blue,
        Color::LightCyan,
        Color::DarkGray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightYellow,
        Color::LightMagenta,
        Color::DarkGray,
    ],
    inks: [
        Color::Green,
        Color::Yellow,
        Color::LightRed,
        Color::Gray,
        Color::LightMagenta,
        Color::Cyan,
        Color::LightBlue,
        Color::LightCyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightYellow,
        Color::LightMagenta,
        Color::Gray,
    ],
    roles: [
        Color::Reset,     // text
        Color::DarkGray,  // faint
        Color::DarkGray,  // guide
        Color::Reset,     // strong
        Color::Green,     // good
        Color::Yellow,    // warning
        Color::LightRed,  // error
        Color::Cyan,      // note
        Color::Yellow,    // mark
        Color::Blue,      // queue
        Color::LightCyan, // response
        Color::Green,     // throughput
        Color::White,     // capacity
        Color::Yellow,    // core-ours
        Color::DarkGray,  // core-others
        Color::White,     // selection
        Color::Gray,      // tab
    ],
    identities: ANSI_IDENTITIES,
};

pub(super) static ANSI_DARK: Palette = ANSI;

/// The sixteen colours of the terminal's own palette, for a light background.
pub(super) static ANSI_LIGHT: Palette = Palette {
    ground: Ground::Light,
    background: Color::White,
    text: Color::Black,
    inks: [
        Color::Green,
        Color::Yellow,
        Color::Red,
        Color::DarkGray,
        Color::Magenta,
        Color::Cyan,
        Color::Blue,
        Color::Cyan,
        Color::DarkGray,
        Color::DarkGray,
        Color::Red,
        Color::DarkGray,
        Color::Magenta,
        Color::DarkGray,
    ],
    roles: [
        Color::Reset,    // text
        Color::DarkGray, // faint
        Color::DarkGray, // guide
        Color::Reset,    // strong
        Color::Green,    // good
        Color::Yellow,   // warning
        Color::Red,      // error
        Color::Cyan,     // note
        Color::Yellow,   // mark
        Color::Blue,     // queue
        Color::Cyan,     // response
        Color::Green,    // throughput
        Color::Black,    // capacity
        Color::Yellow,   // core-ours
        Color::DarkGray, // core-others
        Color::Black,    // selection
        Color::DarkGray, // tab
    ],
    ..ANSI
};

/// Six hues, repeated: sixteen colours have no more that are none of a severity.
const ANSI_IDENTITIES: [Color; IDENTITIES] = [
    Color::LightYellow,
    Color::LightBlue,
    Color::LightGreen,
    Color::LightMagenta,
    Color::LightCyan,
    Color::Magenta,
    Color::LightYellow,
    Color::LightBlue,
    Color::LightGreen,
    Color::LightMagenta,
    Color::LightCyan,
    Color::Magenta,
];

/// No colour: emphasis and glyphs only.
pub(super) static MONO: Palette = Palette {
    name: "mono",
    ground: Ground::Dark,
    background: Color::Reset,
    text: Color::Reset,
    states: [Color::Reset; State::ALL.len()],
    inks: [Color::Reset; State::ALL.len()],
    roles: [Color::Reset; 17],
    identities: [Color::Reset; IDENTITIES],
};
