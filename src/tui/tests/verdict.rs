//! The band under the header through the dashboard's own loop: a problem, its suggestion, and a run that has become
//! well.

use super::harness::Harness;
use super::script::{Script, ScriptBuilder, in_delivery_order, ms, time_of, turns};
use crate::trace::{EventKind, Grant, KnobId, LockKind, Message, Notice, ResourceKind, State};

/// When the lock of [`relieved`] gets shorter holds.
const TURNED_AT: u64 = 3_000;

/// Three tellers at one lock: with holds of 20 ms that all wait for, then with holds of 1 ms and pauses.
fn relieved() -> Script {
    let mut w = ScriptBuilder::new();
    let tellers = w.add_workers("teller", 3);
    let lock = w.add_resource("account", ResourceKind::Mutex { kind: LockKind::Std });
    let mut grant = 0;
    for turn in 0..TURNED_AT / 20 {
        let [now, next] = [turn, turn + 1].map(|turn| tellers[turn as usize % 3]);
        grant += 1;
        w.push_event(turn * 20, now, EventKind::Acquired { lock, grant: Grant(grant) });
        w.push_event(turn * 20 + 1, next, EventKind::LockWait { lock, held_count: 0, timed: false });
        w.push_event(turn * 20 + 20, now, EventKind::Released { lock, grant: Grant(grant) });
    }
    let notice = Notice::KnobSet { knob: KnobId(1), name: "hold".into(), value_text: "1ms".into() };
    w.messages.push(Message::Notice { at: ms(TURNED_AT), notice });
    for turn in 0..500 {
        let (at, teller) = (TURNED_AT + 5 + turn * 10, tellers[turn as usize % 3]);
        grant += 1;
        w.push_event(at, teller, EventKind::Resumed);
        w.push_event(at, teller, EventKind::Acquired { lock, grant: Grant(grant) });
        w.push_event(at + 1, teller, EventKind::Released { lock, grant: Grant(grant) });
        w.push_event(at + 1, teller, EventKind::Blocked { state: State::Sleep, on: None });
    }
    in_delivery_order(w.into_script(8_000))
}

/// Plays a script with a frame every tenth of a second.
fn play_with_frames(harness: &mut Harness, script: &Script) {
    let mut frame = 100;
    for message in &script.messages {
        while time_of(message) > ms(frame) {
            harness.tick(ms(frame));
            frame += 100;
        }
        harness.feed_message(message.clone());
    }
    harness.tick(script.until);
}

/// Returns the lines of the band.
fn band(harness: &Harness) -> String {
    harness.screen_text().lines().skip(1).take(4).collect::<Vec<_>>().join("\n")
}

#[test]
fn healthy_run_is_told_with_its_figures_and_the_problem_before() {
    let mut harness = Harness::in_picker(&relieved());
    harness.press_keys("<enter>");
    let script = relieved();
    let (before, after): (Vec<Message>, Vec<Message>) =
        script.messages.iter().cloned().partition(|message| time_of(message) < ms(TURNED_AT));
    play_with_frames(&mut harness, &Script { messages: before, until: ms(TURNED_AT), ..relieved() });
    assert!(band(&harness).contains("lock-bound"), "{}", harness.screen_text());
    play_with_frames(&mut harness, &Script { messages: after, ..script });
    let band = band(&harness);
    assert!(band.contains("✔ no problems   3 workers:") && band.contains("% asleep"), "{}", harness.screen_text());
    assert!(band.contains("account is held"), "with the busiest lock: {band}");
    assert!(band.contains("→ Before: lock-bound: "), "{band}");
}

#[test]
fn key_of_the_suggestion_starts_a_run_with_its_knobs() {
    let script = turns(20);
    let mut harness = Harness::after_run(&script);
    let shown = band(&harness);
    assert!(shown.contains("lock-bound"), "{}", harness.screen_text());
    let (before, knobs) = shown.split_once("] try ").unwrap_or_else(|| panic!("{shown}"));
    assert!(knobs.starts_with("hold = 1 ms"), "{knobs}");
    let key = before.rsplit('[').next().expect("a key");
    harness.press_keys(key);
    assert_eq!(harness.run_count(), 2, "{}", harness.screen_text());
    assert!(
        harness
            .screen_text()
            .lines()
            .next()
            .is_some_and(|header| header.contains("hold 1 ms") || header.contains("hold ◂ 1 ms ▸")),
        "{}",
        harness.screen_text()
    );
}

#[test]
fn key_of_a_problem_goes_to_its_row() {
    let mut harness = Harness::after_run(&turns(20));
    assert!(band(&harness).contains("Enter show where"), "{}", harness.screen_text());
    harness.press_keys("<enter>");
    assert!(!band(&harness).contains("show where"), "the row of the lock is chosen: {}", harness.screen_text());
    harness.press_keys("<enter>");
    assert!(harness.contains("┌ account "), "then its details: {}", harness.screen_text());
}
