//! The load generator: keep-alive connections with one request in flight each.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::problem::Problem;

/// How long after its time a round may still wait for answers.
const PATIENCE: Duration = Duration::from_mins(1);

/// Writes the request of that number; `false` where there are no more.
pub(super) type Requests = Arc<dyn Fn(u64, &mut Vec<u8>) -> bool + Send + Sync>;

/// What is asked of whom. Requests go on from round to round: no payment is sent twice.
#[derive(Clone)]
pub(super) struct Target {
    name: &'static str,
    /// Connections are shared out among them; there is one at least.
    addresses: Arc<[SocketAddr]>,
    requests: Requests,
    is_success: fn(&[u8]) -> bool,
    next: Arc<AtomicU64>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Target {
    /// A server and what is asked of it.
    pub(super) fn new(name: &'static str, address: SocketAddr, requests: Requests) -> Self {
        Self::of_several(name, [address], requests)
    }

    /// Servers of the same books, and what is asked of whichever of them.
    pub(super) fn of_several<const N: usize>(
        name: &'static str,
        addresses: [SocketAddr; N],
        requests: Requests,
    ) -> Self {
        const { assert!(N > 0) };
        let is_success = |body: &[u8]| body.starts_with(b"{\"error\":0,");
        Self { name, addresses: addresses.into(), requests, is_success, next: Arc::default() }
    }

    /// The same where a success looks otherwise.
    pub(super) fn succeeding(self, is_success: fn(&[u8]) -> bool) -> Self {
        Self { is_success, ..self }
    }

    /// What the report calls it.
    pub(super) fn name(&self) -> &'static str {
        self.name
    }
}

/// How a target is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Connections, each with one request in flight.
    pub(super) connections: u32,
    /// The time that is not counted.
    pub(super) warm_up: Duration,
    /// The time that is.
    pub(super) counted: Duration,
    /// Between an answer and the next request of its connection.
    pub(super) think: Duration,
    /// Whether a connection is kept from one request to the next; one that is not counts in its answer's time.
    pub(super) is_kept: bool,
}

/// What a round found.
#[derive(Debug)]
pub(super) struct Measured {
    /// Answers a second.
    pub(super) rate: f64,
    /// The time that one answer in a hundred passes.
    pub(super) p99: Duration,
    /// The longest time of all.
    pub(super) longest: Duration,
    /// Answers that were no success.
    pub(super) refused: u32,
    /// The first of them.
    pub(super) first_refused: Option<String>,
}

#[derive(Debug, Default)]
struct Tally {
    latencies_us: Vec<u32>,
    last_counted: Option<Instant>,
    ran_out: bool,
    refused: u32,
    first_refused: Option<String>,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}

impl Load {
    /// Asks a target for one round.
    pub(super) fn run(self, target: &Target) -> anyhow::Result<Measured> {
        self.run_until(target, &AtomicBool::new(false).into())
    }

    /// The same, ended before its time once `stop` is set.
    pub(super) fn run_until(
        self,
        target: &Target,
        stop: &Arc<AtomicBool>,
    ) -> anyhow::Result<Measured> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let from = now() + self.warm_up;
        let until = from + self.counted;
        let course = Course {
            from,
            until,
            think: self.think,
            is_kept: self.is_kept,
            stop: Arc::clone(stop),
        };
        let mut total = Tally::default();
        let driven = async {
            let mut connections = JoinSet::new();
            let addresses = target.addresses.iter().cycle();
            for (_, address) in (0..self.connections).zip(addresses) {
                connections.spawn(drive(target.clone(), *address, course.clone()));
            }
            while let Some(joined) = connections.join_next().await {
                total.add(joined??);
            }
            anyhow::Ok(())
        };
        let most = self.warm_up + self.counted + PATIENCE;
        // Whoever asks for ever is told nothing.
        let driven = runtime.block_on(async { tokio::time::timeout(most, driven).await });
        driven
            .map_err(|_elapsed| Problem::store("el servidor que se mide no contestó a tiempo"))??;
        let has_run_short = total.ran_out || stop.load(Ordering::Relaxed);
        let end = if has_run_short { total.last_counted.unwrap_or(from) } else { until };
        total.into_measured(end.saturating_duration_since(from))
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.last_counted = self.last_counted.max(other.last_counted);
        self.ran_out |= other.ran_out;
        self.refused += other.refused;
        self.first_refused = self.first_refused.take().or(other.first_refused);
    }

    fn into_measured(mut self, counted: Duration) -> anyhow::Result<Measured> {
        let count = u32::try_from(self.latencies_us.len()).unwrap_or(u32::MAX);
        if count == 0 || counted < Duration::from_millis(300) {
            return Err(Problem::usage(
                "las facturas no alcanzan para las rondas: suba --bills, o baje --seconds o --rounds",
            ));
        }
        let at = self.latencies_us.len() * 99 / 100;
        let longest_us = self.latencies_us.iter().copied().max().unwrap_or_default();
        let (_, p99_us, _) = self.latencies_us.select_nth_unstable(at);
        Ok(Measured {
            rate: f64::from(count) / counted.as_secs_f64(),
            p99: Duration::from_micros((*p99_us).into()),
            longest: Duration::from_micros(longest_us.into()),
            refused: self.refused,
            first_refused: self.first_refused,
        })
    }
}

