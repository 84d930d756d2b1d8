//! Escape sequences: named keys, the mouse, and the beginning of pasted text.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use super::{Decoded, MAX_SEQUENCE};

/// Decodes the bytes after `ESC [`.
pub(super) fn decode_csi(bytes: &[u8]) -> Decoded {
    let Some((&last, before)) = bytes.split_last() else { return Decoded::Partial };
    match before {
        [] if matches!(last, b'[' | b'M') => return Decoded::Partial,
        [b'['] => return key_or_dropped((b'A'..=b'E').contains(&last).then(|| KeyCode::F(last - b'A' + 1))),
        [b'M', sent @ ..] if sent.len() < 2 => return Decoded::Partial,
        [b'M', button, column] => return decode_x10_mouse(*button, *column, last),
        _ => {}
    }
    match last {
        0x20..=0x3f if bytes.len() >= MAX_SEQUENCE => Decoded::Dropped,
        0x20..=0x3f => Decoded::Partial,
        0x40..=0x7e => decode_sequence(before, last),
        _ => Decoded::Restart,
    }
}

/// Decodes the bytes after `ESC ]`: an answer about the background, which came too late to be of use.
pub(super) fn decode_osc(bytes: &[u8]) -> Decoded {
    const BACKGROUND: &[u8] = b"11;";
    if BACKGROUND.starts_with(bytes) {
        return Decoded::Partial;
    }
    match bytes.strip_prefix(BACKGROUND) {
        None => Decoded::Restart,
        Some([.., 0x07] | [.., 0x1b, b'\\']) => Decoded::Dropped,
        Some(_) if bytes.len() >= MAX_SEQUENCE => Decoded::Dropped,
        Some(_) => Decoded::Partial,
    }
}

/// Decodes the letter after `ESC O`.
pub(super) fn decode_ss3(letter: u8) -> Decoded {
    if (0x20..0x7f).contains(&letter) { key_or_dropped(key_of_letter(letter)) } else { Decoded::Restart }
}

/// Decodes a whole sequence: its parameters, and the byte that ends it.
fn decode_sequence(parameters: &[u8], last: u8) -> Decoded {
    if let Some(sgr) = parameters.strip_prefix(b"<") {
        return decode_sgr_mouse(sgr, last).map_or(Decoded::Dropped, |event| Decoded::Event(Event::Mouse(event)));
    }
    let Some(numbers) = parse_numbers(parameters) else { return Decoded::Dropped };
    let (first, modifiers) = (numbers.first().copied().unwrap_or(0), decode_modifiers(numbers.get(1).copied()));
    let code = match (last, first) {
        (b'~', 200) => return Decoded::Paste,
        (b'~', _) => key_of_number(first),
        (b'Z', _) => return Decoded::Event(Event::Key(KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT))),
        (b'I', _) => return Decoded::Event(Event::FocusGained),
        (b'O', _) => return Decoded::Event(Event::FocusLost),
        _ => key_of_letter(last),
    };
    code.map_or(Decoded::Dropped, |code| Decoded::Event(Event::Key(KeyEvent::new(code, modifiers))))
}

fn key_or_dropped(code: Option<KeyCode>) -> Decoded {
    code.map_or(Decoded::Dropped, |code| Decoded::Event(Event::Key(code.into())))
}

fn key_of_letter(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'F' => KeyCode::End,
        b'H' => KeyCode::Home,
        b'P'..=b'S' => KeyCode::F(letter - b'P' + 1),
        _ => return None,
    })
}

fn key_of_number(number: u16) -> Option<KeyCode> {
    let function = |first: u16, f: u8| KeyCode::F((number - first) as u8 + f);
    Some(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=26 => function(23, 11),
        28 | 29 => function(28, 15),
        31..=34 => function(31, 17),
        _ => return None,
    })
}

/// Parses numbers separated by semicolons; a missing one is 0.
fn parse_numbers(parameters: &[u8]) -> Option<Vec<u16>> {
    let text = std::str::from_utf8(parameters).ok()?;
    text.split(';').map(|number| if number.is_empty() { Some(0) } else { number.parse().ok() }).collect()
}

/// Decodes modifiers: one more than a bit for each.
fn decode_modifiers(parameter: Option<u16>) -> KeyModifiers {
    let bits = parameter.unwrap_or(1).saturating_sub(1);
    let names =
        [(1, KeyModifiers::SHIFT), (2, KeyModifiers::ALT), (4, KeyModifiers::CONTROL), (8, KeyModifiers::SUPER)];
    names.into_iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| name).collect()
}

/// Decodes `button;column;row`, ended by `M`, or by `m` when a button is released.
fn decode_sgr_mouse(sgr: &[u8], last: u8) -> Option<MouseEvent> {
    let [button, column, row] = parse_numbers(sgr)?.try_into().ok()?;
    let (kind, modifiers) = decode_button(u8::try_from(button).ok()?)?;
    let kind = match (kind, last) {
        (kind, b'M') => kind,
        (MouseEventKind::Down(button), b'm') => MouseEventKind::Up(button),
        _ => return None,
    };
    Some(MouseEvent { kind, column: column.checked_sub(1)?, row: row.checked_sub(1)?, modifiers })
}

/// Decodes the form of terminals that have no other: each number is a byte, 32 more than its value.
fn decode_x10_mouse(button: u8, column: u8, row: u8) -> Decoded {
    let event = || {
        let (kind, modifiers) = decode_button(button.checked_sub(32)?)?;
        let place = |byte: u8| byte.checked_sub(33).map(u16::from);
        Some(MouseEvent { kind, column: place(column)?, row: place(row)?, modifiers })
    };
    event().map_or(Decoded::Dropped, |event| Decoded::Event(Event::Mouse(event)))
}

/// Decodes a button. Bits 0, 1, 6 and 7: which button; 2 to 4: modifiers; 5: motion.
fn decode_button(code: u8) -> Option<(MouseEventKind, KeyModifiers)> {
    let number = code & 0b11 | (code & 0b1100_0000) >> 4;
    let moves = code & 0b10_0000 != 0;
    let button = match number {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (number, button, moves) {
        (_, Some(button), false) => MouseEventKind::Down(button),
        (_, Some(button), true) => MouseEventKind::Drag(button),
        (3, _, false) => MouseEventKind::Up(MouseButton::Left),
        (3, _, true) => MouseEventKind::Moved,
        (4, _, false) => MouseEventKind::ScrollUp,
        (5, _, false) => MouseEventKind::ScrollDown,
        (6, _, false) => MouseEventKind::ScrollLeft,
        (7, _, false) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let names = [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
    Some((kind, names.into_iter().filter(|(bit, _)| code & bit != 0).map(|(_, name)| name).collect()))
}
