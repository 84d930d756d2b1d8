//! Decodes the bytes of a terminal as keys, mouse events and pasted text.
//!
//! The events do not depend on how the bytes are split. Only an unfinished sequence needs the caller's clock:
//! [`Decoder::flush`] reports that no more bytes arrived in time.

mod sequence;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

const ESCAPE: u8 = 0x1b;

/// Longest escape sequence in bytes. A longer one is dropped.
const MAX_SEQUENCE: usize = 64;

/// Bytes of pasted text that are kept; the rest is dropped.
const MAX_PASTE: usize = 64 << 10;

/// The sequence that ends pasted text.
const PASTE_END: &[u8] = b"\x1b[201~";

const CONTROL_C: u8 = 3;

/// A decoder that turns bytes into events.
#[derive(Debug, Default)]
pub(super) struct InputDecoder {
    /// The beginning of an unfinished key or sequence.
    pending: Vec<u8>,
    paste: Option<Paste>,
}

#[derive(Debug, Default)]
struct Paste {
    text: Vec<u8>,
    /// How many bytes of [`PASTE_END`] were matched so far.
    matched: usize,
}

/// The meaning of the pending bytes.
enum Decoded {
    /// More bytes must follow.
    Partial,
    Event(Event),
    /// Pasted text begins.
    Paste,
    /// Nothing known.
    Dropped,
    /// A sequence was broken off: its last byte begins something else.
    Restart,
}

impl InputDecoder {
    /// Decodes bytes and appends the events that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut Vec<Event>) {
        for &byte in bytes {
            if let Some(paste) = &mut self.paste {
                if let Some(events) = paste.push_byte(byte) {
                    self.paste = None;
                    out.extend(events);
                }
            } else {
                self.push_byte(byte, out);
            }
        }
    }

    /// Whether it waits for the rest of a key. Pasted text may take any time.
    pub(super) fn is_partial(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Handles that no more bytes arrived in time: a single escape was the key, an unfinished sequence is dropped.
    pub(super) fn flush(&mut self, out: &mut Vec<Event>) {
        let pending = std::mem::take(&mut self.pending);
        match *pending.as_slice() {
            [ESCAPE] => out.push(Event::Key(KeyCode::Esc.into())),
            [ESCAPE, key @ (b'[' | b'O' | b']')] => out.push(Event::Key(with_alt(char_key(key.into())))),
            _ => {}
        }
    }

    fn push_byte(&mut self, byte: u8, out: &mut Vec<Event>) {
        self.pending.push(byte);
        match decode_pending(&self.pending) {
            Decoded::Partial => return,
            Decoded::Event(event) => out.push(event),
            Decoded::Paste => self.paste = Some(Paste::default()),
            Decoded::Dropped => {}
            Decoded::Restart => {
                match *self.pending.as_slice() {
                    [ESCAPE, ESCAPE] => out.push(Event::Key(KeyCode::Esc.into())),
                    [ESCAPE, b']', ref typed @ .., _] => {
                        out.push(Event::Key(with_alt(char_key(']'))));
                        out.extend(typed.iter().map(|byte| Event::Key(char_key((*byte).into()))));
                    }
                    _ => {}
                }
                self.pending.clear();
                return self.push_byte(byte, out);
            }
        }
        self.pending.clear();
    }
}

impl Paste {
    /// Takes one byte; returns the events at the end of the paste. Ctrl-C ends it too, in case a terminal never sends
    /// the end.
    fn push_byte(&mut self, byte: u8) -> Option<Vec<Event>> {
        if byte == CONTROL_C {
            return Some(vec![Event::Key(control_key('c'))]);
        }
        if byte == PASTE_END[self.matched] {
            self.matched += 1;
            if self.matched == PASTE_END.len() {
                return Some(vec![Event::Paste(String::from_utf8_lossy(&self.text).into_owned())]);
            }
            return None;
        }
        // Only the first byte of the end is an escape, so the matched bytes begin no other end.
        let matched = std::mem::take(&mut self.matched);
        self.append(&PASTE_END[..matched]);
        if byte == ESCAPE {
            self.matched = 1;
        } else {
            self.append(&[byte]);
        }
        None
    }

    fn append(&mut self, bytes: &[u8]) {
        let room = MAX_PASTE.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }
}

/// Decodes the bytes so far. Without the last one they were [`Decoded::Partial`].
fn decode_pending(bytes: &[u8]) -> Decoded {
    match *bytes {
        [] | [ESCAPE] | [ESCAPE, b'O'] => Decoded::Partial,
        [ESCAPE, b'[', ..] => sequence::decode_csi(&bytes[2..]),
        [ESCAPE, b']', ..] => sequence::decode_osc(&bytes[2..]),
        [ESCAPE, b'O', key] => sequence::decode_ss3(key),
        [ESCAPE, ESCAPE] => Decoded::Restart,
        [ESCAPE, ref key @ ..] => match decode_plain(key) {
            Decoded::Event(Event::Key(key)) => Decoded::Event(Event::Key(with_alt(key))),
            other => other,
        },
        _ => decode_plain(bytes),
    }
}

