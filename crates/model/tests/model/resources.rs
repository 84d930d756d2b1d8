//! Locks, queues, pools, counters, cores.

use contend_model::{CellWindow, LockCell};
use contend_trace::{PoolId, Span, Stamp};

use super::script::{ms, play, resource, worker};

const TWO: &str = "worker left
    worker right
    mutex a
    0 left began
    0 right began
    10 left acquired a 1
    20 right wait a
    30 left released a 1
    30 right acquired a 2
    40 right released a 2";

fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 0.02 * expected.max(1.0), "{got}, expected {expected}");
}

#[test]
fn lock_counts_holds_and_waits() {
    let model = play(TWO);
    let lock = model.lock(resource(&model, "a")).unwrap();
    assert_eq!((lock.acquired(), lock.contended()), (2, 1));
    assert_eq!((lock.wait_times().count(), lock.wait_times().total_ns()), (1, 10_000_000));
    assert_eq!(
        (lock.hold_times().count(), lock.hold_times().total_ns(), lock.hold_times().max_ns()),
        (2, 30_000_000, 20_000_000)
    );
    assert_eq!(lock.owner(), None);
    assert_eq!(lock.fairness(), Some(1.0));
    near(lock.held_share(Stamp(0), ms(60.0), ms(60.0)), 0.5);
    assert_eq!(model.health().anomalies, 0);
}

#[test]
fn lock_cells_name_the_holder() {
    let model = play(TWO);
    let mut cells = Vec::new();
    let window = CellWindow { from: Stamp(0), to: ms(60.0), cells: 6 };
    model.lock(resource(&model, "a")).unwrap().cells(&window, ms(60.0), &mut cells);
    let name = |cell: &LockCell| cell.holder.map_or("-", |w| model.registry().worker_name(w)).to_string();
    assert_eq!(cells.iter().map(name).collect::<Vec<_>>(), ["-", "left", "left", "right", "-", "-"]);
    let wanted: f32 = cells.iter().map(|cell| cell.mean_waiters).sum();
    assert!((wanted - 1.0).abs() < 0.01, "one waiter for the duration of one cell: {wanted}");
}

#[test]
fn worker_with_the_newest_grant_is_the_owner_in_any_order_of_arrival() {
    let model = play(
        "worker left
         worker right
         mutex a
         0 right began
         30 right acquired a 2
         0 left began
         10 left acquired a 1
         12 left acquired a 1",
    );
    let lock = model.lock(resource(&model, "a")).unwrap();
    assert_eq!(lock.owner(), Some((worker(&model, "right"), ms(30.0))));
    assert_eq!(model.health().anomalies, 1, "left held the lock already");
}

#[test]
fn dead_owner_holds_the_lock_until_another_worker_recovers_it() {
    let text = "worker left
         worker right
         mutex a
         0 left began
         0 right began
         10 left acquired a 1
         15 right wait a
         20 left killed 9";
    let model = play(text);
    let lock = model.lock(resource(&model, "a")).unwrap();
    assert_eq!(lock.owner(), Some((worker(&model, "left"), ms(10.0))));
    assert!(model.first_deadlock().is_none(), "an orphaned lock is not a deadlock");
    let model = play(&format!("{text}\n25 right owner-died a\n25 right acquired a 2"));
    let lock = model.lock(resource(&model, "a")).unwrap();
    assert_eq!((lock.orphanings(), lock.owner()), (1, Some((worker(&model, "right"), ms(25.0)))));
}

#[test]
fn list_of_holds_before_a_wait_restores_what_a_gap_hid() {
    let text = "worker left
         worker right
         mutex a
         mutex b
         0 left began
         0 right began
         1 left acquired a 1
         2 left gap 5
         3 right acquired b 1";
    let model = play(text);
    assert!(model.lane(worker(&model, "left")).held_locks().is_empty(), "nothing is certain");
    let model = play(&format!(
        "{text}
         5 left held a 1
         5 left wait b 1
         6 right held b 1
         6 right wait a 1"
    ));
    let deadlock = model.first_deadlock().expect("a cycle");
    assert_eq!(deadlock.closed_at, ms(6.0));
    assert_eq!((deadlock.workers.len(), deadlock.victims.len()), (2, 0));
    let model = play(&format!("{text}\n5 left wait b\n6 right held b 1\n6 right wait a 1"));
    assert!(model.first_deadlock().is_none(), "left released a in the gap");
}

