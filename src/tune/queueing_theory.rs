//! Waiting and response times of textbook queues, for comparison with measurements: tasks that arrive at random
//! times, and servers whose service times are exponentially distributed (M/M/c) or constant (M/D/c).

/// The offered load of a queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OfferedLoad {
    /// Tasks per second.
    pub arrival_rate: f64,
    /// Mean service time of a task, s.
    pub service_secs: f64,
}

/// What theory expects of a queue. Times are seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct QueueForecast {
    /// Mean time between the arrival of a task and its start.
    pub mean_wait: f64,
    /// 99th percentile of the time between the arrival of a task and its end.
    pub p99_response: f64,
}

impl OfferedLoad {
    /// Returns the number of servers that are busy on average, in Erlang.
    pub fn erlangs(&self) -> f64 {
        self.arrival_rate * self.service_secs
    }

    /// Returns the share of their time that so many servers are busy, above 1 if they fall behind.
    pub fn utilization(&self, servers: u32) -> f64 {
        self.erlangs() / f64::from(servers.max(1))
    }

    /// Returns what M/M/c expects: Poisson arrivals, exponential service times. None if the servers fall behind.
    ///
    /// (Erlang, "Solution of some problems in the theory of probabilities of significance in automatic telephone
    /// exchanges", 1917; the response time is the sum of the wait and an independent service time: Gross & Harris,
    /// *Fundamentals of Queueing Theory*, section 2.3.)
    pub fn exponential_service(&self, servers: u32) -> Option<QueueForecast> {
        let waits = erlang_c(servers, self.erlangs())?;
        let mu = 1.0 / self.service_secs;
        let theta = f64::from(servers) * mu - self.arrival_rate;
        let exceeds = |t: f64| {
            let (served, waited) = ((-mu * t).exp(), (-theta * t).exp());
            let both = if (theta - mu).abs() < mu * 1e-9 {
                (1.0 + mu * t) * served
            } else {
                (theta * served - mu * waited) / (theta - mu)
            };
            (1.0 - waits) * served + waits * both
        };
        Some(QueueForecast { mean_wait: waits / theta, p99_response: quantile(exceeds, self.service_secs) })
    }

    /// Returns what M/D/c expects: Poisson arrivals, constant service times. None if the servers fall behind. An
    /// approximation: the mean wait is within about 1 %, the percentile within about 10 %.
    ///
    /// The mean wait follows Cosmetatos, "Some approximate equilibrium results for the multi-server queue (M/G/r)",
    /// Operational Research Quarterly 27, 1976. The percentile assumes that those who wait do so for an exponentially
    /// distributed time, and that as many wait as with exponential service: Kimura, "Approximations for multi-server
    /// queues", Queueing Systems 17, 1994.
    pub fn constant_service(&self, servers: u32) -> Option<QueueForecast> {
        let waits = erlang_c(servers, self.erlangs())?;
        let (c, busy) = (f64::from(servers), self.utilization(servers));
        let correction = (1.0 - busy) * (c - 1.0) * ((4.0 + 5.0 * c).sqrt() - 2.0) / (16.0 * busy * c);
        let exponential = waits / (c / self.service_secs - self.arrival_rate);
        // The correction is for servers that are busy; where they hardly are, nearly no task waits.
        let mean_wait = exponential * f64::midpoint(1.0, correction).min(1.0);
        let p99_wait = if waits > 0.01 { (waits / 0.01).ln() * mean_wait / waits } else { 0.0 };
        Some(QueueForecast { mean_wait, p99_response: self.service_secs + p99_wait })
    }
}

/// Returns the probability that a task has to wait (Erlang C) for this load in Erlang. None if the servers fall behind.
/// Computed from the recursion for Erlang B, which does not overflow.
pub fn erlang_c(servers: u32, erlangs: f64) -> Option<f64> {
    let c = f64::from(servers);
    if servers == 0 || erlangs >= c || erlangs <= 0.0 || !erlangs.is_finite() {
        return None;
    }
    let blocked = (1..=servers).fold(1.0, |blocked, n| erlangs * blocked / (f64::from(n) + erlangs * blocked));
    Some(c * blocked / (c - erlangs * (1.0 - blocked)))
}

