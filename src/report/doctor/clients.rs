//! Advice for those who connect: how many connections, how long to wait, how to keep them alive; for each library in its own
//! words.
//!
//! The numbers are of the server: what `maxclients` leaves for each instance of the application, what it closes by itself,
//! and how long its slowest command took. Names and defaults of the libraries are those of their source.

use serde::Serialize;

use super::vitals::time;
use crate::lint::doctor::LiveCase;

/// More connections of one instance bring nothing: one thread of the server answers all of them.
const ENOUGH: u64 = 50;

/// Advice for the libraries that were asked for.
#[derive(Clone, Debug, Serialize)]
pub struct ClientAdvice {
    /// The most connections of one instance.
    pub pool: u64,
    /// Where that comes from.
    pub pool_because: String,
    /// How long to wait for an answer, in milliseconds.
    pub timeout: u64,
    /// Where that comes from.
    pub timeout_because: String,
    /// After how many silent seconds a connection is probed.
    pub keepalive: u64,
    /// Where that comes from.
    pub keepalive_because: String,
    /// After how many seconds in a pool a connection is checked or given up; `None` if the server closes none.
    pub idle: Option<u64>,
    /// What each library is told.
    pub libraries: Vec<Snippet>,
}

/// What a library is told.
#[derive(Clone, Debug, Serialize)]
pub struct Snippet {
    /// Its name.
    pub library: &'static str,
    /// The language of the text, as Markdown names it.
    pub language: &'static str,
    /// The settings, in its own words.
    pub text: String,
    /// What it does by default.
    pub defaults: &'static str,
}

/// A client library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Library {
    /// Go.
    GoRedis,
    /// Node.js, one connection a client.
    Ioredis,
    /// Java, with a pool.
    Jedis,
    /// Java, one connection for all.
    Lettuce,
    /// Node.js, with a pool.
    NodeRedis,
    /// Python.
    RedisPy,
    /// Rust.
    RedisRs,
}

impl Library {
    /// All of them, sorted by name.
    pub const ALL: [Self; 7] =
        [Self::GoRedis, Self::Ioredis, Self::Jedis, Self::Lettuce, Self::NodeRedis, Self::RedisPy, Self::RedisRs];

    /// The name under which it is known.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::GoRedis => "go-redis",
            Self::Ioredis => "ioredis",
            Self::Jedis => "jedis",
            Self::Lettuce => "lettuce",
            Self::NodeRedis => "node-redis",
            Self::RedisPy => "redis-py",
            Self::RedisRs => "redis-rs",
        }
    }

    fn language(self) -> &'static str {
        match self {
            Self::GoRedis => "go",
            Self::Ioredis | Self::NodeRedis => "js",
            Self::Jedis | Self::Lettuce => "java",
            Self::RedisPy => "python",
            Self::RedisRs => "rust",
        }
    }

    fn defaults(self) -> &'static str {
        match self {
            Self::GoRedis => {
                "`PoolSize` is 10 for each processor, and `MaxActiveConns` 0 lets it grow beyond; `ReadTimeout` is 3 s (5 s from 9.22 on)"
            }
            Self::Ioredis => {
                "there is one connection for each client and no `commandTimeout`; `keepAlive` is off before 6.0; `enableOfflineQueue` keeps what is sent while there is no server"
            }
            Self::Jedis => "`maxTotal` is 8, and `maxWait` -1 waits for ever; both timeouts are 2 s",
            Self::Lettuce => {
                "one connection serves all threads; a command waits 60 s; `keepAlive` is off in 7.2, on in 7.5"
            }
            Self::NodeRedis => {
                "a client has one connection, a pool up to 100; there is no timeout of commands before 6.0 (5 s from there on)"
            }
            Self::RedisPy => {
                "before 8.0 the pool is endless and nothing times out; from 8.0 on 100 connections and 5 s. `ConnectionPool` fails at once when it is empty, `BlockingConnectionPool` waits"
            }
            Self::RedisRs => "one multiplexed connection; from 1.0 on an answer may take 500 ms, a connection 1 s",
        }
    }
}