#[test]
fn cycle_with_a_timed_wait_is_no_deadlock_and_a_restart_ends_one() {
    let text = "worker left
         worker right
         mutex a
         mutex b
         0 left began
         0 right began
         1 left acquired a 1
         1 right acquired b 1
         2 left held a 1
         2 left wait b 1
         3 right held b 1";
    let timed = play(&text.replace("2 left held a 1\n         2 left wait b 1", "2 left wait b timed"));
    assert!(timed.first_deadlock().is_none());
    let model = play(&format!("{text}\n3 right wait a 1"));
    let words: Vec<String> = model
        .first_deadlock()
        .expect("a cycle")
        .cycle
        .iter()
        .map(|link| {
            let name = |r| model.registry().resource_name(r);
            format!("{} has {} wants {}", model.registry().worker_name(link.worker), name(link.holds), name(link.wants))
        })
        .collect();
    assert_eq!(words, ["left has a wants b", "right has b wants a"]);
    assert_eq!(model.wait_for_graph().edges.len(), 2);
    let again = play(&format!("{text}\n3 right wait a 1\n5 left killed 9\n6 left began"));
    assert!(again.first_deadlock().is_none());
}

#[test]
fn queue_depth_is_known_over_time() {
    let model = play(
        "worker w
         queue q 8
         0 w began
         10 w put q 1
         20 w put q 2
         30 w took q 1
         50 w took q 0",
    );
    let queue = model.queue(resource(&model, "q")).unwrap();
    assert_eq!(
        (queue.put_count(), queue.taken_count(), queue.max_depth(), queue.depth(), queue.capacity()),
        (2, 2, 2, 0, 8)
    );
    near(queue.mean_depth(), (10.0 + 2.0 * 10.0 + 20.0) / 50.0);
    let mut cells = Vec::new();
    queue.depth_cells(&CellWindow { from: Stamp(0), to: ms(60.0), cells: 6 }, ms(60.0), &mut cells);
    assert_eq!(cells, [0.0, 1.0, 2.0, 2.0, 1.0, 1.0]);
    assert_eq!([5.0, 15.0, 25.0, 45.0, 55.0].map(|t| queue.depth_at(ms(t))), [0, 1, 2, 1, 0]);
    near(queue.growth_rate(Span::from_millis(30), ms(25.0)), 2.0 / 0.025);
}

#[test]
fn last_of_several_takes_with_one_stamp_gives_the_depth() {
    let text = "worker a
         worker b
         queue q 8
         0 a began
         0 b began";
    let put = "1 a put q 1\n2 a put q 2\n3 a put q 3";
    let took = "9 b took q 2\n9 b took q 1\n9 b took q 0";
    for order in [[put, took], [took, put]] {
        let model = play(&format!("{text}\n{}\n{}", order[0], order[1]));
        let queue = model.queue(resource(&model, "q")).unwrap();
        assert_eq!((queue.depth(), queue.depth_at(ms(20.0)), queue.depth_at(ms(5.0))), (0, 0, 3));
    }
}

#[test]
fn pool_counts_its_tasks_and_its_workers_time() {
    let model = play(
        "worker feeder
         worker w
         queue q 4
         pool p threads q feeder w
         0 feeder began
         0 w began
         0 w block empty q
         5 feeder put q 1
         5 feeder rejected
         10 w took q 0
         10 w task 5
         30 w did
         30 w block empty q
         50 feeder put q 1
         50 w took q 0
         50 w task 0
         60 w failed
         60 w block empty q",
    );
    let pool = model.pool(PoolId(0)).unwrap();
    assert_eq!((pool.submitted(), pool.done(), pool.failed(), pool.rejected()), (3, 1, 1, 1));
    assert_eq!((pool.service_times().total_ns(), pool.response_times().total_ns()), (30_000_000, 35_000_000));
    assert_eq!(pool.wait_times().max_ns(), 5_000_000);
    near(pool.utilization(Stamp(0), ms(100.0), ms(100.0)), 0.3);
    near(pool.throughput(Span::from_millis(100), ms(100.0)), 20.0);
    near(pool.arrival_rate(Span::from_millis(100), ms(100.0)), 30.0);
    assert_eq!(model.lane(worker(&model, "w")).ended_tasks(), 2);
    assert_eq!(model.health().anomalies, 0);
}

