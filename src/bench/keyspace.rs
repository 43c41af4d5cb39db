//! What is asked of keys: a cache that is read more than written, and hashes under background saves.

use std::io;

use super::client::{Answer, Client};
use super::dice::{Dice, Zipf};
use super::load::Step;
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
pub(super) fn cache<'a>(
    shape: &'a Shape,
    zipf: &'a Zipf,
    values: &'a Values,
    mut dice: Dice,
) -> impl FnMut(&mut Client) -> io::Result<Step> + 'a {
    move |client| {
        let key = format!("cache:{}", zipf.draw(&mut dice));
        if dice.below(10) > 0 {
            let answer = client.call(&[b"GET", key.as_bytes()])?;
            if answer != Answer::Nil {
                return Ok(of(&answer));
            }
            let stored = put(client, &key, shape, values, &mut dice)?;
            return Ok(if stored == Step::Refused { Step::Refused } else { Step::Missed });
        }
        put(client, &key, shape, values, &mut dice)
    }
}

fn put(client: &mut Client, key: &str, shape: &Shape, values: &Values, dice: &mut Dice) -> io::Result<Step> {
    // Between half the time to live and all of it, so that not all keys end at once.
    let ttl = (shape.ttl / 2 + dice.below(shape.ttl / 2 + 1)).max(1).to_string();
    let answer = client.call(&[b"SET", key.as_bytes(), values.draw(dice), b"PX", ttl.as_bytes()])?;
    Ok(of(&answer))
}

/// A knowledge base: six of ten requests read a whole hash, two a field, two write a field.
pub(super) fn hashes<'a>(
    shape: &'a Shape,
    values: &'a Values,
    mut dice: Dice,
) -> impl FnMut(&mut Client) -> io::Result<Step> + 'a {
    move |client| {
        let key = format!("fact:{}", dice.below(shape.keys));
        let field = format!("f{}", dice.below(FIELDS));
        let answer = match dice.below(10) {
            0..6 => client.call(&[b"HGETALL", key.as_bytes()])?,
            6..8 => client.call(&[b"HGET", key.as_bytes(), field.as_bytes()])?,
            _ => client.call(&[b"HSET", key.as_bytes(), field.as_bytes(), values.draw(&mut dice)])?,
        };
        Ok(of(&answer))
    }
}

/// Fields of a hash; together they have the size of a value.
const FIELDS: u64 = 4;

/// Puts all keys of a cache in.
pub(super) fn fill_cache(client: &mut Client, shape: &Shape) -> io::Result<()> {
    let (values, mut dice) = (Values::new(shape), Dice::new(shape.seed, 2));
    fill(client, shape.keys, |client, number| {
        let ttl = (shape.ttl / 2 + dice.below(shape.ttl / 2 + 1)).max(1).to_string();
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
