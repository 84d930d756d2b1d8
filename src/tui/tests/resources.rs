//! The rows of locks, queues, signals, counters, response times and cores.

use ratatui::buffer::Buffer;

use super::app_screen::{COLOUR_THEME, app_after, press_keys, run_view_of, screen, screen_text};
use super::script::{
    Script, ScriptBuilder, contention, deadlock, in_delivery_order, knob_turned, many_workers, pool, signals,
};
use crate::model::CellWindow;
use crate::trace::{CounterMemory, Event, EventKind, Grant, Message, ResourceKind, RwPolicy, Sample, Stamp, WorkerId};
use crate::tui::app::AppEvent;
use crate::tui::run_view::Pane;
use crate::tui::theme::{Role, Theme};

/// Three readers at once, and then a writer alone, again and again; the readers wait for it, and it for them.
fn readers_and_writer() -> Script {
    let mut w = ScriptBuilder::new();
    let readers = w.add_workers("reader", 3);
    let writer = w.add_workers("writer", 1)[0];
    let lock = w.add_resource("table", ResourceKind::Rwlock { policy: RwPolicy::Fair });
    for round in 0..6_u64 {
        let at = round * 800;
        for (i, reader) in readers.iter().enumerate() {
            let grant = Grant::shared(round * 4 + i as u64 + 1);
            w.push_event(at, *reader, EventKind::Acquired { lock, grant });
            w.push_event(at + 500, *reader, EventKind::Released { lock, grant });
            w.push_event(at + 501, *reader, EventKind::RwlockRequest { lock, writers_ahead: round + 1, shared: true });
            w.push_event(at + 501, *reader, EventKind::LockWait { lock, held_count: 0, timed: false });
        }
        let grant = Grant(round * 4 + 4);
        w.push_event(at + 100, writer, EventKind::RwlockRequest { lock, writers_ahead: round, shared: false });
        w.push_event(at + 100, writer, EventKind::LockWait { lock, held_count: 0, timed: false });
        w.push_event(at + 500, writer, EventKind::Acquired { lock, grant });
        w.push_event(at + 800, writer, EventKind::Released { lock, grant });
    }
    w.into_script(4_800)
}

/// Four workers that share two permits, one after the other.
fn permits() -> Script {
    let mut w = ScriptBuilder::new();
    let workers = w.add_workers("guest", 4);
    let lock = w.add_resource("tables", ResourceKind::Semaphore { permits: 2, scoped: true });
    for (i, worker) in workers.iter().enumerate() {
        let (at, grant) = (i as u64 * 500, Grant(i as u64 + 1));
        w.push_event(at, *worker, EventKind::Acquired { lock, grant });
        if i < 2 {
            w.push_event(at + 1_000, *worker, EventKind::Released { lock, grant });
        }
    }
    w.into_script(3_000)
}

fn text_of(script: &Script, theme: Theme, (width, height): (u16, u16)) -> String {
    screen_text(&screen(&app_after(script, theme, width, height)))
}

/// Returns the line of the screen that begins with this name, and its number.
fn row(shown: &str, name: &str) -> Option<(u16, String)> {
    let is_row = |line: &str| line.trim_start_matches(['▎', ' ']).starts_with(name);
    shown.lines().zip(0..).find(|(line, _)| is_row(line)).map(|(line, y)| (y, line.to_owned()))
}

/// Returns how many cells of a line have the colour of a worker.
fn cells_of_worker(buffer: &Buffer, y: u16, worker: usize) -> usize {
    let colour = COLOUR_THEME.identity_style(worker).fg;
    let cells = buffer.content.iter().skip(usize::from(y * buffer.area.width)).take(usize::from(buffer.area.width));
    cells.filter(|cell| Some(cell.fg) == colour || Some(cell.bg) == colour).count()
}

