//! Keys as events of the terminal, written as a string.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

/// Returns the events of keys written as text; keys without a character have a name, such as `<esc>`.
pub(super) fn events_from(keys: &str) -> Vec<Event> {
    let mut events = Vec::new();
    let mut rest = keys;
    while let Some(first) = rest.chars().next() {
        let key = if let Some((name, after)) = rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
            rest = after;
            named_key(name)
        } else {
            rest = &rest[first.len_utf8()..];
            KeyCode::Char(first).into()
        };
        events.push(Event::Key(key));
    }
    events
}

fn named_key(name: &str) -> KeyEvent {
    match name {
        "esc" => KeyCode::Esc.into(),
        "enter" => KeyCode::Enter.into(),
        "tab" => KeyCode::Tab.into(),
        "left" => KeyCode::Left.into(),
        "right" => KeyCode::Right.into(),
        "up" => KeyCode::Up.into(),
        "down" => KeyCode::Down.into(),
        "pgup" => KeyCode::PageUp.into(),
        "pgdn" => KeyCode::PageDown.into(),
        "f5" => KeyCode::F(5).into(),
        "home" => KeyCode::Home.into(),
        "end" => KeyCode::End.into(),
        "bs" => KeyCode::Backspace.into(),
        "c-c" => KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
        "c-z" => KeyEvent::new(KeyCode::Char('z'), KeyModifiers::CONTROL),
        other => panic!("no key is called {other}"),
    }
}
