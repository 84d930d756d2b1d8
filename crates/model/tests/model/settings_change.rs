//! Changes of settings during a run: figures and findings are those of the present settings.

use std::fmt::Write;

use contend_model::{Model, Pool};
use contend_trace::{PoolId, Span};

use super::script::{ms, play, resource};

/// Writes the events of a pool from one moment to another: `come` ms pass between the arrivals of two tasks, `done` ms
/// between the ends of two tasks.
fn write_tasks(text: &mut String, depth: &mut i64, (from, to): (u32, u32), (come, done): (u32, u32)) {
    let mut due: Vec<(u32, bool)> = (from..to).step_by(come as usize).map(|at| (at, true)).collect();
    due.extend((from..to).step_by(done as usize).map(|at| (at, false)));
    due.sort_unstable();
    for (at, arrives) in due {
        if arrives {
            *depth += 1;
            writeln!(text, "{at} feeder put q {depth}").unwrap();
        } else if *depth > 0 {
            *depth -= 1;
            let waited = *depth * i64::from(come);
            writeln!(text, "{at} w took q {depth}\n{at} w task {waited}\n{}.9 w did", at + 1).unwrap();
        }
    }
}

const POOL: &str = "worker feeder\nworker w\nqueue q 1000\npool p threads q feeder w\n0 feeder began\n0 w began\n";

/// A queue that grows by 50/s for 2 s; then the pool is resized, and the queue shrinks by 50/s.
fn growing_then_shrinking(until: u32) -> Model {
    let (mut text, mut depth) = (POOL.to_owned(), 0);
    write_tasks(&mut text, &mut depth, (0, 2_000), (10, 20));
    writeln!(text, "2000 resized 5").unwrap();
    write_tasks(&mut text, &mut depth, (2_000, until), (20, 10));
    play(&text)
}

fn pool(model: &Model) -> &Pool {
    model.pool(PoolId(0)).unwrap()
}

#[test]
fn new_figures_begin_after_the_settle_time_of_a_change() {
    let early = growing_then_shrinking(2_200);
    let change = early.settings_change(ms(2_200.0)).unwrap();
    assert_eq!((change.at, change.figures_from, change.is_settled()), (ms(2_000.0), ms(2_300.0), false));
    assert_eq!(early.settings_change(ms(1_999.0)), None, "there is no change before its moment");
    let later = growing_then_shrinking(2_800);
    assert!(later.settings_change(ms(2_800.0)).unwrap().is_settled());
    let (whole, recent) = (pool(&later).task_counts(), pool(&later).recent_tasks().counts);
    assert_eq!((whole.done, recent.done), (179, 50), "100/s since 2.3 s");
}

#[test]
fn trend_of_a_shrinking_queue_does_not_include_the_depth_before_the_change() {
    let model = growing_then_shrinking(3_300);
    let queue = model.queue(resource(&model, "q")).unwrap();
    let trend = queue.trend(ms(2_300.0), ms(3_300.0));
    assert!((80..=90).contains(&trend.start) && (30..=40).contains(&trend.end), "{trend:?}");
    assert!(trend.max_rise <= 1, "the depth never rises: {trend:?}");
    assert!(queue.max_depth() >= 98, "the maximum of the whole run stays");
    let growth = queue.trend(ms(500.0), ms(1_500.0));
    assert!((49..=51).contains(&growth.max_rise), "50/s: {growth:?}");
}

#[test]
fn recent_durations_exclude_tasks_due_before_the_change() {
    let model = growing_then_shrinking(3_000);
    let (whole, recent) = (pool(&model).response_times(), pool(&model).recent_tasks().response_times);
    assert!(whole.count() > 190 && recent.count() < 70, "{} and {}", whole.count(), recent.count());
    assert_eq!(recent.count(), pool(&model).recent_tasks().service_times.count());
}

#[test]
fn backlog_of_former_settings_is_known_until_it_is_worked_off() {
    let model = growing_then_shrinking(3_000);
    let backlog = model.backlog(PoolId(0)).unwrap();
    assert!((80..=90).contains(&backlog.initial) && (45..=55).contains(&backlog.remaining), "{backlog:?}");
    let model = growing_then_shrinking(5_000);
    assert_eq!(model.backlog(PoolId(0)), None, "the backlog is worked off");
    let response = pool(&model).recent_tasks().response_times;
    assert!(
        response.count() > 10 && response.max_ns() < Span::from_millis(110).0,
        "no wait from before the change: {}",
        Span(response.max_ns())
    );
}

#[test]
fn recent_handover_time_counts_from_the_change() {
    let text = format!(
        "{POOL}100 w block handover\n600 w resume\n1000 turned batch 9\n1400 w block handover\n1500 w resume\n"
    );
    let model = play(&text);
    let (all, recent) = (pool(&model).handover_time(ms(2_000.0)), pool(&model).recent_handover_time(ms(2_000.0)));
    assert_eq!((Span(all.handover_ns), Span(recent.handover_ns)), (Span::from_millis(600), Span::from_millis(100)));
    assert_eq!(Span(recent.work_ns), Span::from_millis(600), "from 1.3 s on");
    // A task that waits for a device is worked on; a worker that waits for a task is idle.
    let time = pool(&play(&format!("{POOL}100 w block handover\n200 w block io\n500 w block empty q")))
        .handover_time(ms(900.0));
    assert_eq!((Span(time.handover_ns), Span(time.work_ns)), (Span::from_millis(100), Span::from_millis(400)));
}