impl ClientAdvice {
    /// Advice for libraries; `None` if none was asked for.
    #[must_use]
    pub fn new(live: &LiveCase<'_>, libraries: &[Library]) -> Option<Self> {
        if libraries.is_empty() {
            return None;
        }
        let (pool, pool_because) = pool(live);
        let (timeout, timeout_because) = timeout(live);
        let (keepalive, keepalive_because) = keepalive(live);
        // Half of what the server waits: then the check comes first.
        let idle = live.int("timeout").filter(|seconds| *seconds > 0).map(|seconds| (seconds / 2).max(1));
        let mut advice = Self {
            pool,
            pool_because,
            timeout,
            timeout_because,
            keepalive,
            keepalive_because,
            idle,
            libraries: Vec::new(),
        };
        advice.libraries = libraries.iter().map(|library| advice.snippet(*library)).collect();
        Some(advice)
    }

    /// Each number with where it comes from.
    pub(super) fn lines(&self) -> Vec<[String; 3]> {
        let idle = match self.idle {
            Some(seconds) => {
                [format!("{seconds} s"), "half of the server's `timeout`, which closes idle connections".into()]
            }
            None => ["no limit".into(), "the server closes no idle connections (`timeout 0`), or did not say".into()],
        };
        let [idle, idle_because] = idle;
        vec![
            ["connections of one instance".into(), self.pool.to_string(), self.pool_because.clone()],
            ["wait for an answer".into(), format!("{} ms", self.timeout), self.timeout_because.clone()],
            ["keepalive after".into(), format!("{} s", self.keepalive), self.keepalive_because.clone()],
            ["idle in the pool".into(), idle, idle_because],
        ]
    }

    fn snippet(&self, library: Library) -> Snippet {
        let (pool, timeout, keepalive) = (self.pool, self.timeout, self.keepalive);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a timeout")]
        let seconds = timeout as f64 / 1000.0;
        let idle = self.idle.unwrap_or(0);
        // Without a pool there is nothing to give up: the connection is used, or probed.
        let check = if idle > 0 { idle } else { keepalive };
        let text = match library {
            Library::GoRedis => {
                let idle =
                    if idle > 0 { format!("    ConnMaxIdleTime: {idle} * time.Second,\n") } else { String::new() };
                format!(
                    "redis.NewClient(&redis.Options{{\n    Addr:            addr,\n    PoolSize:        {pool},\n    MaxActiveConns:  {pool},\n    \
                     DialTimeout:     2 * time.Second,\n    ReadTimeout:     {timeout} * time.Millisecond,\n    \
                     WriteTimeout:    {timeout} * time.Millisecond,\n    PoolTimeout:     {timeout} * time.Millisecond,\n{idle}}})\n"
                )
            }
            Library::Ioredis => format!(
                "new Redis({{\n  host, port,\n  connectTimeout: 2000,\n  commandTimeout: {timeout},\n  keepAlive: {},\n  \
                 maxRetriesPerRequest: 3,\n  retryStrategy: (times) => Math.min(50 * 2 ** times, 5000) + Math.random() * 200,\n}});\n",
                keepalive * 1000
            ),
            Library::Jedis => format!(
                "ConnectionPoolConfig pool = new ConnectionPoolConfig();\npool.setMaxTotal({pool});\npool.setMaxIdle({pool});\n\
                 pool.setMaxWait(Duration.ofMillis({timeout}));\npool.setTestWhileIdle(true);\n\
                 pool.setTimeBetweenEvictionRuns(Duration.ofSeconds({check}));\n\
                 JedisClientConfig client = DefaultJedisClientConfig.builder()\n    .connectionTimeoutMillis(2000)\n    \
                 .socketTimeoutMillis({timeout})\n    .build();\n"
            ),
            Library::Lettuce => format!(
                "client.setOptions(ClientOptions.builder()\n    .socketOptions(SocketOptions.builder()\n        \
                 .connectTimeout(Duration.ofSeconds(2))\n        .keepAlive(SocketOptions.KeepAliveOptions.builder()\n            \
                 .enable().idle(Duration.ofSeconds({keepalive})).interval(Duration.ofSeconds(10)).count(3).build())\n        .build())\n    \
                 .timeoutOptions(TimeoutOptions.enabled(Duration.ofMillis({timeout})))\n    .build());\n\
                 // Spring Boot, where commands block or transactions need a connection of their own:\n\
                 // spring.data.redis.lettuce.pool.max-active={pool}, max-wait={timeout}ms\n"
            ),
            Library::NodeRedis => {
                let ping = if idle > 0 { format!("  pingInterval: {},\n", idle * 1000) } else { String::new() };
                format!(
                    "createClientPool({{\n  url,\n  socket: {{ connectTimeout: 2000, keepAlive: true, keepAliveInitialDelay: {} }},\n{ping}  \
                     commandOptions: {{ timeout: {timeout} }},\n}}, {{ minimum: 1, maximum: {pool}, acquireTimeout: {timeout} }});\n",
                    keepalive * 1000
                )
            }
            Library::RedisPy => format!(
                "pool = redis.BlockingConnectionPool(\n    host=host, port=port,\n    max_connections={pool}, timeout={seconds},\n    \
                 socket_timeout={seconds}, socket_connect_timeout=2,\n    socket_keepalive=True,\n    \
                 socket_keepalive_options={{socket.TCP_KEEPIDLE: {keepalive}, socket.TCP_KEEPINTVL: 10, socket.TCP_KEEPCNT: 3}},\n    \
                 health_check_interval={check},\n    retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),\n)\nr = redis.Redis(connection_pool=pool)\n"
            ),
            Library::RedisRs => format!(
                "let config = ConnectionManagerConfig::new()\n    .set_number_of_retries(6)\n    \
                 .set_connection_timeout(Some(Duration::from_secs(2)))\n    \
                 .set_response_timeout(Some(Duration::from_millis({timeout})));\n\
                 let manager = ConnectionManager::new_with_config(client, config).await?;\n\
                 // one connection does for all tasks; with a pool (bb8, deadpool-redis) at most {pool}\n"
            ),
        };
        Snippet { library: library.word(), language: library.language(), text, defaults: library.defaults() }
    }
}

