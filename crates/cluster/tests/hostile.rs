//! Looks at servers that answer whatever harms: endless, huge, slow and false answers. Nothing hangs, nothing grows.

#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod support;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use contend_cluster::Engine;

use support::{Watcher, wait_until};

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap();
}

/// A server that answers each request with what the function says about its path. Returns its port.
fn server(answer: impl Fn(&str, TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    spawn("server", move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            spawn("answer", move || {
                let mut stream = stream;
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read > 0) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                answer(head.split(' ').nth(1).unwrap_or_default(), stream);
            });
        }
    });
    port
}

fn send(stream: &mut TcpStream, body: &str) {
    let length = body.len();
    let _ = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
}

/// Sends the same bytes until the reader is gone.
fn send_forever(mut stream: TcpStream, bytes: &[u8]) {
    while stream.write_all(bytes).is_ok() {}
}

fn url(port: u16) -> String {
    format!("http://anna:s3cret@127.0.0.1:{port}")
}

#[test]
fn address_where_nobody_listens_is_named_with_the_usual_port() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    drop(silent);
    for (engine, scheme, usual) in [
        (Engine::Dask, "http", "mostly 8787"),
        (Engine::Ray, "http", "mostly 8265"),
        (Engine::Rq, "redis", "mostly 6379"),
    ] {
        let failure = Watcher::start(engine, &format!("{scheme}://:s3cret@127.0.0.1:{port}")).failure().to_string();
        assert!(failure.contains(&port.to_string()) && !failure.contains("s3cret"), "{failure}");
        assert!(failure.contains("refused") && failure.contains(usual), "{failure}");
    }
}

#[test]
fn endless_answer_is_refused() {
    let port = server(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"workers\": \"");
        send_forever(stream, &[b'x'; 1 << 14]);
    });
    let failure = Watcher::start(Engine::Dask, &url(port)).failure().to_string();
    assert!(failure.contains("/json/counts.json") && !failure.contains("s3cret"), "{failure}");
}

#[test]
fn endless_head_is_refused() {
    let port = server(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        send_forever(stream, b"X-Header: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
    });
    Watcher::start(Engine::Dask, &url(port)).failure();
}

#[test]
fn server_that_sends_a_byte_a_second_is_given_up() {
    let began = Instant::now();
    let port = server(|_, mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            thread::sleep(Duration::from_secs(1));
        }
    });
    Watcher::start(Engine::Dask, &url(port)).failure();
    assert!(began.elapsed() < support::DEADLINE);
}

#[test]
fn redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    elsewhere.set_nonblocking(true).unwrap();
    let first = server(move |_, mut stream| {
        let _ = write!(stream, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/\r\nContent-Length: 0\r\n\r\n");
    });
    Watcher::start(Engine::Dask, &url(first)).failure();
    assert!(elsewhere.accept().is_err(), "the password would go there");
}

#[test]
fn stream_of_garbage_is_counted_and_bounded() {
    let port = server(|path, mut stream| match path {
        "/eventstream" => {
            let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n");
            // A message of 2^62 bytes would come after this.
            for n in 0..20_000_u32 {
                let text = match n % 4 {
                    0 => "{".to_owned(),
                    1 => r#"{"name":"transition","action":"compute","worker":"nobody"}"#.to_owned(),
                    2 => format!(
                        r#"{{"name":"transition","action":"compute","worker":"w","thread":{n},"start":-1e308,"stop":1e308,"key":"\u001b]0;x{n}"}}"#
                    ),
                    _ => format!(r#"{{"name":"remove_worker","worker":"w{n}"}}"#),
                };
                let length = u16::try_from(text.len()).unwrap().to_be_bytes();
                let frame = [&[0x81, 126], &length[..], text.as_bytes()].concat();
                if stream.write_all(&frame).is_err() {
                    return;
                }
            }
            let _ = stream.write_all(&[0x81, 127, 0x40, 0, 0, 0, 0, 0, 0, 0]);
            send_forever(stream, &[b'x'; 1 << 14]);
        }
        "/json/identity.json" => {
            send(
                &mut stream,
                r#"{"type":"Scheduler","workers":{"w":{"nthreads":18446744073709551615,"name":"\u001b[2J"}}}"#,
            );
        }
        _ => send(&mut stream, r#"{"workers":1,"tasks":18446744073709551615,"processing":18446744073709551615}"#),
    });
    let watcher = Watcher::start(Engine::Dask, &url(port));
    let sink = watcher.sink.clone();
    wait_until("tasks are shown", || sink.count("finish") > 1_000);
    wait_until("what could not be read is counted", || {
        sink.lines().iter().filter(|line| line["ev"] == "drop").filter_map(|line| line["n"].as_u64()).sum::<u64>()
            >= 9_000
    });
    watcher.stop().unwrap();
    assert!(sink.lines().iter().filter(|line| line["ev"] == "lane").count() < 2_000);
    assert!(!sink.text().contains("\\u001b"));
}
