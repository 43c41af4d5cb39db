//! A server's command line; its arguments end with NUL or a line's end.

use redisconf::config::resolve;
use redisconf::facts::Facts;
use redisconf::source::{Memory, Name};
use redisconf::syntax::{Mode, argv, conf};

use super::judged::{One, shown, survive};
use super::shown::{SECRET, holds as contains};
use super::version;

pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    if contains(text, SECRET.as_bytes()) {
        return;
    }
    let given: Vec<&[u8]> = text.split(|byte| matches!(byte, 0 | b'\n')).collect();
    let taken = argv::arguments(&given, server);
    assert!(taken.file.as_deref().is_none_or(|file| file == given[0]), "the file is the first argument");
    // What is pasted together reads as a file would.
    if taken.file.is_none() {
        let files = Memory::default();
        let line = argv::read_argv(&given, None, server, &files);
        let file = conf::read(Name::CommandLine, &taken.options, server, &files);
        let words = |reading: &redisconf::syntax::Reading| -> Vec<Vec<Vec<u8>>> {
            let all = |id| reading.arguments(id).into_iter().map(<[u8]>::to_vec);
            reading.iter().map(|(id, _)| std::iter::once(reading.name(id).to_vec()).chain(all(id)).collect()).collect()
        };
        assert_eq!(words(&line), words(&file), "{}", shown(&taken.options));
    }
    let secret: &[&[u8]] = &[b"--requirepass", SECRET.as_bytes()];
    let (file, rest) = given.split_at(usize::from(taken.file.is_some()));
    let with_secret = [file, secret, rest].concat();
    let read = |_: &[u8]| {
        let root = taken.file.as_ref().map(|_| (Name::File("redis.conf".into()), b"port 1\n".as_slice()));
        let reading = argv::read_argv(&with_secret, root, server, &Memory::default());
        let config = resolve(&reading, Mode::Server);
        vec![One { reading, config, facts: Facts::default(), mode: Mode::Server }]
    };
    survive(text, &read);
}