#[test]
fn recent_figures_are_those_of_the_whole_run_without_a_change() {
    let (mut text, mut depth) = (POOL.to_owned(), 0);
    write_tasks(&mut text, &mut depth, (0, 2_000), (10, 20));
    let model = play(&text);
    assert_eq!(model.settings_change(ms(2_000.0)), None);
    assert_eq!(model.settings_start(ms(2_000.0)), ms(0.0));
    let recent = pool(&model).recent_tasks();
    assert_eq!(recent.counts, pool(&model).task_counts());
    assert_eq!(recent.response_times.count(), pool(&model).response_times().count());
    assert_eq!(model.backlog(PoolId(0)), None);
}

/// Writes the events of two workers that take turns at a lock from one moment to another, 10 ms each; `waits`: the
/// second worker waits for its turn.
fn write_turns(text: &mut String, grant: &mut u64, (from, to): (u32, u32), waits: bool) {
    for at in (from..to).step_by(20) {
        *grant += 1;
        writeln!(text, "{at} a acquired m {grant}").unwrap();
        if waits {
            writeln!(text, "{}.5 b wait m", at + 1).unwrap();
        }
        writeln!(text, "{} a released m {grant}", at + 10).unwrap();
        *grant += 1;
        writeln!(text, "{} b acquired m {grant}\n{} b released m {grant}", at + 10, at + 15).unwrap();
    }
}

#[test]
fn recent_waits_exclude_those_that_began_before_the_change() {
    let (mut text, mut grant) = ("worker a\nworker b\nmutex m\n0 a began\n0 b began\n".to_owned(), 0);
    write_turns(&mut text, &mut grant, (1, 1_000), true);
    writeln!(text, "1000 turned hold 1ms").unwrap();
    write_turns(&mut text, &mut grant, (1_001, 2_000), false);
    let model = play(&text);
    let lock = model.lock(resource(&model, "m")).unwrap();
    assert_eq!((lock.contended(), lock.wait_times().count()), (50, 50));
    assert_eq!((lock.recent_contended(), lock.recent_wait_times().count()), (0, 0));
    assert!((69..=71).contains(&lock.recent_acquired()) && lock.acquired() == 200, "{}", lock.recent_acquired());
    assert_eq!(lock.recent_users().iter().map(|user| user.waited).sum::<u64>(), 0);
    assert!(lock.recent_fairness().unwrap() > 0.99);
}

#[test]
fn findings_of_former_settings_disappear() {
    let (mut text, mut grant) = ("worker w-1\nworker w-2\nmutex m\nmutex n\n0 a began\n0 b began\n".to_owned(), 0);
    // b waits nearly all the time and hardly ever gets the lock: unfair.
    for at in (1..900).step_by(3) {
        grant += 1;
        writeln!(text, "{at} a acquired m {grant}\n{}.5 a released m {grant}", at + 2).unwrap();
        if at % 150 == 1 {
            grant += 1;
            writeln!(
                text,
                "{}.6 b acquired m {grant}\n{}.7 b released m {grant}\n{}.8 b wait m",
                at + 2,
                at + 2,
                at + 2
            )
            .unwrap();
        }
    }
    writeln!(text, "910 a acquired m 900\n911 a acquired n 1\n912 a released n 1\n913 a released m 900").unwrap();
    writeln!(text, "920 b acquired n 2\n921 b acquired m 901\n922 b released m 901\n923 b released n 2").unwrap();
    let ids = |text: &str, now: f64| {
        let text = text.replace(" a ", " w-1 ").replace(" b ", " w-2 ");
        play(&text).findings(ms(now)).iter().map(|f| f.id).collect::<Vec<_>>()
    };
    let before = ids(&text, 930.0);
    assert!(before.contains(&"unfair") && before.contains(&"order-hazard"), "{before:?}");
    writeln!(text, "940 turned kind fair").unwrap();
    let mut grant = 1_000;
    write_turns(&mut text, &mut grant, (1_001, 3_000), false);
    let after = ids(&text, 3_000.0);
    assert!(!after.contains(&"unfair") && !after.contains(&"order-hazard"), "{after:?}");
}

#[test]
fn lost_updates_from_before_a_change_are_reported_as_outdated() {
    let mut text = "worker a\ncounter hits\n0 a began\n".to_owned();
    (1..=100).for_each(|n| writeln!(text, "{} a added hits {}", n * 5, n / 2).unwrap());
    writeln!(text, "505 counter hits 50\n510 turned kind atomic").unwrap();
    (1..=200).for_each(|n| writeln!(text, "{} a added hits {}", 510 + n * 10, 50 + n).unwrap());
    writeln!(text, "2515 counter hits 250").unwrap();
    let model = play(&text);
    let counter = model.counter(resource(&model, "hits")).unwrap();
    assert_eq!((counter.lost_updates(), counter.recent_lost_updates(), counter.recent_add_count()), (50, 0, 171));
    let findings = model.findings(ms(2_515.0));
    let lost = findings.iter().find(|finding| finding.id == "lost-update").unwrap();
    assert!(lost.sentence.ends_with(" None since the settings changed at 510 ms."), "{}", lost.sentence);
    assert!(model.is_outdated(lost, ms(2_515.0)));
}
