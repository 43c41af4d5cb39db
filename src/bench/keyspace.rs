//! What is asked of keys: a cache that is read more than written, and hashes under background saves.

use std::io;

use super::client::{Answer, Client};
use super::dice::{Dice, Zipf};
use super::load::{Asker, Step};
use super::plan::Shape;

/// How many commands are sent before their answers are read, while data is filled in.
const FILLED_AT_ONCE: u64 = 200;

/// Values of different length, made once: half to one and a half times the size that was asked for.
pub(super) struct Values {
    bytes: Vec<u8>,
    size: usize,
}

impl Values {
    pub(super) fn new(shape: &Shape) -> Self {
        let mut dice = Dice::new(shape.seed, 1);
        let length = shape.value_size * 2 + 64;
        // Neither all the same, which would compress to nothing, nor random, which data is not either.
        let bytes = (0..length).map(|_| b"abcdefghijklmnop"[usize::try_from(dice.below(16)).unwrap_or(0)]).collect();
        Self { bytes, size: shape.value_size }
    }

    fn draw(&self, dice: &mut Dice) -> &[u8] {
        let size = u64::try_from(self.size).unwrap_or(u64::MAX);
        let length = usize::try_from(size / 2 + dice.below(size.max(1))).unwrap_or(self.size).max(1);
        let from = usize::try_from(dice.below(64)).unwrap_or(0);
        &self.bytes[from..from + length]
    }
}

/// A cache: nine of ten requests read, by Zipf; what is missing is put back with a time to live, and one in ten is new.
pub(super) struct Cache<'a> {
    shape: &'a Shape,
    zipf: &'a Zipf,
    values: &'a Values,
    dice: Dice,
    key: String,
    stage: Stage,
}

/// Which answer is waited for.
enum Stage {
    Reading,
    PuttingBack,
    Writing,
}

impl<'a> Cache<'a> {
    pub(super) fn new(shape: &'a Shape, zipf: &'a Zipf, values: &'a Values, dice: Dice) -> Self {
        Self { shape, zipf, values, dice, key: String::new(), stage: Stage::Reading }
    }

    fn put(&mut self, client: &mut Client) {
        let ttl = time_to_live(self.shape, &mut self.dice);
        client.push(&[b"SET", self.key.as_bytes(), self.values.draw(&mut self.dice), b"PX", ttl.as_bytes()]);
    }
}

impl Asker for Cache<'_> {
    fn ask(&mut self, client: &mut Client) {
        self.key = format!("cache:{}", self.zipf.draw(&mut self.dice));
        if self.dice.below(10) > 0 {
            self.stage = Stage::Reading;
            client.push(&[b"GET", self.key.as_bytes()]);
        } else {
            self.stage = Stage::Writing;
            self.put(client);
        }
    }

    fn heard(&mut self, answer: &Answer, client: &mut Client) -> Option<Step> {
        let step = of(answer);
        match self.stage {
            Stage::Reading if step == Step::Missed => {
                self.stage = Stage::PuttingBack;
                self.put(client);
                None
            }
            Stage::PuttingBack if step != Step::Refused => Some(Step::Missed),
            Stage::Reading | Stage::PuttingBack | Stage::Writing => Some(step),
        }
    }
}

/// Between half the time to live and all of it, so that not all keys end at once.
fn time_to_live(shape: &Shape, dice: &mut Dice) -> String {
    (shape.ttl / 2 + dice.below(shape.ttl / 2 + 1)).max(1).to_string()
}

/// A knowledge base: six of ten requests read a whole hash, two a field, two write a field.
pub(super) struct Hashes<'a> {
    pub(super) shape: &'a Shape,
    pub(super) values: &'a Values,
    pub(super) dice: Dice,
}

impl Asker for Hashes<'_> {
    fn ask(&mut self, client: &mut Client) {
        let key = format!("fact:{}", self.dice.below(self.shape.keys));
        let field = format!("f{}", self.dice.below(FIELDS));
        match self.dice.below(10) {
            0..6 => client.push(&[b"HGETALL", key.as_bytes()]),
            6..8 => client.push(&[b"HGET", key.as_bytes(), field.as_bytes()]),
            _ => client.push(&[b"HSET", key.as_bytes(), field.as_bytes(), self.values.draw(&mut self.dice)]),
        }
    }

    fn heard(&mut self, answer: &Answer, _: &mut Client) -> Option<Step> {
        Some(of(answer))
    }
}

/// Fields of a hash; together they have the size of a value.
const FIELDS: u64 = 4;

/// Puts all keys of a cache in.
pub(super) fn fill_cache(client: &mut Client, shape: &Shape) -> io::Result<()> {
    let (values, mut dice) = (Values::new(shape), Dice::new(shape.seed, 2));
    fill(client, shape.keys, |client, number| {
        let ttl = time_to_live(shape, &mut dice);
        let key = format!("cache:{number}");
        client.push(&[b"SET", key.as_bytes(), values.draw(&mut dice), b"PX", ttl.as_bytes()]);
    })
}

/// Puts all hashes in.
pub(super) fn fill_hashes(client: &mut Client, shape: &Shape) -> io::Result<()> {
    let (values, mut dice) = (Values::new(shape), Dice::new(shape.seed, 2));
    fill(client, shape.keys, |client, number| {
        let key = format!("fact:{number}");
        let fields: Vec<(String, Vec<u8>)> =
            (0..FIELDS).map(|field| (format!("f{field}"), values.draw(&mut dice).to_vec())).collect();
        let mut words: Vec<&[u8]> = vec![b"HSET", key.as_bytes()];
        words.extend(fields.iter().flat_map(|(field, value)| [field.as_bytes(), value]));
        client.push(&words);
    })
}

fn fill(client: &mut Client, keys: u64, mut push: impl FnMut(&mut Client, u64)) -> io::Result<()> {
    let mut number = 0;
    while number < keys {
        let until = keys.min(number + FILLED_AT_ONCE);
        (number..until).for_each(|number| push(client, number));
        client.flush()?;
        for _ in number..until {
            client.answer()?;
        }
        number = until;
    }
    Ok(())
}

/// What an answer means to one who counts.
pub(super) fn of(answer: &Answer) -> Step {
    match answer {
        Answer::Error(_) => Step::Refused,
        Answer::Nil => Step::Missed,
        Answer::Status | Answer::Integer(_) | Answer::Bytes(_) | Answer::List(_) => Step::Done,
    }
}