/// The submitter was killed between a put and its event, but the task was done. A task that is put back is not another
/// task.
#[test]
fn task_counts_as_submitted_even_if_the_event_of_its_put_is_missing() {
    let model = play(
        "worker feeder
         worker w
         queue q 4
         pool p threads q feeder w
         0 feeder began
         0 w began
         1 feeder put q 1 1
         1 feeder rejected
         2 w took q 0 1
         2 w task 0
         3 w did
         4 w took q 0 2
         4 w retried
         5 w took q 0 3
         5 w task 0
         6 w did",
    );
    let pool = model.pool(PoolId(0)).unwrap();
    assert_eq!((pool.submitted(), pool.done(), pool.rejected(), pool.open_tasks()), (3, 2, 1, 0));
}

#[test]
fn value_and_additions_of_a_counter_are_compared_at_one_moment() {
    let text = "worker left
         worker right
         counter c
         0 left began
         0 right began
         10 left added c 1
         20 left added c 2
         20 right added c 2";
    let sampled = |line: &str| {
        let model = play(&format!("{text}\n{line}"));
        let counter = model.counter(resource(&model, "c")).unwrap();
        (counter.value(), counter.expected(), counter.lost_updates())
    };
    assert_eq!(sampled("30 counter c 2"), (2, 3, 1), "two read 1 and wrote 2");
    assert_eq!(sampled("30 counter c 3"), (3, 3, 0));
    assert_eq!(sampled("15 counter c 1"), (2, 3, 0), "additions after the sample are not lost");
    assert_eq!(sampled("30 counter c 3\n40 right added c 4"), (4, 4, 0));
    assert_eq!(sampled("30 counter c 9").2, 0, "additions that have not arrived let the value run ahead");
}

#[test]
fn expected_value_of_a_counter_grows_with_each_addition_also_with_lost_ones() {
    let model = play(
        "worker left\n worker right\n counter c\n 0 left began\n 0 right began\n \
         10 left added c 1\n 20 left added c 2\n 20 right added c 2\n 35 right added c 3",
    );
    let counter = model.counter(resource(&model, "c")).unwrap();
    let cells = |from, to| {
        let window = CellWindow { from: ms(from), to: ms(to), cells: 4 };
        let (mut values, mut expected) = (Vec::new(), Vec::new());
        counter.cells(&window, ms(40.0), &mut values);
        counter.expected_cells(&window, ms(40.0), &mut expected);
        (values, expected)
    };
    assert_eq!(cells(0.0, 40.0), (vec![0, 1, 2, 3], vec![0, 1, 3, 4]));
    assert_eq!(cells(30.0, 50.0), (vec![2, 3, 3, 3], vec![3, 4, 4, 4]), "what was added before the window counts");
}

#[test]
fn batch_that_ends_after_a_sample_is_not_lost() {
    // The sample reads the counter in the middle of a batch, whose event comes later in the same millisecond.
    let text = "worker left
         counter c
         0 left began
         10 left added-many c 400000
         20.2 counter c 566302
         20.9 left added-many c 400000";
    let model = play(text);
    let counter = model.counter(resource(&model, "c")).unwrap();
    assert_eq!((counter.lost_updates(), counter.comparable_expected()), (0, 566_302));
    let model = play(&format!("{text}\n30 counter c 799000"));
    let counter = model.counter(resource(&model, "c")).unwrap();
    assert_eq!(
        (counter.lost_updates(), counter.added_amount()),
        (1_000, 800_000),
        "no addition came after this sample"
    );
}

