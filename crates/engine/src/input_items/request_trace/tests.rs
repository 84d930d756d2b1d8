use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// Returns the arrivals since the first and the durations, in milliseconds.
fn read(text: &str) -> Vec<(f64, f64)> {
    let trace = RequestTrace::parse(text.as_bytes(), MAX_REQUESTS).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let mut arrival = 0;
    let mut row = |request: &Request| {
        arrival += request.gap;
        (arrival as f64 / 1e6, request.duration as f64 / 1e6)
    };
    trace.requests().iter().map(&mut row).collect()
}

fn refused(text: impl AsRef<[u8]>) -> String {
    match RequestTrace::parse(text.as_ref(), MAX_REQUESTS) {
        Ok(trace) => panic!("{:?} was accepted: {trace:?}", String::from_utf8_lossy(text.as_ref())),
        Err(error) => error.to_string(),
    }
}

const TWO: [(f64, f64); 2] = [(0.0, 5.0), (500.0, 20.0)];

#[test]
fn same_requests_in_every_notation() {
    for text in [
        "10,0.005\n10.5,0.02\n",
        "10,0.005\n10.5,0.02",
        "\u{feff}10,0.005\r\n10.5,0.02\r\n",
        "# a comment\n\n 10 , 0.005 \n\n\"10.5\",\"0.02\"\n",
        "arrival,duration\n10,0.005\n10.5,0.02\n",
        "arrival_ms,duration_ms\n10000,5\n10500,20\n",
        "Duration (ms),id,Start Time (s)\n5,a,10\n20,b,10.5\n",
        "timestamp;took_us\n10;5000\n10,5;20000\n",
        "10s,5ms\n10500ms,20ms\n",
        "1e1\t5e-3\n1.05e1\t2e-2\n",
        "time,latency_ms\n2026-02-28T23:59:59.9Z,5\n2026-03-01T00:00:00.4Z,20\n",
        "time,latency_ms\n2026-05-01T12:00:00Z,5\n2026-05-01T14:00:00.5+02:00,20\n",
        "time,latency_ms\n2026-05-01 12:00:00,5\n2026-05-01 12:00:00.500,20\n",
        "10.5,0.02\n10,0.005\n",
        "1777636800.25,0.005\n1777636800.75,0.02\n",
        "arrival_ns,duration_ns\n1777636800000000001,5000000\n1777636800500000001,20000000\n",
    ] {
        assert_eq!(read(text), TWO, "{text:?}");
    }
}

