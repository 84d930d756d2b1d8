//! A small HTTP server in a process of its own: each request waits for its turn, takes its time, and is answered or not.
//!
//! One thread serves all requests, as they do nothing but wait. Its lane says whether any are there; the resource of the
//! same name has them in it, as a queue has items. A request whose sender has gone away is worked on to its end, as most
//! servers do.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tokio::task::{LocalSet, spawn_local};

use super::recorder::Recorder;
use super::run::Run;
use contend_scenario::{Expr, ResourceSpec, Serving, Values};
use contend_trace::{EventKind, KnobId, ResourceId, State};

/// An answer is sent in pieces of so many bytes.
const PIECE: usize = 64 << 10;
static FILLING: [u8; PIECE] = [b'.'; PIECE];

/// How long to wait for a descriptor when there is none left: one comes free when a request ends.
const SCARCE: Duration = Duration::from_millis(5);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    run: &'static Run,
    serving: &'static Serving,
    id: ResourceId,
    listener: TcpListener,
}

impl Server {
    /// Listens on a port of the system's choice, and puts it where workers find it.
    ///
    /// # Errors
    /// If the system gives no port, or the resource is no server.
    pub fn bind(run: &'static Run, declaration: usize) -> io::Result<Self> {
        let ResourceSpec::Server(serving) = &run.scenario.resources[declaration].spec else {
            return Err(io::Error::other("this is no server"));
        };
        let id = run.plan.member(declaration, 0.0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        run.board.resource(id)[0].store(listener.local_addr()?.port().into(), Ordering::Release);
        Ok(Self { run, serving, id, listener })
    }

    /// Answers until `end` is notified.
    ///
    /// # Errors
    /// If the system refuses what an event loop needs.
    pub fn serve(self, pen: Recorder<'static>, end: &Arc<Notify>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let house = Rc::new(House {
                run: self.run,
                serving: self.serving,
                id: self.id,
                pen: RefCell::new(pen),
                inside: Cell::new(0),
                at_work: Cell::new(0),
                waiting: RefCell::default(),
            });
            house.wait_for_work();
            spawn_local(accept(listener, house));
            end.notified().await;
            Ok(())
        })
    }
}

async fn accept(listener: tokio::net::TcpListener, house: Rc<House>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(spawn_local(connection(stream, Rc::clone(&house)))),
            Err(_) => tokio::time::sleep(SCARCE).await,
        }
    }
}

async fn connection(stream: TcpStream, house: Rc<House>) {
    let _ = stream.set_nodelay(true);
    let answer = service_fn(move |request| answer(Rc::clone(&house), request));
    // What goes wrong here went wrong on the other side, which says so itself.
    let _ = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

async fn answer(house: Rc<House>, request: Request<Incoming>) -> Result<Response<Answer>, Infallible> {
    let Some(visit) = Visit::enter(Rc::clone(&house)) else {
        return Ok(say(StatusCode::SERVICE_UNAVAILABLE, Answer { left: 0, _visit: None }));
    };
    let turn = Turn::wait(&house).await;
    let serving = house.serving;
    let nanos = house.number(&serving.latency) + house.number(&serving.jitter) * fastrand::f64();
    tokio::time::sleep(Duration::from_nanos(nanos as u64)).await;
    drop(turn);
    let status = if serving.missing.iter().any(|path| path == request.uri().path()) {
        StatusCode::NOT_FOUND
    } else if fastrand::f64() < house.number(&serving.failure) {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::OK
    };
    let left = if status == StatusCode::OK { house.number(&serving.bytes).clamp(0.0, 1e12) as u64 } else { 0 };
    Ok(say(status, Answer { left, _visit: Some(visit) }))
}

fn say(status: StatusCode, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// Where requests are.
#[derive(Debug)]
struct House {
    run: &'static Run,
    serving: &'static Serving,
    id: ResourceId,
    pen: RefCell<Recorder<'static>>,
    inside: Cell<u32>,
    at_work: Cell<u32>,
    /// Requests that wait for their turn, in order.
    waiting: RefCell<VecDeque<oneshot::Sender<Turn>>>,
}

impl Values for House {
    fn knob(&self, knob: KnobId) -> f64 {
        self.run.knob(knob)
    }
    fn place(&self) -> (u32, u32) {
        (0, 1)
    }
}

impl House {
    fn number(&self, expr: &Expr) -> f64 {
        expr.eval(self).max(0.0)
    }

    fn wait_for_work(&self) {
        self.pen.borrow_mut().block(State::Empty, None);
    }

    /// Records that a request came or went, and what that leaves to do.
    fn tell(&self, came: bool, depth: u32) {
        let mut pen = self.pen.borrow_mut();
        let (at, queue) = (pen.now(), self.id);
        if came && depth == 1 {
            pen.write(at, EventKind::Resume);
        }
        pen.write(at, if came { EventKind::Put { queue, depth } } else { EventKind::Took { queue, depth } });
        let next = if depth == 0 { (State::Empty, None) } else { (State::Io, Some(queue)) };
        pen.write(at, EventKind::Block { state: next.0, on: next.1 });
    }

    /// Lets in who waits, as far as there is room at work.
    fn call(self: &Rc<Self>) {
        let most = (self.number(&self.serving.capacity) as u32).max(1);
        while self.at_work.get() < most {
            let Some(next) = self.waiting.borrow_mut().pop_front() else { return };
            if next.is_closed() {
                continue; // its connection broke while it waited
            }
            self.at_work.set(self.at_work.get() + 1);
            let _ = next.send(Turn(Rc::clone(self))); // it is open, and nothing runs beside us
        }
    }
}

/// A request in the house, until it is dropped.
#[derive(Debug)]
struct Visit(Rc<House>);

impl Visit {
    /// `None` if the house is full.
    fn enter(house: Rc<House>) -> Option<Self> {
        let room = house.run.plan.room(house.id);
        let inside = house.inside.get() + 1;
        if inside > room {
            return None;
        }
        house.inside.set(inside);
        house.tell(true, inside);
        Some(Self(house))
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        let inside = self.0.inside.get().saturating_sub(1);
        self.0.inside.set(inside);
        self.0.tell(false, inside);
    }
}

/// A request that is worked on, until it is dropped.
#[derive(Debug)]
struct Turn(Rc<House>);

impl Turn {
    /// `None` if the house closes before.
    async fn wait(house: &Rc<House>) -> Option<Self> {
        let (call, called) = oneshot::channel();
        house.waiting.borrow_mut().push_back(call);
        house.call();
        called.await.ok()
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.at_work.set(self.0.at_work.get().saturating_sub(1));
        self.0.call();
    }
}

/// So many bytes. The visit is over when they are sent.
#[derive(Debug)]
struct Answer {
    left: u64,
    _visit: Option<Visit>,
}

impl Body for Answer {
    type Data = &'static [u8];
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = &FILLING[..self.left.min(PIECE as u64) as usize];
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