/// Decodes a key without an escape sequence: a control character, or a character in UTF-8.
fn decode_plain(bytes: &[u8]) -> Decoded {
    let first = bytes[0];
    let key = match first {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x7f => KeyCode::Backspace.into(),
        0 => control_key(' '),
        1..=0x1a => control_key(char::from(first - 1 + b'a')),
        0x1c..=0x1f => control_key(char::from(first - 0x1c + b'4')),
        0x20..=0x7e => char_key(first.into()),
        _ => return decode_utf8(bytes),
    };
    Decoded::Event(Event::Key(key))
}

fn decode_utf8(bytes: &[u8]) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().next().map_or(Decoded::Dropped, |c| Decoded::Event(Event::Key(char_key(c)))),
        Err(error) if error.error_len().is_none() => Decoded::Partial,
        Err(_) if bytes.len() == 1 => Decoded::Dropped,
        Err(_) => Decoded::Restart,
    }
}

fn char_key(c: char) -> KeyEvent {
    let shift = if c.is_uppercase() { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
    KeyEvent::new(KeyCode::Char(c), shift)
}

fn control_key(c: char) -> KeyEvent {
    KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL)
}

fn with_alt(key: KeyEvent) -> KeyEvent {
    KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..key }
}

#[cfg(test)]
mod tests {
    use crossterm::event::{MouseEvent, MouseEventKind};
    use proptest::prelude::*;

    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<Event> {
        let (mut decoder, mut out) = (InputDecoder::default(), Vec::new());
        decoder.feed(bytes, &mut out);
        decoder.flush(&mut out);
        out
    }

    fn keys(bytes: &[u8]) -> Vec<KeyEvent> {
        let key = |event| match event {
            Event::Key(key) => key,
            other => panic!("no key: {other:?}"),
        };
        decoded(bytes).into_iter().map(key).collect()
    }

    #[test]
    fn late_answer_about_the_background_is_no_input() {
        let only_keys = |bytes: &[u8]| keys(bytes).into_iter().map(|key| key.code).collect::<Vec<_>>();
        for end in [&b"\x07"[..], b"\x1b\\"] {
            let answer = [b"a\x1b]11;rgb:1e1e/1e1e/1e1e", end, b"\x1b[?62;22cb"].concat();
            assert_eq!(only_keys(&answer), [KeyCode::Char('a'), KeyCode::Char('b')]);
        }
        assert_eq!(only_keys(b"\x1b]").len(), 1, "Alt-]");
        assert_eq!(only_keys(b"\x1b]x"), [KeyCode::Char(']'), KeyCode::Char('x')]);
        assert_eq!(only_keys(b"\x1b]1x"), [']', '1', 'x'].map(KeyCode::Char));
        assert_eq!(only_keys(b"\x1b]11;").len(), 0, "cut off");
    }