#[test]
fn wrong_lines_are_named_with_the_reason() {
    for (text, said) in [
        ("", "it has no requests"),
        ("arrival,duration\n", "it has no requests"),
        ("1,0.1\n2\n", "line 2: the duration is missing"),
        ("1,0.1\n,0.1\n", "line 2: the arrival time is missing"),
        ("1,0.1\n2,-0.1\n", "line 2: the duration `-0.1` is negative"),
        ("1,0.1\n-2,0.1\n", "line 2: the arrival time `-2` is negative"),
        ("1,0.1\n2,x\n", "line 2: `x` is not a duration"),
        ("1,0.1\n\n2,NaN\n", "line 3: `NaN` is not a duration"),
        ("1,0.1\n2,inf\n", "`inf` is not a duration"),
        ("1,0.1\n2,1e999\n", "`1e999` is not a duration"),
        ("1,0.1\n1.2.3,1\n", "`1.2.3` is not an arrival time"),
        ("1,0.1\n2,250\n3,9999\n", "line 3: the duration `9999` is longer than 1 h; if it is in milliseconds"),
        ("1777636800000,12\n", "is too large for seconds: name its unit in a header, such as `arrival_ms`"),
        ("hello\n", "line 1: expected two columns"),
        ("from,until\n1,2\n", "line 1: the header has no column for the arrival time; name it `arrival`"),
        ("arrival,size\n1,2\n", "line 1: the header has no column for the duration; name it `duration`"),
        ("2026-05-01T12:00:00Z,1\n2026-05-01T12:00:01,1\n", "a time without a time zone here, but a time with"),
        ("2026-05-01T12:00:00Z,1\n5,1\n", "line 2: a number here, but a time with a time zone in line 1"),
        ("2026-02-30T12:00:00Z,1\n", "is not a time"),
        ("2026-05-01T24:00:00Z,1\n", "is not a time"),
        ("2026-05-01T12:00:00+2,1\n", "is not a time"),
        ("2026-05-01,1\n", "is not a time"),
        ("2020-05-01T12:00:00Z,1\n2026-05-01T12:00:00Z,1\n", "line 2: this request arrived more than 400 days"),
        ("1,0.1\n2,0.1\0\n", "zero bytes"),
        ("1,\u{1b}[31m\n", "is not a duration"),
    ] {
        let error = refused(text);
        assert!(error.contains(said), "{text:?}: {error}");
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}

#[test]
fn hostile_bytes_are_refused() {
    assert!(refused([0xff, 0xfe, b'1', 0]).contains("UTF-16"));
    assert!(refused(b"1,0.1\n\xff\xfe,2\n").contains("line 2: it is not UTF-8"));
    assert!(refused("1,".repeat(100_000)).contains("line 1: it is longer than 64 KiB"));
    assert!(refused(format!("1,{}\n", "9".repeat(60_000))).contains("is not a duration"));
    assert_eq!(RequestTrace::parse("1,0\n".repeat(6).as_bytes(), 5), Err(TraceError::TooMany));
    assert!(RequestTrace::parse("1,0\n".repeat(5).as_bytes(), 5).is_ok());
}

#[test]
fn only_regular_files_are_read() {
    let dir = tempfile::tempdir().expect("a directory");
    assert_eq!(RequestTrace::read(dir.path()), Err(TraceError::NotAFile));
    assert_eq!(RequestTrace::read(Path::new("/dev/zero")), Err(TraceError::NotAFile));
    assert!(matches!(RequestTrace::read(&dir.path().join("none.csv")), Err(TraceError::Unreadable(_))));
    let file = dir.path().join("two.csv");
    fs::write(&file, "1,0.1\n2,0.2\n").expect("it can be written");
    assert_eq!(RequestTrace::read(&file).expect("a trace").requests().len(), 2);
    let large = dir.path().join("large.csv");
    File::create(&large).and_then(|file| file.set_len(MAX_BYTES + 1)).expect("a sparse file");
    assert_eq!(RequestTrace::read(&large), Err(TraceError::TooLarge));
}

#[test]
fn largest_trace_fits_in_one_message() {
    let request = Request { gap: 999_999_999_999, duration: MAX_SPAN_NANOS as u64 / 9_600 };
    let trace = RequestTrace { requests: vec![request; MAX_REQUESTS] };
    let bytes = postcard::to_stdvec(&trace).expect("a vector has room");
    assert!(bytes.len() < contend_trace::frame::FRAME_MAX - (1 << 20), "{}", bytes.len());
}

#[test]
fn window_keeps_the_requests_that_arrived_in_it() {
    let trace = RequestTrace::parse(&b"0,1\n10,2\n20,3\n30,4\n"[..], MAX_REQUESTS).expect("a trace");
    let window = trace.clone().window(10_000_000_000, 20_000_000_000).expect("two requests");
    assert_eq!(window.requests().iter().map(|request| request.duration / 1_000_000_000).collect::<Vec<_>>(), [2, 3]);
    assert_eq!((window.span_nanos(), window.requests()[0].gap), (10_000_000_000, 0));
    assert!((window.mean_duration_nanos() - 2.5e9).abs() < 1.0);
    assert_eq!(trace.window(1, 2), Err(TraceError::EmptyWindow));
}

#[test]
fn busiest_window_has_the_most_work() {
    let trace = RequestTrace::parse(&b"0,9\n50,1\n55,5\n58,5\n90,2\n"[..], MAX_REQUESTS).expect("a trace");
    let second = 1_000_000_000;
    assert_eq!(trace.busiest_window(10 * second), (50 * second, 58 * second));
    assert_eq!(trace.busiest_window(0), (0, 0));
    assert_eq!(trace.busiest_window(1_000 * second), (0, 90 * second));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = RequestTrace::parse(bytes.as_slice(), MAX_REQUESTS);
    }

    #[test]
    fn almost_csv_is_read_or_refused(text in "[0-9a-zA-Z.,;:+\\-\"#\t \r\n\u{feff}éTZ]{0,80}") {
        if let Err(error) = RequestTrace::parse(text.as_bytes(), MAX_REQUESTS) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn written_rows_are_read_back_in_the_order_of_arrival(
        rows in prop::collection::vec((0_u64..1_000_000_000_000, 0_u64..3_600_000_000_000), 1..60),
    ) {
        let mut text = String::from("arrival,duration\n");
        for (arrival, duration) in &rows {
            let seconds = |nanos: u64| format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
            let _ = writeln!(text, "{},{}", seconds(*arrival), seconds(*duration));
        }
        let trace = RequestTrace::parse(text.as_bytes(), MAX_REQUESTS).expect("it was written as a trace");
        let mut sorted = rows.clone();
        sorted.sort_by_key(|(arrival, _)| *arrival);
        let mut arrival = sorted[0].0;
        for (request, (due, duration)) in trace.requests().iter().zip(&sorted) {
            arrival += request.gap;
            prop_assert_eq!((arrival, request.duration), (*due, *duration));
        }
        prop_assert_eq!(trace.requests().len(), rows.len());
    }
}