#[test]
fn lock_has_the_colours_of_its_holders_and_without_colour_their_letters() {
    let app = app_after(&contention(), COLOUR_THEME, 120, 40);
    let buffer = screen(&app);
    let (y, _) = row(&screen_text(&buffer), "account").expect("the lock's row");
    assert!((0..3).all(|worker| cells_of_worker(&buffer, y, worker) > 3));
    let (_, line) = row(&text_of(&contention(), Theme::plain(true), (120, 40)), "account").expect("the lock's row");
    assert!(["111", "222", "333"].iter().all(|letters| line.contains(letters)), "{line}");
}

#[test]
fn holder_is_named_where_its_span_has_room() {
    let (_, line) = row(&text_of(&deadlock(5), COLOUR_THEME, (200, 60)), "fork-3").expect("the lock's row");
    assert!(line.contains("██seat-3██"), "{line}");
}

#[test]
fn waiters_of_a_lock_are_an_area_and_leave_first_where_there_is_no_room() {
    let shown = text_of(&contention(), COLOUR_THEME, (120, 40));
    let (_, line) = row(&shown, "waiters").expect("a row of waiters");
    assert!(line.contains("on average") && line.contains(['▄', '▃', '▅', '█']), "{line}");
    for height in 16..40 {
        let shown = text_of(&contention(), COLOUR_THEME, (80, height));
        let (lock, waiters) = (row(&shown, "account"), row(&shown, "waiters"));
        assert!(lock.is_some(), "{height}: {shown}");
        let (_, line) = lock.expect("the lock's row");
        assert_ne!(waiters.is_some(), line.contains("1 wait"), "{height}: {shown}");
    }
}

#[test]
fn rwlock_shows_its_readers_as_an_area_and_the_writer_in_its_colour() {
    let app = app_after(&readers_and_writer(), COLOUR_THEME, 120, 40);
    let buffer = screen(&app);
    let shown = screen_text(&buffer);
    let (y, _) = row(&shown, "table").expect("the lock's row");
    assert!(cells_of_worker(&buffer, y, 3) > 5, "the writer: {shown}");
    assert_eq!((0..3).map(|reader| cells_of_worker(&buffer, y, reader)).sum::<usize>(), 0, "{shown}");
    insta::assert_snapshot!("rwlock_120x40", shown);
}

#[test]
fn semaphore_shows_its_permits_in_use() {
    let shown = text_of(&permits(), COLOUR_THEME, (120, 40));
    let (_, line) = row(&shown, "tables").expect("the semaphore's row");
    assert!(line.contains("2 of 2"), "{line}");
    assert!(line.contains('▄') && line.contains('█'), "one permit in use, then both: {line}");
}

#[test]
fn signals_are_marked_on_the_axis_and_lost_ones_differ() {
    let shown = text_of(&signals(0), COLOUR_THEME, (120, 40));
    let (_, lost) = row(&shown, "not-empty").expect("the condition's row");
    assert!(lost.contains('✗') && !lost.contains('▾'), "{lost}");
    let (_, latch) = row(&shown, "ready").expect("the latch's row");
    assert!(latch.contains("count 1") && latch.contains('█'), "one worker waits: {latch}");
    let plain = text_of(&signals(0), Theme::plain(false), (120, 40));
    assert!(row(&plain, "not-empty").is_some_and(|(_, line)| line.contains(" x") || line.contains(".x")), "{plain}");
}

#[test]
fn turned_knob_is_marked_with_both_values() {
    let shown = text_of(&knob_turned(), COLOUR_THEME, (120, 40));
    assert!(shown.contains("hold 20ms→50ms"), "{shown}");
    let plain = text_of(&knob_turned(), Theme::plain(false), (120, 40));
    assert!(plain.contains("hold 20ms->50ms"), "{plain}");
}