    #[test]
    fn keys_of_every_kind_are_decoded() {
        let codes = |bytes: &[u8]| keys(bytes).into_iter().map(|key| key.code).collect::<Vec<_>>();
        assert_eq!(codes(b"q\r\t\x7f"), [KeyCode::Char('q'), KeyCode::Enter, KeyCode::Tab, KeyCode::Backspace]);
        assert_eq!(codes(b"\x1b[A\x1bOB\x1b[C\x1bOD"), [KeyCode::Up, KeyCode::Down, KeyCode::Right, KeyCode::Left]);
        assert_eq!(
            codes(b"\x1b[H\x1b[4~\x1b[5~\x1b[6~"),
            [KeyCode::Home, KeyCode::End, KeyCode::PageUp, KeyCode::PageDown]
        );
        assert_eq!(codes(b"\x1bOP\x1b[15~\x1b[24~\x1b[[B"), [1, 5, 12, 2].map(KeyCode::F));
        assert_eq!(codes("ä€😀".as_bytes()), ['ä', '€', '😀'].map(KeyCode::Char));
        assert_eq!(keys(b"\x1b[Z"), [KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)]);
        assert_eq!(keys(b"\x03\x1a"), [control_key('c'), control_key('z')]);
        assert_eq!(keys(b"Q"), [KeyEvent::new(KeyCode::Char('Q'), KeyModifiers::SHIFT)]);
        assert_eq!(keys(b"\x1b[1;5C"), [KeyEvent::new(KeyCode::Right, KeyModifiers::CONTROL)]);
        assert_eq!(keys(b"\x1bq"), [with_alt(char_key('q'))]);
    }

    #[test]
    fn lone_escape_is_the_escape_key() {
        assert_eq!(keys(b"\x1b"), [KeyCode::Esc.into()]);
        assert_eq!(keys(b"\x1b\x1b"), [KeyCode::Esc.into(), KeyCode::Esc.into()]);
        assert_eq!(keys(b"\x1b\x1b[A"), [KeyEvent::from(KeyCode::Esc), KeyCode::Up.into()]);
    }

    #[test]
    fn mouse_events_have_their_position() {
        let wheel = |kind, column, row| Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE });
        assert_eq!(decoded(b"\x1b[<65;61;5M"), [wheel(MouseEventKind::ScrollDown, 60, 4)]);
        assert_eq!(decoded(b"\x1b[<64;1;1M"), [wheel(MouseEventKind::ScrollUp, 0, 0)]);
        let left = crossterm::event::MouseButton::Left;
        let press = [wheel(MouseEventKind::Down(left), 1, 2), wheel(MouseEventKind::Up(left), 1, 2)];
        assert_eq!(decoded(b"\x1b[<0;2;3M\x1b[<0;2;3m"), press);
        assert_eq!(decoded(b"\x1b[<32;2;3M"), [wheel(MouseEventKind::Drag(left), 1, 2)]);
        assert_eq!(
            decoded(b"\x1b[M !!"),
            [wheel(MouseEventKind::Down(left), 0, 0)],
            "of terminals without the SGR form"
        );
    }

    #[test]
    fn pasted_text_is_one_event_of_limited_length() {
        let paste = |text: &str| decoded(format!("\x1b[200~{text}\x1b[201~q").as_bytes());
        let q = Event::Key(char_key('q'));
        assert_eq!(paste("q\x1b[A\x1b\x1b[20"), [Event::Paste("q\x1b[A\x1b\x1b[20".into()), q.clone()]);
        let long = paste(&"x".repeat(1 << 20));
        assert!(matches!(&long[..], [Event::Paste(text), _] if text.len() == MAX_PASTE), "no more than that is kept");
        let without_end = [b"\x1b[200~abc".as_slice(), b"\x03q"].concat();
        assert_eq!(keys(&without_end), [control_key('c'), char_key('q')], "a paste without an end is no trap");
    }

    #[test]
    fn unknown_and_broken_sequences_are_dropped() {
        for odd in ["\x1b[?1;2c", "\x1b[999~", "\x1b[<1;2M", "\x1b[<99999;1;1M", "\x1b[0n", "\x1bOz"] {
            assert_eq!(keys(format!("{odd}q").as_bytes()), [char_key('q')], "{odd:?}");
        }
        let endless = format!("\x1b[{}q", "1;".repeat(200));
        assert!(decoded(endless.as_bytes()).contains(&Event::Key(char_key('q'))), "it comes to an end");
        assert_eq!(keys(b"\x1b[1\x1b[Aq"), [KeyCode::Up.into(), char_key('q')], "a sequence that was broken off");
        assert_eq!(keys(b"\xff\xe2\x82q"), [char_key('q')], "bytes that are no UTF-8");
    }

    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..12),
            prop::sample::select(vec![
                b"\x1b[A".to_vec(),
                b"\x1b[<65;10;5M".to_vec(),
                b"\x1b[200~".to_vec(),
                PASTE_END.to_vec(),
                b"\x1b".to_vec(),
                "é€".as_bytes().to_vec(),
            ]),
        ]
    }

    proptest! {
        #[test]
        fn events_do_not_depend_on_how_bytes_are_split(
            pieces in prop::collection::vec(piece(), 0..20),
            cuts in prop::collection::vec(1usize..9, 1..40),
        ) {
            let bytes = pieces.concat();
            let (mut decoder, mut out, mut rest) = (InputDecoder::default(), Vec::new(), bytes.as_slice());
            for cut in cuts.iter().cycle().take(bytes.len()) {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                decoder.feed(now, &mut out);
                prop_assert!(decoder.pending.len() <= MAX_SEQUENCE + 2);
                rest = later;
            }
            decoder.flush(&mut out);
            prop_assert_eq!(out, decoded(&bytes));
        }

        #[test]
        fn key_after_any_complete_input_is_decoded(pieces in prop::collection::vec(piece(), 0..20)) {
            let (mut decoder, mut out) = (InputDecoder::default(), Vec::new());
            decoder.feed(&pieces.concat(), &mut out);
            decoder.flush(&mut out);
            decoder.feed(PASTE_END, &mut out);
            out.clear();
            decoder.feed(b"q", &mut out);
            prop_assert_eq!(out, vec![Event::Key(char_key('q'))]);
        }
    }
}
