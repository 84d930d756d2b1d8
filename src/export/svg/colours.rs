//! Colours of a picture.

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Rgb(pub(super) u8, pub(super) u8, pub(super) u8);

/// Text and background of the screen where no colour is said.
pub(super) const INK: Rgb = Rgb(0xd4, 0xd4, 0xd4);
pub(super) const PAPER: Rgb = Rgb(0x10, 0x10, 0x10);

impl std::fmt::Display for Rgb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(r, g, b) = self;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}
