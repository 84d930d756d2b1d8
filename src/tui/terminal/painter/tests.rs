use proptest::prelude::*;
use ratatui::style::{Color, Modifier, Style};

use super::*;

const AREA: Rect = Rect { x: 0, y: 0, width: 20, height: 4 };
const TIMELINE: Rect = Rect { x: 4, y: 1, width: 12, height: 2 };

fn terminal() -> vt100::Parser {
    let cells = |n: u16| std::num::NonZero::new(n).expect("a screen has cells");
    vt100::Parser::new(cells(AREA.height), cells(AREA.width), 0)
}

fn colour_of(colour: Color) -> vt100::Color {
    match colour {
        Color::Reset => vt100::Color::Default,
        Color::Indexed(index) => vt100::Color::Idx(index),
        Color::Rgb(red, green, blue) => vt100::Color::Rgb(red, green, blue),
        other => panic!("{other} is not used here"),
    }
}

/// Whether the terminal shows this picture.
fn assert_shown(terminal: &vt100::Parser, picture: &Buffer) {
    let mut covered = 0;
    for (cell, at) in picture.content.iter().zip(0..) {
        let (x, y) = (at % AREA.width, at / AREA.width);
        covered = if x == 0 { 0 } else { covered };
        if covered > 0 {
            covered -= 1;
            continue;
        }
        let shown = terminal.screen().cell(y, x).expect("the cell is on the screen");
        let symbol = if shown.contents().is_empty() { " " } else { shown.contents() };
        assert_eq!(symbol, cell.symbol(), "at {x}, {y}");
        assert_eq!(shown.fgcolor(), colour_of(cell.fg), "at {x}, {y}");
        assert_eq!(shown.bgcolor(), colour_of(cell.bg), "at {x}, {y}");
        assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD), "at {x}, {y}");
        assert_eq!(shown.inverse(), cell.modifier.contains(Modifier::REVERSED), "at {x}, {y}");
        covered = cell.symbol().width().saturating_sub(1);
    }
}

/// Cells to change, and how far the timeline moves before.
type Change = (Vec<(u16, u16, usize, usize)>, u16);

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let cell = (0..AREA.width, 0..AREA.height, 0..SYMBOLS.len(), 0..5_usize);
    prop::collection::vec((prop::collection::vec(cell, 0..12), 0_u16..4), 1..8)
}

const SYMBOLS: [&str; 5] = ["a", " ", "█", "µ", "漢"];

fn styles() -> [Style; 5] {
    let plain = Style::reset();
    [
        plain,
        plain.fg(Color::Indexed(3)),
        plain.bg(Color::Rgb(1, 20, 200)),
        plain.fg(Color::Rgb(9, 9, 9)).add_modifier(Modifier::BOLD),
        plain.bg(Color::Indexed(200)).add_modifier(Modifier::REVERSED | Modifier::BOLD),
    ]
}

/// Moves the timeline to the left, then changes cells.
fn apply(picture: &mut Buffer, (cells, columns): &Change) {
    for y in TIMELINE.y..TIMELINE.bottom() {
        for x in TIMELINE.x..TIMELINE.right() {
            let from = x + columns;
            picture[(x, y)] = if from < TIMELINE.right() { picture[(from, y)].clone() } else { Cell::new("n") };
        }
    }
    for (x, y, symbol, style) in cells {
        let symbol = if x + 1 == AREA.width { "a" } else { SYMBOLS[*symbol] };
        picture[(*x, *y)].set_symbol(symbol).set_style(styles()[*style]);
        if symbol.width() > 1 {
            picture[(x + 1, *y)].reset();
        }
    }
}

proptest! {
    #[test]
    fn terminal_shows_every_picture(changes in changes()) {
        let (mut painter, mut terminal, mut picture) = (Painter::new(AREA), terminal(), Buffer::empty(AREA));
        for change in changes {
            apply(&mut picture, &change);
            let mut out = Vec::new();
            let scroll = Scroll { area: TIMELINE, columns: change.1 };
            painter.paint(Some(scroll), &mut out, |_, buf| buf.clone_from(&picture));
            terminal.process(&out);
            assert_shown(&terminal, &picture);
            prop_assert_eq!(painter.shown(), &picture);
        }
    }
}

#[test]
fn same_picture_costs_no_byte() {
    let mut painter = Painter::new(AREA);
    let draw = |_: Rect, buf: &mut Buffer| {
        buf.set_string(1, 1, "the same", Style::new().fg(Color::Indexed(2)));
    };
    let mut out = Vec::new();
    painter.paint(None, &mut out, draw);
    assert!(!out.is_empty());
    out.clear();
    painter.paint(None, &mut out, draw);
    assert_eq!(out, b"");
}

#[test]
fn scrolled_row_writes_only_its_new_cell() {
    let mut painter = Painter::new(AREA);
    let lane = |step: u16| {
        move |_: Rect, buf: &mut Buffer| {
            for x in TIMELINE.x..TIMELINE.right() {
                let colour = Color::Indexed(((x + step) * 7 % 11) as u8);
                buf[(x, TIMELINE.y)].set_symbol("█").set_style(Style::new().fg(colour));
            }
            buf.set_string(17, TIMELINE.y, "9", Style::new());
        }
    };
    let mut out = Vec::new();
    painter.paint(None, &mut out, lane(0));
    out.clear();
    painter.paint(Some(Scroll { area: TIMELINE, columns: 1 }), &mut out, lane(1));
    let text = String::from_utf8(out).expect("it is text");
    assert_eq!(text.matches('█').count(), 1, "{text:?}");
    assert!(text.contains("\u{1b}[1P") && text.contains("\u{1b}[1@") && !text.contains('9'), "{text:?}");
}

#[test]
fn redrawn_screen_is_cleared_first() {
    let mut painter = Painter::new(AREA);
    let mut out = Vec::new();
    painter.paint(None, &mut out, |_, buf| {
        buf.set_string(0, 0, "x", Style::new());
    });
    painter.redraw(Rect { width: 30, ..AREA });
    out.clear();
    painter.paint(None, &mut out, |area, buf| {
        assert_eq!(area.width, 30);
        buf.set_string(0, 0, "x", Style::new());
    });
    assert_eq!(String::from_utf8_lossy(&out), "\u{1b}[0m\u{1b}[2J\u{1b}[1;1Hx");
}