#[test]
fn queue_that_drains_after_a_burst_does_not_seem_to_grow() {
    let mut w = ScriptBuilder::new();
    let (feeder, worker) = (w.add_workers("batch", 1)[0], w.add_workers("worker", 1)[0]);
    let queue = w.add_resource("queue", ResourceKind::Queue { capacity: 100 });
    for depth in 1..=60 {
        w.push_event(depth.into(), feeder, EventKind::Put { queue, depth });
    }
    for depth in (20..60).rev() {
        w.push_event(70 + 20 * u64::from(59 - depth), worker, EventKind::Took { queue, depth });
    }
    let text = screen_text(&screen(&app_after(&in_delivery_order(w.into_script(870)), COLOUR_THEME, 120, 40)));
    assert!(text.contains("drains in") && !text.contains("grows"), "20 are left, 40 are taken later: {text}");
}

#[test]
fn queue_says_where_its_rates_lead() {
    let shown = text_of(&pool(), COLOUR_THEME, (120, 40));
    assert!(shown.contains("grows 4.5/s, full in"), "{shown}");
    assert!(shown.contains("RESPONSE TIME") && shown.contains(" at most"), "{shown}");
    let dots = shown.chars().filter(|c| ('\u{2801}'..='\u{28ff}').contains(c)).count();
    assert!(dots > 10, "{shown}");
}

#[test]
fn counters_that_are_zero_do_not_crowd_out_locks() {
    let mut script = contention();
    let mut registry = (*script.registry).clone();
    for i in 0..30 {
        let kind = ResourceKind::Counter { initial: 0, memory: CounterMemory::Shared };
        registry.resources.push(crate::trace::ResourceInfo { name: format!("zero-{i}"), kind });
    }
    script.registry = registry.into();
    let shown = text_of(&script, COLOUR_THEME, (80, 24));
    assert!(row(&shown, "account").is_some() && row(&shown, "balance").is_some(), "{shown}");
    assert!(row(&shown, "zero-").is_none() && row(&shown, "cores").is_some(), "{shown}");
}

#[test]
fn every_size_has_lanes_a_resource_and_the_cores() {
    for size in [(80, 24), (100, 30), (120, 40), (160, 50), (200, 60), (240, 67)] {
        for (script, lane, resource) in [
            (contention(), "teller-1", "account"),
            (pool(), "worker-1", "queue"),
            (readers_and_writer(), "writer", "table"),
            (signals(0), "service-1", "ready"),
            (many_workers(200), "w-", "door"),
        ] {
            let shown = text_of(&script, COLOUR_THEME, size);
            assert!(row(&shown, lane).is_some() && row(&shown, resource).is_some(), "{size:?}: {shown}");
            assert!(row(&shown, "cores").is_some() || row(&shown, "cpu 0").is_some(), "{size:?}: {shown}");
        }
    }
}

#[test]
fn cores_show_on_demand_which_worker_ran_where() {
    let mut script = contention();
    for i in 1..100 {
        let worker = WorkerId((i % 2) as u32);
        let (from, to) = (Stamp((i - 1) * 50_000_000), Stamp(i * 50_000_000));
        script.messages.push(Message::Sample(Sample::OnCore { worker, core: 1, from, to, running: 12_000_000 }));
    }
    let mut app = app_after(&script, COLOUR_THEME, 120, 40);
    let cpu1 = |buffer: &Buffer| row(&screen_text(buffer), "cpu 1").expect("a row of the core").0;
    let load = screen(&app);
    let count = |buffer: &Buffer| [0, 1].map(|worker| cells_of_worker(buffer, cpu1(buffer), worker));
    assert_eq!(count(&load), [0, 0]);
    let (y, width) = (usize::from(cpu1(&load)), usize::from(load.area.width));
    let ours = COLOUR_THEME.fg(Role::CoreOurs).fg;
    assert!(load.content[y * width..(y + 1) * width].iter().any(|cell| Some(cell.fg) == ours), "24 % of 30 %");
    press_keys(&mut app, "W");
    let workers = screen(&app);
    assert!(count(&workers).iter().all(|cells| *cells > 5), "{:?}", count(&workers));
    press_keys(&mut app, "W");
    assert_eq!(count(&screen(&app)), [0, 0]);
}