/// Returns the 99th percentile of a time by the probability that it exceeds a value. `scale`: a typical time.
fn quantile(exceeds: impl Fn(f64) -> f64, scale: f64) -> f64 {
    let (mut low, mut high) = (0.0, scale);
    while exceeds(high) > 0.01 {
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if exceeds(middle) > 0.01 { low = middle } else { high = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(erlangs: f64) -> OfferedLoad {
        OfferedLoad { arrival_rate: erlangs / 0.02, service_secs: 0.02 }
    }

    fn assert_near(found: f64, due: f64, tolerance: f64, what: &str) {
        assert!((found / due - 1.0).abs() < tolerance, "{what}: {found}, expected {due}");
    }

    #[test]
    fn erlang_c_matches_published_tables() {
        for (servers, erlangs, table) in
            [(1, 0.7, 0.7), (2, 1.0, 0.3333), (2, 1.6, 0.7111), (5, 4.0, 0.5541), (10, 8.0, 0.4092), (20, 16.0, 0.2561)]
        {
            let found = erlang_c(servers, erlangs).expect("it is stable");
            assert!((found - table).abs() < 1e-4, "C({servers}, {erlangs}) = {found}, expected {table}");
        }
        for (servers, erlangs) in [(0, 0.5), (1, 1.0), (4, 5.0), (4, 0.0), (4, f64::NAN), (4, f64::INFINITY)] {
            assert_eq!(erlang_c(servers, erlangs), None, "{servers} servers, {erlangs} Erlang");
        }
        assert!(erlang_c(10_000, 9_990.0).is_some_and(|waits| waits > 0.8 && waits < 1.0));
    }

    #[test]
    fn one_exponential_server_has_the_response_time_of_m_m_1() {
        for busy in [0.1, 0.5, 0.9, 0.99] {
            let found = load(busy).exponential_service(1).expect("it is stable");
            let response = 0.02 / (1.0 - busy);
            assert_near(found.mean_wait, busy * response, 1e-9, "mean wait");
            assert_near(found.p99_response, 100_f64.ln() * response, 1e-6, "p99");
        }
    }

    #[test]
    fn servers_with_one_to_spare_have_a_finite_response_time() {
        // Where the rate at which the queue shrinks equals that of a server, the usual formula divides by zero.
        let [at, near] = [3.0, 3.0 + 1e-6].map(|erlangs| load(erlangs).exponential_service(4).expect("it is stable"));
        assert_near(at.p99_response, near.p99_response, 1e-4, "p99");
    }

    /// Returns the exact mean wait of M/D/c in service times. (Crommelin, "Delay probability formulae when the holding
    /// times are constant", Post Office Electrical Engineers' Journal 25, 1932.)
    fn crommelin(servers: u32, erlangs: f64) -> f64 {
        let c = f64::from(servers);
        let term = |i: u32| {
            let mean = f64::from(i) * erlangs;
            let first = i * servers;
            let mut probability = (-mean).exp();
            let mut below = 0.0;
            for n in 1..=first {
                below += probability;
                probability *= mean / f64::from(n);
            }
            // Now the probability of exactly `first` arrivals: at least so many, and more.
            let (at_least, more) = (1.0 - below, 1.0 - below - probability);
            at_least - c / erlangs * more
        };
        (1..600).map(term).take_while(|term| *term > 1e-12).sum()
    }

    #[test]
    fn constant_service_matches_crommelins_exact_mean_wait() {
        assert_near(crommelin(1, 0.5), 0.5, 1e-6, "the exact formula for one server");
        for (servers, busy) in [(1, 0.5), (1, 0.9), (2, 0.5), (2, 0.8), (5, 0.7), (5, 0.9), (10, 0.8), (20, 0.9)] {
            let erlangs = f64::from(servers) * busy;
            let found = load(erlangs).constant_service(servers).expect("it is stable").mean_wait / 0.02;
            assert_near(found, crommelin(servers, erlangs), 0.02, &format!("{servers} servers, {busy} busy"));
        }
    }

    #[test]
    fn percentile_of_constant_service_is_near_that_of_m_d_1() {
        // P(W > t) falls like exp(-x t / D), where busy * (exp(x) - 1) = x.
        for (busy, x) in [(0.7, 0.6755), (0.9, 0.2071)] {
            let factor = (1.0 - busy) / (busy * f64::exp(x) - 1.0);
            let exact = 1.0 + f64::ln(factor / 0.01) / x;
            let found = load(busy).constant_service(1).expect("it is stable").p99_response / 0.02;
            assert_near(found, exact, 0.12, &format!("{busy} busy"));
        }
        let idle = load(0.5).constant_service(40).expect("it is stable");
        assert!((idle.p99_response - 0.02).abs() < 1e-12, "no task waits: {idle:?}");
    }

    #[test]
    fn constant_service_never_waits_longer_than_exponential_service() {
        for servers in 1..60 {
            for tenths in 1..10 {
                let load = load(f64::from(servers) * f64::from(tenths) / 10.0);
                let forecasts = (load.constant_service(servers), load.exponential_service(servers));
                let (Some(constant), Some(exponential)) = forecasts else { panic!("{load:?} is stable") };
                assert!(constant.mean_wait <= exponential.mean_wait, "{servers} servers, {tenths} tenths");
            }
        }
    }
}