/// When a round counts and when it ends.
#[derive(Debug, Clone)]
struct Course {
    from: Instant,
    until: Instant,
    think: Duration,
    is_kept: bool,
    stop: Arc<AtomicBool>,
}

async fn drive(target: Target, address: SocketAddr, course: Course) -> io::Result<Tally> {
    let mut kept = Some(connect(address).await?);
    let mut tally = Tally::default();
    let (mut request, mut answer) = (Vec::with_capacity(1024), Vec::with_capacity(16 * 1024));
    loop {
        request.clear();
        let sent = now();
        if sent >= course.until || course.stop.load(Ordering::Relaxed) {
            return Ok(tally);
        }
        let number = target.next.fetch_add(1, Ordering::Relaxed);
        if !(target.requests)(number, &mut request) {
            tally.ran_out = true;
            return Ok(tally);
        }
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => connect(address).await?,
        };
        stream.write_all(&request).await?;
        let body = read_answer(&mut stream, &mut answer).await?;
        let answered = now();
        if !(target.is_success)(body) {
            tally.refused += 1;
            let text = || String::from_utf8_lossy(body).into_owned();
            tally.first_refused.get_or_insert_with(text);
        }
        if course.from <= answered && answered < course.until {
            let latency = answered.duration_since(sent).as_micros();
            tally.latencies_us.push(u32::try_from(latency).unwrap_or(u32::MAX));
            tally.last_counted = Some(answered);
        }
        kept = Some(stream).filter(|_| course.is_kept);
        if !course.think.is_zero() {
            tokio::time::sleep(course.think).await;
        }
    }
}

async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads one answer and gives its body. What comes after it is no part of this protocol: one
/// request is in flight.
async fn read_answer<'a>(stream: &mut TcpStream, answer: &'a mut Vec<u8>) -> io::Result<&'a [u8]> {
    answer.clear();
    loop {
        if let Some(head_len) = head_len(answer) {
            let len = head_len + body_len(answer.get(..head_len).unwrap_or_default())?;
            if answer.len() >= len {
                return Ok(answer.get(head_len..len).unwrap_or_default());
            }
        }
        if stream.read_buf(answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Bytes up to the body, where the whole head is there.
pub(super) fn head_len(answer: &[u8]) -> Option<usize> {
    answer.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// What the head says of the body's bytes.
pub(super) fn body_len(head: &[u8]) -> io::Result<usize> {
    const NAME: &[u8] = b"content-length:";
    let mut lines = head.split(|byte| *byte == b'\n');
    let value = lines.find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME).then_some(value)
    });
    let len = value.and_then(|value| std::str::from_utf8(value).ok()?.trim().parse().ok());
    len.ok_or_else(|| io::ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_cut_by_its_head() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\nCONTENT-length: 12\r\n\r\n{}";
        let head = head_len(answer).unwrap();
        assert_eq!(answer.len() - head, 2);
        assert_eq!(body_len(&answer[..head]).unwrap(), 12);
        assert_eq!(head_len(b"HTTP/1.1 200 OK\r\n"), None);
        assert!(body_len(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn the_p99_leaves_one_in_a_hundred_above_it() {
        let tally = Tally { latencies_us: (1..=200).rev().collect(), ..Tally::default() };
        let measured = tally.into_measured(Duration::from_secs(2)).unwrap();
        assert_eq!(measured.p99, Duration::from_micros(199));
        assert!((measured.rate - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_round_without_answers_is_an_error() {
        assert!(Tally::default().into_measured(Duration::from_secs(1)).is_err());
    }
}