#[test]
fn cells_on_the_screen_are_those_of_the_model_also_after_late_events() {
    let script = contention();
    let mut app = app_after(&script, COLOUR_THEME, 120, 40);
    let lock = script.registry.locks().next().expect("a lock");
    let window = CellWindow { from: Stamp(4_000_000_000), to: Stamp(5_000_000_000), cells: 20 };
    for step in 0..3 {
        let view = run_view_of(&mut app);
        let mut expected = Vec::new();
        view.shown_model().lock(lock).expect("a lock").cells(&window, view.now, &mut expected);
        let shown = view.with_lock_cells(lock, &window, <[_]>::to_vec).expect("a lock");
        assert_eq!(shown, expected, "{step}");
        let late = Event { at: Stamp(4_950_000_000 + step), worker: WorkerId(2), kind: EventKind::Resumed };
        app.update(AppEvent::RunMessage(Message::Events(vec![late])));
    }
}

#[test]
fn label_of_a_mark_leaves_no_remains_of_the_labels_of_the_axis() {
    const UNITS: [&str; 4] = ["s", "ms", "\u{b5}s", "ns"];
    for width in 60..150 {
        let shown = text_of(&knob_turned(), COLOUR_THEME, (width, 40));
        let axis = shown.lines().find(|line| line.contains("WORKERS")).expect("the axis");
        let axis = axis.split("last ").next().unwrap_or(axis).replace("ran, waited", "").replace("WORKERS", "");
        let words: Vec<&str> =
            axis.split_whitespace().filter(|word| !word.contains(['\u{25be}', '\u{2192}'])).collect();
        let is_number = |word: &&str| word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_digit());
        for (i, word) in words.iter().enumerate() {
            let is_whole = match *word {
                "now" | "hold" => true,
                unit if UNITS.contains(&unit) => i > 0 && is_number(&words[i - 1]),
                number => is_number(&number) && words.get(i + 1).is_some_and(|unit| UNITS.contains(unit)),
            };
            assert!(is_whole, "{word:?} on {width} columns: {axis:?}");
        }
    }
}

/// A run in which the first worker fetched data from the second, and that from the first.
fn transfers(bytes: u64) -> Script {
    let mut w = ScriptBuilder::new();
    let workers = w.add_workers("node", 2);
    for turn in 0..6 {
        let (to, from) = if turn < 4 { (workers[0], workers[1]) } else { (workers[1], workers[0]) };
        w.push_event(turn * 10, to, EventKind::DataMoved { from, bytes });
    }
    in_delivery_order(w.into_script(500))
}

#[test]
fn moved_data_are_shown_by_their_size_or_else_by_their_number() {
    for (bytes, words) in [
        (1 << 20, ["6.0 MiB in 6 transfers", "4.0 MiB ", "2.0 MiB ", "node-2 → node-1"]),
        (0, ["6 transfers, of unknown size", " 4× ", " 2× ", "node-2 → node-1"]),
    ] {
        let mut app = app_after(&transfers(bytes), COLOUR_THEME, 160, 50);
        run_view_of(&mut app).pane = Pane::Transfers;
        let text = screen_text(&screen(&app));
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}

#[test]
fn counter_shows_what_was_lost_above_its_value_where_there_is_room() {
    let large = text_of(&contention(), Theme::plain(true), (160, 60));
    let (top, figures) = row(&large, "balance").expect("a counter");
    assert!(figures.contains(" lost"), "{large}");
    let area: Vec<&str> = large.lines().skip(usize::from(top) + 1).take(4).collect();
    assert!(area[0].contains("lost") && area[1].contains("value"), "{large}");
    let has = |sign| area.iter().any(|line| line.contains(sign));
    assert!(has("░") && has("█"), "lost updates and the value differ without colour: {large}");
    let small = text_of(&contention(), Theme::plain(true), (80, 24));
    let (_, figures) = row(&small, "balance").expect("a counter");
    assert!(figures.contains(" lost") && !small.contains("░ lost"), "{small}");
}