#[test]
fn batch_that_was_cut_off_is_no_lost_update_of_the_other_sign() {
    // `up` is killed after 500 of 1,000 additions; its batch is never recorded.
    let text = "worker up
         worker down
         counter c
         0 up began
         0 down began
         10 down added-many c -100
         20 up added-many c 100
         90 counter c 500
         91 up killed 9
         99 ended";
    let model = play(text);
    assert_eq!(model.counter(resource(&model, "c")).unwrap().lost_updates(), -500, "the figure alone shows a loss");
    assert!(model.findings(ms(99.0)).iter().all(|finding| finding.id != "lost-update"));
    let whole = text.replace("91 up killed 9", "91 up finished\n91 down finished");
    assert!(
        play(&whole).findings(ms(99.0)).iter().any(|finding| finding.id == "lost-update"),
        "all additions are recorded"
    );
}

#[test]
fn cores_can_go_offline_and_some_core_numbers_are_unused() {
    let model = play("worker w\n100 cores 1 0.5 - 1\n200 cores 1 - - 1\n300 cores 1\n400 cores 1 0.5 - 1");
    let cores = model.cores();
    assert_eq!(cores.known_cores().collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!((cores.count(), cores.online(), model.usable_cores()), (4, 3, 3.0));
    assert_eq!(
        (cores.current_load(1), cores.current_load(2), cores.load_at(1, ms(250.0)), cores.load_at(2, ms(50.0))),
        (Some(0.5), None, None, None)
    );
    assert_eq!([150.0, 250.0, 350.0].map(|at| cores.load_at(3, ms(at))), [Some(1.0), None, Some(1.0)]);
    assert!((cores.busy_cores(Stamp(0), ms(400.0)).unwrap() - 2.5).abs() < 0.01, "of the cores that were online");
}

#[test]
fn usable_cores_are_limited_to_the_cores_online() {
    let lines = (1..=256).map(|_| "0.5").collect::<Vec<_>>().join(" ");
    let usable = |text: &str| play(&format!("worker w\n{text}")).usable_cores().to_string();
    assert_eq!(usable(&format!("100 cores {lines}")), "256");
    assert_eq!(usable(&format!("100 cores {lines}\n200 cores - - - 0.5")), "1");
}

#[test]
fn core_load_is_spread_over_the_measured_interval() {
    let model = play("worker w\n100 cores 0.5 1\n200 cores 0 1");
    let cores = model.cores();
    assert_eq!((cores.count(), cores.current_load(0), cores.mean_load(1)), (2, Some(0.0), Some(1.0)));
    let mut cells = Vec::new();
    cores.cells(0, &CellWindow { from: Stamp(0), to: ms(400.0), cells: 4 }, &mut cells);
    assert!((cells[0].unwrap() - 0.5).abs() < 0.01 && cells[1].unwrap() < 0.01);
    assert_eq!(cells[3], None);
    assert!((cores.busy_cores(Stamp(0), ms(200.0)).unwrap() - 1.25).abs() < 0.01);
}

#[test]
fn rwlock_cells_count_readers_and_name_a_writer_only_if_it_held_the_lock_most() {
    let model = play(
        "worker r-1
         worker r-2
         worker w
         rwlock table
         0 r-1 began
         0 r-2 began
         0 w began
         0 r-1 acquired table r1
         0 r-2 acquired table r2
         90 r-1 released table r1
         90 r-2 released table r2
         90 w acquired table 3
         100 w released table 3
         100 w acquired table 4",
    );
    let table = resource(&model, "table");
    let mut cells = Vec::new();
    model.lock(table).unwrap().cells(&CellWindow { from: ms(0.0), to: ms(200.0), cells: 2 }, ms(200.0), &mut cells);
    assert_eq!(cells[0].holder, None, "the writer held it for a tenth of the time");
    assert!((cells[0].mean_holders - 1.9).abs() < 0.05, "{cells:?}");
    assert_eq!(cells[1].holder, Some(worker(&model, "w")));
}