fn pool(live: &LiveCase<'_>) -> (u64, String) {
    let Some(most) = live.int("maxclients") else {
        return (10, "a beginning: `maxclients` is not known".to_owned());
    };
    let others = live.number("connected_slaves").unwrap_or(0) + live.number("pubsub_clients").unwrap_or(0);
    let free = (most * 4 / 5).saturating_sub(others);
    let Some(instances) = live.case.facts.count("app-instances").filter(|some| *some > 0) else {
        let pool = 10_u64.min(free.max(1));
        let room = free / 2 / pool.max(1);
        return (pool, format!("a beginning, with room for {room} instances; say `--fact app-instances=N`"));
    };
    // While it is deployed old instances and new ones stand side by side.
    let each = free / (2 * instances);
    let pool = each.clamp(1, ENOUGH);
    let why = if each == 0 {
        format!(
            "{instances} instances, and as many again while they are deployed, do not fit into {free} connections: raise `maxclients`"
        )
    } else if each > ENOUGH {
        format!("{each} would fit, and more than {ENOUGH} bring nothing: one thread answers all")
    } else {
        format!(
            "80 % of `maxclients` {most} less {others} replicas and subscribers, for {instances} instances and as many again while they are deployed"
        )
    };
    (pool, why)
}

fn timeout(live: &LiveCase<'_>) -> (u64, String) {
    let slow = live.evidence.slowlog.iter().flat_map(|log| &log.entries).map(|entry| entry.microseconds / 1000);
    let events = live.evidence.latency.iter().flatten().map(|event| event.most);
    match slow.chain(events).max() {
        Some(most) if most * 2 > 1000 => {
            ((most * 2).min(10_000), format!("twice the longest standstill, {most} ms; at most 10 s"))
        }
        Some(most) => (1000, format!("the longest standstill was {most} ms; less than 1 s fails over every hiccup")),
        None => (1000, "no standstill is known; less than 1 s fails over every hiccup".to_owned()),
    }
}

fn keepalive(live: &LiveCase<'_>) -> (u64, String) {
    let idle = live.case.facts.milliseconds("load-balancer-idle").map(|milliseconds| milliseconds / 1000);
    if let Some(idle) = idle.filter(|seconds| *seconds > 0 && *seconds < 120) {
        return (
            (idle / 2).max(1),
            format!("half of the {} after which something on the way drops connections", time(idle)),
        );
    }
    match live.int("tcp-keepalive") {
        Some(0) => (30, "the server probes nobody (`tcp-keepalive 0`), so that clients must".to_owned()),
        Some(seconds) if seconds < 60 => (seconds, "as the server's `tcp-keepalive`".to_owned()),
        Some(seconds) => (60, format!("below the server's `tcp-keepalive {seconds}`, or as often")),
        None => (60, "the server did not say its own".to_owned()),
    }
}
